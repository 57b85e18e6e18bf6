"""All spikes, and the rates of the populations."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from varesearch.metrics.statistics import population_rate_hz
from varesearch.metrics.trains import window_trains
from varesearch.metrics.values import UndefinedMetricError
from varesearch.plots.definitions import (
    TRANSIENT,
    AnalysisConfig,
    FigureDefinition,
    PopulationRecording,
    Recording,
    sampled_ids,
    style,
    time_axis,
)

RASTER_CELLS = 2000
RASTER_SPIKES = 60_000
"""More spikes than this in one panel look like a solid block, and cost seconds."""


class Raster(FigureDefinition):
    """Every spike of each population as a dot, one panel above the other, the population rates under them."""

    what = "spikes of all cells, and the rates of the populations"
    place = 10

    @classmethod
    def draw(cls, recording: Recording, analysis: AnalysisConfig, title: str) -> Figure:
        names = list(recording.populations)
        height = 6.6
        figure = style.page("Spikes and population rate", title, names, height)
        width = style.PAGE_WIDTH_IN - style.LEFT_IN - style.RIGHT_IN
        rate_height, gap = 1.25, 0.14
        room = height - style.TOP_IN - style.BOTTOM_IN - rate_height - gap * len(names)
        # Larger populations get more room, the smallest still enough to be read.
        shares = np.sqrt([population.size for population in recording.populations.values()])
        colours = style.population_colours(names)
        drawn: list[str] = []
        top = height - style.TOP_IN
        for name, share in zip(names, shares / shares.sum(), strict=True):
            population = recording.populations[name]
            axes = style.panel(figure, style.LEFT_IN, top - room * share, width, room * share)
            top -= room * share + gap
            style.shade_warmup(axes, analysis.warmup_ms)
            shown = _shown_cells(population)
            if len(shown) < population.size:
                drawn.append(f"{len(shown)} of {population.size} {style.population_label(name)}")
            _dots(axes, population, shown, colours[name])
            time_axis(axes, (0.0, recording.duration_ms), labelled=False)
        axes = style.panel(figure, style.LEFT_IN, style.BOTTOM_IN, width, rate_height)
        style.shade_warmup(axes, analysis.warmup_ms)
        _rates(axes, recording, analysis)
        time_axis(axes, (0.0, recording.duration_ms), labelled=True)
        notes = [f"drawn: {', '.join(drawn)} cells"] if drawn else []
        notes += ["grey: warm-up, not in the metrics"] if analysis.warmup_ms > 0 else []
        notes.append(f"rate in bins of {analysis.rate_bin_ms:g} ms")
        style.note(figure, "; ".join(notes))
        return figure


def _shown_cells(population: PopulationRecording) -> NDArray[np.int32]:
    """All cells, or an evenly spread part of them that keeps the panel readable."""
    cells = min(population.size, RASTER_CELLS)
    spikes = len(population.spike_ids) * cells / population.size
    if spikes > RASTER_SPIKES:
        cells = max(1, int(cells * RASTER_SPIKES / spikes))
    return sampled_ids(population.size, cells)


def _dots(axes: Axes, population: PopulationRecording, cells: NDArray[np.int32], colour: str) -> None:
    axes.set_ylim(-0.5, population.size - 0.5)
    label = f"{style.population_label(population.name)} cell"
    if len(population.spike_ids) == 0:
        axes.set_ylabel(label, color=colour)
        style.say(axes, f"no spikes in {population.size} {style.population_label(population.name)} cells")
        return
    drawn = np.zeros(population.size, dtype=bool)
    drawn[cells] = True
    kept = drawn[population.spike_ids]
    # Few spikes are drawn larger: a single dot of one pixel would not be seen.
    size = float(np.clip(4.5 - 0.75 * np.log10(max(kept.sum(), 1)), 1.1, 4.0))
    axes.plot(
        population.spike_times_ms[kept],
        population.spike_ids[kept],
        linestyle="none",
        marker="o",
        markersize=size,
        markeredgewidth=0,
        color=colour,
        rasterized=True,
    )
    style.scale(axes, "y", label, most=5, whole=True, colour=colour)


def _rates(axes: Axes, recording: Recording, analysis: AnalysisConfig) -> None:
    colours = style.population_colours(recording.populations)
    highest = settled = 0.0
    for order, (name, population) in enumerate(recording.populations.items()):
        trains = window_trains(population, recording.dt_ms, recording.duration_ms, 0.0)
        try:
            rates = population_rate_hz(trains, analysis.rate_bin_ms)
        except UndefinedMetricError as reason:
            style.say(axes, str(reason))
            axes.set_ylabel("rate (Hz)")
            return
        edges = np.arange(len(rates) + 1) * analysis.rate_bin_ms
        axes.stairs(rates, edges, color=colours[name], linewidth=style.overlay_width(order, len(rates)), baseline=None)
        highest = max(highest, float(rates.max()))
        settled = max(settled, float(rates[edges[:-1] >= analysis.warmup_ms].max(initial=0.0)))
    if settled > 0 and highest > TRANSIENT * settled:
        # The burst at the start would press the rates after the warm-up into the lowest part of the axis.
        axes.text(
            analysis.warmup_ms,
            1.0,
            f" start reaches {highest:.3g} Hz",
            color=style.QUIET_COLOUR,
            size=8.5,
            transform=axes.get_xaxis_transform(),
            ha="left",
            va="top",
        )
        highest = settled * 1.25
    axes.set_ylim(0, highest * 1.08 if highest > 0 else 1)
    if highest == 0:
        style.say(axes, "no spikes")
        axes.set_ylabel("rate (Hz)")
    else:
        style.scale(axes, "y", "rate (Hz)", most=4)
