"""Texts of a figure that lie over one another, or beyond its edge."""

import itertools
from typing import Any

import numpy as np
from matplotlib.text import Text


def overprinted(page: Any) -> list[tuple[str, str]]:
    """Pairs of texts on a page that lie over one another; with a text that is cut off, the edge of the page."""
    page.draw_without_rendering()  # the canvas of a figure without a window does not lay out the labels of axes
    shown = [
        text for text in page.findobj(Text) if text.get_visible() and text.get_text().strip() and _is_on(text, page)
    ]
    boxes = [(text.get_text(), _corners(text)) for text in shown]
    width, height = page.canvas.get_width_height()
    inside = [box.min() >= -1 and (box <= (width + 1, height + 1)).all() for _, box in boxes]
    cut_off = [(name, "the edge of the page") for (name, _), within in zip(boxes, inside, strict=True) if not within]
    return cut_off + [(a, b) for (a, one), (b, other) in itertools.combinations(boxes, 2) if _meet(one, other)]


def _is_on(text: Any, page: Any) -> bool:
    # Axes keep the labels of ticks outside their limits, and hide those that tick_params turned off.
    for axes in page.axes:
        if not axes.axison and text in axes.findobj(Text):
            return False
        for axis in (axes.xaxis, axes.yaxis):
            if text in axis.get_ticklabels(which="both"):
                return any(text in (tick.label1, tick.label2) for tick in axis._update_ticks())
    return True


def _corners(text: Any) -> Any:
    """The four corners of a text's box, turned as the text is, half a pixel smaller on each side."""
    angle = text.get_rotation()
    tight = text.get_window_extent()
    if angle % 90 == 0:
        x0, y0, x1, y1 = tight.x0 + 0.5, tight.y0 + 0.5, tight.x1 - 0.5, tight.y1 - 0.5
        return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
    # The upright box of a line w by h that is turned by an angle is w cos + h sin wide, w sin + h cos high.
    cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    w, h = np.linalg.solve([[cos, sin], [sin, cos]], [tight.width, tight.height])
    middle = np.array([(tight.x0 + tight.x1) / 2, (tight.y0 + tight.y1) / 2])
    along, up = np.array([cos, sin]) * (w / 2 - 0.5), np.array([-sin, cos]) * (h / 2 - 0.5)
    return np.array([middle - along - up, middle + along - up, middle + along + up, middle - along + up])


def _meet(one: Any, other: Any) -> bool:
    """Whether two convex shapes share a point: no side of either has them on its two sides."""
    for shape in (one, other):
        for a, b in zip(shape, np.roll(shape, -1, axis=0), strict=True):
            normal = np.array([a[1] - b[1], b[0] - a[0]])
            first, second = one @ normal, other @ normal
            if first.max() < second.min() or second.max() < first.min():
                return False
    return True
