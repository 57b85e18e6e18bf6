"""How much the intervals of two spike trains differ."""

import numpy as np
from numpy.typing import NDArray

from varesearch.metrics.definitions import MeanMetric, PopulationData
from varesearch.metrics.definitions._distance import pair_distances


class IsiDistance(MeanMetric):
    """How much the intervals of two spike trains differ."""

    unit = ""
    what = "ISI-distance of two cells, mean over drawn pairs"
    how = (
        "∫ |I₁(t) - I₂(t)| / max(I₁(t), I₂(t)) dt / T of the intervals I around t, analysis.correlation_pairs pairs of "
        "cells that fired; 0 for equal trains, 1/2 on average for Poisson trains of one rate"
    )
    source = "Kreuz et al. 2007, J. Neurosci. Methods 165:151; PySpike: Mulansky & Kreuz 2016, SoftwareX 5:183"
    on_request = "distances"
    library = "pyspike"
    place = 220
    label = "ISI-distance"
    in_figures = True
    each = "pair of cells"

    @classmethod
    def values(cls, data: PopulationData) -> NDArray[np.float64]:
        from pyspike import isi_distance

        return pair_distances(data, isi_distance)
