"""The spike trains of single cells."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from varesearch.plots.definitions import (
    AnalysisConfig,
    FigureDefinition,
    PopulationRecording,
    Recording,
    sampled_ids,
    style,
    time_axis,
    time_window,
)

EVENT_CELLS = 40
"""With more cells, single spikes could not be distinguished."""


class Events(FigureDefinition):
    """The spikes of a few cells of each population as ticks, excitatory above inhibitory."""

    what = "spike trains of single cells"
    place = 30

    @classmethod
    def draw(cls, recording: Recording, analysis: AnalysisConfig, title: str) -> Figure:
        names = list(recording.populations)
        height = 6.0
        figure = style.page("Spike trains of single cells", title, names, height)
        width = style.PAGE_WIDTH_IN - style.LEFT_IN - style.RIGHT_IN
        gap = 0.14
        room = (height - style.TOP_IN - style.BOTTOM_IN - gap * (len(names) - 1)) / len(names)
        start, stop = time_window(recording, analysis)
        colours = style.population_colours(names)
        notes: list[str] = []
        for row, name in enumerate(names):
            population = recording.populations[name]
            bottom = height - style.TOP_IN - room * (row + 1) - gap * row
            axes = style.panel(figure, style.LEFT_IN, bottom, width, room)
            style.shade_warmup(axes, analysis.warmup_ms)
            cells = sampled_ids(population.size, EVENT_CELLS)
            if len(cells) < population.size:
                notes.append(f"{len(cells)} of {population.size} {style.population_label(name)} cells, evenly spread")
            _ticks(axes, population, cells, (start, stop), room, colours[name])
            time_axis(axes, (start, stop), labelled=row == len(names) - 1)
        if stop - start < recording.duration_ms:
            notes.append(f"{start:g} to {stop:g} ms of {recording.duration_ms:g} ms")
        style.note(figure, "; ".join(notes))
        return figure


def _ticks(
    axes: Axes,
    population: PopulationRecording,
    cells: NDArray[np.int32],
    window: tuple[float, float],
    height_in: float,
    colour: str,
) -> None:
    rows = np.full(population.size, -1)
    rows[cells] = np.arange(len(cells))
    times = population.spike_times_ms
    kept = (rows[population.spike_ids] >= 0) & (times >= window[0]) & (times < window[1])
    label = style.population_label(population.name)
    if kept.any():
        axes.plot(
            times[kept],
            rows[population.spike_ids[kept]],
            linestyle="none",
            marker="|",
            markersize=0.8 * 72 * height_in / (len(cells) + 1),
            markeredgewidth=1.1,
            color=colour,
        )
    elif len(population.spike_ids) == 0:
        style.say(axes, f"no spikes in {population.size} {label} cells")
    else:
        style.say(axes, f"no spikes of these {label} cells in this window")
    axes.set_ylim(-1, len(cells))
    if kept.any():
        places = np.linspace(0, len(cells) - 1, min(len(cells), 5)).round().astype(int)
        axes.set_yticks(places, [str(cell) for cell in cells[places]])
    axes.set_ylabel(f"{label} cell", color=colour)
