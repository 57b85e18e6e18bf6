"""The mean excitatory synaptic current of cells without a capacitance."""

from varesearch.metrics.definitions._input import MeanInput


class MeanExcitatoryDrive(MeanInput):
    """The mean excitatory synaptic current of cells without a capacitance."""

    unit = "mV/ms"
    kind = "excitatory synaptic current"
    signal = "isyn_exc"
    place = 134
    label = "mean i exc"
