"""The local irregularity of spike trains."""

import numpy as np
from numpy.typing import NDArray

from varesearch.metrics.definitions import MeanMetric, PopulationData, statistics


class LocalVariation(MeanMetric):
    """The local irregularity of spike trains."""

    unit = ""
    what = "local variation of the inter-spike intervals, mean over cells"
    how = (
        "3/(n-1) Σ ((Iᵢ - Iᵢ₊₁)/(Iᵢ + Iᵢ₊₁))², over cells with analysis.min_isis intervals; 0 regular, 1 "
        "Poisson, whatever slow changes of the rate"
    )
    source = "Shinomoto, Shima & Tanji 2003, Neural Comput. 15:2823"
    place = 70
    label = "local variation"
    in_figures = True

    @classmethod
    def values(cls, data: PopulationData) -> NDArray[np.float64]:
        return statistics.local_variation(data.trains, data.analysis.min_isis)
