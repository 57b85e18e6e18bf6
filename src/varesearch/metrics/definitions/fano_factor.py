"""The variability of spike counts."""

from varesearch.metrics.definitions import MetricDefinition, PopulationData, statistics


class FanoFactor(MetricDefinition):
    """The variability of spike counts."""

    unit = ""
    what = "variance to mean of a cell's spike counts, mean over cells"
    how = "counts in windows of analysis.fano_window_ms, variance over windows - 1, over cells that fired; 1 Poisson"
    place = 80

    @classmethod
    def compute(cls, data: PopulationData) -> float:
        return statistics.fano_factors(data.binned("fano_window_ms")).mean()
