"""What a recording says about each population, in numbers with their units."""

from varesearch.metrics.analysis import Analysis, analyse
from varesearch.metrics.definitions import DEFINITIONS, Metric, Undefined, UndefinedMetricError

__all__ = ["DEFINITIONS", "Analysis", "Metric", "Undefined", "UndefinedMetricError", "analyse"]
