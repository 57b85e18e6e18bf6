"""Recorded signals other than v, of single cells."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from varesearch.plots.definitions import (
    AnalysisConfig,
    FigureDefinition,
    Recording,
    Signal,
    sampled_ids,
    style,
    time_axis,
    time_window,
)

CELLS = 2
"""The number of cells drawn of each population; one of each where this makes more than :data:`FEW_PANELS`."""

FEW_PANELS = 8
"""Of more panels, each is lower."""

MOST_PANELS = 16
"""More would make the page longer than can be read."""

_COLOURS = style.population_colours(("exc", "inh"))


@dataclass(frozen=True)
class _Panel:
    """The signals of one cell that share an axis, which are an excitatory and an inhibitory one, or a single one."""

    population: str
    cell: int
    name: str
    unit: str
    signals: tuple[Signal, ...]


class SignalTraces(FigureDefinition):
    """Synaptic input, and state variables other than v, of a few cells; None if no finite sample was recorded."""

    what = "synaptic conductances and currents, u or w of a few cells, where recorded"
    needs = "a finite sample of a signal other than v"
    place = 55

    @classmethod
    def draw(cls, recording: Recording, analysis: AnalysisConfig, title: str) -> Figure | None:
        panels = list(_panels(recording, CELLS))
        if len(panels) > FEW_PANELS:
            panels = list(_panels(recording, 1))
        drawn = panels[:MOST_PANELS]
        window = time_window(recording, analysis)
        if not any(np.isfinite(signal.values).any() for panel in drawn for signal in panel.signals):
            return None
        gap, row_height = 0.1, 0.85 if len(drawn) <= FEW_PANELS else 0.6
        height = style.TOP_IN + style.BOTTOM_IN + len(drawn) * (row_height + gap)
        colours = style.colours_of(recording.populations)
        legend = {panel.population: colours[panel.population] for panel in drawn}
        figure = style.page("Recorded signals of single cells", title, legend, height)
        width = style.PAGE_WIDTH_IN - style.LEFT_IN - style.RIGHT_IN
        for row, panel in enumerate(drawn):
            bottom = height - style.TOP_IN - row_height * (row + 1) - gap * row
            axes = style.panel(figure, style.LEFT_IN, bottom, width, row_height)
            style.shade_warmup(axes, analysis.warmup_ms)
            for signal in panel.signals:
                colour = _COLOURS[signal.name[-3:]] if len(panel.signals) > 1 else colours[panel.population]
                kept = (signal.times_ms >= window[0]) & (signal.times_ms < window[1])
                column = int(np.flatnonzero(signal.ids == panel.cell)[0])
                axes.plot(signal.times_ms[kept], signal.values[kept, column], color=colour, linewidth=0.9)
            label = f"{panel.name}\n({panel.unit})" if panel.unit else panel.name
            style.scale(axes, "y", label, most=3, colour=colours[panel.population])
            # Above the panel's data: the axis has no room for a third line.
            low, high = axes.get_ylim()
            axes.set_ylim(low, high + 0.25 * (high - low))
            axes.text(
                0.995,
                0.97,
                f"cell {panel.cell}",
                transform=axes.transAxes,
                ha="right",
                va="top",
                size=8.5,
                color=colours[panel.population],
            )
            time_axis(axes, window, labelled=row == len(drawn) - 1)
        style.note(figure, _remark(recording, window, drawn, len(panels)))
        return figure


def _panels(recording: Recording, cells: int) -> Iterator[_Panel]:
    """Yield the panels: population by population, cell by cell."""
    for name, population in recording.populations.items():
        groups: dict[str, list[Signal]] = {}
        for key, signal in population.signals.items():
            if key != "v" and signal.values.size:
                groups.setdefault(key.removesuffix("_exc").removesuffix("_inh"), []).append(signal)
        if groups:
            ids = next(iter(groups.values()))[0].ids
            for place in sampled_ids(len(ids), cells):
                for group, signals in groups.items():
                    ordered = sorted(signals, key=lambda signal: signal.name)
                    label = group if len(signals) > 1 else signals[0].name
                    yield _Panel(name, int(ids[place]), label, ordered[0].unit, tuple(ordered))


def _remark(recording: Recording, window: tuple[float, float], drawn: list[_Panel], wanted: int) -> str:
    parts = []
    if window[1] - window[0] < recording.duration_ms:
        parts.append(f"{window[0]:g} to {window[1]:g} ms of {recording.duration_ms:g} ms")
    if any(len(panel.signals) > 1 for panel in drawn):
        parts.append("blue: excitatory, vermilion: inhibitory input (magnitudes)")
    if wanted > len(drawn):
        parts.append(f"the first {len(drawn)} of {wanted} signals")
    return "; ".join(parts)
