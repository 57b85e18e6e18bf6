"""Rows of a figure, one for each population or group of sources: who they are, how high they are, and their labels.

A few groups have the room for axes of their own with ticks. With more than :data:`FEW`, each has a lower row with its
name and size at its left.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from varesearch.plots import style
from varesearch.recording import PopulationRecording, Recording, sampled_ids

FEW = 3
"""So many groups are drawn in the manner of a figure of two populations."""
FEWEST = 20
"""So many cells of each group are drawn, however small a fraction is drawn."""


@dataclass(frozen=True)
class Row:
    """A population, or a group of sources, with its colour and the words that a figure uses for it.

    ``cell`` is the word for one of its members, such as ``excitatory cell``; ``label`` its short name.
    """

    group: PopulationRecording
    colour: str
    label: str
    cell: str
    is_source: bool = False

    @property
    def cells(self) -> str:
        """The word for its members."""
        return f"{self.cell}s"

    @property
    def size(self) -> str:
        """How many they are, and that they are input, not cells."""
        return f"{self.group.size:,}{' inputs' if self.is_source else ''}"


def rows_of(recording: Recording) -> list[Row]:
    """Return the populations, then the sources."""
    colours = style.colours_of(recording.populations)
    rows = []
    for name, population in recording.populations.items():
        label = style.population_label(name)
        rows.append(Row(population, colours[name], label, f"{label} cell"))
    for name, colour in style.source_colours(recording.sources).items():
        rows.append(Row(recording.sources[name], colour, name, f"{name} input", is_source=True))
    return rows


def common_fraction(groups: Sequence[PopulationRecording], most_cells: int, most_spikes: int) -> float:
    """Return the fraction of the cells of every group with which a figure has so many cells and spikes at most.

    It is 1, or a number of two digits.
    """
    cells = sum(group.size for group in groups)
    spikes = sum(len(group.spike_ids) for group in groups)
    fraction = min(1.0, most_cells / max(cells, 1), most_spikes / max(spikes, 1))
    return fraction if fraction == 1.0 else float(f"{fraction:.1e}")


def drawn_cells(size: int, fraction: float) -> NDArray[np.int32]:
    """Return that fraction of the cells of a group, evenly spread, but :data:`FEWEST` at least."""
    return sampled_ids(size, min(size, max(FEWEST, round(fraction * size))))


def fraction_notes(groups: Sequence[PopulationRecording], fraction: float) -> list[str]:
    """Return the remark on which cells are drawn; none if all are."""
    if fraction == 1.0:
        return []
    more = any(group.size * fraction < FEWEST for group in groups)
    return [f"drawn: {100 * fraction:.2g} % of the cells of each population" + (f", {FEWEST} at least" if more else "")]


def heights(weights: Sequence[float], room: float, least: float) -> list[float]:
    """Share out ``room`` in proportion to the weights, none less than ``least``, beyond the room if necessary.

    Examples
    --------
    >>> heights([3.0, 1.0], 4.0, 1.5)
    [2.5, 1.5]
    """
    if room <= least * len(weights):
        return [least] * len(weights)
    low = [weight * room < least * sum(weights) for weight in weights]
    if not any(low):
        return [room * weight / sum(weights) for weight in weights]
    high = [weight for weight, is_low in zip(weights, low, strict=True) if not is_low]
    shared = iter(heights(high, room - least * sum(low), least))
    return [least if is_low else next(shared) for is_low in low]


def name_row(axes: Axes, row: Row, note: str = "") -> None:
    """Write the name of a row to the left of its axes, with a note, such as its size, beneath; take its ticks away."""
    figure = axes.get_figure(root=True)
    assert isinstance(figure, Figure)
    axes.set_yticks([])
    box, (width, height) = axes.get_position(), figure.get_size_inches()
    right_in, middle_in = box.x0 * width - 0.08, (box.y0 + box.y1) / 2 * height
    up = 0.08 if note else 0.0
    style.fitted_text(
        figure, right_in, middle_in + up, row.label, right_in - 0.05, size=9.5, color=row.colour, ha="right"
    )
    if note:
        style.fitted_text(
            figure, right_in, middle_in - 0.09, note, right_in - 0.05, size=7.5, color=style.QUIET_COLOUR, ha="right"
        )
