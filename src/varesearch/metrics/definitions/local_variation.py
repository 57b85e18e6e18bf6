"""The local irregularity of spike trains."""

from varesearch.metrics.definitions import MetricDefinition, PopulationData, statistics


class LocalVariation(MetricDefinition):
    """The local irregularity of spike trains."""

    unit = ""
    what = "local variation of the inter-spike intervals, mean over cells"
    how = (
        "3/(n-1) Σ ((Iᵢ - Iᵢ₊₁)/(Iᵢ + Iᵢ₊₁))², over cells with analysis.min_isis intervals; 0 regular, 1 "
        "Poisson, whatever slow changes of the rate"
    )
    source = "Shinomoto, Shima & Tanji 2003, Neural Comput. 15:2823"
    place = 70

    @classmethod
    def compute(cls, data: PopulationData) -> float:
        return statistics.local_variation(data.trains, data.analysis.min_isis).mean()
