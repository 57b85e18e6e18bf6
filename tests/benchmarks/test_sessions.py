"""A session of benchmarks from its measurement to its page: one small cell of the matrix, by real processes."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bench_processes import run_python
from hypothesis import given
from hypothesis import strategies as st
from matrix import command, matrix
from PIL import Image

from varesearch.cli import main
from varesearch.config.compose import compose
from varesearch.network import draw
from varesearch.recording import Recording, population_recording
from varesearch.tracking import runs
from varesearch_tools.benchmarks import page as page_module
from varesearch_tools.benchmarks.page import DATA, PAGE, load_data, page
from varesearch_tools.benchmarks.plots import slope
from varesearch_tools.benchmarks.quantities import figures_of
from varesearch_tools.benchmarks.session import BenchmarkSession, load_session, stored_sessions
from varesearch_tools.benchmarks.worker import synaptic_events

TOP = Path(__file__).parents[2]
OURS, NATIVE = "seed-100-varesearch-brian2_numpy", "seed-100-brian2-brian2_numpy"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which ``make bench`` has measured the smallest network once."""
    root = tmp_path_factory.mktemp("benchmarked")
    storage = f"--benchmark-storage=file://{root}/mlruns/benchmarks"
    # A pytest that thinks it is a worker of pytest-xdist measures nothing.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_XDIST")}
    words = ["tests/benchmarks/test_matrix.py", "-m", "benchmark", "-k", "seed-100-", storage, "--benchmark-autosave"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words],
        cwd=TOP,
        env={**environment, "VARESEARCH_ROOT": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{OURS}: simulate" in done.stdout, "progress is not shown"
    return root


@pytest.fixture
def stored(root: Path) -> Path:
    """The session that was stored."""
    (path,) = stored_sessions(root / "mlruns" / "benchmarks")
    return path


@pytest.fixture
def session(stored: Path) -> BenchmarkSession:
    """The session, read."""
    return load_session(stored)


def changed(stored: Path, to: Path, change: Callable[[str, list[dict[str, Any]]], None]) -> Path:
    """A copy of a session in which ``change(key, repetitions)`` was at work on every case."""
    content = json.loads(stored.read_text())
    for entry in content["benchmarks"]:
        change(entry["extra_info"]["case"]["key"], entry["extra_info"]["repetitions"])
    to.write_text(json.dumps(content))
    return to


def slowed(repetition: dict[str, Any], factor: float) -> dict[str, Any]:
    """A repetition that took ``factor`` times as long, on the wall."""
    slow = json.loads(json.dumps(repetition))
    for spent in (*slow["measured"]["phases"].values(), slow["process"]):
        spent["wall_s"] *= factor
    return slow


def long_enough(_key: str, repetitions: list[dict[str, Any]]) -> None:
    """Times of a second and more, since those of the smallest network are too short to compare; two repetitions."""
    for spent in (*repetitions[0]["measured"]["phases"].values(), repetitions[0]["process"]):
        spent["wall_s"] += 1.0
    repetitions.append(slowed(repetitions[0], 1.02))


def test_a_session_holds_what_was_measured(session: BenchmarkSession):
    ours, native = (session.results[key].repetitions[0].measured for key in (OURS, NATIVE))
    assert list(ours.phases) == ["draw", "import", "build", "simulate", "collect"]
    assert ours.facts["cells"] == native.facts["cells"] == 100
    assert ours.facts["synapses"] == pytest.approx(3000, rel=0.2)
    assert ours.facts["synaptic_events"] == pytest.approx(30 * ours.facts["spikes"], rel=0.2)
    for key in (OURS, NATIVE):
        (repetition,) = session.results[key].repetitions
        assert sum(spent.wall_s for spent in repetition.measured.phases.values()) < repetition.process.wall_s
        assert 50 < repetition.measured.memory_mb < 2000
    assert set(session.machine) == {"processor", "cores", "memory_gb", "system", "load"}
    assert {"brian2", "numpy", "python"} <= set(session.versions)
    figures = figures_of(session.results[OURS], session)
    simulate_s = ours.phases["simulate"].wall_s
    assert figures["realtime_factor"] == pytest.approx(simulate_s / 0.1)
    assert figures["synaptic_events_per_s"] == pytest.approx(ours.facts["synaptic_events"] / simulate_s)
    assert figures["ratio.simulate"] == pytest.approx(simulate_s / native.phases["simulate"].wall_s)


def test_a_session_is_in_the_tracker(root: Path, session: BenchmarkSession):
    found = {run.name: run for run in runs("benchmarks", root=root)}
    (parent,) = [run for name, run in found.items() if name.startswith("session ")]
    assert parent.params["machine.cores"] == str(session.machine["cores"])
    assert parent.params["version.brian2"] == session.versions["brian2"]
    assert parent.tags["mlflow.source.git.commit"] == session.commit
    assert [path.name for path in parent.artifacts()] == ["session.json"]
    for key in (OURS, NATIVE):
        child = found[key]
        assert child.status == "FINISHED"
        assert child.tags["mlflow.parentRunId"] == parent.run_id
        measured = session.results[key].repetitions[0].measured
        assert child.metrics["phase.simulate_s"] == measured.phases["simulate"].wall_s
        assert child.metrics["spikes"] == measured.facts["spikes"]
    assert found[OURS].metrics["figure.ratio.simulate"] == figures_of(session.results[OURS], session)["ratio.simulate"]


def test_a_planted_slow_down_is_caught(stored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    before = changed(stored, tmp_path / "before.json", long_enough)

    def slow_down(key: str, repetitions: list[dict[str, Any]]) -> None:
        if key == OURS:
            repetitions[:] = [slowed(one, 1.5) for one in repetitions]

    after = changed(before, tmp_path / "after.json", slow_down)
    assert main(["bench", "compare", str(before), str(after)]) == 1
    said = capsys.readouterr()
    assert f"{OURS} (simulate)" in said.err
    assert "SLOWER" in said.out
    assert main(["bench", "compare", "--threshold", "1.6", str(before), str(after)]) == 0
    assert main(["bench", "compare", str(after), str(before)]) == 0
    assert "faster" in capsys.readouterr().out


def test_what_is_no_slow_down_passes(stored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    before = changed(stored, tmp_path / "before.json", long_enough)
    assert main(["bench", "compare", str(before), str(before)]) == 0

    def slower_machine(_key: str, repetitions: list[dict[str, Any]]) -> None:
        repetitions[:] = [slowed(one, 3.0) for one in repetitions]

    assert main(["bench", "compare", str(before), str(changed(before, tmp_path / "machine.json", slower_machine))]) == 0

    def noisy_before(key: str, repetitions: list[dict[str, Any]]) -> None:
        if key == OURS:
            repetitions[1] = slowed(repetitions[1], 2.0)

    def slow_after(key: str, repetitions: list[dict[str, Any]]) -> None:
        if key == OURS:
            repetitions[:] = [slowed(one, 1.5) for one in repetitions]

    noisy = changed(before, tmp_path / "noisy.json", noisy_before)
    assert main(["bench", "compare", str(noisy), str(changed(before, tmp_path / "slow.json", slow_after))]) == 0
    assert "SLOWER" not in capsys.readouterr().out


def test_what_was_measured_once_is_shown_and_does_not_fail(
    stored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    before = changed(stored, tmp_path / "before.json", long_enough)

    def once_and_slow(key: str, repetitions: list[dict[str, Any]]) -> None:
        if key == OURS:
            repetitions[:] = [slowed(repetitions[0], 1.5)]

    assert main(["bench", "compare", str(before), str(changed(before, tmp_path / "once.json", once_and_slow))]) == 0
    assert "slower once" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["one.json"], "1 sessions are named"),
        (["nowhere.json", "nowhere.json"], "nowhere.json: cannot be read"),
        (["text.json", "text.json"], "text.json: is no JSON"),
        (["other.json", "other.json"], "other.json: is no session of benchmarks"),
        (["--threshold", "0.9"], "--threshold 0.9: allowed is more than 1"),
        ([], "is the only stored session"),
    ],
)
def test_bad_input_is_one_line(
    words: list[str], said: str, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VARESEARCH_ROOT", str(root))
    Path("text.json").write_text("no JSON")
    Path("other.json").write_text('{"benchmarks": [], "machine_info": {}, "commit_info": {}}')
    assert main(["bench", "compare", *words]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_a_page_is_drawn_from_a_stored_session(stored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(page_module, "checkout_root", lambda: tmp_path)
    assert main(["bench", "page"]) == 2, "there is nothing to draw yet"
    assert main(["bench", "page", str(stored)]) == 0
    first = (tmp_path / PAGE).read_text()
    assert main(["bench", "page", str(stored)]) == 0
    assert len(load_data(tmp_path / DATA)) == 1, "the same session is added once"
    assert main(["bench", "page"]) == 0
    assert (tmp_path / PAGE).read_text() == first
    for image in first.split("](")[1:]:
        name = image.partition(")")[0]
        if name.startswith("images/"):
            with Image.open(tmp_path / "docs" / name) as picture:
                assert picture.width > 800


def test_the_page_in_docs_is_what_its_data_give():
    """If not: ``varesearch bench page``."""
    assert (TOP / PAGE).read_text(encoding="utf-8") == page(load_data(TOP / DATA)[-1])


def test_every_case_can_be_run_and_divided_by_its_yardstick(tmp_path: Path):
    cells = matrix()
    cases = {cell.case.key: cell.case for cell in cells}
    order = list(cases)
    for key, case in cases.items():
        assert command(case, tmp_path)
        ours = case.program in ("varesearch", "command")
        assert (case.yardstick in cases) == ours
        assert not ours or cases[str(case.yardstick)].yardstick is None
        if case.cache == "cold":
            assert order.index(key) < order.index(key.removesuffix("-cold"))
    assert {cell.rounds for cell in cells} <= {1, 2, 3}


@given(
    st.floats(-2, 2),
    st.floats(0.01, 100),
    st.lists(st.integers(100, 100_000), min_size=3, max_size=6, unique=True).filter(lambda n: max(n) > 2 * min(n)),
)
def test_the_slope_of_a_power_law_is_its_exponent(exponent: float, scale: float, sizes: list[int]):
    assert slope([(n, scale * n**exponent) for n in sizes]) == pytest.approx(exponent, abs=1e-6)
    assert slope([(n, scale) for n in sizes[:2]]) is None


def test_synaptic_events_are_the_spikes_at_every_synapse():
    network = draw(compose(["experiment=seed_izhikevich", "connectivity.n=40", "connectivity.p=0.2"]).config)
    rng = np.random.default_rng(3)
    populations = {}
    for population in network.populations:
        ids, steps = rng.integers(0, population.size, 60), rng.integers(0, 1000, 60)
        populations[population.name] = population_recording(population.name, population.size, ids, steps, 1.0)
    events = 0
    for projection in network.projections:
        if projection.pre in populations:
            fired = list(populations[projection.pre].spike_ids)
        else:
            fired = list(network.source(projection.pre).sources)
        events += sum(fired.count(source) for source in projection.sources)
    assert synaptic_events(network, Recording(1.0, 1000.0, populations)) == events


def test_a_program_that_fails_says_why():
    with pytest.raises(RuntimeError, match=r"exit code 3[\s\S]*so it ended"):
        run_python(["-c", "import sys; sys.stderr.write('so it ended'); sys.exit(3)"], {})
    output, spent = run_python(["-c", "import os; print(os.environ['WHO'])"], {"WHO": "me"})
    assert output == "me\n"
    assert spent.cpu_s > 0
    assert spent.wall_s > 0
