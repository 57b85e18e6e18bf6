"""Figures of a run."""

from varesearch.plots.figures import FIGURES, figure_title, write_figures

__all__ = ["FIGURES", "figure_title", "write_figures"]
