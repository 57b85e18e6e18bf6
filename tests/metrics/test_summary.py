"""Which metrics stand in summaries: each metric says it itself."""

from pathlib import Path

from varesearch.metrics.metric import in_summary

OWN = '''"""The number of cells above the mean rate."""
from varesearch.metrics.definitions import MetricDefinition

class Busy(MetricDefinition):
    """The number of cells above the mean rate."""
    unit, what, how = "cells", "busy cells", "cells above the mean"
    in_summary = True
    place = 15

    @classmethod
    def compute(cls, data):
        return float((data.rates_hz > data.rates_hz.mean()).sum())
'''


def test_a_users_metric_may_stand_in_summaries_at_its_place(tmp_path: Path) -> None:
    (tmp_path / "busy_cells.py").write_text(OWN)
    keys = ["exc.rate_hz", "exc.spike_count", "exc.busy_cells", "inh.busy_cells", "busy_cells_of.another"]
    assert in_summary(keys, tmp_path) == ["exc.busy_cells", "inh.busy_cells", "exc.rate_hz"]
    assert in_summary(keys) == ["exc.rate_hz"]
