"""The mean inhibitory synaptic current in nA."""

from varesearch.metrics.definitions._input import MeanInput


class MeanInhibitoryCurrent(MeanInput):
    """The mean inhibitory synaptic current in nA."""

    unit = "nA"
    kind = "inhibitory synaptic current"
    signal = "isyn_inh"
    place = 133
    label = "mean i inh"
