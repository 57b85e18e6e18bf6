"""Figures of a run."""

from varesearch.plots.figure import FigureDefinition, figure_definitions
from varesearch.plots.figures import figure_title, write_figures

__all__ = ["FigureDefinition", "figure_definitions", "figure_title", "write_figures"]
