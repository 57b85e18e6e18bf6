"""The mean excitatory synaptic current in nA."""

from varesearch.metrics.definitions._input import EXCITATION, MeanCurrent


class MeanExcitatoryCurrent(MeanCurrent):
    """The mean excitatory synaptic current in nA."""

    unit = "nA"
    kind = "excitatory synaptic current"
    current = EXCITATION
    place = 132
    label = "mean i exc"
