"""Figures of a comparison: metrics over seeds, spikes and rates on the same axes, distributions, divergence."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator
from numpy.typing import NDArray

from varesearch.comparison.coincidence import Divergence
from varesearch.comparison.effects import Effect
from varesearch.comparison.samples import INTERVALS, POTENTIAL, RunSamples, judged_metrics
from varesearch.comparison.spread import NaturalSpread
from varesearch.comparison.verdict import Verdict
from varesearch.config.schema import AnalysisConfig
from varesearch.metrics import metric_definitions
from varesearch.plots import style
from varesearch.plots.rows import FEW, common_fraction, drawn_cells, fraction_notes
from varesearch.plots.times import TRANSIENT
from varesearch.recording import PopulationRecording, Recording

COLOURS = ("#0072B2", "#D55E00")
"""The colours of A and B."""
_RASTER_SPIKES = 50_000
_RASTER_CELLS = 4_000
_LOOKS = {"solid": "-", "dashed": "--", "dotted": ":"}
"""The lines of the rates of populations on one axis."""
_GAP_IN = 0.16
_BETWEEN_IN = 0.42
"""Between the columns of A and B, so that the tick labels of their axes do not touch."""
_WIDTH_IN = style.PAGE_WIDTH_IN - style.LEFT_IN - style.RIGHT_IN
_LABEL_LETTERS = 58
_TICK_LETTERS = 12
"""So many letters of tick labels fit into an inch."""


@dataclass(frozen=True)
class DrawnSide:
    """What is drawn of one side: its label, the recording of its first run, and the results of every run.

    ``config_dir`` is the folder with metrics of the user's own.
    """

    label: str
    recording: Recording
    runs: Sequence[RunSamples]
    config_dir: Path | None = None


def write_figures(
    a: DrawnSide,
    b: DrawnSide,
    found: Sequence[Effect],
    analysis: AnalysisConfig,
    folder: Path,
    verdict: Verdict | None = None,
    spread: NaturalSpread | None = None,
) -> list[Path]:
    """Write the figures of a comparison as PNG.

    Parameters
    ----------
    a, b
        The two sides.
    found
        The effect on every metric.
    analysis
        How the recordings are read.
    folder
        Where the figures are written.
    verdict, spread
        The verdict on two runs, if there is one, and the natural spread that it used.

    Returns
    -------
    list of Path
        ``metrics.png``, ``rasters.png``, ``distributions.png`` and, for a verdict on one network, ``divergence.png``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    with rc_context(style.RC):
        figures = {
            "metrics": _metrics(a, b, found),
            "rasters": _rasters(a, b, analysis.rate_bin_ms, analysis.warmup_ms),
            "distributions": _distributions(a, b),
        }
        if verdict is not None and verdict.divergence is not None:
            figures["divergence"] = _divergence(a, b, verdict.divergence, spread)
        for name, figure in figures.items():
            path = folder / f"{name}.png"
            figure.savefig(path, dpi=style.PNG_DPI)
            files.append(path)
    return files


def _page(heading: str, a: DrawnSide, b: DrawnSide, height_in: float) -> Figure:
    """A page whose second line is the legend: A and B in their colours."""
    figure = style.page(heading, "", {}, height_in)
    for side, letter, colour, left in zip((a, b), "AB", COLOURS, (style.LEFT_IN, _right_column()), strict=True):
        text = side.label if len(side.label) <= _LABEL_LETTERS else f"{side.label[: _LABEL_LETTERS - 1]}…"
        figure.text(
            left / style.PAGE_WIDTH_IN,
            1 - 0.55 / height_in,
            f"{letter}  {text}",
            size=8.5,
            weight="bold",
            color=colour,
            va="center",
        )
    return figure


def _right_column() -> float:
    return style.LEFT_IN + (_WIDTH_IN + _BETWEEN_IN) / 2


def _populations(a: DrawnSide, b: DrawnSide) -> list[str]:
    return list(dict.fromkeys([*a.recording.populations, *b.recording.populations]))


def _rasters(a: DrawnSide, b: DrawnSide, bin_ms: float, warmup_ms: float) -> Figure:
    """A in the left column, B in the right one, with the same axes in each row."""
    populations = _populations(a, b)
    few = len(populations) <= FEW
    row_in = 1.9 if few else 0.62
    # The rates of many populations could not be told apart on one axis.
    rate_panels = [populations] if few else [[name] for name in populations]
    rate_in, rate_gap = (1.5, 0.0) if few else (0.5, 0.1)
    rates_in = len(rate_panels) * (rate_in + rate_gap)
    height = style.TOP_IN + style.BOTTOM_IN + len(populations) * (row_in + _GAP_IN) + rates_in
    figure = _page("Spikes and population rate", a, b, height)
    width = (_WIDTH_IN - _BETWEEN_IN) / 2
    until = max(side.recording.duration_ms for side in (a, b))
    groups = max((list(side.recording.populations.values()) for side in (a, b)), key=_spikes)
    fraction = common_fraction(groups, _RASTER_CELLS, _RASTER_SPIKES)
    for column, (side, left) in enumerate(zip((a, b), (style.LEFT_IN, _right_column()), strict=True)):
        for row, name in enumerate(populations):
            bottom = height - style.TOP_IN - (row + 1) * row_in - row * _GAP_IN
            axes = style.panel(figure, left, bottom, width, row_in)
            style.shade_warmup(axes, warmup_ms)
            _dots(axes, side.recording, name, fraction, COLOURS[column])
            largest = max(s.recording.populations[name].size for s in (a, b) if name in s.recording.populations)
            axes.set_xlim(0, until)
            axes.set_ylim(-0.5, largest - 0.5)
            axes.set_xticklabels([])
            _left_only(axes, column, f"{style.population_label(name)} cell" if few else name, upright=not few)
        for row, names in enumerate(rate_panels):
            bottom = style.BOTTOM_IN + (len(rate_panels) - 1 - row) * (rate_in + rate_gap)
            axes = style.panel(figure, left, bottom, width, rate_in)
            style.shade_warmup(axes, warmup_ms)
            _rates(axes, side, names, bin_ms, COLOURS[column])
            highest, start = _highest_rate(a, b, names, bin_ms, warmup_ms)
            axes.set_xlim(0, until)
            axes.set_ylim(0, highest * 1.08 or 1)
            axes.yaxis.set_major_locator(MaxNLocator(5 if few else 2) if highest else NullLocator())
            if start > highest and column == 0:
                text = f" up to {start:.3g} Hz at the start"
                axes.text(
                    warmup_ms,
                    0.99,
                    text,
                    transform=axes.get_xaxis_transform(),
                    size=8,
                    va="top",
                    color=style.QUIET_COLOUR,
                )
            if names is rate_panels[-1]:
                axes.set_xlabel("time (ms)")
            else:
                axes.set_xticklabels([])
            _left_only(axes, column, "rate (Hz)" if few else f"{names[0]}\n(Hz)", upright=not few, ticks=True)
    runs = max(len(side.runs) for side in (a, b))
    several = f", mean and range of {runs} seeds" if runs > 1 else ""
    notes = [f"rate in bins of {bin_ms:g} ms{several}"]
    notes += [", ".join(f"{look}: {name}" for look, name in zip(_LOOKS, populations, strict=False))] if few else []
    notes += ["spikes: first seed"] if runs > 1 else []
    notes += ["grey: warm-up"] if warmup_ms > 0 else []
    notes += fraction_notes(groups, fraction)
    style.note(figure, "; ".join(notes))
    return figure


def _spikes(groups: Sequence[PopulationRecording]) -> int:
    return sum(len(group.spike_ids) for group in groups)


def _left_only(axes: Axes, column: int, label: str, upright: bool = False, ticks: bool = False) -> None:
    """Label the y axis in the left column; a low row has an upright label, and no ticks unless it needs them."""
    if upright and not ticks:
        axes.set_yticks([])
    if column != 0:
        axes.set_yticklabels([])
    elif upright:
        axes.set_ylabel(label, rotation=0, ha="right", va="center", labelpad=6, size=9)
    else:
        axes.set_ylabel(label)


def _dots(axes: Axes, recording: Recording, name: str, fraction: float, colour: str) -> None:
    """Draw the spikes of that fraction of the cells of a population."""
    population = recording.populations.get(name)
    if population is None or not len(population.spike_ids):
        axes.text(0.5, 0.5, "no spikes" if population else "no such population", transform=axes.transAxes, ha="center")
        return
    kept = np.isin(population.spike_ids, drawn_cells(population.size, fraction))
    axes.plot(
        population.spike_times_ms[kept],
        population.spike_ids[kept],
        ".",
        color=colour,
        markersize=1.6,
        markeredgewidth=0,
        rasterized=True,
    )


def _rates(axes: Axes, side: DrawnSide, populations: Sequence[str], bin_ms: float, colour: str) -> None:
    for line, name in zip(_LOOKS.values(), populations, strict=False):
        curves = [run.rates_hz[name] for run in side.runs if name in run.rates_hz]
        if not curves:
            continue
        stacked = np.array(curves)
        centres = (np.arange(stacked.shape[1]) + 0.5) * bin_ms
        if len(curves) > 1:
            axes.fill_between(centres, stacked.min(axis=0), stacked.max(axis=0), color=colour, alpha=0.18, lw=0)
        axes.plot(centres, stacked.mean(axis=0), color=colour, lw=1.1, ls=line)


def _highest_rate(
    a: DrawnSide, b: DrawnSide, populations: Sequence[str], bin_ms: float, warmup_ms: float
) -> tuple[float, float]:
    """The end of the rate axis of some populations, and the highest rate of all.

    The axis is cut if a burst at the start is so high that the rates after the warm-up could not be seen.
    """
    runs = [run for side in (a, b) for run in side.runs]
    curves = [run.rates_hz[name] for run in runs for name in populations if name in run.rates_hz]
    highest = max((float(rates.max()) for rates in curves), default=0.0)
    first = int(np.ceil(warmup_ms / bin_ms - 1e-9))
    settled = max((float(rates[first:].max(initial=0.0)) for rates in curves), default=0.0)
    return (settled * 1.2 if 0 < TRANSIENT * settled < highest else highest), highest


def _distributions(a: DrawnSide, b: DrawnSide) -> Figure:
    """Cumulative distributions: a thin line for each seed and a thick one for all seeds together."""
    populations = _populations(a, b)
    few = len(populations) <= FEW
    row_in, between = (1.9, 0.75) if few else (0.8, 0.3)
    bottom_in = style.BOTTOM_IN + 0.15  # labels of two lines
    height = len(populations) * (row_in + between) + style.TOP_IN + bottom_in - between + 0.1
    figure = _page("Distributions", a, b, height)
    columns = {name: metric.values_label() for name, metric in judged_metrics(a.config_dir).items()}
    columns |= {INTERVALS: "inter-spike interval (ms)", POTENTIAL: "v (mV)"}
    width = (_WIDTH_IN - (len(columns) - 1) * _BETWEEN_IN) / len(columns)
    for row, population in enumerate(populations):
        for column, (what, label) in enumerate(columns.items()):
            bottom = bottom_in + (len(populations) - 1 - row) * (row_in + between)
            axes = style.panel(figure, style.LEFT_IN + column * (width + _BETWEEN_IN), bottom, width, row_in)
            _cumulative(axes, [_samples(side, population, what) for side in (a, b)])
            if what == INTERVALS and axes.lines:
                axes.set_xscale("log")
            if few or row == len(populations) - 1:
                axes.set_xlabel(textwrap.fill(label, 20, break_on_hyphens=False), size=8.5)
            name = style.population_label(population)
            _left_only(axes, column, f"cumulative share\n{name}" if few else name, upright=not few)
    several = any(len(side.runs) > 1 for side in (a, b))
    share = "" if few else "cumulative share; "
    style.note(figure, share + ("thin: each seed; thick: all seeds together" if several else "one seed each"))
    return figure


def _samples(side: DrawnSide, population: str, what: str) -> list[NDArray[np.float64]]:
    return [run.samples[population, what] for run in side.runs if (population, what) in run.samples]


def _cumulative(axes: Axes, sides: Sequence[Sequence[NDArray[np.float64]]]) -> None:
    if not any(sides):
        style.say(axes, "undefined")
        return
    for samples, colour in zip(sides, COLOURS, strict=True):
        for sample in samples if len(samples) > 1 else ():
            axes.plot(*_steps(sample), color=colour, lw=0.5, alpha=0.7)
        if samples:
            axes.plot(*_steps(np.concatenate(samples)), color=colour, lw=1.8, alpha=0.9)
    axes.set_ylim(0, 1)
    axes.xaxis.set_major_locator(MaxNLocator(3))


def _steps(sample: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The empirical distribution function at no more than 400 points, since more could not be seen."""
    ordered = np.sort(sample)
    places = np.unique(np.linspace(0, len(ordered) - 1, min(len(ordered), 400)).round().astype(int))
    return ordered[places], (places + 1) / len(ordered)


def _metrics(a: DrawnSide, b: DrawnSide, found: Sequence[Effect]) -> Figure:
    """The value of each metric in every run as a dot, with mean and standard deviation beside it.

    All values are shown, not only their means: Ho, Tumkaya, Aryal, Choi & Claridge-Chang 2019, Nat. Methods 16:565.
    """
    metrics = {name: metric for name, metric in metric_definitions(a.config_dir).items() if metric.in_figures}
    populations = _populations(a, b)
    # Undefined metrics come last in ``found``; each panel has the order of the populations.
    ordered = sorted(
        (it for it in found if it.population in populations), key=lambda it: populations.index(it.population)
    )
    by_metric = {name: [effect for effect in ordered if effect.metric == name] for name in metrics}
    shown = [name for name, effects in by_metric.items() if any(effect.a or effect.b for effect in effects)]
    columns = 4 if len(populations) <= FEW else 2
    rows = max(1, -(-len(shown) // columns))
    width = (_WIDTH_IN - (columns - 1) * 0.55) / columns
    slanted = sum(map(len, populations)) + len(populations) > _TICK_LETTERS * width
    row_in, between = 1.6, 0.75 + (0.05 * max(map(len, populations)) if slanted else 0.0)
    height = rows * (row_in + between) + style.TOP_IN + style.BOTTOM_IN - between
    height += between - 0.75
    figure = _page("Metrics of every run", a, b, height)
    for place, name in enumerate(shown):
        row, column = divmod(place, columns)
        bottom = height - style.TOP_IN - 0.15 - row_in - row * (row_in + between)
        axes = style.panel(figure, style.LEFT_IN + column * (width + 0.55), bottom, width, row_in)
        _strip(axes, by_metric[name], slanted)
        axes.set_title(metrics[name].axis_label(), loc="left", pad=5)
    several = any(len(side.runs) > 1 for side in (a, b))
    style.note(figure, "a dot for each seed; bars: mean ± 1 sd over seeds" if several else "one seed each: no spread")
    return figure


def _strip(axes: Axes, found: Sequence[Effect], slanted: bool) -> None:
    for group, effect in enumerate(found):
        for offset, values, mean, sd, colour in (
            (-0.2, effect.a, effect.mean_a, effect.sd_a, COLOURS[0]),
            (0.2, effect.b, effect.mean_b, effect.sd_b, COLOURS[1]),
        ):
            centre = group + offset
            spread = np.linspace(-0.07, 0.07, len(values)) if len(values) > 1 else np.zeros(len(values))
            axes.plot(centre + spread, values, "o", color=colour, markersize=3.2, alpha=0.75, markeredgewidth=0)
            if len(values) > 1:
                axes.errorbar(centre + 0.14, mean, sd, color=colour, fmt="_", capsize=2, lw=1.1, markersize=7)
    axes.set_xlim(-0.55, len(found) - 0.45)
    names = [effect.population for effect in found]
    axes.set_xticks(range(len(found)), names, rotation=40 if slanted else 0, ha="right" if slanted else "center")
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.margins(y=0.15)
    if not any(value for effect in found for value in (*effect.a, *effect.b)):
        # All values are 0, which defines no scale.
        axes.set_ylim(-0.05, 1)


def _divergence(a: DrawnSide, b: DrawnSide, parting: Divergence, spread: NaturalSpread | None) -> Figure:
    """The share of spikes that both runs have, up to each time; of the perturbed networks of the spread, too."""
    figure = _page("Divergence of the spike trains", a, b, 3.2 + style.TOP_IN + style.BOTTOM_IN)
    axes = style.panel(figure, style.LEFT_IN, style.BOTTOM_IN, _WIDTH_IN, 3.2)
    if spread is not None:
        perturbed = f"seeds of {spread.backend}, initial v perturbed by {spread.perturbation_mv:g} mV"
        for k, row in enumerate(spread.coincidence):
            axes.plot(spread.times_ms, row, color=style.QUIET_COLOUR, lw=0.9, alpha=0.7, label=None if k else perturbed)
    axes.plot(parting.times_ms, parting.coincidence, color="black", lw=2.2, label="A and B")
    axes.set_xlim(0, a.recording.duration_ms)
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("time (ms)")
    axes.set_ylabel("share of all spikes so far that A and B share")
    axes.legend(frameon=False, loc="center right")
    first = "no spike differs" if parting.first_ms is None else f"first difference at {parting.first_ms:g} ms"
    style.note(figure, first + ("; spread from an earlier session" if spread is not None and spread.cached else ""))
    return figure
