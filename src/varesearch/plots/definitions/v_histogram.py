"""The distribution of the membrane potential."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from varesearch.plots.definitions import (
    AnalysisConfig,
    FigureDefinition,
    Recording,
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
        style.scale(axes, "x", "membrane potential (mV)", most=6)
        style.scale(axes, "y", "share of samples (% per mV)", most=5)
        after = f"after {analysis.warmup_ms:g} ms of warm-up; " if analysis.warmup_ms > 0 else ""
        style.note(figure, f"{after}outside {style.number(low)} to {style.number(high)} mV: {', '.join(outside)}")
        return figure


def _window(values: NDArray[np.floating]) -> tuple[float, float]:
    """WINDOW_MV if v fits it, otherwise all but 0.1 % of the samples on either side, rounded outward to 5 mV."""
    low, high = WINDOW_MV
    bottom, top = np.percentile(values, (0.1, 99.9))
    within = np.mean((values >= low) & (values <= high))
    if within >= WINDOW_SHARE and top - bottom >= (high - low) / 2:
        return low, high
    return float(5 * np.floor((bottom - 1) / 5)), float(5 * np.ceil((top + 1) / 5))
