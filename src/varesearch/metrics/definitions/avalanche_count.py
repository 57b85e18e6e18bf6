"""The number of avalanches."""

from varesearch.metrics.definitions import MetricDefinition, PopulationData
from varesearch.metrics.definitions._avalanches import population_avalanches


class AvalancheCount(MetricDefinition):
    """The number of avalanches."""

    unit = ""
    what = "avalanches: stretches of bins with spikes between two bins without"
    how = "bins of avalanche_bin_used_ms; those cut off by the beginning or the end are left out"
    source = "Beggs & Plenz 2003, J. Neurosci. 23:11167"
    on_request = "avalanches"
    times = ("avalanche_bin_ms",)
    place = 231
    label = "avalanches"

    @classmethod
    def compute(cls, data: PopulationData) -> float:
        return float(len(data.once(population_avalanches).sizes))
