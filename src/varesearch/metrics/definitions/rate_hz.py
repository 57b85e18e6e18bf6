"""The mean rate."""

from varesearch.metrics.definitions import MetricDefinition, PopulationData


class Rate(MetricDefinition):
    """The mean rate."""

    unit = "Hz"
    what = "mean rate over cells"
    how = "mean over cells of spikes / seconds"
    place = 20

    @classmethod
    def compute(cls, data: PopulationData) -> float:
        return data.rates_hz.mean()
