"""The irregularity of spike trains."""

import numpy as np
from numpy.typing import NDArray

from varesearch.metrics.definitions import MeanMetric, PopulationData, statistics


class CvIsi(MeanMetric):
    """The irregularity of spike trains."""

    unit = ""
    what = "coefficient of variation of the inter-spike intervals, mean over cells"
    how = (
        "standard deviation / mean of a cell's intervals, over cells with analysis.min_isis of them; 0 "
        "regular, 1 Poisson"
    )
    source = "Softky & Koch 1993, J. Neurosci. 13:334"
    place = 60
    label = "CV of ISI"
    in_summary = True
    in_figures = True
    in_verdict = True

    @classmethod
    def values(cls, data: PopulationData) -> NDArray[np.float64]:
        return statistics.cv_isi(data.trains, data.analysis.min_isis)
