"""The figures of a run, each in one module, and what the file of a figure needs to import.

Nothing lists the figures: :func:`varesearch.config.parts.parts` finds them.
"""

from varesearch.config.schema import AnalysisConfig
from varesearch.plots import style
from varesearch.plots.figure import FigureDefinition
from varesearch.plots.times import TRANSIENT, time_axis, time_window
from varesearch.recording import PopulationRecording, Recording, Signal, sampled_ids

__all__ = [
    "TRANSIENT",
    "AnalysisConfig",
    "FigureDefinition",
    "PopulationRecording",
    "Recording",
    "Signal",
    "sampled_ids",
    "style",
    "time_axis",
    "time_window",
]
