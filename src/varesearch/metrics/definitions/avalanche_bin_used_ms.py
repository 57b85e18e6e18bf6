"""The bin by which avalanches were separated."""

from varesearch.metrics.avalanches import avalanche_bin_ms
from varesearch.metrics.definitions import MetricDefinition, PopulationData


class AvalancheBin(MetricDefinition):
    """The bin by which avalanches were separated."""

    unit = "ms"
    what = "bin by which the avalanches were separated"
    how = "analysis.avalanche_bin_ms, or else the mean interval between the spikes of all cells, in whole time steps"
    source = "Beggs & Plenz 2003, J. Neurosci. 23:11167"
    on_request = "avalanches"
    times = ("avalanche_bin_ms",)
    place = 230
    label = "avalanche bin"

    @classmethod
    def compute(cls, data: PopulationData) -> float:
        return avalanche_bin_ms(data.trains, data.analysis.avalanche_bin_ms)
