"""The autocorrelation of a population's rate, and that of its single trains, which several metrics read."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from varesearch.metrics.definitions import PopulationData
from varesearch.metrics.oscillations import autocorrelation, noise_level, train_autocorrelation
from varesearch.metrics.trains import population_counts, steps_of


@dataclass(frozen=True)
class Autocorrelation:
    """The autocorrelation at the lags 1, 2, ... bins of ``bin_ms``, and what the largest of noise would reach."""

    bin_ms: float
    values: NDArray[np.float64]
    noise: float


def rate_autocorrelation(data: PopulationData) -> Autocorrelation:
    """Return the autocorrelation of the rate after the warm-up. Raises UndefinedMetricError as it does."""
    bin_ms, longest_ms = data.analysis.spectrum_bin_ms, data.analysis.autocorrelation_ms
    counts = population_counts(data.trains, bin_ms, "analysis.spectrum_bin_ms").astype(np.float64)
    lags = steps_of(longest_ms, bin_ms, "analysis.autocorrelation_ms")
    return Autocorrelation(bin_ms, autocorrelation(counts, lags), noise_level(len(counts), lags))


def mean_train_autocorrelation(data: PopulationData) -> Autocorrelation:
    """Return the mean over cells of their autocorrelations. Raises UndefinedMetricError as it does."""
    bin_ms, longest_ms = data.analysis.spectrum_bin_ms, data.analysis.autocorrelation_ms
    binned = data.binned("spectrum_bin_ms")
    lags = steps_of(longest_ms, bin_ms, "analysis.autocorrelation_ms")
    cells = int(np.count_nonzero(binned.square_deviations > 0))
    return Autocorrelation(
        bin_ms, train_autocorrelation(binned, lags), noise_level(binned.n_bins * max(cells, 1), lags)
    )
