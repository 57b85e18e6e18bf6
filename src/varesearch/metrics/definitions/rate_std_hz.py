"""The spread of the rate over cells."""

from varesearch.metrics.definitions import MetricDefinition, PopulationData, UndefinedMetricError


class RateSpread(MetricDefinition):
    """The spread of the rate over cells."""

    unit = "Hz"
    what = "standard deviation of the rate over cells"
    how = "over all cells, divided by their number; two or more cells"
    place = 30

    @classmethod
    def compute(cls, data: PopulationData) -> float:
        if len(data.rates_hz) < 2:
            raise UndefinedMetricError("one cell has no spread over cells")
        return data.rates_hz.std()
