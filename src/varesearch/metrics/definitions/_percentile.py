"""Percentiles of what each cell, or each pair of cells, has a value of."""

from typing import ClassVar

import numpy as np

from varesearch.metrics.definitions import MeanMetric, MetricDefinition, PopulationData


class Percentile(MetricDefinition):
    """A percentile of the values of a :class:`~varesearch.metrics.metric.MeanMetric`."""

    percent: ClassVar[int]
    of: ClassVar[type[MeanMetric]]
    in_tables = False

    @classmethod
    def compute(cls, data: PopulationData) -> float:
        return float(np.percentile(data.once(cls.of.values), cls.percent))
