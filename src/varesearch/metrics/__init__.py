"""What a recording says about each population, in numbers with their units."""

from varesearch.metrics.analysis import Analysis, analyse
from varesearch.metrics.metric import MetricDefinition, metric_definitions
from varesearch.metrics.requested import check_further, computed_metrics, requests
from varesearch.metrics.values import Metric, Undefined, UndefinedMetricError

__all__ = [
    "Analysis",
    "Metric",
    "MetricDefinition",
    "Undefined",
    "UndefinedMetricError",
    "analyse",
    "check_further",
    "computed_metrics",
    "metric_definitions",
    "requests",
]
