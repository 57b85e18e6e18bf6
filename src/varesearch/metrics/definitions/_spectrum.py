"""The spectrum of a population's rate, which several metrics read."""

from varesearch.metrics.definitions import PopulationData
from varesearch.metrics.oscillations import Spectrum, power_spectrum
from varesearch.metrics.trains import population_counts, steps_of


def spectrum(data: PopulationData) -> Spectrum:
    """Return the power spectrum of the rate after the warm-up. Raises UndefinedMetricError as it does."""
    bin_ms, window_ms = data.analysis.spectrum_bin_ms, data.analysis.spectrum_window_ms
    counts = population_counts(data.trains, bin_ms, "analysis.spectrum_bin_ms")
    rate_hz = counts / (data.trains.size * bin_ms * 1e-3)
    return power_spectrum(rate_hz, bin_ms, steps_of(window_ms, bin_ms, "analysis.spectrum_window_ms"))
