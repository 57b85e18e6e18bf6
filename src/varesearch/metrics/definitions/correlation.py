"""The correlation of pairs of cells."""

import numpy as np
from numpy.typing import NDArray

from varesearch.metrics.definitions import MeanMetric, PopulationData, statistics


class Correlation(MeanMetric):
    """The correlation of pairs of cells."""

    unit = ""
    what = "Pearson correlation of the spike counts of two cells, mean over drawn pairs"
    how = "counts in bins of analysis.correlation_bin_ms, analysis.correlation_pairs pairs of cells whose counts vary"
    place = 90
    label = "correlation"
    in_figures = True
    in_verdict = True
    each = "pair of cells"

    @classmethod
    def values(cls, data: PopulationData) -> NDArray[np.float64]:
        binned = data.binned("correlation_bin_ms")
        return statistics.pair_correlations(binned, data.analysis.correlation_pairs, data.pair_rng())
