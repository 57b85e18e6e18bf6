"""What a recording says about each population, in numbers with their units."""

from varesearch.metrics.analysis import Analysis, analyse
from varesearch.metrics.metric import MetricDefinition, metric_definitions
from varesearch.metrics.values import Metric, Undefined, UndefinedMetricError

__all__ = [
    "Analysis",
    "Metric",
    "MetricDefinition",
    "Undefined",
    "UndefinedMetricError",
    "analyse",
    "metric_definitions",
]
