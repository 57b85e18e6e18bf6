"""The mean excitatory conductance."""

from varesearch.metrics.definitions._input import MeanInput


class MeanExcitatoryConductance(MeanInput):
    """The mean excitatory conductance."""

    unit = "µS"
    kind = "excitatory conductance"
    signal = "gsyn_exc"
    place = 130
    label = "mean g exc"
