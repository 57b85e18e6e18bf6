"""The synchrony of a population."""

from varesearch.metrics.definitions import MetricDefinition, PopulationData, statistics


class Synchrony(MetricDefinition):
    """The synchrony of a population."""

    unit = ""
    what = "Golomb's chi of the spike counts: about 1/sqrt(cells) independent, 1 all together"
    how = (
        "χ² = var_t(mean_i cᵢ)/mean_i(var_t cᵢ) of counts cᵢ(t) in bins of analysis.rate_bin_ms, where the "
        "source has membrane potentials"
    )
    source = "Golomb & Rinzel 1994, Physica D 72:259; Golomb 2007, Scholarpedia 2(1):1347"
    place = 100
    label = "synchrony"
    in_figures = True

    @classmethod
    def compute(cls, data: PopulationData) -> float:
        return statistics.synchrony(data.binned("rate_bin_ms"))
