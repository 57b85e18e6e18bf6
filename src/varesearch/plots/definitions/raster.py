"""All spikes, and the rates of the populations."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from varesearch.metrics.statistics import population_rate_hz
from varesearch.metrics.trains import window_trains
from varesearch.metrics.values import UndefinedMetricError
from varesearch.plots.definitions import (
    FEW,
    TRANSIENT,
    AnalysisConfig,
    FigureDefinition,
    Recording,
    Row,
    common_fraction,
    drawn_cells,
    fraction_notes,
    heights,
    name_row,
    rows_of,
    style,
    time_axis,
)

MOST_CELLS = 4000
MOST_SPIKES = 100_000
"""More cells than this in all have no pixel of their own; more spikes look like a solid block, and cost seconds."""
_GAP_IN = 0.14
_TIMES_IN = 0.42
"""Room for the ticks and the label of a time axis."""
_WIDTH_IN = style.PAGE_WIDTH_IN - style.LEFT_IN - style.RIGHT_IN


class Raster(FigureDefinition):
    """Every spike as a dot, one panel above the other for populations and input, their rates under them.

    Of large networks the same fraction of the cells of every population is drawn.
    """

    what = "spikes of all cells and of their input, and the rates of the populations"
    place = 10

    @classmethod
    def draw(cls, recording: Recording, analysis: AnalysisConfig, title: str) -> Figure:
        rows = rows_of(recording)
        few = len(rows) <= FEW
        # Larger populations get more room, the smallest still enough to be read.
        weights = [0.0 if row.is_source else float(np.sqrt(row.group.size)) for row in rows]
        room = 3.7 - _GAP_IN * len(rows) if few else 3.9
        tall = heights(weights, room, 0.42 if few else 0.34)
        gap = _GAP_IN if few else 0.07
        rates_in = _rates_height(rows, few)
        height = style.TOP_IN + style.BOTTOM_IN + sum(tall) + gap * len(rows) + 0.06 + rates_in
        height += 0.0 if few else _TIMES_IN
        legend = style.colours_of(recording.populations) if few else {}
        figure = style.page("Spikes and population rate", title, legend, height)
        groups = [row.group for row in rows]
        fraction = common_fraction(groups, MOST_CELLS, MOST_SPIKES)
        top = height - style.TOP_IN
        for row, row_height in zip(rows, tall, strict=True):
            axes = style.panel(figure, style.LEFT_IN, top - row_height, _WIDTH_IN, row_height)
            top -= row_height + gap
            style.shade_warmup(axes, analysis.warmup_ms)
            _dots(axes, row, drawn_cells(row.group.size, fraction), few, row_height)
            time_axis(axes, (0.0, recording.duration_ms), labelled=not few and row is rows[-1])
        if few:
            _rates_together(figure, recording, analysis, rows)
        else:
            _rates_apart(figure, recording, analysis, rows, rates_in)
        notes = fraction_notes(groups, fraction)
        notes += ["grey: warm-up, not in the metrics"] if analysis.warmup_ms > 0 else []
        notes.append(f"rate in bins of {analysis.rate_bin_ms:g} ms")
        style.note(figure, "; ".join(notes))
        return figure


def _dots(axes: Axes, row: Row, cells: NDArray[np.int32], few: bool, height_in: float) -> None:
    group = row.group
    axes.set_ylim(-0.5, group.size - 0.5)
    with_ticks = few and height_in >= 0.6
    if not with_ticks:
        name_row(axes, row, row.size)
    if len(group.spike_ids) == 0:
        if with_ticks:
            axes.set_ylabel(row.cell, color=row.colour)
        style.say(axes, f"no spikes in {group.size} {row.cells}", size=12 if few else 9)
        return
    drawn = np.zeros(group.size, dtype=bool)
    drawn[cells] = True
    kept = drawn[group.spike_ids]
    # Few spikes are drawn larger: a single dot of one pixel would not be seen.
    size = float(np.clip(4.5 - 0.75 * np.log10(max(kept.sum(), 1)), 1.1, 4.0))
    axes.plot(
        group.spike_times_ms[kept],
        group.spike_ids[kept],
        linestyle="none",
        marker="o",
        markersize=size,
        markeredgewidth=0,
        color=row.colour,
        rasterized=True,
    )
    if with_ticks:
        style.scale(axes, "y", row.cell, most=5, whole=True, colour=row.colour)


# ---- the rates


def _rates_height(rows: Sequence[Row], few: bool) -> float:
    if few:
        return 1.25 + (0.62 if any(row.is_source for row in rows) else 0.0)
    return -(-len(rows) // 2) * 0.62 + 0.05


def _rate(row: Row, recording: Recording, bin_ms: float) -> NDArray[np.float64]:
    """The rate in each bin, in Hz. Raises UndefinedMetricError for a run of fewer than two bins."""
    trains = window_trains(row.group, recording.dt_ms, recording.duration_ms, 0.0, several_in_a_step=row.is_source)
    return population_rate_hz(trains, bin_ms)


def _rates_together(figure: Figure, recording: Recording, analysis: AnalysisConfig, rows: Sequence[Row]) -> None:
    """The rates of a few populations on one axis; below them those of the sources, on an axis of their own."""
    sources, cells = ([row for row in rows if row.is_source is kind] for kind in (True, False))
    bottom = style.BOTTOM_IN
    panels = [(sources, "input (Hz)", 0.5)] if sources else []
    panels.append((cells, "rate (Hz)", 1.25))
    for drawn, label, height in panels:
        axes = style.panel(figure, style.LEFT_IN, bottom, _WIDTH_IN, height)
        _rate_panel(axes, recording, analysis, drawn, label)
        time_axis(axes, (0.0, recording.duration_ms), labelled=bottom == style.BOTTOM_IN)
        bottom += height + 0.12


def _rates_apart(
    figure: Figure, recording: Recording, analysis: AnalysisConfig, rows: Sequence[Row], room_in: float
) -> None:
    """The rate of each of many populations in a small panel with a scale of its own, in two columns."""
    between = 0.55
    width = (_WIDTH_IN - between) / 2
    deep = -(-len(rows) // 2)
    each = room_in / deep
    for place, row in enumerate(rows):
        column, line = divmod(place, deep)
        left = style.LEFT_IN + column * (width + between)
        axes = style.panel(figure, left, style.BOTTOM_IN + each * (deep - 1 - line), width, each - 0.14)
        _rate_panel(axes, recording, analysis, [row], "", most=2)
        axes.annotate(
            f"{row.label} (input)" if row.is_source else row.label,
            (1, 1),
            xytext=(-2, 3),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="right",
            va="top",
            size=8.5,
            color=row.colour,
        )
        time_axis(axes, (0.0, recording.duration_ms), labelled=line == deep - 1 or place == len(rows) - 1)
    middle = style.BOTTOM_IN + room_in / 2
    _, height = figure.get_size_inches()
    figure.text(
        0.28 / style.PAGE_WIDTH_IN, middle / height, "rate (Hz)", rotation=90, va="center", ha="center", size=9.5
    )


def _rate_panel(
    axes: Axes, recording: Recording, analysis: AnalysisConfig, rows: Sequence[Row], label: str, most: int = 4
) -> None:
    style.shade_warmup(axes, analysis.warmup_ms)
    highest = settled = 0.0
    for order, row in enumerate(rows):
        try:
            rates = _rate(row, recording, analysis.rate_bin_ms)
        except UndefinedMetricError as reason:
            style.say(axes, str(reason), size=12 if most > 2 else 8)
            axes.set_ylabel(label)
            return
        edges = np.arange(len(rates) + 1) * analysis.rate_bin_ms
        width = style.overlay_width(order, len(rates)) if len(rows) > 1 else 1.0
        axes.stairs(rates, edges, color=row.colour, linewidth=width, baseline=None)
        highest = max(highest, float(rates.max()))
        settled = max(settled, float(rates[edges[:-1] >= analysis.warmup_ms].max(initial=0.0)))
    if settled > 0 and highest > TRANSIENT * settled and not rows[0].is_source:
        # The burst at the start would press the rates after the warm-up into the lowest part of the axis.
        axes.text(
            analysis.warmup_ms,
            1.0,
            f" start reaches {highest:.3g} Hz",
            color=style.QUIET_COLOUR,
            size=8.5 if most > 2 else 7.5,
            transform=axes.get_xaxis_transform(),
            ha="left",
            va="top",
        )
        highest = settled * 1.25
    # In a small panel there must be room for its name above the curve.
    axes.set_ylim(0, highest * (1.08 if most > 2 else 1.45) if highest > 0 else 1)
    if highest == 0:
        style.say(axes, "no spikes", size=12 if most > 2 else 8.5)
        axes.set_ylabel(label)
    else:
        style.scale(axes, "y", label, most=most)
