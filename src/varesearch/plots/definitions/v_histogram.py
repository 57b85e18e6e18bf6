"""The distribution of the membrane potential."""

from collections.abc import Mapping, Sequence

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
    style,
)

WINDOW_MV = (-90.0, -40.0)
"""The window of the seed experiment's histogram."""
WINDOW_SHARE = 0.9
"""The window is used if at least this share of the samples lies within it, and they cover half of it."""
HISTOGRAM_BINS = 100
HISTOGRAM_SAMPLES = 2_000_000
"""More samples than this of one population make no visible difference to a histogram."""


class PotentialHistogram(FigureDefinition):
    """How often v takes which value after the warm-up, for each population; None if no finite v was recorded."""

    what = "distribution of the membrane potential"
    needs = "a finite sample of v"
    place = 40

    @classmethod
    def draw(cls, recording: Recording, analysis: AnalysisConfig, title: str) -> Figure | None:
        samples: dict[str, NDArray[np.floating]] = {}
        for name, population in recording.populations.items():
            if "v" in population.signals:
                values = population.signals["v"].after(analysis.warmup_ms).ravel()
                values = values[:: -(-values.size // HISTOGRAM_SAMPLES) or 1]
                samples[name] = values[np.isfinite(values)]
        if not any(values.size for values in samples.values()):
            return None
        low, high = _window(np.concatenate(list(samples.values())))
        rows = [row for row in rows_of(recording) if row.group.name in samples]
        figure, panels = _panels(rows, title)
        outside = []
        for order, (row, axes) in enumerate(zip(rows, panels, strict=True)):
            values = samples[row.group.name]
            if values.size == 0:
                style.say(axes, f"v of no {row.cell} is finite", size=9)
                continue
            counts, edges = np.histogram(values, bins=HISTOGRAM_BINS, range=(low, high))
            percent = 100 * counts / values.size / (edges[1] - edges[0])
            style.histogram(axes, percent, edges, row.colour, order if len(rows) <= FEW else 0)
            clipped = 100 * (1 - counts.sum() / values.size)
            outside.append(f"{clipped:.2g} % of {row.label} samples")
        for axes in dict.fromkeys(panels):
            axes.set_xlim(low, high)
            axes.set_ylim(bottom=0)
            if axes is not panels[-1]:
                axes.set_xticks([])
        style.scale(panels[-1], "x", "membrane potential (mV)", most=6)
        after = f"after {analysis.warmup_ms:g} ms of warm-up; " if analysis.warmup_ms > 0 else ""
        if len(rows) <= FEW:
            style.scale(panels[-1], "y", "share of samples (% per mV)", most=5)
        else:
            after += "share of samples; "
            outside = [f"{100 * _outside(samples, low, high):.2g} % of all samples"]
        style.note(figure, f"{after}outside {style.number(low)} to {style.number(high)} mV: {', '.join(outside)}")
        return figure


def _panels(rows: Sequence[Row], title: str) -> tuple[Figure, list[Axes]]:
    """The page, and the axes of each row: the same for a few populations, else rows below each other."""
    width = style.PAGE_WIDTH_IN - style.LEFT_IN - style.RIGHT_IN
    if len(rows) <= FEW:
        height = 4.6
        figure = style.page("Membrane potential", title, {row.group.name: row.colour for row in rows}, height)
        tall = height - style.TOP_IN - style.BOTTOM_IN - 0.1
        return figure, [style.panel(figure, style.LEFT_IN, style.BOTTOM_IN + 0.05, width, tall)] * len(rows)
    row_in, gap_in = 0.5, 0.08
    height = style.TOP_IN + style.BOTTOM_IN + len(rows) * (row_in + gap_in)
    figure = style.page("Membrane potential", title, {}, height)
    panels = []
    for place, row in enumerate(rows):
        bottom = height - style.TOP_IN - (place + 1) * row_in - place * gap_in
        panels.append(style.panel(figure, style.LEFT_IN, bottom, width, row_in))
        name_row(panels[-1], row)
    return figure, panels


def _outside(samples: Mapping[str, NDArray[np.floating]], low: float, high: float) -> float:
    beyond = sum(int(((values < low) | (values > high)).sum()) for values in samples.values())
    return beyond / sum(values.size for values in samples.values())


def _window(values: NDArray[np.floating]) -> tuple[float, float]:
    """WINDOW_MV if v fits it, otherwise all but 0.1 % of the samples on either side, rounded outward to 5 mV."""
    low, high = WINDOW_MV
    bottom, top = np.percentile(values, (0.1, 99.9))
    within = np.mean((values >= low) & (values <= high))
    if within >= WINDOW_SHARE and top - bottom >= (high - low) / 2:
        return low, high
    return float(5 * np.floor((bottom - 1) / 5)), float(5 * np.ceil((top + 1) / 5))
