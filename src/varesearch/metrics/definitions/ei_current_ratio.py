"""The balance of excitatory and inhibitory currents of cells with conductances."""

from varesearch.metrics.definitions import MetricDefinition, PopulationData, UndefinedMetricError
from varesearch.metrics.definitions._input import EXCITATION, INHIBITION
from varesearch.recording import PopulationRecording


class CurrentRatio(MetricDefinition):
    """The balance of excitatory and inhibitory currents of cells with conductances."""

    unit = ""
    what = "excitatory over inhibitory synaptic current of cells with conductances, of their means"
    how = (
        f"mean of {EXCITATION.formula} over mean of {INHIBITION.formula}; needs gsyn_exc, gsyn_inh and v in "
        "recording.signals; of cells with currents it is ei_ratio"
    )
    source = "Isaacson & Scanziani (2011), Neuron 72:231"
    place = 137
    label = "E/I of currents"

    @classmethod
    def applies(cls, population: PopulationRecording) -> bool:
        return len(cls.signals(population)) == 4

    @classmethod
    def signals(cls, population: PopulationRecording) -> tuple[str, ...]:
        return EXCITATION.signals_in(population) + INHIBITION.signals_in(population)

    @classmethod
    def compute(cls, data: PopulationData) -> float:
        inhibition = INHIBITION.mean(data)
        if inhibition == 0.0:
            raise UndefinedMetricError("there is no inhibitory current after the warm-up")
        return EXCITATION.mean(data) / inhibition
