"""The figures of a run, each in one module, and what the file of a figure needs to import.

Nothing lists the figures: :func:`varesearch.config.parts.parts` finds them.
"""

from varesearch.config.schema import AnalysisConfig
from varesearch.plots import style
from varesearch.plots.figure import FigureDefinition
from varesearch.plots.rows import (
    FEW,
    Row,
    common_fraction,
    drawn_cells,
    fraction_notes,
    heights,
    name_row,
    rows_of,
)
from varesearch.plots.times import TRANSIENT, time_axis, time_window
from varesearch.recording import PopulationRecording, Recording, Signal, sampled_ids

__all__ = [
    "FEW",
    "TRANSIENT",
    "AnalysisConfig",
    "FigureDefinition",
    "PopulationRecording",
    "Recording",
    "Row",
    "Signal",
    "common_fraction",
    "drawn_cells",
    "fraction_notes",
    "heights",
    "name_row",
    "rows_of",
    "sampled_ids",
    "style",
    "time_axis",
    "time_window",
]
