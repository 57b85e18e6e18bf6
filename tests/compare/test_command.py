"""The command: verdicts, exit codes and what the tracker keeps, with real back ends and a real store."""

import csv
import html
import json
import re
import shlex
import sqlite3
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from varesearch.cli import main as varesearch
from varesearch.comparison.effects import hedges_g
from varesearch.report import report_html
from varesearch.tracking import RunRecord, load_run, runs

SMALL = ["connectivity.n=300", "connectivity.p=0.05", "recording.cells=20"]
LENGTH = "simulation.duration_ms=400"
RUNS = {
    "first": ["seed=1", LENGTH],
    "again": ["seed=1", LENGTH],
    "seed": ["seed=2", LENGTH],
    "scheme": ["cell.integrator=spinnaker", LENGTH],
    "short": ["simulation.duration_ms=200"],
    "model": ["cell.d=6", "seed=1", LENGTH],
}


@pytest.fixture(scope="module")
def root(new_project):
    """A project of its own, with two seeds of one network, a repetition and another step."""
    folder = new_project()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VARESEARCH_ROOT", str(folder))
        for name, overrides in RUNS.items():
            assert varesearch([*SMALL, *overrides, f"tracking.run_name={name}"]) == 0
        yield folder


def test_a_repetition_is_identical(root, capfd):
    assert varesearch(["compare", "first", "again"]) == 0
    assert "IDENTICAL" in capfd.readouterr().out


def test_another_seed_of_the_model_is_judged_by_its_distributions(root, capfd):
    assert varesearch(["compare", "first", "seed"]) == 0
    out = capfd.readouterr().out
    assert "one model with the seeds 1 and 2" in out and "KS distance of rate_hz" in out
    assert "EQUIVALENT WITHIN NATURAL VARIABILITY" in out and "exc.rate_hz" in out


def test_another_scheme_is_different_and_the_tracker_says_what_decided(root, capfd):
    assert varesearch(["compare", "first", "scheme"]) == 1
    out = capfd.readouterr().out
    assert "DIFFERENT" in out and "measured in an earlier session" in out
    newest = next(run for run in runs(root=root) if run.tags.get("varesearch.kind") == "comparison")
    assert newest.tags["varesearch.verdict"] == "different"
    names = {path.name for path in newest.artifacts()}
    assert {"verdict.json", "judged.csv", "rasters.png", "distributions.png", "divergence.png", "run.log"} <= names
    assert newest.folder is not None
    verdict = json.loads((newest.folder / "verdict.json").read_text())
    assert verdict["verdict"] == "different" and verdict["spread"]["from_an_earlier_session"] is True
    assert verdict["decided_by"] == newest.tags["varesearch.decided_by"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["first", "nothing"], "no run of that id or name"),
        (["first", "again", "cell=izhikevich"], "recorded runs take no settings"),
        (["first", "again", "--seeds", "3"], "over 5 seeds or more"),
        (["first", "again", "--seeds", "1000"], "from 1 to 100"),
        (["first", "model", "--seeds", "5"], "-- cell.d=6 -- connectivity.n=300"),
        (["brian2", "nest", "cell=izhikevich", "connectivity.p=2"], "connectivity.p"),
        (["first"], "two sides are needed"),
        (["cell.d=2", "cell.d=8"], "put -- between"),
        (["first", "--", "again"], "is not a setting"),
        (["cell.d=2", "--", "cell.d=3", "--", "seed=1", "--", "seed=2"], "at most twice"),
        (["seed=1", "--", "seed=2"], "are the same"),
        (["cell.d=1,2", "--", "cell.d=3"], "cell.d: only the seed may vary"),
        (["cell.d=2", "--", "cell.d=3", "--seeds", "2", "--", "seed=1,2"], "already name the seeds"),
        (["--", "connectivity.p=2"], "connectivity.p"),
        (["--", "cell.d=3", "--uri", "sqlite:///x"], "set tracking.uri"),
    ],
)
def test_what_cannot_be_done_exits_with_2_and_one_line(words, said, root, capfd):
    before = len(runs(root=root))
    assert varesearch(["compare", *words]) == 2
    error = capfd.readouterr().err
    assert said in error and len(error.strip().splitlines()) == 1
    assert len(runs(root=root)) == before


def test_two_back_ends_of_a_setting_are_run_and_compared(root, capfd):
    assert varesearch(["compare", "brian2", "nest", "cell=izhikevich_delta", *SMALL, LENGTH]) == 0
    assert "IDENTICAL" in capfd.readouterr().out


def newest(root) -> RunRecord:
    return next(run for run in runs(root=root) if run.tags.get("varesearch.kind") == "comparison")


def effects_of(run: RunRecord) -> dict[str, dict[str, str]]:
    assert run.folder is not None
    with (run.folder / "effects.csv").open(newline="") as file:
        return {f"{row['population']}.{row['metric']}": row for row in csv.DictReader(file)}


def test_two_models_get_what_differs_and_no_verdict(root, capfd):
    assert varesearch(["compare", "first", "model"]) == 0
    out = capfd.readouterr().out
    assert "these are two models, not two simulations of one network" in out
    assert re.search(r"cell\.d +2 +6 +mV/ms", out)
    assert "one seed each: the spread is not known" in out
    assert not re.search("IDENTICAL|EQUIVALENT|DIFFERENT:", out)
    run = newest(root)
    sides = {side: load_run(run.tags[f"varesearch.{side}"], root=root) for side in "ab"}
    table = effects_of(run)
    for key in ("exc.rate_hz", "inh.rate_hz", "exc.v_mean_mv"):
        a, b = (sides[side].metrics[key] for side in "ab")
        assert (float(table[key]["mean A"]), float(table[key]["mean B"])) == (a, b)
        assert float(table[key]["B - A"]) == b - a and table[key]["Hedges g"] == table[key]["sd A"] == ""
        assert run.metrics[f"compare.a.{key}"] == a and run.metrics[f"compare.difference.{key}"] == b - a
    assert run.params["cell.d"] == "A: 2   B: 6" and run.params["seed"] == "1"
    assert run.tags["varesearch.verdict"] == "not judged: two models"
    assert "`varesearch compare first model`" in run.tags["mlflow.note.content"]
    assert run.folder is not None
    for name in ("metrics", "rasters", "distributions"):
        with Image.open(run.folder / "figures" / f"{name}.png") as picture:
            colours = picture.convert("RGB").getcolors(1 << 20)
        # Both sides are drawn, each in its colour.
        shown = {colour for count, colour in colours or () if count > 20}
        assert {(0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00)} <= shown, name


def test_the_command_that_is_suggested_runs_both_models_over_several_seeds_and_takes_what_is_there(root, capfd):
    assert varesearch(["compare", "first", "model"]) == 0
    said = capfd.readouterr().out
    (suggested,) = re.findall(r"more seeds: varesearch compare (.*)", said)
    words = shlex.split(suggested)
    assert words[-2:] == ["--seeds", "5"]
    before = {run.run_id for run in runs(root=root)}
    assert varesearch(["compare", *words[:-1], "2"]) == 0
    out = capfd.readouterr().out
    run = newest(root)
    ids = {side: run.tags[f"varesearch.{side}_runs"].split() for side in "ab"}
    sides = {side: [load_run(each, root=root) for each in ids[side]] for side in "ab"}
    # The runs that are in the store already are those of the first seed.
    assert [side[0].name for side in sides.values()] == ["again", "model"]
    assert {side[0].run_id for side in sides.values()} <= before
    assert [[record.config()["seed"] for record in side] for side in sides.values()] == [[1, 2], [1, 2]]
    row = effects_of(run)["exc.rate_hz"]
    values = {side: [record.metrics["exc.rate_hz"] for record in records] for side, records in sides.items()}
    assert float(row["mean B"]) == pytest.approx(np.mean(values["b"]))
    assert float(row["sd A"]) == pytest.approx(np.std(values["a"], ddof=1))
    size = hedges_g(values["a"], values["b"])
    assert size is not None and float(row["Hedges g"]) == pytest.approx(size.g)
    assert run.metrics["compare.hedges_g.exc.rate_hz"] == pytest.approx(size.g)
    assert "32 metrics were looked at" in out and "g [95 %]" in out
    assert run.folder is not None
    kept = json.loads((run.folder / "comparison.json").read_text())
    assert kept["a"]["seeds"] == [1, 2] and kept["settings"] == [{"key": "cell.d", "a": "2", "b": "6", "unit": "mV/ms"}]
    # Again: nothing is run, and one comparison more is in the store.
    count = len(runs(root=root))
    assert varesearch(["compare", *words[:-1], "2"]) == 0
    assert len(runs(root=root)) == count + 1
    assert capfd.readouterr().out.count("all 2 runs of this sweep are FINISHED already") == 2


def test_two_sweeps_over_seeds_are_two_models_too(root, capfd):
    sweeps = [run.run_id for run in runs(root=root) if run.tags.get("varesearch.kind") == "sweep"]
    assert len(sweeps) == 2
    assert varesearch(["compare", *sweeps]) == 0
    assert "2 runs, seeds 1 to 2" in capfd.readouterr().out


def test_another_length_is_another_model_and_counts_are_marked_as_incomparable(root, capfd):
    assert varesearch(["compare", "first", "short"]) == 0
    out = capfd.readouterr().out
    assert "simulation.duration_ms" in out and "counts of spikes are not comparable" in out


def test_the_page_of_a_comparison_says_what_it_is(root, capfd):
    run = [r for r in runs(root=root) if r.tags.get("varesearch.a_runs")][-1]
    page = report_html(run, root=root)
    assert "all defaults" not in page and "Given on the command line" not in page
    assert html.escape("-- cell.d=6 --") in page and "Hedges" in page and ">cell.d<" in page
    assert "32 metrics were looked at" in page and page.count("data:image/png") == 3
    one = load_run(run.tags["varesearch.b_runs"].split()[-1], root=root)
    assert "not judged: two models" in report_html(one, root=root)


def test_another_cell_is_not_another_version_of_the_code(root, capfd):
    assert varesearch([*SMALL, LENGTH, "cell=if_curr_exp", "tracking.run_name=cell"]) == 0
    assert varesearch(["compare", "first", "cell"]) == 0
    out = capfd.readouterr().out
    assert "cell.model" in out and "different versions" not in out


OWN_METRIC = """
from varesearch.metrics.definitions import MeanMetric


class LateShare(MeanMetric):
    unit, what, how = "", "share of spikes in the second half", "of each cell that fired"
    label, in_verdict, in_figures = "late spikes", True, True

    @classmethod
    def values(cls, data):
        late = data.trains.steps * data.trains.dt_ms > 150
        counts = data.trains.counts
        fired = counts > 0
        return (data.trains.ids[late, None] == range(len(counts))).sum(axis=0)[fired] / counts[fired]
"""


def test_a_metric_of_the_users_own_is_shown_judged_and_stored(root, tmp_path, capfd):
    (tmp_path / "late_share.py").write_text(OWN_METRIC)
    own = ["--config-dir", str(tmp_path)]
    for seed in "12":
        assert varesearch(["run", *own, *SMALL, LENGTH, f"seed={seed}", f"tracking.run_name=own{seed}"]) == 0
    capfd.readouterr()
    varesearch(["compare", *own, "own1", "own2"])
    out = capfd.readouterr().out
    assert "exc.late_share" in out and re.search(r"KS distance of late_share +exc", out), out
    assert 0 < float(effects_of(newest(root))["exc.late_share"]["mean A"]) < 1


def test_a_dry_run_says_what_would_be_run(root, capfd):
    count = len(runs(root=root))
    assert varesearch(["compare", "--", "cell.d=3", "--", "dry_run=true", *SMALL, "--seeds", "2"]) == 0
    out = capfd.readouterr().out
    assert out.count("2 runs, 2 to run") == 2 and "B: cell.d=3" in out
    assert len(runs(root=root)) == count


def test_the_tables_fit_into_eighty_columns(root):
    """As a terminal of that width shows them: no number is folded, no column is cut."""
    sweeps = [run.run_id for run in runs(root=root) if run.tags.get("varesearch.kind") == "sweep"]
    command = f"stty cols 80; {shlex.join([sys.executable, '-m', 'varesearch', 'compare', *sweeps])}"
    shown = subprocess.run(["script", "-qec", command, "/dev/null"], capture_output=True, text=True, check=True)
    plain = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", shown.stdout).splitlines()
    rows = [line for line in plain if re.match(r"(exc|inh)\.", line)]
    assert len(rows) == 22, shown.stdout
    assert all(len(line.rstrip()) <= 80 and len(line.split()) > 4 for line in rows), shown.stdout


def test_nothing_is_left_running(root):
    with sqlite3.connect(root / "mlruns" / "mlflow.db") as store:
        assert store.execute("select count(*) from runs where status = 'RUNNING'").fetchone() == (0,)
