"""The mean inhibitory synaptic current of cells without a capacitance."""

from varesearch.metrics.definitions._input import INHIBITION, MeanCurrent


class MeanInhibitoryDrive(MeanCurrent):
    """The mean inhibitory synaptic current of cells without a capacitance."""

    unit = "mV/ms"
    kind = "inhibitory synaptic current"
    current = INHIBITION
    place = 135
    label = "mean i inh"
