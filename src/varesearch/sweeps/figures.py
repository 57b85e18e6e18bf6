"""The figures of a sweep, which depend on what varies: lines or points over a factor, heat maps, or small multiples.

A point is the mean over the seeds, its bar one standard deviation to each side. Undefined values and children that did
not finish are gaps, which the foot of the page counts.
"""

import itertools
import textwrap
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from matplotlib import rc_context, rcdefaults, rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from varesearch.config.wording import written
from varesearch.plots import style
from varesearch.sweeps.factors import Factor, Roles, factors, repetitions, roles
from varesearch.sweeps.jobs import FINISHED
from varesearch.sweeps.measures import RUN, TIMES, Measure, Points, measured, points, statistics
from varesearch.sweeps.panels import draw_heat, draw_points, draw_seeds, names_slant, slant, x_axis, y_range
from varesearch.sweeps.table import Table

MOST_COLUMNS = 4
MOST_PAGES = 6
"""The most panels beside one another, and pages of one kind. What does not fit is counted at the foot of the page."""
MOST_ROWS = 8
"""So many rows of heat maps on a page where each measure has several."""

_WIDTH_IN = style.PAGE_WIDTH_IN - style.LEFT_IN - style.RIGHT_IN
_KEY_IN = 0.28
_ROW_IN = 1.35
_GAP_IN = 0.2


def write_sweep_figures(
    table: Table,
    folder: Path,
    title: str = "",
    draw_search: Callable[[Table, str], Figure] | None = None,
    config_dir: Path | None = None,
) -> list[Path]:
    """Draw the statistics and the times of a sweep into ``folder`` as PNG.

    Parameters
    ----------
    table
        The results of the sweep.
    folder
        The folder for the pictures; it is created if necessary.
    title
        The sweep, in one line.
    draw_search
        Draws the search by which the points were chosen (:meth:`~varesearch.config.launching.Sweeper.draw_search`), or
        None for a grid. The points of a search are scattered, so that they are not joined by lines or shown as a heat
        map.

    config_dir
        The folder of the user's own parts; their metrics are drawn, too.

    Returns
    -------
    list of Path
        The files; empty if no child is FINISHED, or if nothing varies.
    """
    found, seeds = factors(table), repetitions(table)
    if not table.finished.any() or (not found and seeds == 1):
        return []
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    with rc_context():
        rcdefaults()  # the user's own matplotlibrc must not change how a sweep looks
        rcParams.update(style.RC)
        if draw_search is not None and found:
            files.append(_save(draw_search(table, title), folder / "search.png"))
        for name, heading, measures in (
            ("statistics", "Statistics", statistics(config_dir)),
            ("times", "Times", TIMES),
        ):
            shown = measured(table, measures)
            if draw_search is None or not found:
                pages = _pages(table, found, shown, heading, title)
            else:
                pages = _scattered_pages(table, found, shown, heading, title)
            for number, page in enumerate(pages, start=1):
                file = folder / (f"{name}.png" if len(pages) == 1 else f"{name}_{number}.png")
                files.append(_save(page, file))
    return files


def _save(page: Figure, file: Path) -> Path:
    page.savefig(file, dpi=style.PNG_DPI)
    return file


def _scattered_pages(
    table: Table, found: list[Factor], measures: list[Measure], heading: str, title: str
) -> list[Figure]:
    """A page for each setting that was searched, with the measures over it for all values of the other settings."""
    return [_overlay_page(table, Roles(factor), measures, heading, title, joined=False) for factor in found]


def _pages(table: Table, found: list[Factor], measures: list[Measure], heading: str, title: str) -> list[Figure]:
    if not measures:
        return []
    if not found:
        return [_seeds_page(table, measures, heading, title)]
    parts = roles(found)
    if parts.y is not None:
        return _heat_pages(table, parts.x, parts.y, measures, heading, title)
    if parts.lines is None:
        return [_overlay_page(table, parts, measures, heading, title)]
    return _grid_pages(table, parts, measures, heading, title)


def _seeds_page(table: Table, measures: list[Measure], heading: str, title: str) -> Figure:
    heading = f"{heading} over {repetitions(table)} seeds"
    figure, places = _tiles(table, heading, title, measures, None)
    colours = _colours(table, measures)
    for axes, measure in zip(places, measures, strict=True):
        draw_seeds(axes, measure, table, colours)
    _caption(figure, table, measures, "a dot is a seed; line and bar: mean ± 1 sd")
    return figure


def _overlay_page(
    table: Table, parts: Roles, measures: list[Measure], heading: str, title: str, joined: bool = True
) -> Figure:
    figure, places = _tiles(table, f"{heading} by {parts.x.key}", title, measures, parts.x)
    colours = _colours(table, measures)
    for axes, measure in zip(places, measures, strict=True):
        shown = [points(table, parts.x, [], key, colours[name], "o") for name, key in measure.keys.items()]
        draw_points(axes, parts.x, shown, joined)
        axes.set_ylim(*y_range(shown))
        x_axis(axes, parts.x, labelled=True)
    _name_x(figure, places, parts.x)
    _caption(figure, table, measures, _spread(table))
    return figure


def _grid_pages(table: Table, parts: Roles, measures: list[Measure], heading: str, title: str) -> list[Figure]:
    lines = parts.lines
    assert lines is not None
    colours = _colours(table, measures)
    combinations = list(itertools.product(*(factor.levels for factor in parts.facets)))
    columns = list(itertools.product(combinations, colours))
    # All populations of a combination stand beside one another, unless there are too many.
    at_once = max(1, MOST_COLUMNS // len(colours)) * len(colours) if len(colours) <= MOST_COLUMNS else MOST_COLUMNS
    chunks = [columns[k : k + at_once] for k in range(0, len(columns), at_once)]
    left_out = len(dict.fromkeys(combination for chunk in chunks[MOST_PAGES:] for combination, _ in chunk))
    by = " and ".join(dict.fromkeys(factor.key for factor in (parts.x, lines)))
    with_key = parts.x is not lines
    limits = {measure.label: _limits(table, parts, measure) for measure in measures}
    pages = []
    for chunk in chunks[:MOST_PAGES]:
        head_in = 0.3 + (_KEY_IN if with_key else 0.0) + (0.2 if parts.facets else 0.0)
        size = (len(measures), len(chunk))
        figure, rows = _grid(f"{heading} by {by}", title, size, parts.x, head_in, _GAP_IN)
        if with_key:
            _key(figure, lines)
        for row, measure in zip(rows, measures, strict=True):
            for axes, (combination, name) in zip(row, chunk, strict=True):
                fixed = list(zip(parts.facets, combination, strict=True))
                shown = _lines(table, parts, fixed, measure, name)
                draw_points(axes, parts.x, shown)
                axes.set_ylim(*limits[measure.label])
                x_axis(axes, parts.x, labelled=row is rows[-1])
                if axes is row[0]:
                    axes.set_ylabel(textwrap.fill(measure.label.replace(" (", "\n("), 16))
                else:
                    axes.tick_params(labelleft=False)
                if row is rows[0]:
                    _column_head(axes, fixed, name, colours[name])
        _name_x(figure, rows[-1], parts.x)
        more = f"; {left_out} more combinations are in the table only" if left_out else ""
        _caption(figure, table, measures, _spread(table) + more)
        pages.append(figure)
    return pages


def _heat_pages(table: Table, x: Factor, y: Factor, measures: list[Measure], heading: str, title: str) -> list[Figure]:
    """Heat maps: a row for each measure with its populations, or several rows on several pages if these are many."""
    deep = max(-(-len(measure.keys) // MOST_COLUMNS) for measure in measures)
    at_once = len(measures) if deep == 1 else max(1, MOST_ROWS // deep)
    chunks = [measures[k : k + at_once] for k in range(0, len(measures), at_once)]
    return [_heat_page(table, x, y, chunk, heading, title, deep) for chunk in chunks]


def _heat_page(
    table: Table, x: Factor, y: Factor, measures: list[Measure], heading: str, title: str, deep: int
) -> Figure:
    size = (deep * len(measures), min(MOST_COLUMNS, max(len(measure.keys) for measure in measures)))
    figure, rows = _grid(f"{heading} by {x.key} and {y.key}", title, size, x, 0.3, 0.4, right_in=0.6)
    colours = _colours(table, measures)
    for place, measure in enumerate(measures):
        of_measure = rows[deep * place : deep * (place + 1)]
        panels = [axes for row in of_measure for axes in row]
        shown = panels[: len(measure.keys)]
        for axes in panels[len(measure.keys) :]:
            axes.remove()
        draw_heat(figure, shown, x, y, table, measure)
        for axes, name in zip(shown, measure.keys, strict=True):
            label = f"{measure.label}, {style.population_label(name)}" if name != RUN else measure.label
            axes.set_title(label, loc="left", color=colours[name], size=10 if deep == 1 else 8.5)
            axes.tick_params(labelbottom=axes in rows[-1], labelleft=any(axes is row[0] for row in rows))
    _name_x(figure, [axes for axes in rows[-1] if axes.figure is not None], x)
    style.shared_label(figure, [row[0] for row in rows], "y", y.label, style.LEFT_IN - 0.1)
    words = "mean over seeds, their spread is in the table" if repetitions(table) > 1 else "one run each"
    _caption(figure, table, measures, f"{words}; grey: no value")
    return figure


def _lines(
    table: Table, parts: Roles, fixed: Sequence[tuple[Factor, object]], measure: Measure, name: str
) -> list[Points]:
    lines, key = parts.lines, measure.keys.get(name)
    if lines is None or key is None:
        return []
    looks = zip(lines.levels, style.level_colours(lines.levels), style.MARKERS * len(lines.levels), strict=False)
    return [points(table, parts.x, [*fixed, (lines, level)], key, colour, marker) for level, colour, marker in looks]


def _limits(table: Table, parts: Roles, measure: Measure) -> tuple[float, float]:
    """One range for the panels of a measure, on every page, so that they can be compared."""
    shown: list[Points] = []
    for combination in itertools.product(*(factor.levels for factor in parts.facets)):
        fixed = list(zip(parts.facets, combination, strict=True))
        for name in measure.keys:
            shown += _lines(table, parts, fixed, measure, name)
    return y_range(shown)


def _colours(table: Table, measures: Sequence[Measure]) -> dict[str, str]:
    """A colour for each population of which any of the measures has a value, and for the run where one is of it.

    They are those that the populations have in the figures of the runs.
    """
    names = list(dict.fromkeys(name for measure in measures for name in measure.keys))
    others = [name for name in names if name != RUN and name not in table.receptors]
    colours = style.population_colours([*table.receptors, *others], table.receptors)
    return {name: style.TEXT_COLOUR if name == RUN else colours[name] for name in names}


def _tiles(
    table: Table, heading: str, title: str, measures: list[Measure], x: Factor | None
) -> tuple[Figure, list[Axes]]:
    """A page with a panel for each measure, three beside one another; colours distinguish populations."""
    legend = {name: colour for name, colour in _colours(table, measures).items() if name != RUN}
    columns = min(3, len(measures))
    rows = -(-len(measures) // columns)
    width = (_WIDTH_IN - 0.6 * (columns - 1)) / columns
    slant_in = slant(x, width).room_in if x else names_slant(list(legend), width).room_in
    row_in, between_in = 1.75, 0.65 + slant_in
    height = style.TOP_IN + 0.3 + rows * row_in + (rows - 1) * between_in + style.BOTTOM_IN + slant_in
    figure = style.page(heading, title, legend, height)
    places = []
    for number, measure in enumerate(measures):
        row, column = divmod(number, columns)
        bottom = height - style.TOP_IN - 0.3 - row_in - row * (row_in + between_in)
        axes = style.panel(figure, style.LEFT_IN + column * (width + 0.6), bottom, width, row_in)
        axes.set_title(measure.label, loc="left")
        places.append(axes)
    return figure, places


def _grid(
    heading: str, title: str, size: tuple[int, int], x: Factor, head_in: float, gap_in: float, right_in: float = 0.0
) -> tuple[Figure, list[list[Axes]]]:
    """A page with ``size`` (rows, columns) panels over ``x``, with room for heads of the columns and at the right."""
    rows, columns = size
    width = (_WIDTH_IN - right_in - _GAP_IN * (columns - 1)) / columns
    top = style.TOP_IN + head_in
    height = top + rows * _ROW_IN + (rows - 1) * gap_in + style.BOTTOM_IN + slant(x, width).room_in
    figure = style.page(heading, title, {}, height)
    return figure, [
        [
            style.panel(
                figure,
                style.LEFT_IN + column * (width + _GAP_IN),
                height - top - _ROW_IN - row * (_ROW_IN + gap_in),
                width,
                _ROW_IN,
            )
            for column in range(columns)
        ]
        for row in range(rows)
    ]


def _name_x(figure: Figure, panels: Sequence[Axes], x: Factor) -> None:
    """Label the x axis once, below all panels, since a long label would not fit below each of several columns."""
    width_in = panels[0].get_position().width * style.PAGE_WIDTH_IN
    style.shared_label(figure, panels, "x", x.label, 0.36 + slant(x, width_in).room_in)


def _column_head(axes: Axes, fixed: Sequence[tuple[Factor, object]], name: str, colour: str) -> None:
    words = ", ".join(f"{factor.key.rpartition('.')[2]}={written(level)}" for factor, level in fixed)
    up = 20 if name != RUN else 6
    axes.annotate(
        words,
        (0, 1),
        xytext=(0, up),
        xycoords="axes fraction",
        textcoords="offset points",
        size=_head_size(axes, words),
    )
    if name != RUN:
        axes.set_title(style.population_label(name), loc="left", color=colour, weight="bold")


def _head_size(axes: Axes, words: str) -> float:
    """9 points, or what lets the words fit over the panel."""
    width_in = axes.get_window_extent().width / axes.figure.dpi
    return min(9.0, 9.0 * width_in / (0.072 * max(len(words), 1)))


def _key(figure: Figure, lines: Factor) -> None:
    """Which colour and marker is which level, on one line under the title."""
    _, height = figure.get_size_inches()
    y = 1 - (style.TOP_IN + 0.04) / height
    looks = zip(lines.levels, style.level_colours(lines.levels), style.MARKERS * len(lines.levels), strict=False)
    words = figure.text(style.LEFT_IN / style.PAGE_WIDTH_IN, y, f"{lines.label}:", size=9.5, va="center")
    for level, colour, marker in looks:
        right = words.get_window_extent().x1 / figure.dpi
        axes = style.panel(figure, right + 0.15, height * y - 0.08, 0.16, 0.16)
        axes.axis("off")
        axes.plot([0], [0], marker, color=colour, markersize=6)
        words = figure.text(
            (right + 0.36) / style.PAGE_WIDTH_IN, y, written(level), size=9.5, va="center", color=colour
        )


def _spread(table: Table) -> str:
    seeds = repetitions(table)
    return f"mean over {seeds} seeds, bars: ± 1 sd over them" if seeds > 1 else "one run each"


def _caption(figure: Figure, table: Table, measures: list[Measure], words: str) -> None:
    finished, runs = table.finished, len(table.frame)
    parts = [words]
    if not finished.all():
        counts = Counter(status for status in table.values("status") if status != FINISHED)
        states = ", ".join(f"{count} {status}" for status, count in counts.items())
        parts.append(f"{runs - finished.sum()} of {runs} runs not shown ({states})")
    keys = [key for measure in measures for key in measure.keys.values()]
    undefined = sum(int(np.isnan(table.numbers(key)[finished]).sum()) for key in keys)
    if undefined:
        parts.append(f"{undefined} of {finished.sum() * len(keys)} values undefined, left out")
    degraded = sum(bool(words) for words in table.values("degraded"))
    if degraded:
        parts.append(f"{degraded} runs DEGRADED")
    style.note(figure, "; ".join(parts))
