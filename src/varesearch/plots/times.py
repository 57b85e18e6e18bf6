"""The time axis of figures."""

from matplotlib.axes import Axes

from varesearch.config.schema import AnalysisConfig
from varesearch.plots import style
from varesearch.recording import Recording

TRANSIENT = 2.0
"""The rate axis follows the rates after the warm-up when those within it are this many times higher."""

EVENT_WINDOW_MS = 1000.0
"""A time in which single spikes can be distinguished."""


def time_window(recording: Recording, analysis: AnalysisConfig) -> tuple[float, float]:
    """The whole run if it is short, otherwise EVENT_WINDOW_MS from the end of the warm-up, in ms."""
    if recording.duration_ms <= EVENT_WINDOW_MS:
        return 0.0, recording.duration_ms
    start = min(analysis.warmup_ms, recording.duration_ms - EVENT_WINDOW_MS)
    return start, start + EVENT_WINDOW_MS


def time_axis(axes: Axes, window: tuple[float, float], labelled: bool) -> None:
    """Limit the time axis to ``window``; the lowest of several panels is ``labelled`` and has the ticks."""
    axes.set_xlim(*window)
    if labelled:
        style.scale(axes, "x", "time (ms)")
    else:
        axes.set_xticks([])  # each tick costs about a millisecond in every run of a sweep
