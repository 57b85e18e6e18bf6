"""Figures of the membrane potential: its histogram and the traces of a few cells."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from varesearch.config.schema import AnalysisConfig
from varesearch.plots import scales, style
from varesearch.plots.spikes import time_window
from varesearch.recording import Recording, Signal

WINDOW_MV = (-90.0, -40.0)
"""The window of the seed experiment's histogram."""
WINDOW_SHARE = 0.9
"""It is kept while at least this share of the samples lies within, and they spread over half of it."""
HISTOGRAM_BINS = 100
HISTOGRAM_SAMPLES = 2_000_000
"""More samples than these of one population do not change a histogram that an eye reads."""
TRACES = 3
"""Cells drawn of each population."""


def v_histogram(recording: Recording, analysis: AnalysisConfig, title: str) -> Figure | None:
    """How often v takes which value after the warm-up, for each population; None if no finite v was recorded."""
    samples: dict[str, NDArray[np.floating]] = {}
    for name, population in recording.populations.items():
        if "v" in population.signals:
            values = population.signals["v"].after(analysis.warmup_ms).ravel()
            values = values[:: -(-values.size // HISTOGRAM_SAMPLES) or 1]
            samples[name] = values[np.isfinite(values)]
    if not any(values.size for values in samples.values()):
        return None
    low, high = _window(np.concatenate(list(samples.values())))
    height = 4.6
    figure = style.page("Membrane potential", title, samples, height)
    axes = style.panel(
        figure,
        style.LEFT_IN,
        style.BOTTOM_IN + 0.05,
        style.PAGE_WIDTH_IN - style.LEFT_IN - style.RIGHT_IN,
        height - style.TOP_IN - style.BOTTOM_IN - 0.1,
    )
    outside = []
    colours = style.population_colours(samples)
    for order, (name, values) in enumerate(samples.items()):
        if values.size == 0:
            continue
        counts, edges = np.histogram(values, bins=HISTOGRAM_BINS, range=(low, high))
        percent = 100 * counts / values.size / (edges[1] - edges[0])
        style.histogram(axes, percent, edges, colours[name], order)
        clipped = 100 * (1 - counts.sum() / values.size)
        outside.append(f"{clipped:.2g} % of {style.population_label(name)} samples")
    axes.set_xlim(low, high)
    axes.set_ylim(bottom=0)
    scales.scale(axes, "x", "membrane potential (mV)", most=10)
    scales.scale(axes, "y", "share of samples (% per mV)")
    after = f"after {analysis.warmup_ms:g} ms of warm-up; " if analysis.warmup_ms > 0 else ""
    style.note(figure, f"{after}outside {style.number(low)} to {style.number(high)} mV: {', '.join(outside)}")
    return figure


def v_traces(recording: Recording, analysis: AnalysisConfig, title: str) -> Figure | None:
    """v of a few cells of each population, their spikes as ticks above; None if no finite v was recorded."""
    sampled = {name: p.signals["v"] for name, p in recording.populations.items() if "v" in p.signals}
    rows = [(name, column) for name, signal in sampled.items() for column in _columns(signal)]
    start, stop = time_window(recording, analysis)
    drawn = [_part(sampled[name], column, start, stop) for name, column in rows]
    finite = np.concatenate([np.empty(0), *(values[np.isfinite(values)] for _, values in drawn)])
    if finite.size == 0:
        return None
    low, high = float(finite.min()), float(finite.max())
    span = max(high - low, 1.0)
    gap, row_height = 0.1, 0.78
    height = style.TOP_IN + style.BOTTOM_IN + len(rows) * (row_height + gap)
    figure = style.page("Membrane potential of single cells", title, sampled, height)
    colours = style.population_colours(sampled)
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
        axes.set_xlim(start, stop)
        axes.set_ylim(low - 0.08 * span, high + 0.32 * span)
        scales.scale(axes, "y", f"cell {cell}\n(mV)", most=3, colour=colours[name])
        last = row == len(rows) - 1
        scales.scale(axes, "x", "time (ms)" if last else "", numbers=last)
    shown = (
        "" if stop - start >= recording.duration_ms else f"{start:g} to {stop:g} ms of {recording.duration_ms:g} ms; "
    )
    style.note(figure, f"{shown}ticks: spikes")
    return figure


def _window(values: NDArray[np.floating]) -> tuple[float, float]:
    """WINDOW_MV if v fits it, else what holds all but 0.1 % of the samples on either side, rounded outward to 5 mV."""
    low, high = WINDOW_MV
    bottom, top = np.percentile(values, (0.1, 99.9))
    within = np.mean((values >= low) & (values <= high))
    if within >= WINDOW_SHARE and top - bottom >= (high - low) / 2:
        return low, high
    return float(5 * np.floor((bottom - 1) / 5)), float(5 * np.ceil((top + 1) / 5))


def _columns(signal: Signal) -> list[int]:
    """The columns to draw, evenly spread over the sampled cells."""
    places = np.linspace(0, len(signal.ids) - 1, min(TRACES, len(signal.ids)))
    return [int(place) for place in places.round()]


def _part(signal: Signal, column: int, start: float, stop: float) -> tuple[NDArray[np.float64], NDArray[np.floating]]:
    kept = (signal.times_ms >= start) & (signal.times_ms < stop)
    return signal.times_ms[kept], signal.values[kept, column]
