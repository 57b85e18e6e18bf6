"""Distributions over cells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from varesearch.metrics import statistics
from varesearch.metrics.trains import Trains, bin_counts, window_trains
from varesearch.metrics.values import UndefinedMetricError
from varesearch.plots.definitions import (
    FEW,
    AnalysisConfig,
    FigureDefinition,
    Recording,
    name_row,
    rows_of,
    style,
)

BINS = 32
"""The approximate number of bins; rates and intervals are whole multiples of a smallest step."""
MOST = 99.5
"""Longer intervals than this percentile are beyond the axis, and counted in the remark; so are correlations."""

_BETWEEN_IN = 0.72
_WIDTH_IN = (style.PAGE_WIDTH_IN - style.LEFT_IN - style.RIGHT_IN - 3 * _BETWEEN_IN) / 4
_PAIR_SEED = 0
"""Draws the pairs of cells; a figure does not know the seed of the run, which draws those of the metric."""


@dataclass(frozen=True)
class _Column:
    """What one column shows: the values of each population, the edges of its bins, and its labels.

    ``edges`` are None if there is no value at all, for the reason ``missing``. ``signed``: values may be negative.
    """

    values: Mapping[str, NDArray[np.float64]]
    edges: NDArray[np.float64] | None
    label: str
    share: str
    missing: str
    signed: bool = False


class Distributions(FigureDefinition):
    """Histograms of rates, of inter-spike intervals, of their CV and of correlations of pairs, warm-up discarded.

    A few populations are drawn over each other, many in a row each, with the same axes.
    """

    what = "rates, inter-spike intervals and their variation, from cell to cell, and correlations of pairs of cells"
    place = 20

    @classmethod
    def draw(cls, recording: Recording, analysis: AnalysisConfig, title: str) -> Figure:
        trains = {
            name: window_trains(population, recording.dt_ms, recording.duration_ms, analysis.warmup_ms)
            for name, population in recording.populations.items()
        }
        columns = [
            _rates(trains),
            _intervals(trains),
            _variation(trains, analysis.min_isis),
            _correlations(trains, analysis),
        ]
        few = len(trains) <= FEW
        figure = (_together if few else _apart)(recording, columns, "Rates, inter-spike intervals, correlations", title)
        notes = [] if few else ["shares of cells, intervals, pairs"]
        notes += [f"after {analysis.warmup_ms:g} ms of warm-up"] if analysis.warmup_ms > 0 else []
        notes.append(f"CV of {analysis.min_isis} or more intervals")
        notes.append(f"{analysis.correlation_pairs:,} pairs, bins of {analysis.correlation_bin_ms:g} ms")
        notes += _beyond({"intervals": columns[1], "correlations": columns[3]})
        style.note(figure, "; ".join(notes))
        return figure


def _together(recording: Recording, columns: Sequence[_Column], heading: str, title: str) -> Figure:
    height = 4.2
    colours = style.colours_of(recording.populations)
    figure = style.page(heading, title, colours, height)
    for place, column in enumerate(columns):
        axes = style.panel(
            figure,
            style.LEFT_IN + place * (_WIDTH_IN + _BETWEEN_IN),
            style.BOTTOM_IN + 0.05,
            _WIDTH_IN,
            height - style.TOP_IN - style.BOTTOM_IN - 0.15,
        )
        if column.edges is None:
            style.say(axes, column.missing)
            axes.set_xticks([])
            axes.set_xlabel(column.label)
            axes.set_ylabel(column.share)
            continue
        _histograms(axes, column, column.edges, colours)
        style.scale(axes, "x", column.label, most=3)
        style.scale(axes, "y", column.share, most=5)
    return figure


def _apart(recording: Recording, columns: Sequence[_Column], heading: str, title: str) -> Figure:
    rows = rows_of(recording)[: len(recording.populations)]
    row_in, gap_in, between_in = 0.52, 0.08, 0.25
    width = (style.PAGE_WIDTH_IN - style.LEFT_IN - style.RIGHT_IN - 3 * between_in) / 4
    height = style.TOP_IN + style.BOTTOM_IN + len(rows) * (row_in + gap_in)
    figure = style.page(heading, title, {}, height)
    for place, column in enumerate(columns):
        left = style.LEFT_IN + place * (width + between_in)
        for line, row in enumerate(rows):
            bottom = height - style.TOP_IN - (line + 1) * row_in - line * gap_in
            axes = style.panel(figure, left, bottom, width, row_in)
            name = row.group.name
            if place == 0:
                name_row(axes, row, row.size)
            axes.set_yticks([])
            if column.edges is None or column.values[name].size == 0:
                style.say(axes, column.missing.replace("\n", " "), size=9)
            if column.edges is not None:
                _histograms(axes, column, column.edges, {name: row.colour})
            last = line == len(rows) - 1
            if last and column.edges is not None:
                style.scale(axes, "x", column.label, most=4)
            elif last:
                axes.set_xticks([])
                axes.set_xlabel(column.label)
            else:
                axes.set_xticks([])
    return figure


def _rates(trains: Mapping[str, Trains]) -> _Column:
    labels = "rate of a cell (Hz)", "share of cells (%)", "no spikes"
    rates = {name: statistics.rates_hz(train) for name, train in trains.items()}
    if not any(len(train.ids) for train in trains.values()):
        return _Column(rates, None, *labels)
    one_spike = 1 / next(iter(trains.values())).duration_s
    return _Column(rates, _edges(max(float(rate.max()) for rate in rates.values()), one_spike), *labels)


def _intervals(trains: Mapping[str, Trains]) -> _Column:
    labels = "inter-spike interval (ms)", "share of intervals (%)", "no intervals"
    intervals = {name: statistics.intervals_ms(train)[1] for name, train in trains.items()}
    pooled = np.concatenate(list(intervals.values()))
    if pooled.size == 0:
        return _Column(intervals, None, *labels)
    edges = _edges(float(np.percentile(pooled, MOST)), next(iter(trains.values())).dt_ms)
    return _Column(intervals, edges, *labels)


def _beyond(columns: Mapping[str, _Column]) -> list[str]:
    """The remark on what is beyond the axes; none if nothing is."""
    shares = []
    for what, column in columns.items():
        if column.edges is not None:
            values = np.concatenate(list(column.values.values()))
            beyond = np.mean((values < column.edges[0]) | (values > column.edges[-1]))
            shares += [f"{100 * beyond:.2g} % of {what}"] if beyond else []
    return [f"beyond the axes: {', '.join(shares)}"] if shares else []


def _variation(trains: Mapping[str, Trains], min_isis: int) -> _Column:
    labels = "CV of a cell's intervals", "share of cells (%)", f"no cell has\n{min_isis} intervals"
    variations: dict[str, NDArray[np.float64]] = {}
    for name, train in trains.items():
        try:
            variations[name] = statistics.cv_isi(train, min_isis)
        except UndefinedMetricError:
            variations[name] = np.empty(0)
    highest = max((float(values.max()) for values in variations.values() if values.size), default=None)
    if highest is None:
        return _Column(variations, None, *labels)
    return _Column(variations, np.linspace(0, max(1.0, 1.05 * highest), BINS + 1), *labels)


def _correlations(trains: Mapping[str, Trains], analysis: AnalysisConfig) -> _Column:
    labels = "correlation of a pair", "share of pairs (%)", "no pair of cells\nthat fire"
    found: dict[str, NDArray[np.float64]] = {}
    for name, train in trains.items():
        try:
            binned = bin_counts(train, analysis.correlation_bin_ms, "analysis.correlation_bin_ms")
            rng = np.random.default_rng(_PAIR_SEED)
            found[name] = statistics.pair_correlations(binned, analysis.correlation_pairs, rng)
        except UndefinedMetricError:
            found[name] = np.empty(0)
    pooled = np.concatenate(list(found.values()))
    if pooled.size == 0:
        return _Column(found, None, *labels)
    low, high = (float(np.percentile(pooled, percent)) for percent in (100 - MOST, MOST))
    room = 0.05 * (high - low) or 0.1
    return _Column(found, np.linspace(low - room, high + room, BINS + 1), *labels, signed=True)


def _edges(top: float, unit: float) -> NDArray[np.float64]:
    """Edges of about BINS bins up to ``top``, half a unit away from the whole units that the values consist of."""
    units = round(top / unit)
    width = -(-(units + 1) // BINS)
    return np.asarray((np.arange(0, units + 1 + width, width) - 0.5) * unit, dtype=np.float64)


def _histograms(axes: Axes, column: _Column, edges: NDArray[np.float64], colours: Mapping[str, str]) -> None:
    for order, (name, colour) in enumerate(colours.items()):
        values = column.values[name]
        if values.size:
            percent = 100 * np.histogram(values, edges)[0] / values.size
            style.histogram(axes, percent, edges, colour, order)
    axes.set_xlim(edges[0] if column.signed else max(edges[0], 0.0), edges[-1])
    axes.set_ylim(bottom=0)
