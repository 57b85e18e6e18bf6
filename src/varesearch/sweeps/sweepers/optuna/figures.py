"""The page of a search: the best value after each trial, and the objective over each setting."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from varesearch.config.wording import written
from varesearch.plots import style
from varesearch.sweeps.factors import Factor, factors
from varesearch.sweeps.jobs import SEED
from varesearch.sweeps.labels import labels_by_text
from varesearch.sweeps.panels import places_of, x_axis
from varesearch.sweeps.table import Table

_COLUMNS = 3
_PANEL_IN = 1.9
_BETWEEN_IN = 1.05
_ASIDE_IN = 0.55
_BEST_COLOUR = "#D55E00"


@dataclass(frozen=True)
class Objective:
    """The objective of a search: the largest or the smallest value of ``metric``, averaged over the seeds."""

    metric: str
    largest: bool

    @property
    def words(self) -> str:
        """The objective in words."""
        return f"{'largest' if self.largest else 'smallest'} {self.metric}"


@dataclass(frozen=True)
class Trials:
    """The points of a search in the order in which they were tried.

    ``rows`` is the first row of the table for each trial; ``values`` (trials,) is the mean of the objective over the
    seeds, or NaN if a run failed or does not define it; ``best`` is None if no trial has a value.
    """

    rows: list[int]
    values: NDArray[np.float64]
    best: int | None


def trials_of(table: Table, objective: Objective) -> Trials:
    """The trials of a search; children that differ only in their seed belong to one trial."""
    keys = [key for key in table.varied if key != SEED]
    points: dict[tuple[Any, ...], list[int]] = {}
    for row, point in enumerate(zip(*(table.values(key) for key in keys), strict=True)):
        points.setdefault(point, []).append(row)
    known = objective.metric in table.metrics
    numbers = table.numbers(objective.metric) if known else np.full(len(table.frame), np.nan)
    values = np.array([numbers[rows].mean() for rows in points.values()])
    choose = np.nanargmax if objective.largest else np.nanargmin
    best = int(choose(values)) if np.isfinite(values).any() else None
    return Trials([rows[0] for rows in points.values()], values, best)


def search_page(table: Table, objective: Objective, title: str) -> Figure:
    """Draw the history of the objective, and the objective over each setting that was searched.

    Parameters
    ----------
    table
        The results, with the children in the order in which they were tried.
    objective
        The metric, and whether its largest or its smallest value was searched for.
    title
        The sweep, in one line.
    """
    trials = trials_of(table, objective)
    searched = factors(table)
    rows = -(-(1 + len(searched)) // _COLUMNS)
    columns = min(_COLUMNS, 1 + len(searched))
    width = (style.PAGE_WIDTH_IN - style.LEFT_IN - style.RIGHT_IN - _ASIDE_IN * (columns - 1)) / columns
    height = style.TOP_IN + 0.15 + rows * _PANEL_IN + (rows - 1) * _BETWEEN_IN + style.BOTTOM_IN + 0.3
    figure = style.page(f"Search for the {objective.words}", title, {}, height)
    places = []
    for number in range(1 + len(searched)):
        row, column = divmod(number, columns)
        bottom = height - style.TOP_IN - 0.15 - _PANEL_IN - row * (_PANEL_IN + _BETWEEN_IN)
        places.append(style.panel(figure, style.LEFT_IN + column * (width + _ASIDE_IN), bottom, width, _PANEL_IN))
    _history(places[0], trials, objective)
    for axes, factor in zip(places[1:], searched, strict=True):
        _over(axes, factor, table, trials)
    places[0].set_ylabel(objective.metric)
    style.note(figure, _caption(trials, table, searched, objective))
    return figure


def _history(axes: Axes, trials: Trials, objective: Objective) -> None:
    numbers = np.arange(1, len(trials.values) + 1)
    axes.plot(numbers, trials.values, "o", color=style.QUIET_COLOUR, markersize=4, markeredgewidth=0)
    so_far = (np.fmax if objective.largest else np.fmin).accumulate(trials.values)
    axes.step(numbers, so_far, where="post", color=_BEST_COLOUR, linewidth=1.4)
    _mark_best(axes, numbers, trials)
    axes.set_xlim(0.5, len(numbers) + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, steps=[1, 2, 5, 10]))
    axes.set_xlabel("trial")
    axes.set_title("line: best so far", loc="left", size=9.5, color=_BEST_COLOUR)
    if trials.best is None:
        style.say(axes, "no value")


def _over(axes: Axes, factor: Factor, table: Table, trials: Trials) -> None:
    where = dict(zip(factor.levels, places_of(factor), strict=True))
    column = table.values(factor.key)
    across = np.array([where[column[row]] for row in trials.rows])
    # The colour, from dark to light, is the order of the trials.
    axes.scatter(across, trials.values, c=np.arange(len(across)), cmap=style.ORDERED_MAP, s=18, linewidths=0)
    _mark_best(axes, across, trials)
    x_axis(axes, factor, labelled=True)
    style.fitted_label(axes, factor.label)


def _mark_best(axes: Axes, across: NDArray[Any], trials: Trials) -> None:
    if trials.best is not None:
        place = across[trials.best], trials.values[trials.best]
        axes.plot(*place, "o", markersize=11, markerfacecolor="none", markeredgecolor=_BEST_COLOUR, markeredgewidth=1.6)


def _caption(trials: Trials, table: Table, searched: Sequence[Factor], objective: Objective) -> str:
    parts = []
    if trials.best is not None:
        row = trials.rows[trials.best]
        shown = {factor.key: labels_by_text(factor.levels) for factor in searched}
        point = ", ".join(f"{key}={labels[written(table.values(key)[row])]}" for key, labels in shown.items())
        value = style.number(float(trials.values[trials.best]))
        parts.append(f"circle: best, {objective.metric} = {value} at {point}")
    parts.append("dark to light: first to last trial")
    without = int((~np.isfinite(trials.values)).sum())
    if without:
        parts.append(f"{without} of {len(trials.values)} trials have no value")
    return "; ".join(parts)
