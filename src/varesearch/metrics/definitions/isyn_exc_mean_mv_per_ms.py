"""The mean excitatory synaptic current of cells without a capacitance."""

from varesearch.metrics.definitions._input import EXCITATION, MeanCurrent


class MeanExcitatoryDrive(MeanCurrent):
    """The mean excitatory synaptic current of cells without a capacitance."""

    unit = "mV/ms"
    kind = "excitatory synaptic current"
    current = EXCITATION
    place = 134
    label = "mean i exc"
