"""The mean excitatory synaptic current in nA."""

from varesearch.metrics.definitions._input import MeanInput


class MeanExcitatoryCurrent(MeanInput):
    """The mean excitatory synaptic current in nA."""

    unit = "nA"
    kind = "excitatory synaptic current"
    signal = "isyn_exc"
    place = 132
    label = "mean i exc"
