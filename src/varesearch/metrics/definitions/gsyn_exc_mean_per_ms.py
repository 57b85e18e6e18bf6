"""The mean excitatory conductance of cells without a capacitance."""

from varesearch.metrics.definitions._input import MeanConductance


class MeanExcitatoryConductanceRate(MeanConductance):
    """The mean excitatory conductance of cells without a capacitance."""

    unit = "1/ms"
    kind = "excitatory conductance"
    signal = "gsyn_exc"
    place = 130
    label = "mean g exc"
