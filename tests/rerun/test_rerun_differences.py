"""What two recordings differ in: nothing is called the same that is not, bit for bit."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from varesearch.recording import PopulationRecording, Recording, Signal, population_recording
from varesearch.rerun.results import metric_differences, recording_differences

SPIKES = [(3, 10), (1, 12), (4, 12), (0, 40)]


def recording(spikes: list[tuple[int, int]], v: np.ndarray | None = None, name: str = "exc") -> Recording:
    ids, steps = (np.array([spike[k] for spike in spikes], dtype=np.int64) for k in (0, 1))
    signals = {}
    if v is not None:
        times_ms = np.linspace(0.0, 0.5 * (len(v) - 1), len(v))
        signals["v"] = Signal("v", "mV", np.arange(v.shape[1], dtype=np.int32), times_ms, v)
    return Recording(0.5, 50.0, {name: population_recording(name, 6, ids, steps, 0.5, signals)})


def changed(one: Recording, **fields: object) -> Recording:
    population: PopulationRecording = one.populations["exc"]
    return replace(one, populations={"exc": replace(population, **fields)})


@given(
    spikes=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 99)), min_size=1, max_size=30, unique=True),
    data=st.data(),
)
def test_one_spike_more_or_less_is_found_with_its_cell_and_time(spikes, data) -> None:
    gone = data.draw(st.sampled_from(spikes))
    rest = [spike for spike in spikes if spike != gone]
    before, now = recording(spikes), recording(rest)
    assert recording_differences(before, recording(spikes[::-1])) == []
    (line,) = recording_differences(before, now)
    assert f"of cell {gone[0]} at {gone[1] * 0.5:g} ms, only the original has" in line
    assert f"{len(spikes)}, now {len(rest)}; 1 are gone and 0 new" in line
    (line,) = recording_differences(now, before)
    assert "only the rerun has" in line


def test_a_spike_that_moved_is_one_gone_and_one_new() -> None:
    (line,) = recording_differences(recording(SPIKES), recording([*SPIKES[:-1], (0, 39)]))
    assert line == (
        "spikes of exc: 4, now 4; 1 are gone and 1 new; the first, of cell 0 at 19.5 ms, only the rerun has"
    )


def test_signals_are_compared_as_bits() -> None:
    v = np.full((4, 2), -65.0, dtype=np.float32)
    v[0, 0] = np.nan
    before = recording(SPIKES, v)
    assert recording_differences(before, recording(SPIKES, v.copy())) == []
    other = v.copy()
    other[2, 1] = np.nextafter(other[2, 1], np.float32(0))
    (line,) = recording_differences(before, recording(SPIKES, other))
    assert line.startswith("v of exc: 1 of 8 samples differ, by up to 7.63e-06 mV, the first at 1 ms")
    zero, minus = np.zeros((1, 1)), np.full((1, 1), -0.0)
    assert len(recording_differences(recording(SPIKES, zero), recording(SPIKES, minus))) == 1


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (recording(SPIKES, np.zeros((4, 2), dtype=np.float64)), "v of exc: float32 (4, 2), now float64 (4, 2)"),
        (recording(SPIKES, np.zeros((3, 2), dtype=np.float32)), "v of exc: its times ms differ"),
        (recording(SPIKES), "exc: signals v, now none"),
        (recording(SPIKES, name="inh"), "populations: exc, now inh"),
        (replace(recording(SPIKES, np.zeros((4, 2), dtype=np.float32)), duration_ms=60.0), "duration_ms: 50, now 60"),
        (changed(recording(SPIKES), size=7), "exc: 6 cells, now 7"),
    ],
)
def test_another_form_is_a_difference(now, said) -> None:
    assert recording_differences(recording(SPIKES, np.zeros((4, 2), dtype=np.float32)), now) == [said]


def test_metrics_are_compared_as_they_were_written(tmp_path: Path) -> None:
    head = "population,metric,value,unit,undefined because\n"
    folders = [tmp_path / name for name in ("before", "now")]
    bodies = ["exc,rate_hz,7.25,Hz,\nexc,cv_isi,,,no cell has 5 intervals\n", "exc,rate_hz,7.250000000000001,Hz,\n"]
    for folder, body in zip(folders, bodies, strict=True):
        folder.mkdir()
        (folder / "metrics.csv").write_text(head + body)
    assert metric_differences(folders[0], folders[0]) == []
    assert metric_differences(*folders) == [
        "rate_hz of exc: 7.25, now 7.250000000000001",
        "cv_isi of exc: undefined, no cell has 5 intervals, now not measured",
    ]
