"""The distribution of the sizes of avalanches."""

from varesearch.metrics.avalanches import power_law_exponent
from varesearch.metrics.definitions import MetricDefinition, PopulationData
from varesearch.metrics.definitions._avalanches import population_avalanches


class AvalancheSizeExponent(MetricDefinition):
    """The distribution of the sizes of avalanches."""

    unit = ""
    what = "exponent α of the sizes of avalanches in spikes, P(s) ~ s^-α"
    how = (
        "maximum likelihood from the smallest size that fits best (least KS distance), 100 or more avalanches, bins of "
        "avalanche_bin_used_ms; 3/2 for a critical branching process; whether it is a power law is not tested"
    )
    source = "Beggs & Plenz 2003, J. Neurosci. 23:11167; fit: Clauset, Shalizi & Newman 2009, SIAM Rev. 51:661"
    on_request = "avalanches"
    times = ("avalanche_bin_ms",)
    place = 233
    label = "size exponent"
    in_figures = True

    @classmethod
    def compute(cls, data: PopulationData) -> float:
        return power_law_exponent(data.once(population_avalanches).sizes)
