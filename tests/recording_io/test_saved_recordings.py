"""What is written loads back equal: values, types, units, order."""

from pathlib import Path

import elephant.statistics
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from varesearch.recording import PopulationRecording, Recording, Signal, population_recording, sampled_ids
from varesearch.recording_io import from_neo, load_neo, load_npz, save_neo, save_npz, to_neo

UNITS = {"v": "mV", "u": "mV/ms", "gsyn_exc": "µS", "isyn_inh": "nA", "m": "", "own": "spikes²"}


def assert_same_array(one: np.ndarray, other: np.ndarray) -> None:
    assert one.dtype == other.dtype
    np.testing.assert_array_equal(one, other, strict=True)


def assert_equal(one: Recording, other: Recording) -> None:
    assert (one.dt_ms, one.duration_ms) == (other.dt_ms, other.duration_ms)
    assert list(one.populations) == list(other.populations)
    assert list(one.sources) == list(other.sources)
    parts = [[*each.populations.values(), *each.sources.values()] for each in (one, other)]
    for a, b in zip(*parts, strict=True):
        assert (a.name, a.size) == (b.name, b.size)
        assert_same_array(a.spike_ids, b.spike_ids)
        assert_same_array(a.spike_times_ms, b.spike_times_ms)
        assert list(a.signals) == list(b.signals)
        for x, y in zip(a.signals.values(), b.signals.values(), strict=True):
            assert (x.name, x.unit) == (y.name, y.unit)
            for field in ("ids", "times_ms", "values"):
                assert_same_array(getattr(x, field), getattr(y, field))


@st.composite
def populations(draw: st.DrawFn, name: str, n_steps: int, dt_ms: float) -> PopulationRecording:
    size = draw(st.integers(1, 6))
    fired = draw(st.sets(st.tuples(st.integers(0, size - 1), st.integers(0, n_steps - 1)), max_size=40))
    ids, steps = (np.array([spike[k] for spike in fired], dtype=np.int64) for k in (0, 1))
    signals = {}
    for signal in draw(st.lists(st.sampled_from(list(UNITS)), unique=True)):
        cells = sampled_ids(size, draw(st.integers(1, 6)))
        times = np.arange(0, n_steps, draw(st.integers(1, 4)), dtype=np.int64) * dt_ms
        dtype = draw(st.sampled_from([np.float32, np.float64]))
        finite = st.floats(-100, 100, width=32)
        values = draw(arrays.arrays(dtype, (len(times), len(cells)), elements=finite))
        signals[signal] = Signal(signal, UNITS[signal], cells, np.asarray(times, dtype=np.float64), values)
    return population_recording(name, size, ids, steps, dt_ms, signals)


@st.composite
def source(draw: st.DrawFn, name: str, n_steps: int, dt_ms: float) -> PopulationRecording:
    """Sources, which may fire several times in a step."""
    size = draw(st.integers(1, 4))
    fired = draw(st.lists(st.tuples(st.integers(0, size - 1), st.integers(0, n_steps - 1)), max_size=40))
    ids, steps = (np.array([spike[k] for spike in fired], dtype=np.int64) for k in (0, 1))
    return population_recording(name, size, ids, steps, dt_ms)


@st.composite
def recordings(draw: st.DrawFn) -> Recording:
    dt_ms, n_steps = draw(st.sampled_from([1.0, 0.1, 0.25, 0.3])), draw(st.integers(1, 12))
    names = draw(st.sampled_from([["exc", "inh"], ["inh"], ["exc", "inh", "somatostatin cells"]]))
    of_cells = {name: draw(populations(name, n_steps, dt_ms)) for name in names}
    inputs = draw(st.sampled_from([[], ["thalamus"], ["thalamus", "background_exc"]]))
    return Recording(dt_ms, n_steps * dt_ms, of_cells, {name: draw(source(name, n_steps, dt_ms)) for name in inputs})


@pytest.fixture
def network() -> Recording:
    rng = np.random.default_rng(0)

    def population(name: str, size: int) -> PopulationRecording:
        spikes = np.unique(rng.integers(0, size * 500, size * 20))
        times = np.arange(500, dtype=np.float64)
        values = rng.normal(-65, 5, (500, size)).astype(np.float32)
        v = Signal("v", "mV", np.arange(size, dtype=np.int32), times, values)
        return population_recording(name, size, spikes % size, spikes // size, 1.0, {"v": v})

    return Recording(1.0, 500.0, {"exc": population("exc", 80), "inh": population("inh", 20)})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(recording=recordings())
def test_npz_loads_back_equal(tmp_path: Path, recording: Recording):
    assert_equal(load_npz(save_npz(recording, tmp_path / "recording.npz")), recording)


@settings(max_examples=40, deadline=None)
@given(recording=recordings())
def test_neo_block_turns_back_equal(recording: Recording):
    assert_equal(from_neo(to_neo(recording)), recording)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(recording=recordings())
def test_neo_file_loads_back_equal(tmp_path: Path, recording: Recording):
    assert_equal(load_neo(save_neo(recording, tmp_path / "recording.mat")), recording)


def test_a_file_of_an_earlier_version_has_no_sources(tmp_path: Path, network: Recording):
    path = save_npz(network, tmp_path / "recording.npz")
    with np.load(path) as data:
        before = {name: data[name] for name in data.files if name != "sources"}
    np.savez(path, **before)
    assert_equal(load_npz(path), network)


def test_the_neo_block_means_to_others_what_it_means_to_us(network):
    block = to_neo(network)
    segment = block.segments[0]
    assert len(segment.spiketrains) == 100
    for name, population in network.populations.items():
        trains = [train for train in segment.spiketrains if train.annotations["population"] == name]
        rates = [elephant.statistics.mean_firing_rate(train).rescale("Hz").item() for train in trains]
        np.testing.assert_allclose(rates, np.bincount(population.spike_ids, minlength=population.size) / 0.5)
    v = segment.analogsignals[0]
    assert v.units.dimensionality.string == "mV"
    assert v.t_start.rescale("ms").item() == 0
    assert v.t_stop.rescale("ms").item() == 500
    assert v.sampling_rate.rescale("Hz").item() == pytest.approx(1000)


def test_samples_at_odd_times_keep_them():
    times = np.array([0.0, 1.0, 5.0])
    v = Signal("v", "mV", np.array([2], dtype=np.int32), times, np.array([[-65.0], [-64.0], [-60.0]]))
    one = Recording(1.0, 10.0, {"exc": population_recording("exc", 3, np.array([1]), np.array([4]), 1.0, {"v": v})})
    block = to_neo(one)
    assert block.segments[0].irregularlysampledsignals[0].times.rescale("ms").magnitude.tolist() == [0, 1, 5]
    assert_equal(from_neo(block), one)


def test_plain_numpy_opens_the_file(network, tmp_path):
    with np.load(save_npz(network, tmp_path / "r.npz"), allow_pickle=False) as data:
        assert data["populations"].tolist() == ["exc", "inh"]
        times = data["exc.spike_steps"] * data["dt_ms"]
        np.testing.assert_array_equal(times, network.populations["exc"].spike_times_ms)
        assert data["exc.spike_steps"].dtype == np.int32
        assert data["inh.v.values"].dtype == np.float32
        assert str(data["inh.v.unit"]) == "mV"


def test_the_file_is_smaller_than_what_it_holds(network, tmp_path):
    raw = sum(
        population.spike_ids.nbytes + population.spike_times_ms.nbytes + population.signals["v"].values.nbytes
        for population in network.populations.values()
    )
    assert save_npz(network, tmp_path / "r.npz").stat().st_size < 0.9 * raw


def test_times_off_the_grid_are_refused_and_nothing_is_left(tmp_path):
    one = Recording(1.0, 10.0, {"exc": population_recording("exc", 1, np.array([0]), np.array([3]), 0.5)})
    with pytest.raises(ValueError, match="spike times of population exc"):
        save_npz(one, tmp_path / "r.npz")
    assert list(tmp_path.iterdir()) == []


def test_a_failure_while_writing_leaves_the_file_that_was_there(network, tmp_path, monkeypatch):
    path = save_npz(network, tmp_path / "r.npz")
    before = path.read_bytes()

    def full(*_args: object, **_kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np.lib.format, "write_array", full)
    with pytest.raises(OSError, match="No space left"):
        save_npz(network, path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["r.npz"]
    assert path.read_bytes() == before


@pytest.mark.parametrize("cut", [0, 10, 2000, -100])
def test_a_torn_file_is_named(network, tmp_path, cut):
    path = save_npz(network, tmp_path / "r.npz")
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(ValueError, match=r"r\.npz cannot be read as a saved recording"):
        load_npz(path)


def test_a_flipped_byte_is_noticed(network, tmp_path):
    path = save_npz(network, tmp_path / "r.npz")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"r\.npz cannot be read"):
        load_npz(path)


def test_other_files_are_named(network, tmp_path):
    np.savez(tmp_path / "other.npz", a=np.arange(3))
    with pytest.raises(ValueError, match=r"other\.npz is not a saved recording: it has no 'format'"):
        load_npz(tmp_path / "other.npz")
    np.save(tmp_path / "one.npy", np.arange(3))
    with pytest.raises(ValueError, match=r"one\.npy cannot be read as a saved recording"):
        load_npz(tmp_path / "one.npy")
    np.savez(tmp_path / "later.npz", format=2)
    with pytest.raises(ValueError, match="layout is version 2, this program reads version 1"):
        load_npz(tmp_path / "later.npz")
    for load in (load_npz, load_neo):
        with pytest.raises(FileNotFoundError):
            load(tmp_path / "none")


def test_a_block_of_others_is_refused(network):
    block = to_neo(network)
    del block.annotations["dt_ms"]
    with pytest.raises(ValueError, match="lacks the annotation 'dt_ms'"):
        from_neo(block)


def test_a_neo_export_says_its_format_by_its_name(network, tmp_path):
    with pytest.raises(ValueError, match=r"written as \.mat"):
        save_neo(network, tmp_path / "r.nix")
