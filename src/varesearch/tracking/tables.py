"""Metrics and phases as CSV tables, which MLflow's pages show as such."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

from varesearch.metrics.values import Metric, Undefined
from varesearch.phases import PhaseTime


def write_metrics(path: Path, metrics: Iterable[Metric], undefined: Iterable[Undefined]) -> None:
    """Columns population, metric, value, unit, undefined because."""
    rows = [(metric.population, metric.name, repr(metric.value), metric.unit, "") for metric in metrics]
    rows += [(missing.population, missing.metric, "", "", missing.reason) for missing in undefined]
    _write(path, ("population", "metric", "value", "unit", "undefined because"), rows)


def write_phases(path: Path, phases: Mapping[str, PhaseTime], inner_s: Mapping[str, float]) -> None:
    """Columns phase, wall s, CPU s, share of the wall time; then the simulator's own phases, which lie within these."""
    whole = sum(time.wall_s for time in phases.values()) or 1.0
    rows = [
        (name, f"{time.wall_s:.4f}", f"{time.cpu_s:.4f}", f"{time.wall_s / whole:.3f}") for name, time in phases.items()
    ]
    rows += [(f"within: {name}", f"{seconds:.4f}", "", "") for name, seconds in inner_s.items()]
    _write(path, ("phase", "wall s", "CPU s", "share of wall"), rows)


def _write(path: Path, head: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as handle:
        table = csv.writer(handle)
        table.writerow(head)
        table.writerows(rows)
