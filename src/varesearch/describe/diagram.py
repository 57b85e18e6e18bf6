"""The diagram of a network: populations as circles, projections as arrows, inputs as arrows from outside.

Excitatory projections end in an arrowhead, inhibitory ones in a dot. The width of a line grows with the mean number of
synapses that a target cell receives.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch

from varesearch.config.projection import ProjectionSettings
from varesearch.config.structure import ConfiguredStimulus, Structure
from varesearch.describe.connectivity import synapses_per_cell
from varesearch.describe.inputs import acting
from varesearch.describe.matrix_figure import matrix_figure
from varesearch.describe.values import count_text
from varesearch.plots.colours import population_colours
from varesearch.plots.style import PNG_DPI, QUIET_COLOUR, RC, TEXT_COLOUR
from varesearch.whole_files import whole_file

MOST_IN_A_CIRCLE = 10
"""The arrows between more populations could not be followed."""

_RADIUS = 0.5
"""Of a population's circle; all lengths are in this unit of the drawing, one of which is an inch."""
_LOOP = 0.34
_GAP = 0.06
_BEND = 0.15
"""How far the middle of an arrow lies beside the straight line, so that the way back is another one."""
_INPUT = 0.6
_LETTER = 0.075
"""The width of a letter of a label."""
_WIDTHS = (0.7, 3.6)
_MOST_NUMBERED = 9
"""More projections have no numbers at their lines, which would cover each other."""
_FAINT = 0.25
_LEGEND_IN = 0.55
_LEAST_WIDTH = 5.0


@dataclass(frozen=True)
class _Place:
    x: float
    y: float
    outward: float
    """The angle at which the free space lies, in radians."""

    def at(self, angle: float, away: float) -> tuple[float, float]:
        return self.x + away * math.cos(angle), self.y + away * math.sin(angle)


def network_figure(structure: Structure) -> Figure:
    """Draw the populations, projections and inputs of a network.

    Parameters
    ----------
    structure
        The structure as it is configured.

    Returns
    -------
    matplotlib.figure.Figure
        About 6 inches wide for two populations, 9 for eight; a matrix for more than :data:`MOST_IN_A_CIRCLE`.
    """
    if len(structure.populations) > MOST_IN_A_CIRCLE:
        return matrix_figure(structure)
    with mpl.rc_context(RC):
        places = _places(list(structure.populations))
        x, y = [it.x for it in places.values()], [it.y for it in places.values()]
        beside, above = _margins(structure)
        width, height = max(max(x) - min(x) + 2 * beside, _LEAST_WIDTH), max(y) - min(y) + 2 * above
        left, bottom = (min(x) + max(x) - width) / 2, min(y) - above - _LEGEND_IN
        figure = Figure(figsize=(width, height + _LEGEND_IN), dpi=PNG_DPI)
        FigureCanvasAgg(figure)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(left, left + width), ylim=(bottom, bottom + height + _LEGEND_IN))
        axes.set_axis_off()
        colours = population_colours(list(structure.populations), structure.acts_on)
        _draw_projections(axes, structure.projections, places, colours)
        _draw_inputs(axes, structure, places)
        for name, population in structure.populations.items():
            _draw_population(axes, places[name], colours[name], name, f"{population.size}", population.cell.model)
        _draw_legend(axes, len(structure.projections) <= _MOST_NUMBERED)
    return figure


def _margins(structure: Structure) -> tuple[float, float]:
    """What loops and labelled inputs need beside the circles, and above them."""
    longest = max((len(line) for each in acting(structure) for line in _input_label(each).split("\n")), default=0)
    reach = _RADIUS + _INPUT + 0.15
    return max(reach + _LETTER * longest, _RADIUS + 3 * _LOOP), max(reach + 0.3, _RADIUS + 3 * _LOOP)


def write_figure(structure: Structure, path: Path) -> None:
    """Write the diagram; the suffix of ``path`` says whether as PNG or SVG."""
    figure = network_figure(structure)
    with mpl.rc_context(RC), whole_file(path) as temporary:
        figure.savefig(temporary, metadata={"Date": None} if path.suffix == ".svg" else None)


def _places(names: Sequence[str]) -> dict[str, _Place]:
    """The populations on a circle, clockwise from the upper left; one alone in the middle."""
    if len(names) == 1:
        return {names[0]: _Place(0.0, 0.0, math.pi / 2)}
    radius = max(1.3, 2.0 * _RADIUS / math.sin(math.pi / len(names)))
    first = math.pi if len(names) == 2 else math.pi / 2 + math.pi / len(names)
    angles = [first - 2 * math.pi * place / len(names) for place in range(len(names))]
    return {
        name: _Place(radius * math.cos(angle), radius * math.sin(angle), angle)
        for name, angle in zip(names, angles, strict=True)
    }


def _draw_population(axes: Axes, place: _Place, colour: str, name: str, size: str, model: str) -> None:
    axes.add_patch(Circle((place.x, place.y), _RADIUS, facecolor="white", edgecolor=colour, linewidth=2.2, zorder=4))
    lines = ((0.14, name, 11.0, "bold", colour), (-0.04, size, 9.0, "normal", TEXT_COLOUR),
             (-0.2, model, 7.5, "normal", QUIET_COLOUR))  # fmt: skip
    for up, text, largest, weight, shade in lines:
        # A letter is about 0.6 of the size wide, of which an inch has 72 points.
        points = min(largest, 1.75 * _RADIUS * 72 / (0.62 * len(text)))
        axes.text(place.x, place.y + up, text, size=points, weight=weight, color=shade, ha="center", va="center",
                  zorder=5)  # fmt: skip


def _draw_projections(
    axes: Axes, projections: Sequence[ProjectionSettings], places: Mapping[str, _Place], colours: Mapping[str, str]
) -> None:
    received = {id(it): synapses_per_cell(it) for it in projections}
    most = max(received.values(), default=0.0) or 1.0
    earlier: dict[tuple[str, str], int] = {}
    # The widest first, so that the thin ones lie above them.
    for projection in sorted(projections, key=lambda it: -received[id(it)]):
        if not received[id(projection)]:
            continue
        share = received[id(projection)] / most
        pair = projection.pre, projection.post
        parallel = earlier[pair] = earlier.get(pair, -1) + 1
        few = len(projections) <= _MOST_NUMBERED
        looks = {
            "color": colours[projection.pre],
            "linewidth": _WIDTHS[0] + (_WIDTHS[1] - _WIDTHS[0]) * math.sqrt(share),
            "alpha": 1.0 if few else _FAINT + (0.9 - _FAINT) * math.sqrt(share),
        }
        pre, post = places[projection.pre], places[projection.post]
        points = _loop(pre, parallel) if pre is post else _arc(pre, post, _BEND + 0.15 * parallel)
        label = count_text(received[id(projection)]) if few else ""
        _draw_line(axes, points, projection.receptor == "excitatory", label, looks)


def _arc(pre: _Place, post: _Place, bend: float) -> list[tuple[float, float]]:
    """Points from the edge of a circle to that of another, bent to the left by ``bend``."""
    across, up = post.x - pre.x, post.y - pre.y
    aside = 2 * bend / math.hypot(across, up)
    middle = (pre.x + post.x) / 2 - aside * up, (pre.y + post.y) / 2 + aside * across
    ways = [step / 80 for step in range(81)]
    curve = [
        (
            (1 - t) ** 2 * pre.x + 2 * t * (1 - t) * middle[0] + t**2 * post.x,
            (1 - t) ** 2 * pre.y + 2 * t * (1 - t) * middle[1] + t**2 * post.y,
        )
        for t in ways
    ]
    free = _RADIUS + _GAP
    return [point for point in curve if all(math.dist(point, (it.x, it.y)) >= free for it in (pre, post))]


def _loop(place: _Place, parallel: int) -> list[tuple[float, float]]:
    """Points of a loop at a side of the free space, from the edge of a circle back to it."""
    side = place.outward + 0.75 + 1.1 * parallel
    radius = _LOOP
    centre = place.at(side, _RADIUS + 0.55 * radius)
    turn = [side + math.pi + 2 * math.pi * step / 80 for step in range(81)]
    circle = [(centre[0] + radius * math.cos(angle), centre[1] + radius * math.sin(angle)) for angle in turn]
    return [point for point in circle if math.dist(point, (place.x, place.y)) >= _RADIUS + _GAP]


def _draw_line(
    axes: Axes, points: Sequence[tuple[float, float]], excitatory: bool, label: str, looks: Mapping[str, object]
) -> None:
    axes.plot(*zip(*points, strict=True), solid_capstyle="round", zorder=2, **looks)  # type: ignore[arg-type]
    _draw_end(axes, points[-4], points[-1], excitatory, looks)
    if label:
        box = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
        axes.text(*points[len(points) // 2], label, size=8.5, ha="center", va="center", bbox=box, zorder=3)


def _draw_end(
    axes: Axes, before: tuple[float, float], end: tuple[float, float], excitatory: bool, looks: Mapping[str, object]
) -> None:
    look = {"color": looks["color"], "alpha": looks["alpha"], "linewidth": 0}
    size = 0.045 + 0.012 * float(looks["linewidth"])  # type: ignore[arg-type]
    if not excitatory:
        axes.add_patch(Circle(end, size, zorder=3, **look))  # type: ignore[arg-type]
        return
    scale = 200 * size
    axes.add_patch(FancyArrowPatch(before, end, arrowstyle="-|>", mutation_scale=scale, shrinkA=0, shrinkB=0, zorder=3,
                                   **look))  # type: ignore[arg-type]  # fmt: skip


def _draw_inputs(axes: Axes, structure: Structure, places: Mapping[str, _Place]) -> None:
    for name, place in places.items():
        reaching = [each for each in acting(structure) if name in each.stimulus.reached(structure.sizes)]
        for angle, each in zip(_fan(place.outward, len(reaching)), reaching, strict=True):
            start, end = place.at(angle, _RADIUS + _INPUT), place.at(angle, _RADIUS + _GAP)
            sends_spikes = bool(each.sources(structure.sizes))
            axes.plot(
                (start[0], end[0]), (start[1], end[1]), color=QUIET_COLOUR, linewidth=1.4,
                linestyle="-" if sends_spikes else (0, (2, 1.5)), zorder=2,
            )  # fmt: skip
            before = place.at(angle, _RADIUS + _GAP + 0.05)
            _draw_end(axes, before, end, True, {"color": QUIET_COLOUR, "alpha": 1.0, "linewidth": 1.4})
            across, up = math.cos(angle), math.sin(angle)
            axes.text(
                start[0] + 0.05 * across, start[1] + 0.06 * up, _input_label(each), size=8, color=TEXT_COLOUR,
                ha="left" if across > 0.3 else "right" if across < -0.3 else "center",
                va="bottom" if up > 0.5 else "top" if up < -0.5 else "center",
            )  # fmt: skip


def _fan(outward: float, number: int) -> Iterator[float]:
    """The angles of several inputs, on the other side of the free space than the loop."""
    for place in range(number):
        yield outward - 0.25 - 0.32 * place


def _input_label(each: ConfiguredStimulus) -> str:
    return (each.name or each.stimulus.kind).replace("_", "\n", 1)


def _draw_legend(axes: Axes, numbered: bool) -> None:
    left, right = axes.get_xlim()
    y = axes.get_ylim()[0] + 0.45
    entries = ((left + 0.2, "excitatory", True), (left + 1.75, "inhibitory", False))
    for x, text, excitatory in entries:
        looks = {"color": TEXT_COLOUR, "alpha": 1.0, "linewidth": 1.4}
        axes.plot((x, x + 0.35), (y, y), color=TEXT_COLOUR, linewidth=1.4)
        _draw_end(axes, (x + 0.3, y), (x + 0.35, y), excitatory, looks)
        axes.text(x + 0.47, y, text, size=8.5, va="center")
    meaning = "Line widths" + (" and numbers" if numbered else "") + ": mean synapses onto a target cell"
    axes.text(left + 0.2, y - 0.25, meaning, size=8, va="center", color=QUIET_COLOUR)
    axes.text(right - 0.2, y, "grey: input\n(dashed: current)", size=8, va="center", ha="right", color=QUIET_COLOUR)
