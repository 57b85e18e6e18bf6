"""The mean excitatory conductance."""

from varesearch.metrics.definitions._input import MeanConductance


class MeanExcitatoryConductance(MeanConductance):
    """The mean excitatory conductance."""

    unit = "µS"
    kind = "excitatory conductance"
    signal = "gsyn_exc"
    place = 130
    label = "mean g exc"
