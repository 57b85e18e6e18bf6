"""The balance of excitation and inhibition."""

from varesearch.metrics.definitions import PopulationData, UndefinedMetricError
from varesearch.metrics.definitions._input import FromInput, mean, recorded_pair


class ExcitationInhibitionRatio(FromInput):
    """The balance of excitation and inhibition."""

    unit = ""
    what = "excitatory over inhibitory synaptic input, of their means over sampled cells and time"
    how = "mean of gsyn_exc over mean of gsyn_inh, or of isyn_exc over isyn_inh; needs both in recording.signals"
    source = "Isaacson & Scanziani (2011), Neuron 72:231"
    place = 136
    label = "E/I"

    @classmethod
    def compute(cls, data: PopulationData) -> float:
        excitation, inhibition = (mean(data, signal) for signal in recorded_pair(data.population))
        if inhibition == 0.0:
            raise UndefinedMetricError("there is no inhibition after the warm-up")
        return excitation / inhibition
