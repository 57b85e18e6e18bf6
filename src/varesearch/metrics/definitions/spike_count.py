"""The number of spikes."""

from varesearch.metrics.definitions import MetricDefinition, PopulationData


class SpikeCount(MetricDefinition):
    """The number of spikes."""

    unit = "spikes"
    what = "spikes of all cells"
    how = "the number of spikes"
    place = 10
    of_sources = True

    @classmethod
    def compute(cls, data: PopulationData) -> float:
        return float(len(data.trains.ids))
