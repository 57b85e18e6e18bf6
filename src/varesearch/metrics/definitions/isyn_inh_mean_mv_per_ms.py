"""The mean inhibitory synaptic current of cells without a capacitance."""

from varesearch.metrics.definitions._input import MeanInput


class MeanInhibitoryDrive(MeanInput):
    """The mean inhibitory synaptic current of cells without a capacitance."""

    unit = "mV/ms"
    kind = "inhibitory synaptic current"
    signal = "isyn_inh"
    place = 135
    label = "mean i inh"
