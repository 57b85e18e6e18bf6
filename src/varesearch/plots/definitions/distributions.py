"""Distributions over cells."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from varesearch.metrics import statistics
from varesearch.metrics.trains import Trains, window_trains
from varesearch.metrics.values import UndefinedMetricError
from varesearch.plots.definitions import (
    AnalysisConfig,
    FigureDefinition,
    Recording,
    style,
)

BINS = 32
"""The approximate number of bins; rates and intervals are whole multiples of a smallest step."""
LONGEST = 99.5
"""Longer intervals than this percentile are beyond the axis, and counted in the remark."""


class Distributions(FigureDefinition):
    """Histograms of the rate of each cell, of all inter-spike intervals, and of each cell's CV, warm-up discarded."""

    what = "rates, inter-spike intervals and their variation, from cell to cell"
    place = 20

    @classmethod
    def draw(cls, recording: Recording, analysis: AnalysisConfig, title: str) -> Figure:
        names = list(recording.populations)
        height = 4.2
        figure = style.page("Rates and inter-spike intervals", title, names, height)
        gap = 0.75
        width = (style.PAGE_WIDTH_IN - style.LEFT_IN - style.RIGHT_IN - 2 * gap) / 3
        panels = [
            style.panel(
                figure,
                style.LEFT_IN + column * (width + gap),
                style.BOTTOM_IN + 0.05,
                width,
                height - style.TOP_IN - style.BOTTOM_IN - 0.15,
            )
            for column in range(3)
        ]
        trains = {
            name: window_trains(population, recording.dt_ms, recording.duration_ms, analysis.warmup_ms)
            for name, population in recording.populations.items()
        }
        _rates(panels[0], trains)
        remark = _intervals(panels[1], trains)
        _variation(panels[2], trains, analysis.min_isis)
        notes = [f"after {analysis.warmup_ms:g} ms of warm-up"] if analysis.warmup_ms > 0 else []
        notes += [remark] if remark else []
        notes.append(f"CV of cells with {analysis.min_isis} or more intervals")
        style.note(figure, "; ".join(notes))
        return figure


def _rates(axes: Axes, trains: Mapping[str, Trains]) -> None:
    labels = "rate of a cell (Hz)", "share of cells (%)"
    if not any(len(train.ids) for train in trains.values()):
        _say(axes, "no spikes", labels)
        return
    rates = {name: statistics.rates_hz(train) for name, train in trains.items()}
    one_spike = 1 / next(iter(trains.values())).duration_s
    _histograms(axes, rates, _edges(max(float(rate.max()) for rate in rates.values()), one_spike), labels)


def _intervals(axes: Axes, trains: Mapping[str, Trains]) -> str:
    """Draw the intervals; return the remark on what is beyond the axis."""
    labels = "inter-spike interval (ms)", "share of intervals (%)"
    intervals = {name: statistics.intervals_ms(train)[1] for name, train in trains.items()}
    pooled = np.concatenate(list(intervals.values()))
    if pooled.size == 0:
        _say(axes, "no intervals", labels)
        return ""
    edges = _edges(float(np.percentile(pooled, LONGEST)), next(iter(trains.values())).dt_ms)
    _histograms(axes, intervals, edges, labels)
    beyond = 100 * float(np.mean(pooled > edges[-1]))
    return f"{beyond:.2g} % of the intervals are longer than {edges[-1]:.4g} ms" if beyond else ""


def _variation(axes: Axes, trains: Mapping[str, Trains], min_isis: int) -> None:
    labels = "CV of a cell's intervals", "share of cells (%)"
    variations: dict[str, NDArray[np.float64]] = {}
    for name, train in trains.items():
        try:
            variations[name] = statistics.cv_isi(train, min_isis)
        except UndefinedMetricError:
            variations[name] = np.empty(0)
    pooled = np.concatenate(list(variations.values()))
    if pooled.size == 0:
        _say(axes, f"no cell has\n{min_isis} intervals", labels)
        return
    _histograms(axes, variations, np.linspace(0, max(1.0, 1.05 * float(pooled.max())), BINS + 1), labels)


def _edges(top: float, unit: float) -> NDArray[np.float64]:
    """Edges of about BINS bins up to ``top``, half a unit away from the whole units that the values consist of."""
    units = round(top / unit)
    width = -(-(units + 1) // BINS)
    return np.asarray((np.arange(0, units + 1 + width, width) - 0.5) * unit, dtype=np.float64)


def _say(axes: Axes, text: str, labels: tuple[str, str]) -> None:
    style.say(axes, text)
    axes.set_xticks([])
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])


def _histograms(
    axes: Axes, values: Mapping[str, NDArray[np.float64]], edges: NDArray[np.float64], labels: tuple[str, str]
) -> None:
    for order, (name, colour) in enumerate(style.population_colours(values).items()):
        if values[name].size == 0:
            continue
        percent = 100 * np.histogram(values[name], edges)[0] / values[name].size
        style.histogram(axes, percent, edges, colour, order)
    axes.set_xlim(max(edges[0], 0.0), edges[-1])
    axes.set_ylim(bottom=0)
    style.scale(axes, "x", labels[0], most=5)
    style.scale(axes, "y", labels[1], most=5)
