"""The scale of an axis: its marks as one artist, its numbers as one each.

Matplotlib makes five artists for every tick, and copies their properties one by one: that was a third of the time of
all figures of a run, which is most of what a small run of a sweep costs beyond its simulation.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.markers import TICKDOWN, TICKLEFT
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator, NullLocator
from matplotlib.transforms import ScaledTranslation, TransformedPatchPath
from numpy.typing import NDArray

from varesearch.plots.style import QUIET_COLOUR, TEXT_COLOUR, number

_SIZE_PT, _LENGTH_PT, _PAD_PT, _WIDTH_PT = 9.0, 3.5, 3.0, 0.8
# Widths in DejaVu Sans, in units of the type's size; the digits are all alike.
_EM = {".": 0.318, "\u2212": 0.838, "+": 0.838, "e": 0.615}
_DIGIT_EM = 0.636


def no_scale(axes: Axes, which: Literal["x", "y"]) -> None:
    """Neither marks nor numbers."""
    (axes.xaxis if which == "x" else axes.yaxis).set_major_locator(NullLocator())


def scale(
    axes: Axes,
    which: Literal["x", "y"],
    label: str = "",
    *,
    most: int = 9,
    whole: bool = False,
    numbers: bool = True,
    colour: str = TEXT_COLOUR,
) -> None:
    """Marks at round values within the limits as they are now, ``most`` intervals of them; and the axis's ``label``.

    ``whole``: at whole numbers only. Without ``numbers`` there are only marks, as on the upper of two panels.
    """
    low, high = sorted(axes.get_xlim() if which == "x" else axes.get_ylim())
    locator = MaxNLocator(most, steps=[1, 2, 5, 10] if whole else [1, 2, 2.5, 5, 10], integer=whole, min_n_ticks=1)
    places = np.asarray(locator.tick_values(low, high))
    slack = 1e-9 * (high - low)
    places = places[(places >= low - slack) & (places <= high + slack)]
    named_scale(axes, which, places, [number(round(place, 12)) for place in places] if numbers else [], label, colour)


def named_scale(
    axes: Axes,
    which: Literal["x", "y"],
    places: NDArray[np.floating] | NDArray[np.integer],
    names: Sequence[str],
    label: str = "",
    colour: str = TEXT_COLOUR,
) -> None:
    """Marks at ``places`` with their ``names`` (none: marks alone), and the axis's ``label``."""
    no_scale(axes, which)
    along = axes.get_xaxis_transform() if which == "x" else axes.get_yaxis_transform()
    ends = np.zeros(len(places))
    # Marks lie across the edge: they must neither be cut off there nor move the limits.
    limits = axes.get_xlim(), axes.get_ylim()
    axes.plot(
        *((places, ends) if which == "x" else (ends, places)),
        linestyle="none",
        marker=TICKDOWN if which == "x" else TICKLEFT,
        markersize=_LENGTH_PT,
        markeredgewidth=_WIDTH_PT,
        color=QUIET_COLOUR,
        transform=along,
        clip_on=False,
    )
    axes.set_xlim(*limits[0])
    axes.set_ylim(*limits[1])
    away = -(_LENGTH_PT + _PAD_PT) / 72
    figure = axes.get_figure()
    assert figure is not None
    shift = ScaledTranslation(*((0, away) if which == "x" else (away, 0)), figure.dpi_scale_trans)
    ha, va = ("center", "top") if which == "x" else ("right", "center_baseline")
    # Matplotlib would make each number an area to be cut off at, which none needs, for half of its cost.
    uncut = TransformedPatchPath(axes.patch)
    for place, name in zip(places, names, strict=False):
        x, y = (place, 0) if which == "x" else (0, place)
        text = Text(x, y, name, size=_SIZE_PT, transform=along + shift, ha=ha, va=va, clip_on=False)
        text.set_clip_path(uncut)
        axes.add_artist(text)
    if label:
        room = (_LENGTH_PT + _PAD_PT if len(places) else 0.0) + 4.0
        if which == "x":
            axes.set_xlabel(label, color=colour, labelpad=room + (1.2 * _SIZE_PT if names else 0.0))
        else:
            axes.set_ylabel(label, color=colour, labelpad=room + max(map(_width_pt, names), default=0.0))


def _width_pt(text: str) -> float:
    return _SIZE_PT * sum(_EM.get(character, _DIGIT_EM) for character in text)
