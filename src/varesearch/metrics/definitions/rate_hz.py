"""The mean rate."""

import numpy as np
from numpy.typing import NDArray

from varesearch.metrics.definitions import MeanMetric, PopulationData


class Rate(MeanMetric):
    """The mean rate."""

    unit = "Hz"
    what = "mean rate over cells"
    how = "mean over cells of spikes / seconds"
    place = 20
    label = "rate"
    in_summary = True
    in_figures = True
    in_verdict = True
    of_sources = True

    @classmethod
    def values(cls, data: PopulationData) -> NDArray[np.float64]:
        return data.rates_hz
