"""Spikes from files: what is read, and what is refused with the line that is wrong."""

from pathlib import Path

import numpy as np
import pytest

from varesearch.config.compose import compose
from varesearch.config.errors import ConfigurationError
from varesearch.config.validation import validate
from varesearch.network import Network, draw
from varesearch.network.model import SpikeSource
from varesearch.recording import Recording, population_recording
from varesearch.recording_io import save_npz


def drawn(file: Path, *words: str) -> Network:
    run = ["connectivity.n=50", "simulation.duration_ms=100", "analysis.warmup_ms=0", "analysis.fano_window_ms=10"]
    config = compose(["stimulus=spike_file", f"stimulus.file={file}", *run, *words]).config
    validate(config)
    network = draw(config)
    assert sum(source.n_spikes for source in network.sources) == config.stimulus.expected_spikes(config.surroundings)
    return network


def fired(source: SpikeSource) -> list[tuple[int, int, int]]:
    counts = np.ones(len(source.steps)) if source.counts is None else source.counts
    return [(int(step), int(src), int(n)) for step, src, n in zip(source.steps, source.sources, counts, strict=True)]


def written(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_table_in_any_order_with_further_columns_and_empty_lines(tmp_path: Path) -> None:
    lines = ("time_ms, label, source", "30,a,2", "", "10.0,b,0", "30,c,0", "1e1,d,0")
    (source,) = drawn(written(tmp_path / "spikes.csv", *lines)).sources
    assert source.size == 3
    assert fired(source) == [(10, 0, 2), (30, 0, 1), (30, 2, 1)]


def test_arrays(tmp_path: Path) -> None:
    path = tmp_path / "spikes.npz"
    np.savez(path, sources=np.array([1, 0]), times_ms=np.array([5.5, 2.0]))
    network = drawn(path, "simulation.dt_ms=0.5", "stimulus.wiring=one_to_one")
    assert fired(network.sources[0]) == [(4, 0, 1), (11, 1, 1)]
    wired = [p for p in network.projections if p.pre == "file"]
    assert [(p.post, p.sources.tolist(), p.targets.tolist()) for p in wired] == [
        ("exc", [0, 1], [0, 1]),
        ("inh", [0, 1], [0, 1]),
    ]


def test_the_spikes_of_an_earlier_run(tmp_path: Path) -> None:
    exc = population_recording("exc", 7, np.array([3, 1]), np.array([40, 80]), 0.5)
    thalamus = population_recording("thalamus", 2, np.array([0, 0]), np.array([6, 6]), 0.5)
    path = save_npz(Recording(0.5, 50.0, {"exc": exc}, {"thalamus": thalamus}), tmp_path / "recording.npz")
    (replayed,) = drawn(path, "stimulus.population=exc").sources
    assert (replayed.size, fired(replayed)) == (7, [(20, 3, 1), (40, 1, 1)])
    (replayed,) = drawn(path, "stimulus.population=thalamus").sources
    assert (replayed.size, fired(replayed)) == (2, [(3, 0, 2)])


def test_times_are_rounded_if_that_is_asked_for(tmp_path: Path) -> None:
    path = written(tmp_path / "spikes.csv", "source,time_ms", "0,10.3", "0,10.4", "0,20.6")
    assert fired(drawn(path, "stimulus.round_times=true").sources[0]) == [(10, 0, 2), (21, 0, 1)]


def test_a_file_that_has_changed_is_read_again(tmp_path: Path) -> None:
    path = written(tmp_path / "spikes.csv", "source,time_ms", "0,10")
    before = drawn(path)
    written(path, "source,time_ms", "0,10", "1,20")
    after = drawn(path)
    assert (before.sources[0].size, after.sources[0].size) == (1, 2)
    assert before.hash != after.hash


@pytest.mark.parametrize(
    ("lines", "words", "wanted"),
    [
        (["source,time_ms"], [], "holds no spike"),
        (["id,t", "0,1"], [], "begins with id,t; its first line must name source, time_ms"),
        (["source,time_ms", "0,10", "x,20"], [], "line 3 has source=x"),
        (["source,time_ms", "0,10", "-1,20"], [], "line 3 has source=-1"),
        (["source,time_ms", "0,10", "0,later"], [], "line 3 has time_ms=later"),
        (["source,time_ms", "0,nan"], [], "line 2 has time_ms=nan"),
        (["source,time_ms", "0,10", "", "0"], [], "line 4 has 1 values, not 2"),
        (["source,time_ms", "0,10", "1,100"], [], "line 3 has time_ms=100, outside the run"),
        (["source,time_ms", "0,-1"], [], "line 2 has time_ms=-1, outside the run"),
        (["source,time_ms", "0,10", "0,10.5"], [], "line 3 has time_ms=10.5.*stimulus.round_times=true"),
        (["source,time_ms", "60,10"], ["stimulus.wiring=one_to_one"], "61 sources.*exc has 40"),
        (["source,time_ms", "0,10"], ["stimulus.population=exc"], "stimulus.population=exc"),
        (["source,time_ms", "0,10"], ["stimulus.p=0"], "stimulus.p=0"),
        (["source,time_ms", "0,10"], ["stimulus.wiring=all"], "random, one_to_one"),
    ],
)
def test_what_cannot_be_used_is_one_line_that_names_its_place(tmp_path, lines, words, wanted) -> None:
    path = written(tmp_path / "spikes.csv", *lines)
    with pytest.raises(ConfigurationError, match=wanted) as refused:
        drawn(path, *words)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("arrays", "wanted"),
    [
        ({"sources": [0]}, "it must hold sources and times_ms"),
        ({"sources": [0, 1], "times_ms": [1.0]}, "one shape"),
        ({"sources": [0.5], "times_ms": [1.0]}, "whole numbers"),
        ({"sources": [0, -2], "times_ms": [1.0, 2.0]}, "spike 1 has source -2"),
        ({"sources": np.array([], int), "times_ms": []}, "holds no spike"),
    ],
)
def test_arrays_that_cannot_be_used(tmp_path, arrays, wanted) -> None:
    np.savez(tmp_path / "spikes.npz", **{name: np.array(values) for name, values in arrays.items()})  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match=wanted):
        drawn(tmp_path / "spikes.npz")


def test_files_that_are_no_files(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"cannot be read.*No such file"):
        drawn(tmp_path / "none.csv")
    with pytest.raises(ConfigurationError, match="names no file"):
        compose(["stimulus=spike_file"]).config.stimulus.check_settings(compose().config.surroundings)
    (tmp_path / "broken.npz").write_bytes(b"PK nothing")
    with pytest.raises(ConfigurationError, match="cannot be read as arrays"):
        drawn(tmp_path / "broken.npz")
    recording = save_npz(
        Recording(1.0, 9.0, {"exc": population_recording("exc", 1, np.array([0]), np.array([1]), 1.0)}),
        tmp_path / "r.npz",
    )
    with pytest.raises(ConfigurationError, match="recording of exc; name one"):
        drawn(recording)
