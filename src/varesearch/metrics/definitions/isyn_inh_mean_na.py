"""The mean inhibitory synaptic current in nA."""

from varesearch.metrics.definitions._input import INHIBITION, MeanCurrent


class MeanInhibitoryCurrent(MeanCurrent):
    """The mean inhibitory synaptic current in nA."""

    unit = "nA"
    kind = "inhibitory synaptic current"
    current = INHIBITION
    place = 133
    label = "mean i inh"
