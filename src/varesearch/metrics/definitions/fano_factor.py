"""The variability of spike counts."""

import numpy as np
from numpy.typing import NDArray

from varesearch.metrics.definitions import MeanMetric, PopulationData, statistics


class FanoFactor(MeanMetric):
    """The variability of spike counts."""

    unit = ""
    what = "variance to mean of a cell's spike counts, mean over cells"
    how = "counts in windows of analysis.fano_window_ms, variance over windows - 1, over cells that fired; 1 Poisson"
    place = 80
    label = "Fano factor"
    in_figures = True

    @classmethod
    def values(cls, data: PopulationData) -> NDArray[np.float64]:
        return statistics.fano_factors(data.binned("fano_window_ms"))
