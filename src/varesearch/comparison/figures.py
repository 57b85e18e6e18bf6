"""Figures of a comparison: rasters one above the other, distributions, divergence over time."""

from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from varesearch.comparison.distributions import STATISTICS
from varesearch.comparison.spread import Spread
from varesearch.comparison.verdict import Verdict
from varesearch.plots.style import (
    BOTTOM_IN,
    LEFT_IN,
    PAGE_WIDTH_IN,
    PNG_DPI,
    QUIET_COLOUR,
    RC,
    RIGHT_IN,
    TOP_IN,
    note,
    page,
    panel,
    population_colours,
    population_label,
    say,
)
from varesearch.recording import Recording

_WIDTH_IN = PAGE_WIDTH_IN - LEFT_IN - RIGHT_IN
_STATISTIC_LABELS = {
    "rate": "rate of a cell (Hz)",
    "cv_isi": "CV of a cell's intervals",
    "correlation": "correlation of two cells",
    "v": "membrane potential (mV)",
}
# More spikes than this would only blacken the raster; every k-th is shown then, and the figure says so.
_RASTER_SPIKES = 40_000


def write_figures(
    names: tuple[str, str],
    recordings: tuple[Recording, Recording],
    verdict: Verdict,
    spread: Spread | None,
    folder: Path,
) -> list[Path]:
    """Write ``rasters``, ``distributions`` and, for runs of one network, ``divergence`` as PNG; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    title = f"{names[0]}  against  {names[1]}: {verdict.answer.value}"
    files = []
    with rc_context(RC):
        figures = {
            "rasters": _rasters(names, recordings, title),
            "distributions": _distributions(names, recordings[0], verdict, title),
            "divergence": _divergence(recordings[0], verdict, spread, title),
        }
        for name, figure in figures.items():
            if figure is not None:
                path = folder / f"{name}.png"
                figure.savefig(path, dpi=PNG_DPI)
                files.append(path)
    return files


def _rasters(names: tuple[str, str], recordings: tuple[Recording, Recording], title: str) -> Figure:
    height = 2.6
    figure = page(
        "Spikes, one above the other", title, recordings[0].populations, 2 * height + TOP_IN + BOTTOM_IN + 0.2
    )
    shown = max(1, max(sum(len(p.spike_ids) for p in r.populations.values()) for r in recordings) // _RASTER_SPIKES)
    for row, (name, recording) in enumerate(zip(names, recordings, strict=True)):
        axes = panel(figure, LEFT_IN, BOTTOM_IN + (1 - row) * (height + 0.2), _WIDTH_IN, height)
        offset = 0
        for population, colour in population_colours(recording.populations).items():
            spikes = recording.populations[population]
            axes.plot(
                spikes.spike_times_ms[::shown],
                spikes.spike_ids[::shown] + offset,
                ".",
                color=colour,
                markersize=1.2,
                markeredgewidth=0,
                rasterized=True,
            )
            offset += spikes.size
        axes.set_xlim(0, recording.duration_ms)
        axes.set_ylim(-1, offset)
        axes.set_ylabel(f"cell  ({name})")
        if row == 0:
            axes.set_xticklabels([])
        else:
            axes.set_xlabel("time (ms)")
    if shown > 1:
        note(figure, f"one spike in {shown} is drawn")
    return figure


def _distributions(names: tuple[str, str], recording: Recording, verdict: Verdict, title: str) -> Figure:
    height = 1.9
    populations = list(recording.populations)
    figure = page("Distributions", title, populations, len(populations) * (height + 0.55) + TOP_IN + BOTTOM_IN - 0.3)
    width = (_WIDTH_IN - 3 * 0.5) / 4
    colours = population_colours(populations)
    for row, population in enumerate(populations):
        for column, statistic in enumerate(STATISTICS):
            bottom = BOTTOM_IN + (len(populations) - 1 - row) * (height + 0.55)
            axes = panel(figure, LEFT_IN + column * (width + 0.5), bottom, width, height)
            key = (population, statistic)
            _cumulative(axes, [sample.samples.get(key) for sample in verdict.samples], colours[population])
            axes.set_xlabel(_STATISTIC_LABELS[statistic])
            if column == 0:
                axes.set_ylabel(f"cumulative share\n{population_label(population)}")
    note(figure, f"broad: {names[0]};  thin black: {names[1]}")
    return figure


def _cumulative(axes: Axes, samples: list[np.ndarray | None], colour: str) -> None:
    drawn = False
    lines = ({"color": colour, "lw": 3.0, "alpha": 0.6}, {"color": "black", "lw": 0.9})
    for sample, line in zip(samples, lines, strict=True):
        if sample is not None and len(sample):
            ordered = np.sort(sample)
            axes.plot(ordered, np.arange(1, len(ordered) + 1) / len(ordered), **line)
            drawn = True
    if not drawn:
        say(axes, "undefined")
        return
    axes.set_ylim(0, 1)


def _divergence(recording: Recording, verdict: Verdict, spread: Spread | None, title: str) -> Figure | None:
    parting = verdict.divergence
    if parting is None:
        return None
    figure = page("How the trains part", title, [], 3.2 + TOP_IN + BOTTOM_IN)
    axes = panel(figure, LEFT_IN, BOTTOM_IN, _WIDTH_IN, 3.2)
    if spread is not None:
        for k, row in enumerate(spread.coincidence):
            label = f"seeds of {spread.backend}, start perturbed by {spread.perturbation_mv:g} mV" if k == 0 else None
            axes.plot(spread.times_ms, row, color=QUIET_COLOUR, lw=0.9, alpha=0.7, label=label)
    axes.plot(parting.times_ms, parting.coincidence, color="#0072B2", lw=2.2, label="the two runs")
    axes.set_xlim(0, recording.duration_ms)
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("time (ms)")
    axes.set_ylabel("share of spikes so far that both have")
    axes.legend(frameon=False, loc="upper right")
    first = "no spike differs" if parting.first_ms is None else f"first difference at {parting.first_ms:g} ms"
    note(figure, first + ("; spread from an earlier session" if spread is not None and spread.cached else ""))
    return figure
