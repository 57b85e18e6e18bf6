"""Which metrics stand in summaries: each metric says it itself."""

import ast
import re
from pathlib import Path

import varesearch
from varesearch.metrics.metric import in_summary, metric_definitions

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


def test_no_module_spells_the_name_of_a_metric() -> None:
    """A table or figure that named metrics would leave out those of a user; settings may have the same name."""
    src = Path(varesearch.__file__).parent
    # The model stands below the metrics and cannot mean one: its settings, such as a stimulus' rate, have such names.
    apart = {src / "metrics" / "definitions", src / "model"}
    spelled = re.compile(rf"(?!stimulus\.)(\w+\.)?({'|'.join(metric_definitions())})")
    modules = [path for path in src.rglob("*.py") if not apart & set(path.parents)]
    texts = [
        (path.name, node.value)
        for path in modules
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    assert len(texts) > 1000
    assert [text for text in texts if spelled.fullmatch(text[1])] == []
