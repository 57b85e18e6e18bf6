"""The spike trains of single cells."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from varesearch.plots.definitions import (
    FEW,
    AnalysisConfig,
    FigureDefinition,
    Recording,
    Row,
    name_row,
    rows_of,
    sampled_ids,
    style,
    time_axis,
    time_window,
)

EVENT_CELLS = 40
"""With more cells, single spikes could not be distinguished."""
EVENT_CELLS_OF_MANY = 12
"""The same where there are many populations."""


class Events(FigureDefinition):
    """The spikes of a few cells of each population as ticks, in the order of the populations."""

    what = "spike trains of single cells"
    place = 30

    @classmethod
    def draw(cls, recording: Recording, analysis: AnalysisConfig, title: str) -> Figure:
        rows = rows_of(recording)[: len(recording.populations)]
        few = len(rows) <= FEW
        gap = 0.14 if few else 0.08
        room = (4.5 - gap * (len(rows) - 1)) / len(rows) if few else 0.62
        height = style.TOP_IN + style.BOTTOM_IN + room * len(rows) + gap * (len(rows) - 1)
        legend = style.colours_of(recording.populations) if few else {}
        figure = style.page("Spike trains of single cells", title, legend, height)
        width = style.PAGE_WIDTH_IN - style.LEFT_IN - style.RIGHT_IN
        start, stop = time_window(recording, analysis)
        most = EVENT_CELLS if few else EVENT_CELLS_OF_MANY
        for place, row in enumerate(rows):
            bottom = height - style.TOP_IN - room * (place + 1) - gap * place
            axes = style.panel(figure, style.LEFT_IN, bottom, width, room)
            style.shade_warmup(axes, analysis.warmup_ms)
            cells = sampled_ids(row.group.size, most)
            _ticks(axes, row, cells, (start, stop), room, few)
            time_axis(axes, (start, stop), labelled=place == len(rows) - 1)
        notes = _sample_notes(rows, most, few)
        if stop - start < recording.duration_ms:
            notes.append(f"{start:g} to {stop:g} ms of {recording.duration_ms:g} ms")
        style.note(figure, "; ".join(notes))
        return figure


def _sample_notes(rows: Sequence[Row], most: int, few: bool) -> list[str]:
    sampled = [row for row in rows if row.group.size > most]
    if not sampled:
        return []
    if few:
        return [f"{most} of {row.group.size} {row.cells}, evenly spread" for row in sampled]
    whole = [row.label for row in rows if row not in sampled]
    return [f"{most} cells of each population, evenly spread" + (f", all of {', '.join(whole)}" if whole else "")]


def _ticks(
    axes: Axes, row: Row, cells: NDArray[np.int32], window: tuple[float, float], height_in: float, few: bool
) -> None:
    group = row.group
    places = np.full(group.size, -1)
    places[cells] = np.arange(len(cells))
    times = group.spike_times_ms
    kept = (places[group.spike_ids] >= 0) & (times >= window[0]) & (times < window[1])
    size = 12 if few else 9
    if kept.any():
        axes.plot(
            times[kept],
            places[group.spike_ids[kept]],
            linestyle="none",
            marker="|",
            markersize=0.8 * 72 * height_in / (len(cells) + 1),
            markeredgewidth=1.1 if few else 0.8,
            color=row.colour,
        )
    elif len(group.spike_ids) == 0:
        style.say(axes, f"no spikes in {group.size} {row.cells}", size=size)
    else:
        style.say(axes, f"no spikes of these {row.cells} in this window", size=size)
    axes.set_ylim(-1, len(cells))
    if not few:
        name_row(axes, row, row.size)
        return
    if kept.any():
        labelled = np.linspace(0, len(cells) - 1, min(len(cells), 5)).round().astype(int)
        axes.set_yticks(labelled, [str(cell) for cell in cells[labelled]])
    axes.set_ylabel(row.cell, color=row.colour)
