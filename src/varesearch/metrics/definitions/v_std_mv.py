"""The spread of the membrane potential."""

from varesearch.metrics.definitions import MetricDefinition, PopulationData
from varesearch.metrics.definitions._potential import finite, standard_deviation


class PotentialSpread(MetricDefinition):
    """The spread of the membrane potential."""

    unit = "mV"
    what = "membrane potential, standard deviation over sampled cells and time"
    how = "all samples of v, divided by their number; needs v in recording.signals"
    signal = "v"
    place = 120

    @classmethod
    def compute(cls, data: PopulationData) -> float:
        return finite(data, standard_deviation)
