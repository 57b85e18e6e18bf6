"""How far apart the spikes of two spike trains are."""

import numpy as np
from numpy.typing import NDArray

from varesearch.metrics.definitions import MeanMetric, PopulationData
from varesearch.metrics.definitions._distance import pair_distances


class SpikeDistance(MeanMetric):
    """How far apart the spikes of two spike trains are."""

    unit = ""
    what = "SPIKE-distance of two cells, mean over drawn pairs"
    how = (
        "∫ S(t) dt / T of the distances to the nearest spikes of the other cell, in intervals, "
        "analysis.correlation_pairs pairs of cells that fired; 0 for equal trains, about 0.3 for Poisson trains"
    )
    source = "Kreuz et al. 2013, J. Neurophysiol. 109:1457; PySpike: Mulansky & Kreuz 2016, SoftwareX 5:183"
    on_request = "distances"
    library = "pyspike"
    place = 221
    label = "SPIKE-distance"
    in_figures = True
    each = "pair of cells"

    @classmethod
    def values(cls, data: PopulationData) -> NDArray[np.float64]:
        from pyspike import spike_distance

        return pair_distances(data, spike_distance)
