"""Parts of a user's own in one folder: found, listed, run, tracked, swept, run again, reported."""

import csv
from pathlib import Path

import numpy as np
import pytest

from varesearch import cli
from varesearch.config.compose import compose
from varesearch.identity import identity
from varesearch.network import draw, estimate
from varesearch.tracking.read import load_run

RULE = '''"""Cell k reaches cell k of every population."""

from dataclasses import dataclass

import numpy as np

from varesearch.model.rules import Pairs, ProjectionSettings, Rule, check_positive, per_projection, quantity


@dataclass
class Diagonal(Rule):
    """Every cell reaches the next ``reach`` cells."""

    reach: int = per_projection(quantity(1, "cells", "how many cells a cell reaches"))

    def check_projection(self, projection: ProjectionSettings) -> None:
        check_positive(projection.key("reach"), projection["reach"], "cells")

    def expected_synapses(self, projection: ProjectionSettings) -> float:
        return float(projection.pre_size * min(projection["reach"], projection.post_size))

    def connect(self, projection: ProjectionSettings, rng: np.random.Generator) -> Pairs:
        reach = min(projection["reach"], projection.post_size)
        sources = np.repeat(np.arange(projection.pre_size, dtype=np.int32), reach)
        targets = (sources + np.tile(np.arange(reach), projection.pre_size)) % projection.post_size
        order = np.lexsort((targets, sources))
        return sources[order], targets[order].astype(np.int32)
'''

STIMULUS = '''"""One spike for every cell."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from varesearch.model.stimuli import Pairs, ProjectionSettings, Source, SpikingStimulus, Surroundings, quantity

from ._times import FIRST_STEP


@dataclass
class Kick(SpikingStimulus):
    """One source that fires once and reaches every target."""

    again_ms: float = quantity(5.0, "ms", "when it fires for the second time")

    def sources(self, sizes: Mapping[str, int]) -> tuple[Source, ...]:
        return (Source("kick", 1, self.reached(sizes)),)

    def expected_spikes(self, around: Surroundings) -> float:
        return 2.0

    def expected_synapses(self, projection: ProjectionSettings) -> float:
        return float(projection.post_size)

    def spikes(self, source: Source, around: Surroundings) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        steps = np.array([FIRST_STEP, round(self.again_ms / around.dt_ms)], dtype=np.int32)
        return np.zeros(2, dtype=np.int32), steps

    def connect(self, projection: ProjectionSettings, around: Surroundings) -> Pairs:
        targets = np.arange(projection.post_size, dtype=np.int32)
        return np.zeros_like(targets), targets
'''

METRIC = '''"""When the first spike is fired."""

from varesearch.metrics.definitions import MetricDefinition, PopulationData, UndefinedMetricError


class FirstSpike(MetricDefinition):
    """The time of the first spike."""

    unit = "ms"
    what = "time of the first spike after the warm-up"
    how = "from the end of the warm-up"

    @classmethod
    def compute(cls, data: PopulationData) -> float:
        if not len(data.trains.steps):
            raise UndefinedMetricError("no cell fired")
        return data.trains.steps.min() * data.trains.dt_ms
'''

FIGURE = '''"""How many spikes each population fired."""

from matplotlib.figure import Figure

from varesearch.plots.definitions import AnalysisConfig, FigureDefinition, Recording


class Bars(FigureDefinition):
    """Spikes of each population as bars."""

    what = "number of spikes of each population"

    @classmethod
    def draw(cls, recording: Recording, analysis: AnalysisConfig, title: str) -> Figure:
        figure = Figure(figsize=(4, 3))
        axes = figure.add_subplot(title=title)
        axes.bar(list(recording.populations), [len(one.spike_ids) for one in recording.populations.values()])
        return figure
'''

CELL = '''"""A slow cell."""

from dataclasses import dataclass

from varesearch.model.cells import quantity
from varesearch.model.cells.if_curr_exp import IfCurrExp


@dataclass
class Slow(IfCurrExp):
    """A leaky cell that forgets slowly."""

    tau_m: float = quantity(40.0, "ms", "membrane time constant")
'''

WORDS = [
    "connectivity=diagonal", "connectivity.inh_to_exc.reach=3", "stimulus=kick", "stimulus.weight=3",
    "connectivity.n=20", "simulation.duration_ms=50", "analysis.warmup_ms=0", "analysis.fano_window_ms=10",
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    own = tmp_path / "own"
    own.mkdir()
    files = {"diagonal": RULE, "kick": STIMULUS, "first_spike_ms": METRIC, "bars": FIGURE, "_times": "FIRST_STEP = 2\n"}
    for name, text in files.items():
        (own / f"{name}.py").write_text(text)
    return own


def test_they_are_listed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for topic, line in {
        "connectivity": "diagonal",
        "stimulus=kick": "stimulus.again_ms=5 ms",
        "metrics": "first_spike_ms ms",
        "figures": "bars",
    }.items():
        assert cli.main(["--config-dir", str(folder), "--help", topic]) == 0
        assert line in capsys.readouterr().out


def test_the_network_is_drawn_by_them(folder: Path) -> None:
    config = compose(WORDS, folder).config
    network, expected = draw(config), estimate(config)
    sizes = {each.name: each.size for each in network.projections}
    assert sizes == {
        "exc_to_exc": 16,
        "exc_to_inh": 16,
        "inh_to_exc": 12,
        "inh_to_inh": 4,
        "kick_to_exc": 16,
        "kick_to_inh": 4,
    }
    assert expected.synapses == sizes and expected.input_spikes == 2
    assert np.array_equal(network.source("kick").steps, [2, 5])


def test_a_bad_setting_is_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--config-dir", str(folder), *WORDS, "connectivity.exc_to_inh.reach=0"]) == 2
    shown = capsys.readouterr()
    assert shown.err == "varesearch: connectivity.exc_to_inh.reach=0 must be greater than 0 cells\n"


@pytest.mark.parametrize("name", ["diagonal", "kick", "first_spike_ms", "bars"])
def test_a_run_with_another_part_is_another_run(folder: Path, tmp_path: Path, name: str) -> None:
    """Comments aside. The folder's own place does not matter."""
    before = identity(compose(WORDS, folder))
    for number, (text, same) in enumerate([("# A comment.\n", True), ("x = 1\n", False)]):
        other = tmp_path / f"other{number}"
        other.mkdir()
        for path in folder.iterdir():
            (other / path.name).write_bytes(path.read_bytes())
        with (other / f"{name}.py").open("a") as file:
            file.write(text)
        assert (identity(compose(WORDS, other)) == before) is same


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("diagonal", RULE.replace("def connect", "def connects"), "Diagonal has no connect()"),
        ("kick", STIMULUS.replace("@dataclass\n", ""), "Kick is not a dataclass"),
        ("first_spike_ms", METRIC.replace('    unit = "ms"\n', ""), "FirstSpike has no unit"),
        ("bars", FIGURE.replace("def draw", "def paint"), "Bars has no draw()"),
    ],
)
def test_a_broken_part_is_refused_in_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str, text: str, expected: str
) -> None:
    (folder / f"{name}.py").write_text(text)
    assert cli.main(["--config-dir", str(folder), *WORDS, "dry_run=true"]) == 2
    shown = capsys.readouterr()
    assert expected in shown.err and shown.err.count("\n") == 1 and shown.out == ""


def test_they_run_on_two_back_ends_and_are_tracked(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both simulators are given the same network: the first spikes come at the same time."""
    (tmp_path / "root").mkdir()
    monkeypatch.setenv("VARESEARCH_ROOT", str(tmp_path / "root"))
    first: dict[str, float] = {}
    for backend in ("brian2", "nest"):
        words = [*WORDS, "cell=if_curr_exp", f"backend={backend}", f"tracking.run_name={backend}"]
        assert cli.main(["--config-dir", str(folder), *words]) == 0
        record = load_run(backend)
        assert record.folder is not None
        with (record.folder / "metrics.csv").open(newline="") as file:
            rows = {(row["population"], row["metric"]): row for row in csv.DictReader(file)}
        first[backend] = float(rows["exc", "first_spike_ms"]["value"])
        assert rows["exc", "first_spike_ms"]["unit"] == "ms"
        assert (record.folder / "figures" / "bars.png").stat().st_size > 1000
        for kept in ("first_spike_ms.py", "bars.py"):
            assert (record.folder / "parts" / kept).read_text() == (folder / kept).read_text()
        assert record.params["connectivity.inh_to_exc.reach"] == "3"
    assert first["brian2"] == first["nest"]


def test_all_of_them_are_swept_by_two_workers_run_again_and_reported(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A page needs no part: what it shows was kept with the run."""
    (folder / "slow.py").write_text(CELL)
    (tmp_path / "root").mkdir()
    monkeypatch.setenv("VARESEARCH_ROOT", str(tmp_path / "root"))
    own = ["--config-dir", str(folder)]
    words = [*WORDS, "cell=slow", "backend=brian2,nest", "tracking.run_name=own"]
    assert cli.main(["sweep", *own, *words, "launcher=local", "launcher.workers=2"]) == 0
    parent = load_run("own")
    assert parent.folder is not None
    with (parent.folder / "results.csv").open(newline="") as file:
        first, other = csv.DictReader(file)
    assert first["exc.first_spike_ms"] == other["exc.first_spike_ms"] != ""
    assert first["backend"] != other["backend"]
    for row in (first, other):
        assert cli.main(["rerun", row["run_id"], *own]) == 0
        assert "IDENTICAL" in capfd.readouterr().out
        assert cli.main(["report", row["run_id"], "--out", str(tmp_path / "page.html")]) == 0
        page = (tmp_path / "page.html").read_text()
        assert "first_spike_ms" in page and "diagonal" in page and page.count("data:image/png") >= 6
    assert cli.main(["report", "own", "--out", str(tmp_path / "sweep.html")]) == 0
    assert "first_spike_ms" in (tmp_path / "sweep.html").read_text()
