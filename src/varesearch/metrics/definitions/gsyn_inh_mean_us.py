"""The mean inhibitory conductance."""

from varesearch.metrics.definitions._input import MeanConductance


class MeanInhibitoryConductance(MeanConductance):
    """The mean inhibitory conductance."""

    unit = "µS"
    kind = "inhibitory conductance"
    signal = "gsyn_inh"
    place = 131
    label = "mean g inh"
