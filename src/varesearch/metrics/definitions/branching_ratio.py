"""How many spikes follow a spike."""

from varesearch.metrics.definitions import MetricDefinition, PopulationData
from varesearch.metrics.definitions._avalanches import population_avalanches


class BranchingRatio(MetricDefinition):
    """How many spikes follow a spike."""

    unit = ""
    what = "spikes in the second bin of an avalanche for each spike in its first, mean over avalanches"
    how = "bins of avalanche_bin_used_ms; 1 where activity neither grows nor decays (critical)"
    source = "Beggs & Plenz 2003, J. Neurosci. 23:11167"
    on_request = "avalanches"
    times = ("avalanche_bin_ms",)
    place = 232
    label = "branching ratio"
    in_figures = True

    @classmethod
    def compute(cls, data: PopulationData) -> float:
        found = data.once(population_avalanches)
        return float((found.descendants / found.ancestors).mean())
