"""The mean membrane potential."""

from varesearch.metrics.definitions import MetricDefinition, PopulationData
from varesearch.metrics.definitions._potential import finite, mean


class MeanPotential(MetricDefinition):
    """The mean membrane potential."""

    unit = "mV"
    what = "membrane potential, mean over sampled cells and time"
    how = "all samples of v; needs v in recording.signals"
    signal = "v"
    place = 110
    label = "mean v"
    in_figures = True
    in_verdict = True

    @classmethod
    def compute(cls, data: PopulationData) -> float:
        return finite(data, mean)
