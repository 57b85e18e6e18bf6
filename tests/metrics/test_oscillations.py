"""Spectrum and autocorrelation against elephant, scipy's parts and closed forms."""

from typing import Any, cast

import elephant.spectral
import neo
import numpy as np
import pytest
import quantities as pq
from elephant.conversion import BinnedSpikeTrain
from elephant.spike_train_correlation import cross_correlation_histogram
from hypothesis import given, settings
from hypothesis import strategies as st

from varesearch.config.schema import AnalysisConfig
from varesearch.metrics import UndefinedMetricError, analyse
from varesearch.metrics.oscillations import (
    autocorrelation,
    decay_time,
    noise_level,
    power_spectrum,
    side_peak,
    train_autocorrelation,
)
from varesearch.metrics.trains import Trains, bin_counts
from varesearch.recording import Recording, population_recording

pytestmark = pytest.mark.filterwarnings("ignore")  # elephant's own

ASKED = AnalysisConfig(warmup_ms=0.0, further=["spectrum", "autocorrelation"])


def poisson(rates_hz: np.ndarray, cells: int, seed: int) -> Recording:
    """Independent cells that fire with a rate given for each step of 1 ms."""
    fired = np.random.default_rng(seed).random((len(rates_hz), cells)) < rates_hz[:, None] * 1e-3
    steps, ids = np.nonzero(fired)
    population = population_recording("exc", cells, ids, steps, 1.0)
    return Recording(1.0, float(len(rates_hz)), {"exc": population})


def modulated(frequency_hz: float, depth: float, duration_ms: int = 4000) -> np.ndarray:
    return 20.0 * (1 + depth * np.sin(2e-3 * np.pi * frequency_hz * np.arange(duration_ms)))


def reasons(recording: Recording, analysis: AnalysisConfig = ASKED) -> dict[str, str]:
    return {it.metric: it.reason for it in analyse(recording, analysis, seed=1).undefined}


def test_the_spectrum_equals_elephants():
    rate = np.random.default_rng(0).normal(10, 3, 2000) + 2 * np.sin(np.arange(2000) / 4)
    ours = power_spectrum(rate, 1.0, 256)
    signal = neo.AnalogSignal(rate, units="Hz", sampling_period=1 * pq.ms)
    frequencies, power = elephant.spectral.welch_psd(signal, len_segment=256, overlap=0.5, detrend="constant")
    np.testing.assert_allclose(ours.frequencies_hz, np.asarray(frequencies)[1:], rtol=1e-9)
    np.testing.assert_allclose(ours.power, np.asarray(power)[0, 1:], rtol=1e-9)
    assert ours.segments == 14  # 256 + 13 * 128 = 1920 of 2000 bins


@pytest.mark.parametrize("frequency_hz", [12.0, 40.0, 180.0])
def test_the_rate_of_a_sinusoidally_modulated_population_peaks_at_its_frequency(frequency_hz):
    values = analyse(poisson(modulated(frequency_hz, 0.5), 200, 3), ASKED, seed=1).values()
    assert values["exc.spectrum_peak_hz"] == pytest.approx(frequency_hz, abs=4.0)  # the resolution of 250 ms
    # The power of the sine, (20 * 0.5)² / 2 Hz², spreads over the 1.5 bins of 4 Hz of a Hann window.
    sine = 100 / 2 / (1.5 * 4.0)
    near = frequency_hz % 4.0 == 0
    assert values["exc.spectrum_peak_power"] == pytest.approx(sine, rel=0.15 if near else 0.5)
    assert values["exc.spectrum_peak_ratio"] == pytest.approx(
        values["exc.spectrum_peak_power"] / (2 * values["exc.rate_hz"] / 200)
    )


def test_the_spectrum_of_independent_poisson_cells_is_flat_at_its_closed_form():
    recording = poisson(np.full(20_000, 15.0), 100, 5)
    counts = np.bincount(np.rint(recording.populations["exc"].spike_times_ms).astype(int), minlength=20_000)
    found = power_spectrum(counts / 0.1, 1.0, 250)
    # 2 r / N, less by the share of a step in which a cell fires, since a step holds one spike at most.
    assert found.power[1:-1].mean() == pytest.approx(2 * 15 / 100 * (1 - 0.015), rel=0.02)
    assert "no frequency stands out" in reasons(recording)["spectrum_peak_hz"]


def test_noise_has_a_peak_as_rarely_as_is_said():
    rng = np.random.default_rng(8)
    found = 0
    for _ in range(400):
        try:
            power_spectrum(rng.normal(size=1000), 1.0, 250).peak()
            found += 1
        except UndefinedMetricError:
            pass
    assert found <= 16  # 4 expected; more than 16 with a probability below 1e-5


def test_the_time_constant_of_a_fluctuating_rate_is_found():
    # An Ornstein-Uhlenbeck process exactly sampled: its autocorrelation is exp(-t / tau).
    rng, tau, n = np.random.default_rng(2), 20.0, 60_000
    decay, noise = np.exp(-1 / tau), rng.normal(size=n)
    x = np.empty(n)
    x[0] = noise[0]
    for k in range(1, n):
        x[k] = decay * x[k - 1] + np.sqrt(1 - decay**2) * noise[k]
    np.testing.assert_allclose(autocorrelation(x, 100), np.exp(-np.arange(1, 101) / tau), atol=0.07)
    recording = poisson(np.clip(20 + 5 * x, 0, None), 500, 4)
    values = analyse(recording, ASKED, seed=1).values()
    assert values["exc.autocorrelation_time_ms"] == pytest.approx(tau, rel=0.15)


def test_the_side_peak_of_an_oscillation_is_at_its_period():
    values = analyse(poisson(modulated(25.0, 0.8), 500, 6), ASKED, seed=1).values()
    assert values["exc.autocorrelation_peak_ms"] == pytest.approx(40.0, abs=2.0)
    # Poisson noise of variance r / N adds to that of the sine, (0.8 r)² / 2, at lag 0 only.
    sine, noise = (0.8 * 20) ** 2 / 2, 20 / 500 * 1000
    assert values["exc.autocorrelation_peak"] == pytest.approx(sine / (sine + noise), abs=0.05)


def test_independent_cells_have_no_time_constant_and_no_period():
    why = reasons(poisson(np.full(4000, 20.0), 200, 9))
    assert "no correlation in time" in why["autocorrelation_time_ms"]
    assert "no side peak" in why["autocorrelation_peak_ms"]
    assert "no side peak" in why["autocorrelation_peak"]


def test_white_noise_reaches_the_level_as_rarely_as_is_said():
    rng = np.random.default_rng(3)
    above = sum(autocorrelation(rng.normal(size=2000), 100).max() > noise_level(2000, 100) for _ in range(400))
    assert above <= 16


@given(
    st.lists(st.integers(0, 20), min_size=40, max_size=120).filter(lambda x: len(set(x)) > 1),
    st.floats(0.1, 10),
    st.floats(-5, 5),
)
def test_scale_and_offset_of_the_rate_do_not_matter_to_its_autocorrelation(counts, factor, offset):
    rate = np.array(counts, dtype=float)
    np.testing.assert_allclose(autocorrelation(factor * rate + offset, 15), autocorrelation(rate, 15), atol=1e-7)
    np.testing.assert_allclose(
        power_spectrum(factor * rate + offset, 1.0, 16).power,
        factor**2 * power_spectrum(rate, 1.0, 16).power,
        atol=1e-7,
    )


@settings(deadline=None)
@given(st.floats(3.0, 60.0), st.floats(0.05, 1.0), st.floats(-0.2, 0.2))
def test_an_exact_decay_gives_its_time_constant(tau_ms, amplitude, offset):
    correlations = amplitude * np.exp(-np.arange(1, 200) / tau_ms) + offset
    if correlations.max() < 0.01:
        return
    assert decay_time(correlations, 1.0, 0.005) == pytest.approx(tau_ms, rel=1e-3)


@given(st.integers(4, 40), st.floats(0.2, 1.0))
def test_a_periodic_correlation_has_its_side_peak_at_the_period(period, height):
    correlations = height * np.cos(2 * np.pi * np.arange(1, 3 * period) / period)
    assert side_peak(correlations, 0.1) + 1 == period


def bursty(cells: int, steps: int, seed: int) -> Trains:
    """Cells of different rates, of which the first never fires, with several spikes in a bin of some steps."""
    rates = np.linspace(0.0, 0.3, cells)
    ids, at = np.nonzero(np.random.default_rng(seed).random((cells, steps)) < rates[:, None])
    return Trains(cells, 1.0, steps, ids, at)


@pytest.mark.parametrize(("bin_ms", "lags"), [(1.0, 60), (4.0, 25)])
def test_the_autocorrelation_of_single_trains_is_the_mean_of_elephants(bin_ms, lags):
    trains = bursty(6, 403, 2)
    n = int(403 // bin_ms)
    found = []
    for cell in range(1, 6):
        times = trains.steps[(trains.ids == cell) & (trains.steps < n * bin_ms)]
        train = neo.SpikeTrain(times * pq.ms, t_stop=n * bin_ms * pq.ms)
        binned = BinnedSpikeTrain(train, bin_size=bin_ms * pq.ms)
        histogram, _ = cross_correlation_histogram(binned, binned, window=cast(Any, [-lags, lags]))
        products = np.asarray(histogram).ravel()[-lags:]
        counts = binned.to_array()[0].astype(float)
        m, k = counts.mean(), np.arange(1, lags + 1)
        ends = np.array([counts[: n - each].sum() + counts[each:].sum() for each in k])
        found.append(((products - m * ends) / (n - k) + m**2) / counts.var())
    ours = train_autocorrelation(bin_counts(trains, bin_ms, "analysis.spectrum_bin_ms"), lags)
    np.testing.assert_allclose(ours, np.mean(found, axis=0), atol=1e-12)


@settings(deadline=None, max_examples=40)
@given(st.integers(2, 5), st.integers(40, 120), st.integers(0, 1000))
def test_the_autocorrelation_of_single_trains_is_the_mean_of_those_of_rates(cells, steps, seed):
    trains, lags = bursty(cells, steps, seed), 15
    counts = np.zeros((cells, steps))
    counts[trains.ids, trains.steps] = 1
    varying = [row for row in counts if row.any()]
    if varying:
        ours = train_autocorrelation(bin_counts(trains, 1.0, "a setting"), lags)
        np.testing.assert_allclose(ours, np.mean([autocorrelation(row, lags) for row in varying], axis=0), atol=1e-9)


def test_single_trains_may_be_regular_where_the_rate_is_not():
    """200 clocks of 25 ms with random phases: each repeats itself, together they make a flat rate."""
    phases = np.random.default_rng(5).integers(0, 25, 200)
    ids, steps = np.repeat(np.arange(200), 80), (phases[:, None] + 25 * np.arange(80)).ravel()
    found = analyse(Recording(1.0, 2000.0, {"exc": population_recording("exc", 200, ids, steps, 1.0)}), ASKED, seed=1)
    assert found.values()["exc.train_autocorrelation_peak_ms"] == 25.0
    assert found.values()["exc.train_autocorrelation_peak"] == pytest.approx(1.0, abs=0.01)


def test_the_memory_of_single_trains_is_found_where_cells_fluctuate_independently():
    """Each cell's rate switches by itself with a time constant of 15 ms: the rate of all shows little of it."""
    rng, tau, cells, steps = np.random.default_rng(7), 15.0, 150, 6000
    switches = rng.random((steps, cells)) < 0.5 * (1 - np.exp(-1 / tau))
    up = (np.cumsum(switches, axis=0) + rng.integers(0, 2, cells)) % 2
    at, ids = np.nonzero(rng.random((steps, cells)) < 0.2 * up)
    one = Recording(1.0, float(steps), {"exc": population_recording("exc", cells, ids, at, 1.0)})
    assert analyse(one, ASKED, seed=1).values()["exc.train_autocorrelation_time_ms"] == pytest.approx(tau, rel=0.1)


def test_independent_trains_have_no_memory_as_rarely_as_is_said():
    above = 0
    for seed in range(200):
        ids, at = np.nonzero(np.random.default_rng(seed).random((20, 1000)) < 0.03)
        found = train_autocorrelation(bin_counts(Trains(20, 1.0, 1000, ids, at), 1.0, "a setting"), 100)
        above += found.max() > noise_level(20 * 1000, 100)
    assert above <= 12  # 2 expected; the tails of counts are heavier than those of normal values


@pytest.mark.parametrize(
    ("rate", "segment", "message"),
    [
        (np.ones(2000), 250, "does not vary"),
        (np.arange(300.0), 250, "fewer than two segments"),
        (np.arange(300.0), 2, "four bins"),
    ],
)
def test_too_little_for_a_spectrum_is_said(rate, segment, message):
    with pytest.raises(UndefinedMetricError, match=message):
        power_spectrum(rate, 1.0, segment)


def test_a_silent_population_and_a_short_run_have_reasons_for_all():
    names = {"spectrum_peak_hz", "spectrum_peak_power", "spectrum_peak_ratio"}
    of_rate = {"autocorrelation_time_ms", "autocorrelation_peak_ms", "autocorrelation_peak"}
    names |= of_rate | {f"train_{name}" for name in of_rate}
    assert names <= set(reasons(poisson(np.zeros(2000), 10, 1)))
    short = reasons(poisson(np.full(300, 20.0), 10, 1))
    assert names <= set(short)
    assert "shorter than twice analysis.autocorrelation_ms" in short["autocorrelation_time_ms"]
