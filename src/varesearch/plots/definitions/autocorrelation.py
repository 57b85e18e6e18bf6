"""The autocorrelations of the populations' rates and of their single trains."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from varesearch.metrics.definitions._autocorrelation import (
    Autocorrelation,
    mean_train_autocorrelation,
    rate_autocorrelation,
)
from varesearch.metrics.metric import population_data
from varesearch.metrics.values import UndefinedMetricError
from varesearch.plots.definitions import AnalysisConfig, FigureDefinition, Recording, Row, style
from varesearch.plots.definitions._panels import population_panels, population_rows

_COLUMNS = (("population rate", rate_autocorrelation), ("single trains, mean over cells", mean_train_autocorrelation))


class Autocorrelations(FigureDefinition):
    """The autocorrelation of the rate of each population beside the mean of those of its single spike trains."""

    what = "autocorrelations of the population rates, and of single spike trains (mean over cells)"
    on_request = "autocorrelation"
    place = 61

    @classmethod
    def draw(cls, recording: Recording, analysis: AnalysisConfig, title: str) -> Figure:
        rows = population_rows(recording)
        columns = [(name, "lag (ms)") for name, _ in _COLUMNS]
        figure, panels = population_panels("Autocorrelation", title, rows, columns)
        for row, line in zip(rows, panels, strict=True):
            data = population_data(recording, row.group, analysis, 0)
            for (_, compute), axes in zip(_COLUMNS, line, strict=True):
                try:
                    _draw(axes, row, compute(data))
                except UndefinedMetricError as reason:
                    style.say(axes, str(reason), size=8)
                    axes.set_xticks([])
        notes = [f"after {analysis.warmup_ms:g} ms of warm-up"] if analysis.warmup_ms > 0 else []
        notes.append(f"bins of {analysis.spectrum_bin_ms:g} ms; 1 at lag 0, which is not shown")
        notes.append("grey: what the largest value of white noise reaches (p = 0.01)")
        style.note(figure, "; ".join(notes))
        return figure


def _draw(axes: Axes, row: Row, found: Autocorrelation) -> None:
    lags_ms = np.arange(1, len(found.values) + 1) * found.bin_ms
    axes.axhspan(-found.noise, found.noise, color=style.WARMUP_COLOUR, lw=0, zorder=0)
    axes.axhline(0, color=style.QUIET_COLOUR, linewidth=0.6)
    axes.plot(lags_ms, found.values, color=row.colour, linewidth=1.1)
    axes.set_xlim(0, lags_ms[-1])
    low, high = min(float(found.values.min()), -found.noise), max(float(found.values.max()), found.noise)
    axes.set_ylim(low - 0.05 * (high - low), high + 0.3 * (high - low))
    style.scale(axes, "y", "", most=3)
