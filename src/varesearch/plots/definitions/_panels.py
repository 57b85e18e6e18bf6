"""Pages with a row for each population and a column for each quantity, which figures on request share."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from varesearch.plots.definitions import FEW, Recording, Row, rows_of, style

_BETWEEN_IN = 0.75
_GAP_IN = 0.12


def population_rows(recording: Recording) -> list[Row]:
    """Return the rows of the populations, without the sources."""
    return rows_of(recording)[: len(recording.populations)]


def population_panels(
    heading: str, title: str, rows: Sequence[Row], columns: Sequence[tuple[str, str]]
) -> tuple[Figure, list[list[Axes]]]:
    """A page with small panels.

    Parameters
    ----------
    heading, title
        What the page shows, and of which run.
    rows
        The populations; the name of each stands at the top right of its first panel.
    columns
        What is drawn in each column, and the label of its x axis.

    Returns
    -------
    tuple
        The page, and for each population its panels. Only the last one has the labels of its x axis.
    """
    row_in = 1.0 if len(rows) <= FEW else 0.66
    width = (style.PAGE_WIDTH_IN - style.LEFT_IN - style.RIGHT_IN - (len(columns) - 1) * _BETWEEN_IN) / len(columns)
    height = style.TOP_IN + 0.25 + style.BOTTOM_IN + len(rows) * (row_in + _GAP_IN)
    figure = style.page(heading, title, {}, height)
    panels = []
    for line, row in enumerate(rows):
        bottom = height - style.TOP_IN - 0.25 - (line + 1) * row_in - line * _GAP_IN
        panels.append([])
        for place, (what, label) in enumerate(columns):
            axes = style.panel(figure, style.LEFT_IN + place * (width + _BETWEEN_IN), bottom, width, row_in)
            if line == 0:
                axes.annotate(
                    what, (0, 1), xytext=(0, 8), xycoords="axes fraction", textcoords="offset points", size=10
                )
            if line == len(rows) - 1:
                axes.set_xlabel(label)
            else:
                axes.tick_params(labelbottom=False)
            panels[-1].append(axes)
        _name(panels[-1][-1], row)
    return figure, panels


def _name(axes: Axes, row: Row) -> None:
    axes.annotate(
        row.label,
        (1, 1),
        xytext=(-2, -2),
        xycoords="axes fraction",
        textcoords="offset points",
        ha="right",
        va="top",
        size=9.5,
        weight="bold",
        color=row.colour,
    )
