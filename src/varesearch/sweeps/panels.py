"""The panels of a sweep's figures: points over the levels of a factor, heat maps, values of single seeds."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator
from numpy.typing import NDArray

from varesearch.config.wording import written
from varesearch.plots import style
from varesearch.sweeps.factors import Factor
from varesearch.sweeps.labels import level_labels
from varesearch.sweeps.measures import Measure, Points, points, summarise
from varesearch.sweeps.table import Table

_MOST_WRITTEN = 64
"""Heat maps of more fields than this have no numbers in them."""
_CHARACTER_IN = 0.075
"""Width of a character of a tick's label."""
_LINE_IN = 0.15
"""The distance between two lines of text."""
_MOST_TICKS = 12
"""If there are more levels than this, not every level needs a tick."""


def places_of(factor: Factor) -> NDArray[np.float64]:
    """Where the levels lie along an axis: at their values, or one after another."""
    if factor.numeric:
        return np.array(factor.levels, dtype=np.float64)
    return np.arange(len(factor.levels), dtype=np.float64)


def draw_points(axes: Axes, x: Factor, shown: Sequence[Points], joined: bool = True) -> None:
    """Draw means with bars of one standard deviation; ``joined`` by a line if the factor is a number."""
    joined = joined and x.numeric
    places = places_of(x)
    # Side by side if the factor is not a number, so that bars do not hide each other.
    alone = sum((series.n > 0).astype(int) for series in shown) <= 1
    # The first line is broad and the others thin, so that lines that coincide are all visible.
    widths = np.linspace(2.6 if len(shown) > 1 and joined else 1.2, 1.2, max(len(shown), 1))
    for number, (series, width) in enumerate(zip(shown, widths, strict=False)):
        shift = np.where(alone, 0.0, 0.12 * (number - (len(shown) - 1) / 2)) * (not x.numeric)
        bars = np.where(series.n > 1, series.sd, np.nan)
        if joined and len(shown) <= 2:
            axes.fill_between(places, series.mean - bars, series.mean + bars, color=series.colour, alpha=0.15, lw=0)
        axes.errorbar(
            places + shift,
            series.mean,
            yerr=bars,
            color=series.colour,
            marker=series.marker,
            markersize=2.0 * width + 1.6,
            markeredgewidth=0,
            linestyle="-" if joined else "none",
            linewidth=width,
            elinewidth=width - 0.2,
        )
    if not any(np.isfinite(series.mean).any() for series in shown):
        style.say(axes, "no value")


def draw_seeds(axes: Axes, measure: Measure, table: Table, colours: Mapping[str, str]) -> None:
    """Draw a column for each population: a dot for each child, and their mean as a line."""
    shown = []
    for place, (name, key) in enumerate(measure.keys.items()):
        values = table.numbers(key)[table.finished]
        values = values[np.isfinite(values)]
        # Side by side in the order of the seeds, so that equal values do not hide each other.
        beside = place + np.linspace(-0.25, 0.25, len(values)) if len(values) > 1 else np.array([float(place)])
        colour = colours[name]
        axes.plot(beside, values, "o", color=colour, markersize=4, markeredgewidth=0, alpha=0.75)
        series = summarise([values], colour, "")
        axes.plot([place - 0.32, place + 0.32], [series.mean, series.mean], color=colour, linewidth=1.6)
        axes.errorbar([place + 0.36], series.mean, yerr=series.sd, color=colour, linestyle="none", elinewidth=1.6)
        shown.append(series)
    if all(not series.sd.any() for series in shown):
        axes.set_ylim(*y_range(shown))
    axes.set_xlim(-0.6, len(measure.keys) - 0.4)
    labels = [style.population_label(name) for name in measure.keys]
    width_in, _ = np.asarray(axes.get_window_extent().size) / axes.figure.dpi
    lie = names_slant(list(measure.keys), width_in)
    axes.set_xticks(range(len(labels)), labels, rotation=lie.degrees, ha="right" if lie.degrees else "center")
    axes.tick_params(axis="x", length=0)


def draw_heat(figure: Figure, row: Sequence[Axes], x: Factor, y: Factor, table: Table, measure: Measure) -> None:
    """Draw the mean over the seeds as a field for each pair of levels, with one scale for all panels."""
    fields = []
    for name, _ in zip(measure.keys, row, strict=True):
        key = measure.keys[name]
        fields.append(np.array([points(table, x, [(y, level)], key, "", "").mean for level in y.levels]))
    low, high = (float(f(fields)) for f in (np.nanmin, np.nanmax))
    scale = Normalize(low, high if high > low else low + 1.0)
    for axes, field in zip(row, fields, strict=True):
        axes.set_facecolor("#DDDDDD")
        axes.imshow(field, norm=scale, cmap=style.ORDERED_MAP, aspect="auto", origin="lower")
        for (j, i), value in np.ndenumerate(field):
            if not math.isfinite(value):
                axes.text(i, j, "–", ha="center", va="center", size=8, color=style.QUIET_COLOUR)
            elif field.size <= _MOST_WRITTEN:
                colour = "black" if scale(value) > 0.6 else "white"
                digits = 3 if abs(value) >= 0.1 else 2
                axes.text(
                    i, j, style.number(float(f"{value:.{digits}g}")), ha="center", va="center", size=7.5, color=colour
                )
        _level_ticks(axes, x, "x", np.arange(len(x.levels), dtype=np.float64))
        _level_ticks(axes, y, "y", np.arange(len(y.levels), dtype=np.float64))
    if high == low:
        return
    box = row[-1].get_position()
    width, _ = figure.get_size_inches()
    bar = figure.add_axes((box.x1 + 0.12 / width, box.y0, 0.13 / width, box.height), label="colour bar")
    figure.colorbar(ScalarMappable(scale, style.ORDERED_MAP), cax=bar)
    bar.tick_params(labelsize=8)


def x_axis(axes: Axes, x: Factor, labelled: bool) -> None:
    """Set up the x axis; it is logarithmic if the levels are spaced geometrically, and may be without labels."""
    places = places_of(x)
    if x.numeric:
        # With arbitrary values, such as those of a search, a short logarithmic axis would have no tick labels.
        if x.geometric and (not _rounded(x) or places[-1] >= 10 * places[0]):
            axes.set_xscale("log")
            room = (places[-1] / places[0]) ** 0.06
            axes.set_xlim(places[0] / room, places[-1] * room)
        else:
            room = 0.06 * (places[-1] - places[0])
            axes.set_xlim(places[0] - room, places[-1] + room)
        axes.xaxis.set_minor_locator(NullLocator())
    else:
        axes.set_xlim(-0.5, len(places) - 0.5)
    _level_ticks(axes, x, "x", places, to_scale=x.numeric)
    if not labelled:
        axes.tick_params(axis="x", labelbottom=False)


@dataclass(frozen=True)
class Slant:
    """The angle of the tick labels below a panel, in degrees, and the additional height that they need, in inches."""

    degrees: int
    room_in: float


def names_slant(populations: Sequence[str], width_in: float) -> "Slant":
    """The slant of the names of populations below a panel that has a column for each."""
    longest_in = _CHARACTER_IN * max((len(style.population_label(name)) for name in populations), default=0)
    if longest_in + 0.1 <= width_in / max(len(populations), 1):
        return Slant(0, 0.0)
    return Slant(40, longest_in * math.sin(math.radians(40)))


def slant(x: Factor, width_in: float) -> Slant:
    """Horizontal if the labels of ``x`` fit below a panel of that width, otherwise as slanted as necessary."""
    if x.numeric:
        return Slant(0, 0.0)
    labels = level_labels(x.levels)
    longest_in = _CHARACTER_IN * max(map(len, labels))
    apart_in = width_in / len(labels)
    if longest_in + 0.1 <= apart_in:
        return Slant(0, 0.0)
    for degrees in (25, 55):
        angle = math.radians(degrees)
        # Slanted labels extend to the left of their tick; that of the first label is limited by the page's margin.
        if longest_in * math.cos(angle) <= style.LEFT_IN + apart_in / 2 and apart_in * math.sin(angle) >= _LINE_IN:
            return Slant(degrees, longest_in * math.sin(angle))
    return Slant(90, longest_in)


def y_range(shown: Sequence[Points]) -> tuple[float, float]:
    """The range of the y axis for these points and their bars; from 0 where they are all the same."""
    low = np.concatenate([series.mean - series.sd for series in shown])
    high = np.concatenate([series.mean + series.sd for series in shown])
    if np.isnan(low).all():
        return 0.0, 1.0
    bottom, top = float(np.nanmin(low)), float(np.nanmax(high))
    if bottom == top:
        bottom, top = min(0.0, 2 * bottom), max(0.0, 2 * top) or 1.0
    room = 0.08 * (top - bottom)
    return bottom - room, top + room


def _level_ticks(
    axes: Axes, factor: Factor, which: Literal["x", "y"], places: NDArray[np.float64], to_scale: bool = False
) -> None:
    """Set a tick for each level, and as many labels as fit.

    An axis that is ``to_scale`` gets round numbers instead if most of many levels would have no label, or if the levels
    are not round numbers.
    """
    labels = level_labels(factor.levels)
    axis = axes.xaxis if which == "x" else axes.yaxis
    width_in, _ = np.asarray(axes.get_window_extent().size) / axes.figure.dpi
    lie = slant(factor, width_in) if which == "x" else Slant(0, 0.0)
    if lie.degrees:
        every = math.ceil(_LINE_IN * len(labels) / width_in)
        shown = [label if k % every == 0 else "" for k, label in enumerate(labels)]
        upright = lie.degrees == 90
        axes.set_xticks(
            places,
            shown,
            rotation=lie.degrees,
            ha="center" if upright else "right",
            va="top" if upright else "baseline",
            rotation_mode="default" if upright else "anchor",
        )
        return
    fits = _with_room(axes, which, places, labels)
    if to_scale and (_rounded(factor) or (len(labels) > _MOST_TICKS and 2 * sum(fits) < len(labels))):
        logarithmic = axis.get_scale() == "log"
        axis.set_major_locator(LogLocator() if logarithmic else MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
        return
    axis.set_ticks(places, [label if fit else "" for label, fit in zip(labels, fits, strict=True)])


def _rounded(factor: Factor) -> bool:
    """Whether the labels have fewer digits than the levels."""
    return [written(level) for level in factor.levels] != level_labels(factor.levels)


def _with_room(axes: Axes, which: Literal["x", "y"], places: NDArray[np.float64], labels: Sequence[str]) -> list[bool]:
    """Which labels fit, that is, do not touch the previous label that fits."""
    points = np.zeros((len(places), 2))
    column = 0 if which == "x" else 1
    points[:, column] = places
    # The other coordinate does not matter, but must not be 0, which a logarithmic axis cannot show.
    points[:, 1 - column] = (axes.get_ylim() if which == "x" else axes.get_xlim())[0]
    along_in = axes.transData.transform(points)[:, column] / axes.figure.dpi
    taken, fits = -math.inf, []
    for middle, label in zip(along_in, labels, strict=True):
        half = (len(label) + 1) * _CHARACTER_IN / 2 if which == "x" else 0.09
        fits.append(middle - half >= taken)
        if fits[-1]:
            taken = middle + half
    return fits
