"""The diagram of a network of many populations: a matrix, for arrows between them could not be followed."""

import math

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from varesearch.config.structure import Structure
from varesearch.describe.connectivity import synapses_per_cell
from varesearch.describe.inputs import acting
from varesearch.plots.colours import population_colours
from varesearch.plots.style import PNG_DPI, QUIET_COLOUR, RC

_CELL = 0.32
_LETTER = 0.085
_LARGEST = 20.0
"""The width of the largest mark in points, of which a cell of the matrix has 23."""


def matrix_figure(structure: Structure) -> Figure:
    """Draw a row for each target and a column for each source, a mark for each projection, and inputs in grey."""
    names, stimuli = list(structure.populations), acting(structure)
    labels = [f"{name} ({structure.populations[name].size})" for name in names]
    inputs = [each.name or each.stimulus.kind for each in stimuli]
    room = _LETTER * max(map(len, [*labels, *inputs])) + 0.5
    width, height = (len(names) + len(inputs)) * _CELL, len(names) * _CELL
    with mpl.rc_context(RC):
        page = room + max(width, 4.0) + 0.2, room + height + 0.8
        figure = Figure(figsize=page, dpi=PNG_DPI)
        FigureCanvasAgg(figure)
        axes = figure.add_axes((room / page[0], 0.8 / page[1], width / page[0], height / page[1]))
        axes.set(xlim=(-0.5, len(names) + len(inputs) - 0.5), ylim=(len(names) - 0.5, -0.5))
        axes.set_xticks(range(len(names) + len(inputs)), [*names, *inputs], rotation=90)
        axes.set_yticks(range(len(names)), labels)
        axes.tick_params(length=0, top=True, labeltop=True, labelbottom=False)
        axes.set_axisbelow(True)
        axes.grid(color="#EEEEEE")
        axes.set_ylabel("target")
        axes.set_title("source", size=9.5)
        _draw_marks(axes, structure, names)
        for column, each in enumerate(stimuli, start=len(names)):
            for target in each.stimulus.reached(structure.sizes):
                axes.plot(column, names.index(target), marker=">", color=QUIET_COLOUR, markersize=6, linestyle="none")
        legend = (
            "circles: excitatory, squares: inhibitory, triangles: input",
            "area of a mark: mean synapses onto a target cell",
        )
        for y_in, text in zip((0.5, 0.25), legend, strict=True):
            figure.text(0.2 / page[0], y_in / page[1], text, size=8, va="center", color=QUIET_COLOUR)
    return figure


def _draw_marks(axes: Axes, structure: Structure, names: list[str]) -> None:
    colours = population_colours(names, structure.acts_on)
    received = {id(it): synapses_per_cell(it) for it in structure.projections}
    most = max(received.values(), default=0.0) or 1.0
    # The largest first, so that another projection of the same pair lies above it.
    for projection in sorted(structure.projections, key=lambda it: -received[id(it)]):
        if received[id(projection)]:
            axes.plot(
                names.index(projection.pre),
                names.index(projection.post),
                marker="o" if projection.receptor == "excitatory" else "s",
                markersize=max(1.5, _LARGEST * math.sqrt(received[id(projection)] / most)),
                markeredgecolor="white",
                markeredgewidth=0.5,
                color=colours[projection.pre],
                linestyle="none",
            )
