"""The command: verdicts, exit codes and what the tracker keeps, with real back ends and a real store."""

import json
import sqlite3

import pytest

from varesearch.cli import main as varesearch
from varesearch.compare.command import main as compare
from varesearch.tracking import runs

SMALL = ["connectivity.n=300", "connectivity.p=0.05", "recording.cells=20"]
LENGTH = "simulation.duration_ms=400"
RUNS = {
    "first": ["seed=1", LENGTH],
    "again": ["seed=1", LENGTH],
    "seed": ["seed=2", LENGTH],
    "scheme": ["cell.integrator=spinnaker", LENGTH],
    "short": ["simulation.duration_ms=200"],
}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A project of its own, with two seeds of one network, a repetition and another step."""
    folder = tmp_path_factory.mktemp("project")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VARESEARCH_ROOT", str(folder))
        for name, overrides in RUNS.items():
            assert varesearch([*SMALL, *overrides, f"tracking.run_name={name}"]) == 0
        yield folder


def test_a_repetition_is_identical(root, capfd):
    assert compare(["first", "again"]) == 0
    assert "IDENTICAL" in capfd.readouterr().out


def test_another_network_cannot_be_compared(root, capfd):
    assert compare(["first", "seed"]) == 2
    assert "different networks" in capfd.readouterr().err


def test_distributions_of_another_seed_are_natural(root, capfd):
    assert compare(["first", "seed", "--other-seed"]) == 0
    out = capfd.readouterr().out
    assert "EQUIVALENT WITHIN NATURAL VARIABILITY" in out and "KS distance of rate" in out


def test_another_scheme_is_different_and_the_tracker_says_what_decided(root, capfd):
    assert compare(["first", "scheme"]) == 1
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
        (["first", "short"], "cannot be compared"),
        (["first", "again", "cell=izhikevich"], "settings go with two back ends"),
        (["first", "again", "--seeds", "3"], "needs 5 or more"),
        (["brian2", "nest", "cell=izhikevich", "connectivity.p=2"], "connectivity.p"),
    ],
)
def test_what_cannot_be_done_exits_with_2_and_one_line(words, said, root, capfd):
    before = len(runs(root=root))
    assert compare(words) == 2
    error = capfd.readouterr().err
    assert said in error and len(error.strip().splitlines()) == 1
    assert len(runs(root=root)) == before


def test_two_back_ends_of_a_setting_are_run_and_compared(root, capfd):
    assert compare(["brian2", "nest", "cell=izhikevich_delta", *SMALL, LENGTH]) == 0
    assert "IDENTICAL" in capfd.readouterr().out


def test_nothing_is_left_running(root):
    with sqlite3.connect(root / "mlruns" / "mlflow.db") as store:
        assert store.execute("select count(*) from runs where status = 'RUNNING'").fetchone() == (0,)
