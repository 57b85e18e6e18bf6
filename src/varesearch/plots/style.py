"""One look for all figures: colours, sizes, and the page that a figure is drawn on.

Figures are matplotlib objects with a canvas of their own: no pyplot, no global state, usable from any thread.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from varesearch.plots.colours import (
    ORDERED_MAP,
    colours_of,
    level_colours,
    population_colours,
    source_colours,
)

__all__ = ["ORDERED_MAP", "colours_of", "level_colours", "population_colours", "source_colours"]

if TYPE_CHECKING:
    from matplotlib.typing import RcKeyType

_POPULATION_LABELS = {"exc": "excitatory", "inh": "inhibitory"}

TEXT_COLOUR = "#222222"
QUIET_COLOUR = "#666666"
WARMUP_COLOUR = "#ECECEC"
MARKERS = "os^DvPX*"

PNG_DPI = 120
PAGE_WIDTH_IN = 9.0
LEFT_IN = 0.85
RIGHT_IN = 0.35
TOP_IN = 0.75
BOTTOM_IN = 0.75
LEGEND_ROW_IN = 0.24

MOST_BESIDE = 4
"""So many populations have a legend at the right of the heading."""

RC: "dict[RcKeyType, Any]" = {
    "font.family": ["DejaVu Sans"],
    "font.size": 9.5,
    "text.color": TEXT_COLOUR,
    "axes.labelcolor": TEXT_COLOUR,
    "axes.edgecolor": QUIET_COLOUR,
    "axes.facecolor": "white",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "axes.labelsize": 9.5,
    "axes.titlesize": 10,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "axes.formatter.useoffset": False,
    "figure.facecolor": "white",
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "xtick.color": QUIET_COLOUR,
    "ytick.color": QUIET_COLOUR,
    "xtick.labelcolor": TEXT_COLOUR,
    "ytick.labelcolor": TEXT_COLOUR,
    "path.simplify": True,
    "savefig.bbox": None,
    "svg.fonttype": "none",  # text stays text: small files that can be searched and edited
    "svg.hashsalt": "varesearch",  # the same figure gives the same file
}
"""The settings of matplotlib, beside its defaults, while figures are drawn and saved."""


def population_label(name: str) -> str:
    """The name of a population in a figure."""
    return _POPULATION_LABELS.get(name, name)


def page(heading: str, title: str, colours: Mapping[str, str], height_in: float) -> Figure:
    """An empty page.

    Parameters
    ----------
    heading
        What it shows, in the largest letters.
    title
        Which run it is, beneath the heading.
    colours
        Population -> its colour, for a legend: at the right of the heading, or beneath it if there are many. Empty
        where the panels themselves name the populations.
    height_in
        Its height; a legend beneath the heading is added to it, so that positions from the bottom stay the same.
    """
    beside = len(colours) <= MOST_BESIDE
    legend = {} if beside else _flowing(colours)
    height_in += LEGEND_ROW_IN * (1 + max((row for _, row in legend.values()), default=-1))
    figure = Figure(figsize=(PAGE_WIDTH_IN, height_in), dpi=PNG_DPI)
    room_in = PAGE_WIDTH_IN - LEFT_IN - RIGHT_IN - (1.3 * -(-len(colours) // 2) if beside else 0.0)
    fitted_text(figure, LEFT_IN, height_in - 0.27, heading, room_in, size=12, weight="bold")
    fitted_text(figure, LEFT_IN, height_in - 0.51, title, room_in, size=9.5, color=QUIET_COLOUR)
    for place, (name, colour) in enumerate(colours.items() if beside else ()):
        column, row = divmod(place, 2)
        from_right = (len(colours) - 1) // 2 - column
        x = 1 - (RIGHT_IN + 1.3 * from_right) / PAGE_WIDTH_IN
        y = 1 - (0.27 + 0.24 * row) / height_in
        figure.text(x, y, population_label(name), size=10, weight="bold", color=colour, ha="right", va="center")
    for name, (x_in, row) in legend.items():
        y_in = height_in - 0.75 - LEGEND_ROW_IN * row
        looks = {"size": 10, "weight": "bold", "color": colours[name], "va": "center"}
        figure.text(x_in / PAGE_WIDTH_IN, y_in / height_in, population_label(name), **looks)
    return figure


def _flowing(names: Collection[str]) -> dict[str, tuple[float, int]]:
    """Where the names of a legend stand that fills the width of the page: inches from the left, and the row."""
    places: dict[str, tuple[float, int]] = {}
    x_in, row = LEFT_IN, 0
    for name in names:
        width_in = 0.095 * len(population_label(name)) + 0.25
        if x_in + width_in > PAGE_WIDTH_IN - RIGHT_IN and x_in > LEFT_IN:
            x_in, row = LEFT_IN, row + 1
        places[name] = x_in, row
        x_in += width_in
    return places


def panel(figure: Figure, left_in: float, bottom_in: float, width_in: float, height_in: float) -> Axes:
    """Axes at a position in inches, which costs less than an automatic layout and looks the same in every figure."""
    page_width, page_height = figure.get_size_inches()
    return figure.add_axes(
        (left_in / page_width, bottom_in / page_height, width_in / page_width, height_in / page_height)
    )


def note(figure: Figure, text: str) -> None:
    """A remark at the foot of the page."""
    fitted_text(figure, LEFT_IN, 0.14, text, PAGE_WIDTH_IN - LEFT_IN - 0.1, size=8.5, color=QUIET_COLOUR)


def fitted_text(
    figure: Figure, left_in: float, middle_in: float, text: str, room_in: float, size: float, **looks: Any
) -> None:
    """Write a line at a position in inches; if it is wider than ``room_in``, in a smaller size and finally cut."""
    width, height = figure.get_size_inches()
    line = figure.text(left_in / width, middle_in / height, text, size=size, va="center", **looks)

    def share() -> float:
        return float(line.get_window_extent().width) / figure.dpi / room_in

    # Letters are fitted to pixels, so that a line does not become narrower in proportion to its size.
    smallest, shown = 0.75 * size, text
    while share() > 1 and size > smallest:
        size = max(smallest, min(size / share(), size - 0.1))
        line.set_fontsize(size)
    while share() > 1 and len(shown) > 1:
        shown = shown[: min(int(len(shown) / share()), len(shown) - 1)]
        line.set_text(f"{shown}…")


def fitted_label(axes: Axes, text: str) -> None:
    """Label the x axis, on two lines if the label is wider than the panel."""
    room_in = axes.get_window_extent().width / _figure(axes).dpi + 0.3
    label = axes.set_xlabel(text)
    needed_in = label.get_window_extent().width / _figure(axes).dpi
    if needed_in > room_in:
        head, dot, last = text.rpartition(".")
        label.set_text(f"{head}{dot}\n{last}")


def _figure(axes: Axes) -> Figure:
    figure = axes.get_figure(root=True)
    assert figure is not None
    return figure


def shared_label(figure: Figure, panels: Sequence[Axes], which: Literal["x", "y"], text: str, away_in: float) -> None:
    """Label the axis that several panels share: below them or to their left, centred, at a distance ``away_in``."""
    width, height = figure.get_size_inches()
    boxes = [axes.get_position() for axes in panels]
    left, right = min(box.x0 for box in boxes), max(box.x1 for box in boxes)
    bottom, top = min(box.y0 for box in boxes), max(box.y1 for box in boxes)
    if which == "x":
        figure.text((left + right) / 2, bottom - away_in / height, text, size=9.5, ha="center", va="center")
    else:
        place = left - away_in / width, (bottom + top) / 2
        figure.text(*place, text, size=9.5, ha="center", va="center", rotation=90)


def scale(
    axes: Axes, which: Literal["x", "y"], label: str, *, most: int = 6, whole: bool = False, colour: str = TEXT_COLOUR
) -> None:
    """Label an axis and put ticks at round values (whole numbers if ``whole``), with at most ``most`` intervals."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    steps = [1, 2, 5, 10] if whole else [1, 2, 2.5, 5, 10]
    axis.set_major_locator(MaxNLocator(most, steps=steps, integer=whole, min_n_ticks=1))
    axis.set_label_text(label, color=colour)


def say(axes: Axes, text: str, size: float = 12) -> None:
    """Write a text in place of data that do not exist; the y axis, which they would have scaled, has no ticks."""
    axes.set_yticks([])
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", size=size, color=QUIET_COLOUR)


def overlay_width(order: int, points: int) -> float:
    """Line width of the ``order``-th of several curves that may coincide: the first is broad, the others are thin.

    Curves of many points are thinner, since they would merge otherwise.
    """
    return (2.2 if order == 0 else 1.1) * (1.0 if points <= 250 else 0.6)


def histogram(axes: Axes, heights: NDArray[np.floating], edges: NDArray[np.floating], colour: str, order: int) -> None:
    """The outline of a histogram, the ``order``-th on these axes."""
    if order == 0:
        axes.stairs(heights, edges, color=colour, fill=True, alpha=0.22)
    axes.stairs(heights, edges, color=colour, linewidth=overlay_width(order, len(heights)))


def number(value: float) -> str:
    """A number in a remark, with a minus sign as on the axes."""
    return f"{value:.4g}".replace("-", "\u2212")


def shade_warmup(axes: Axes, warmup_ms: float) -> None:
    """A grey band over the time that the metrics discard."""
    if warmup_ms > 0:
        axes.axvspan(0, warmup_ms, color=WARMUP_COLOUR, lw=0, zorder=0)
