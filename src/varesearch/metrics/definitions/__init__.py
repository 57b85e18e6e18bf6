"""The metrics, each in one module, and what the file of a metric needs to import.

Nothing lists the metrics: :func:`varesearch.config.parts.parts` finds them.
"""

from varesearch.metrics import statistics
from varesearch.metrics.metric import MeanMetric, MetricDefinition, PopulationData
from varesearch.metrics.values import UndefinedMetricError

__all__ = ["MeanMetric", "MetricDefinition", "PopulationData", "UndefinedMetricError", "statistics"]
