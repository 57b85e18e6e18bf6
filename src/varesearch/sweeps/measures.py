"""The metrics that the figures of a sweep show, and their values over the levels of a factor."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varesearch.metrics import metric_definitions
from varesearch.sweeps.factors import Factor
from varesearch.sweeps.table import Table

RUN = ""
"""Stands in the place of the name of a population for a metric that a run has once."""

TIMES = (
    ("realtime_factor", "wall / simulated time"),
    ("phase.build_s", "build (s)"),
    ("phase.simulate_s", "simulate (s)"),
    ("phase.plot_s", "plot (s)"),
    ("peak_memory_mb", "peak memory (MB)"),
)
"""Metrics of a run and their names on an axis; times are wall times."""


@dataclass(frozen=True)
class Measure:
    """A metric: its ``label`` on an axis, and ``keys``, population (or :data:`RUN`) -> column of the table."""

    label: str
    keys: dict[str, str]


@dataclass(frozen=True)
class Points:
    """Mean and standard deviation over the seeds at each level of a factor; NaN where there is no value.

    All have the shape (levels,). ``sd`` is that of the sample (n - 1), and 0 for a single value; ``n`` is the number of
    values.
    """

    mean: NDArray[np.float64]
    sd: NDArray[np.float64]
    n: NDArray[np.int64]
    colour: str
    marker: str


def statistics(config_dir: Path | None = None) -> list[tuple[str, str]]:
    """The metrics of populations that belong in figures, and their names on an axis; the user's own included.

    Examples
    --------
    >>> statistics()[0]
    ('rate_hz', 'rate (Hz)')
    """
    definitions = metric_definitions(config_dir).items()
    return [(name, definition.axis_label()) for name, definition in definitions if definition.in_figures]


def measured(table: Table, wanted: Sequence[tuple[str, str]]) -> list[Measure]:
    """The measures of those metrics of which any child has a value."""
    found = []
    for metric, label in wanted:
        owners = [key.removesuffix(metric).rstrip(".") for key in table.metrics if _is(key, metric)]
        keys = {owner: f"{owner}.{metric}" if owner else metric for owner in owners}
        keys = {owner: key for owner, key in keys.items() if np.isfinite(table.numbers(key)).any()}
        if keys:
            found.append(Measure(label, keys))
    return found


def points(table: Table, x: Factor, fixed: Sequence[tuple[Factor, Any]], key: str, colour: str, marker: str) -> Points:
    """The values of column ``key`` over the levels of ``x``, of the children with the ``fixed`` levels."""
    chosen = table.finished
    for factor, level in fixed:
        chosen &= factor.rows(table, level)
    numbers = table.numbers(key)
    chosen &= np.isfinite(numbers)
    values = [numbers[chosen & x.rows(table, level)] for level in x.levels]
    return summarise(values, colour, marker)


def summarise(samples: Sequence[NDArray[np.float64]], colour: str, marker: str) -> Points:
    """One point for each sample, each of shape (values,)."""
    return Points(
        np.array([sample.mean() if len(sample) else np.nan for sample in samples]),
        np.array([sample.std(ddof=1) if len(sample) > 1 else 0.0 if len(sample) else np.nan for sample in samples]),
        np.array([len(sample) for sample in samples]),
        colour,
        marker,
    )


def _is(key: str, metric: str) -> bool:
    # The metric of a population is called population.metric; that of a run has no prefix.
    return key == metric or (key.endswith(f".{metric}") and key.count(".") == metric.count(".") + 1)
