"""The mean inhibitory conductance of cells without a capacitance."""

from varesearch.metrics.definitions._input import MeanConductance


class MeanInhibitoryConductanceRate(MeanConductance):
    """The mean inhibitory conductance of cells without a capacitance."""

    unit = "1/ms"
    kind = "inhibitory conductance"
    signal = "gsyn_inh"
    place = 131
    label = "mean g inh"
