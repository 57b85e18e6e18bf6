"""The avalanches of a population, which several metrics read."""

from varesearch.metrics.avalanches import Avalanches, avalanche_bin_ms, avalanches
from varesearch.metrics.definitions import PopulationData


def population_avalanches(data: PopulationData) -> Avalanches:
    """Return the avalanches after the warm-up. Raises UndefinedMetricError if there are none."""
    return avalanches(data.trains, avalanche_bin_ms(data.trains, data.analysis.avalanche_bin_ms))
