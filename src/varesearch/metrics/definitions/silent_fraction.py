"""The share of silent cells."""

from varesearch.metrics.definitions import MetricDefinition, PopulationData


class SilentFraction(MetricDefinition):
    """The share of silent cells."""

    unit = ""
    what = "share of the cells that did not fire"
    how = "cells without a spike / cells"
    place = 50
    label = "silent fraction"
    in_figures = True

    @classmethod
    def compute(cls, data: PopulationData) -> float:
        return float((data.trains.counts == 0).mean())
