"""The power spectra of the populations' rates."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from varesearch.metrics.definitions._spectrum import spectrum
from varesearch.metrics.metric import population_data
from varesearch.metrics.values import UndefinedMetricError
from varesearch.plots.definitions import AnalysisConfig, FigureDefinition, Recording, style
from varesearch.plots.definitions._panels import population_panels, population_rows


class Spectra(FigureDefinition):
    """The power spectrum of the rate of each population, with its peak and the level of independent Poisson cells."""

    what = "power spectra of the population rates, their peaks, and the level of independent Poisson cells"
    on_request = "spectrum"
    place = 60

    @classmethod
    def draw(cls, recording: Recording, analysis: AnalysisConfig, title: str) -> Figure:
        rows = population_rows(recording)
        figure, panels = population_panels(
            "Power spectrum of the population rate", title, rows, [("", "frequency (Hz)")]
        )
        shown = []
        for row, (axes,) in zip(rows, panels, strict=True):
            data = population_data(recording, row.group, analysis, 0)
            try:
                found = spectrum(data)
            except UndefinedMetricError as reason:
                style.say(axes, str(reason), size=9)
                axes.set_xticks([])
                continue
            shown.append(axes)
            axes.semilogy(found.frequencies_hz, found.power, color=row.colour, linewidth=1.2)
            poisson = 2 * data.rates_hz.mean() / row.group.size
            axes.axhline(poisson, color=style.QUIET_COLOUR, linewidth=0.8, linestyle="--")
            axes.set_xlim(0, found.frequencies_hz[-1])
            axes.set_ylim(found.power.min() / 2, found.power.max() * 12)  # the name stands above the curve
            try:
                k = found.peak()
            except UndefinedMetricError:
                continue
            axes.plot([found.frequencies_hz[k]], [found.power[k]], "o", color=row.colour, markersize=4.5)
            _name_peak(axes, found.frequencies_hz[k], found.power[k], row.colour)
        style.shared_label(figure, [axes for (axes,) in panels], "y", "power (Hz²/Hz)", style.LEFT_IN - 0.25)
        notes = [f"after {analysis.warmup_ms:g} ms of warm-up"] if analysis.warmup_ms > 0 else []
        notes.append(f"segments of {analysis.spectrum_window_ms:g} ms, bins of {analysis.spectrum_bin_ms:g} ms")
        notes += ["dot: peak above noise; dashed: as many independent Poisson cells"] if shown else []
        style.note(figure, "; ".join(notes))
        return figure


def _name_peak(axes: Axes, frequency_hz: float, power: float, colour: str) -> None:
    """Write the frequency above its dot, or beside it near the end of the axis, where the population is named."""
    share = frequency_hz / axes.get_xlim()[1]
    place = (-6, 0) if share > 0.85 else (0, 4)
    axes.annotate(
        f"{frequency_hz:.4g} Hz",
        (frequency_hz, power),
        xytext=place,
        textcoords="offset points",
        ha="right" if share > 0.85 else "left" if share < 0.05 else "center",
        va="center" if share > 0.85 else "bottom",
        size=8.5,
        color=colour,
    )
