"""Percentiles of the rate over cells."""

from typing import ClassVar

import numpy as np

from varesearch.metrics.definitions import MetricDefinition, PopulationData


class RatePercentile(MetricDefinition):
    """A percentile of the rate over cells."""

    percent: ClassVar[int]
    unit = "Hz"
    how = "silent cells included; linear between cells"
    in_tables = False

    @classmethod
    def compute(cls, data: PopulationData) -> float:
        return float(np.percentile(data.rates_hz, cls.percent))
