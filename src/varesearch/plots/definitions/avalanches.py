"""The sizes and durations of the populations' avalanches."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from varesearch.metrics.avalanches import LEAST, power_law_exponent
from varesearch.metrics.definitions._avalanches import population_avalanches
from varesearch.metrics.metric import population_data
from varesearch.metrics.values import UndefinedMetricError
from varesearch.plots.definitions import AnalysisConfig, FigureDefinition, Recording, Row, style
from varesearch.plots.definitions._panels import population_panels, population_rows


class AvalancheFigure(FigureDefinition):
    """How large and how long the avalanches of each population are, on logarithmic axes."""

    what = "sizes and durations of avalanches, as the share that is at least so large or so long"
    on_request = "avalanches"
    place = 62

    @classmethod
    def draw(cls, recording: Recording, analysis: AnalysisConfig, title: str) -> Figure:
        rows = population_rows(recording)
        columns = [("size", "spikes"), ("duration", "bins")]
        figure, panels = population_panels("Avalanches", title, rows, columns)
        for row, line in zip(rows, panels, strict=True):
            try:
                found = population_avalanches(population_data(recording, row.group, analysis, 0))
            except UndefinedMetricError as reason:
                for axes in line:
                    style.say(axes, str(reason), size=8)
                    axes.set_xticks([])
                continue
            for axes, values in zip(line, (found.sizes, found.durations), strict=True):
                _draw(axes, row, values)
            line[0].annotate(
                f"{len(found.sizes):,} avalanches, bins of {found.bin_ms:g} ms",
                (0, 0),
                xytext=(4, 4),
                xycoords="axes fraction",
                textcoords="offset points",
                size=8,
                color=style.QUIET_COLOUR,
            )
        style.shared_label(figure, [line[0] for line in panels], "y", "share at least so large", style.LEFT_IN - 0.25)
        notes = [f"after {analysis.warmup_ms:g} ms of warm-up"] if analysis.warmup_ms > 0 else []
        notes.append(f"α: exponent of a power law, of {LEAST} or more avalanches; the share falls with α - 1")
        style.note(figure, "; ".join(notes))
        return figure


def _draw(axes: Axes, row: Row, values: NDArray[np.int64]) -> None:
    numbers, counts = np.unique(values, return_counts=True)
    share = counts[::-1].cumsum()[::-1] / len(values)
    axes.loglog(numbers, share, "o-", color=row.colour, markersize=2.5, linewidth=0.8)
    axes.set_ylim(share[-1] / 3, 3)
    axes.set_xlim(0.9, max(10.0, 1.5 * numbers[-1]))
    try:
        alpha = power_law_exponent(values)
    except UndefinedMetricError:
        return
    axes.annotate(
        f"α = {alpha:.3g}", (0.5, 1), xytext=(0, -2), xycoords="axes fraction", textcoords="offset points",
        ha="center", va="top", size=8.5,
    )  # fmt: skip
