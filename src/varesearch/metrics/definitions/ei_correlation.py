"""How excitation and inhibition vary together."""

import numpy as np
from numpy.typing import NDArray

from varesearch.metrics.definitions import MeanMetric, PopulationData, UndefinedMetricError
from varesearch.metrics.definitions._input import FromInput, correlations, mean, recorded_pair


class ExcitationInhibitionCorrelation(FromInput, MeanMetric):
    """How excitation and inhibition vary together."""

    unit = ""
    what = "Pearson correlation over time of excitatory and inhibitory synaptic input, mean over sampled cells"
    how = (
        "samples of gsyn_exc and gsyn_inh, or of isyn_exc and isyn_inh, of each cell in which both vary; needs both in "
        "recording.signals"
    )
    source = "Okun & Lampl (2008), Nat. Neurosci. 11:535"
    place = 138
    label = "E-I correlation"

    @classmethod
    def values(cls, data: PopulationData) -> NDArray[np.float64]:
        excitation, inhibition = recorded_pair(data.population)
        for signal in (excitation, inhibition):
            mean(data, signal)  # samples that are finite
        of_cells = correlations(data.samples(excitation), data.samples(inhibition))
        if np.isnan(of_cells).all():
            raise UndefinedMetricError("in no sampled cell do both vary after the warm-up")
        return of_cells[~np.isnan(of_cells)]
