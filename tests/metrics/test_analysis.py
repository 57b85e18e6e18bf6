"""From recordings to metrics: what is measured, what is absent and why, and what must not matter."""

import logging
from dataclasses import replace

import hypothesis
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from varesearch.config.errors import ConfigurationError
from varesearch.config.schema import AnalysisConfig
from varesearch.metrics import Analysis, analyse, metric_definitions, requests
from varesearch.metrics.metric import in_summary
from varesearch.recording import PopulationRecording, Recording, Signal, population_recording

_SILENT = population_recording("exc", 1, np.empty(0, np.int32), np.empty(0, np.int32), 1.0)
_OF_V = ("v_mean_mv", "v_std_mv")
DEFINITIONS = {
    name: metric
    for name, metric in metric_definitions().items()
    if not metric.on_request and (name in _OF_V or metric.applies(_SILENT))
}
SPIKE_METRICS = [name for name in DEFINITIONS if name not in _OF_V]


def population(
    name: str, trains: list[list[int]], v: np.ndarray | None = None, dt_ms: float = 1.0
) -> PopulationRecording:
    ids = np.repeat(np.arange(len(trains)), [len(train) for train in trains])
    signals = {}
    if v is not None:
        cells, times = np.arange(v.shape[1], dtype=np.int32), np.arange(len(v), dtype=np.float64) * dt_ms
        signals["v"] = Signal("v", "mV", cells, times, v)
    return population_recording(name, len(trains), ids, np.concatenate([*trains, []]).astype(int), dt_ms, signals)


def recording(*populations: PopulationRecording, duration_ms: float = 1000.0, dt_ms: float = 1.0) -> Recording:
    return Recording(dt_ms, duration_ms, {one.name: one for one in populations})


def random_trains(n_cells: int, n_steps: int, p: float, seed: int) -> list[list[int]]:
    rng = np.random.default_rng(seed)
    return [np.flatnonzero(rng.random(n_steps) < p).tolist() for _ in range(n_cells)]


def reasons(analysis: Analysis) -> dict[str, str]:
    return {undefined.key: undefined.reason for undefined in analysis.undefined}


train_lists = st.lists(st.sets(st.integers(0, 299), max_size=40).map(sorted), min_size=1, max_size=8)
settings = AnalysisConfig(warmup_ms=50.0, correlation_pairs=1000, fano_window_ms=50.0)


def test_every_metric_of_a_busy_network_has_its_value_and_unit():
    v = np.random.default_rng(0).normal(-65, 5, (1000, 20)).astype(np.float32)
    result = analyse(recording(population("exc", random_trains(20, 1000, 0.03, 1), v)), AnalysisConfig(), seed=1)
    assert [metric.name for metric in result.metrics] == list(DEFINITIONS)
    assert all(metric.unit == DEFINITIONS[metric.name].unit for metric in result.metrics)
    assert result.undefined == ()
    values = result.values()
    assert values["exc.rate_hz"] == pytest.approx(values["exc.spike_count"] / 20 / 0.9)
    assert values["exc.rate_p05_hz"] < values["exc.rate_p50_hz"] < values["exc.rate_p95_hz"]
    kept = v[100:].astype(np.float64)
    assert values["exc.v_mean_mv"] == pytest.approx(kept.mean(), rel=1e-9)
    assert values["exc.v_std_mv"] == pytest.approx(kept.std(), rel=1e-9)


def test_sources_are_measured_over_the_whole_run_and_apart_from_the_populations():
    cells = recording(population("exc", random_trains(20, 1000, 0.03, 1)))
    # Two sources; the first fires three times in step 4, within the warm-up.
    thalamus = population("thalamus", [[4, 4, 4, 10], [20]])
    settings = AnalysisConfig(warmup_ms=100.0)
    without, with_source = (
        analyse(replace(cells, sources=sources), settings, seed=1) for sources in ({}, {"thalamus": thalamus})
    )
    assert with_source.metrics[: len(without.metrics)] == without.metrics
    of_source = with_source.metrics[len(without.metrics) :]
    assert {metric.key: metric.value for metric in of_source} == {
        "source.thalamus.spike_count": 5.0,
        "source.thalamus.rate_hz": 2.5,
    }
    keys = list(with_source.values())
    assert not any("thalamus" in key for key in in_summary(keys))


def test_keys_are_names_that_a_tracker_takes():
    assert all(name.replace("_", "").isalnum() and name.islower() for name in DEFINITIONS)


def test_the_spread_of_rates_by_hand():
    trains = [list(range(0, 1000, 100)), list(range(0, 1000, 50))]
    values = analyse(recording(population("exc", trains)), AnalysisConfig(warmup_ms=0), seed=1).values()
    assert values["exc.rate_hz"] == 15.0
    assert values["exc.rate_std_hz"] == 5.0
    assert values["exc.rate_p50_hz"] == 15.0
    assert values["exc.silent_fraction"] == 0.0


def test_a_silent_population_is_counted_and_what_it_leaves_open_is_absent(caplog):
    with caplog.at_level(logging.INFO):
        result = analyse(recording(population("inh", [[], [], []])), AnalysisConfig(), seed=1)
    values = result.values()
    assert values["inh.spike_count"] == 0
    assert values["inh.rate_hz"] == 0
    assert values["inh.silent_fraction"] == 1
    assert reasons(result) == {
        "inh.cv_isi": "no cell has 5 inter-spike intervals",
        "inh.local_variation": "no cell has 5 inter-spike intervals",
        "inh.fano_factor": "no cell fired",
        "inh.correlation": "fewer than two cells have spike counts that vary from bin to bin",
        "inh.synchrony": "no cell has spike counts that vary from bin to bin",
    }
    assert not set(values) & set(reasons(result))
    assert "inh.cv_isi is undefined: no cell has 5 inter-spike intervals" in caplog.text
    two = analyse(recording(*(population(name, [[], [], []]) for name in ("pv", "sst"))), AnalysisConfig(), seed=1)
    assert two.reasons() == [
        "cv_isi, local_variation of pv, sst undefined: no cell has 5 inter-spike intervals",
        "fano_factor of pv, sst undefined: no cell fired",
        "correlation of pv, sst undefined: fewer than two cells have spike counts that vary from bin to bin",
        "synchrony of pv, sst undefined: no cell has spike counts that vary from bin to bin",
    ]


@pytest.mark.parametrize("spikes", [1, 2, 5])
def test_too_few_intervals_leave_the_variation_open(spikes):
    result = analyse(recording(population("exc", [list(range(200, 200 + 10 * spikes, 10))] * 2)), AnalysisConfig(), 1)
    assert reasons(result)["exc.cv_isi"] == "no cell has 5 inter-spike intervals"
    assert "exc.cv_isi" not in result.values()


def test_five_intervals_suffice():
    result = analyse(recording(population("exc", [list(range(200, 260, 10))])), AnalysisConfig(), 1)
    assert result.values()["exc.cv_isi"] == 0.0


def test_one_cell_has_no_spread_no_pair_and_nobody_to_fire_with():
    result = analyse(recording(population("exc", [[200, 300, 450]])), AnalysisConfig(), 1)
    assert {"exc.rate_std_hz", "exc.correlation", "exc.synchrony"} <= set(reasons(result))


def test_a_run_shorter_than_two_windows_has_no_fano_factor():
    result = analyse(
        recording(population("exc", random_trains(5, 150, 0.2, 1)), duration_ms=150.0), AnalysisConfig(warmup_ms=0), 1
    )
    assert reasons(result) == {"exc.fano_factor": "150 ms after the warm-up hold fewer than two bins of 100 ms"}


def test_v_that_is_not_a_number_is_said_and_not_reported():
    v = np.full((1000, 2), -65.0, dtype=np.float32)
    v[500, 1] = np.nan
    v[600, 0] = np.inf
    result = analyse(recording(population("exc", random_trains(2, 1000, 0.1, 1), v)), AnalysisConfig(), 1)
    assert reasons(result) == dict.fromkeys(["exc.v_mean_mv", "exc.v_std_mv"], "2 of 1800 samples are not finite")


def test_v_that_was_not_sampled_after_the_warmup_is_said():
    signal = Signal("v", "mV", np.array([0], dtype=np.int32), np.array([0.0]), np.array([[-65.0]]))
    one = replace(population("exc", random_trains(2, 1000, 0.1, 1)), signals={"v": signal})
    assert reasons(analyse(recording(one), AnalysisConfig(), 1))["exc.v_mean_mv"] == "no sample after the warm-up"


def test_without_v_there_is_no_metric_of_v_and_no_excuse():
    result = analyse(recording(population("exc", random_trains(5, 1000, 0.1, 1))), AnalysisConfig(), 1)
    assert [metric.name for metric in result.metrics] == SPIKE_METRICS
    assert result.undefined == ()


@hypothesis.settings(deadline=None)
@given(train_lists, train_lists)
def test_each_metric_is_either_a_finite_number_or_undefined_with_a_reason(exc, inh):
    all_of_them = replace(settings, further=list(requests()), spectrum_window_ms=50.0, autocorrelation_ms=50.0)
    result = analyse(recording(population("exc", exc), population("inh", inh), duration_ms=300.0), all_of_them, seed=3)
    keys = [*result.values(), *reasons(result)]
    of_spikes = [name for name, metric in metric_definitions().items() if metric.applies(population("exc", exc))]
    assert sorted(keys) == sorted(f"{name}.{metric}" for name in ("exc", "inh") for metric in of_spikes)
    assert np.isfinite(list(result.values().values())).all()
    assert all(reasons(result).values())


@given(train_lists, st.randoms(use_true_random=False))
def test_the_order_of_the_cells_does_not_matter(trains, random):
    shuffled = trains.copy()
    random.shuffle(shuffled)
    before = analyse(recording(population("exc", trains), duration_ms=300.0), settings, seed=3)
    after = analyse(recording(population("exc", shuffled), duration_ms=300.0), settings, seed=3)
    assert after.values() == pytest.approx(before.values(), abs=1e-12)
    assert after.undefined == before.undefined


@given(train_lists, st.integers(0, 500))
def test_a_later_start_with_a_longer_warmup_does_not_matter(trains, shift):
    later = [[step + shift for step in train] for train in trains]
    before = analyse(recording(population("exc", trains), duration_ms=300.0), settings, seed=3)
    after = analyse(
        recording(population("exc", later), duration_ms=300.0 + shift),
        replace(settings, warmup_ms=settings.warmup_ms + shift),
        seed=3,
    )
    assert after.values() == before.values()


@given(train_lists)
def test_what_happens_in_the_warmup_does_not_matter(trains):
    settled = [[step for step in train if step >= 50] for train in trains]
    before = analyse(recording(population("exc", trains), duration_ms=300.0), settings, seed=3)
    after = analyse(recording(population("exc", settled), duration_ms=300.0), settings, seed=3)
    assert after == before


@given(train_lists, st.sampled_from([0.1, 0.25, 2.0]))
def test_the_unit_of_time_scales_rates_and_nothing_else(trains, dt_ms):
    def scaled(dt_ms: float) -> Analysis:
        analysis = AnalysisConfig(
            warmup_ms=50 * dt_ms, rate_bin_ms=5 * dt_ms, correlation_bin_ms=5 * dt_ms, fano_window_ms=50 * dt_ms
        )
        one = population("exc", trains, dt_ms=dt_ms)
        return analyse(recording(one, duration_ms=300 * dt_ms, dt_ms=dt_ms), analysis, seed=3)

    before, after = scaled(1.0).values(), scaled(dt_ms).values()
    for key, value in before.items():
        assert after[key] == pytest.approx(value / dt_ms if key.endswith("_hz") else value, rel=1e-9), key


def test_the_pairs_depend_on_the_seed_and_not_on_other_populations():
    exc, inh = (population(name, random_trains(60, 1000, 0.05, k)) for k, name in enumerate(["exc", "inh"]))
    few = AnalysisConfig(correlation_pairs=20)
    alone = analyse(recording(exc), few, seed=1).values()["exc.correlation"]
    assert analyse(recording(inh, exc), few, seed=1).values()["exc.correlation"] == alone
    assert analyse(recording(exc), few, seed=2).values()["exc.correlation"] != alone
    twins = recording(exc, replace(exc, name="inh"))
    assert len({analyse(twins, few, seed=1).values()[f"{name}.correlation"] for name in ("exc", "inh")}) == 2


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (AnalysisConfig(min_isis=1), r"analysis\.min_isis=1"),
        (AnalysisConfig(correlation_pairs=0), r"analysis\.correlation_pairs=0"),
        (AnalysisConfig(warmup_ms=1000), r"analysis\.warmup_ms=1000"),
        (AnalysisConfig(rate_bin_ms=0.5), r"analysis\.rate_bin_ms=0\.5"),
        (AnalysisConfig(fano_window_ms=10.5), r"analysis\.fano_window_ms=10\.5"),
        (AnalysisConfig(correlation_bin_ms=0), r"analysis\.correlation_bin_ms=0"),
    ],
)
def test_settings_that_do_not_fit_the_recording_are_named(settings, message):
    with pytest.raises(ConfigurationError, match=message):
        analyse(recording(population("exc", [[200], [300]])), settings, seed=1)


def test_a_recording_of_nothing_is_an_error():
    with pytest.raises(ValueError, match="no population"):
        analyse(Recording(1.0, 1000.0, {}), AnalysisConfig(), seed=1)
