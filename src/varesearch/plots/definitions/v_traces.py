"""The membrane potential of single cells."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from varesearch.plots.definitions import (
    FEW,
    AnalysisConfig,
    FigureDefinition,
    Recording,
    Signal,
    sampled_ids,
    style,
    time_axis,
    time_window,
)

TRACES = 3
"""The number of cells drawn of each population; one of each where there are many."""


class PotentialTraces(FigureDefinition):
    """v of a few cells of each population, their spikes as ticks above; None if no finite v was recorded."""

    what = "membrane potential of a few cells"
    needs = "a finite sample of v"
    place = 50

    @classmethod
    def draw(cls, recording: Recording, analysis: AnalysisConfig, title: str) -> Figure | None:
        sampled = {name: p.signals["v"] for name, p in recording.populations.items() if "v" in p.signals}
        most = TRACES if len(sampled) <= FEW else 1
        rows = [(name, column) for name, signal in sampled.items() for column in sampled_ids(len(signal.ids), most)]
        start, stop = time_window(recording, analysis)
        drawn = [_part(sampled[name], column, start, stop) for name, column in rows]
        finite = np.concatenate([np.empty(0), *(values[np.isfinite(values)] for _, values in drawn)])
        if finite.size == 0:
            return None
        low, high = float(finite.min()), float(finite.max())
        span = max(high - low, 1.0)
        gap, row_height = 0.1, 0.78
        height = style.TOP_IN + style.BOTTOM_IN + len(rows) * (row_height + gap)
        colours = style.colours_of(recording.populations)
        legend = {name: colours[name] for name in sampled}
        figure = style.page("Membrane potential of single cells", title, legend, height)
        width = style.PAGE_WIDTH_IN - style.LEFT_IN - style.RIGHT_IN
        for row, ((name, column), (times, values)) in enumerate(zip(rows, drawn, strict=True)):
            bottom = height - style.TOP_IN - row_height * (row + 1) - gap * row
            axes = style.panel(figure, style.LEFT_IN, bottom, width, row_height)
            style.shade_warmup(axes, analysis.warmup_ms)
            axes.plot(times, values, color=colours[name], linewidth=0.9)
            cell = int(sampled[name].ids[column])
            population = recording.populations[name]
            spikes = population.spike_times_ms[population.spike_ids == cell]
            axes.plot(spikes, np.full(len(spikes), high + 0.18 * span), "|", color=colours[name], ms=6, mew=1.2)
            axes.set_ylim(low - 0.08 * span, high + 0.32 * span)
            style.scale(axes, "y", f"cell {cell}\n(mV)", most=4, colour=colours[name])
            time_axis(axes, (start, stop), labelled=row == len(rows) - 1)
        shown = (
            ""
            if stop - start >= recording.duration_ms
            else f"{start:g} to {stop:g} ms of {recording.duration_ms:g} ms; "
        )
        style.note(figure, f"{shown}ticks: spikes")
        return figure


def _part(signal: Signal, column: int, start: float, stop: float) -> tuple[NDArray[np.float64], NDArray[np.floating]]:
    kept = (signal.times_ms >= start) & (signal.times_ms < stop)
    return signal.times_ms[kept], signal.values[kept, column]
