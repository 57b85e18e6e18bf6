"""The diagram shows every population, projection and input; the circles are apart, and nothing is cut off."""

import math
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, FancyArrowPatch
from PIL import Image

from varesearch.config.compose import compose
from varesearch.describe.diagram import network_figure, write_figure

EIGHT = ", ".join(
    f"{layer}{kind}: {{size: {size}, receptor: {'inhibitory' if kind == 'i' else 'excitatory'}}}"
    for layer, sizes in {"L23": (200, 50), "L4": (210, 55), "L5": (48, 10), "L6": (140, 30)}.items()
    for kind, size in zip("ei", sizes, strict=True)
)
NETWORKS = {
    1: ["populations={alone: {size: 50}}"],
    2: [],
    3: ["populations={e: {size: 80}, pv: {size: 20, receptor: inhibitory}, a_population_of_a_long_name: {size: 9}}",
        "stimuli.dc=step_current", "stimuli.dc.targets=[e]"],
    8: [f"populations={{{EIGHT}}}", "stimulus=background_poisson", "stimuli.thalamus=thalamic_burst"],
}  # fmt: skip


@pytest.mark.parametrize("number", NETWORKS)
def test_everything_is_drawn_and_inside(number: int) -> None:
    structure = compose(NETWORKS[number]).config.structure
    figure = network_figure(structure)
    (axes,) = figure.axes
    circles = [it for it in axes.patches if isinstance(it, Circle) and it.get_radius() > 0.3]
    assert len(circles) == number == len(structure.populations)
    centres = [it.center for it in circles]
    assert all(math.dist(a, b) > 2 * 0.5 for k, a in enumerate(centres) for b in centres[:k])
    inhibitory = sum(it.receptor == "inhibitory" for it in structure.projections)
    dots = [it for it in axes.patches if isinstance(it, Circle) and it.get_radius() < 0.3]
    arrows = [it for it in axes.patches if isinstance(it, FancyArrowPatch)]
    inputs = sum(len(it.stimulus.reached(structure.sizes)) for it in structure.stimuli)
    assert len(dots) == inhibitory + 1  # and one of each in the legend
    assert len(arrows) == len(structure.projections) - inhibitory + inputs + 1
    figure.draw_without_rendering()
    page = figure.bbox
    for text in axes.texts:
        box = text.get_window_extent()
        assert page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1, text.get_text()


@pytest.mark.parametrize("number", NETWORKS)
def test_no_projection_crosses_a_population(number: int) -> None:
    (axes,) = network_figure(compose(NETWORKS[number]).config.structure).axes
    centres = [it.center for it in axes.patches if isinstance(it, Circle) and it.get_radius() > 0.3]
    for line in axes.lines:
        points = np.column_stack([np.asarray(line.get_xdata(), float), np.asarray(line.get_ydata(), float)])
        assert all(np.hypot(*(points - centre).T).min() >= 0.5 for centre in centres)


def place(mark: Line2D) -> tuple[int, int]:
    """Column and row of a mark in the matrix."""
    return int(np.asarray(mark.get_xdata())[0]), int(np.asarray(mark.get_ydata())[0])


def test_more_populations_than_arrows_can_connect_are_a_matrix() -> None:
    populations = ", ".join(
        f"p{k}: {{size: {10 + k}, receptor: {'inhibitory' if k % 2 else 'excitatory'}}}" for k in range(12)
    )
    words = [f"populations={{{populations}}}", "projections.p0_to_p1.p=0.5", "projections.p2_to_p3=null"]
    structure = compose([*words, "stimuli.dc=step_current", "stimuli.dc.targets=[p4]"]).config.structure
    figure = network_figure(structure)
    (axes,) = figure.axes
    marks = {kind: [it for it in axes.lines if it.get_marker() == kind] for kind in "os>"}
    places = [place(it) for kind in "os" for it in marks[kind]]
    assert sorted(places) == sorted((k, m) for k in range(12) for m in range(12) if (k, m) != (2, 3))
    assert len(marks["s"]) == 6 * 12 and all(place(it)[0] % 2 for it in marks["s"])
    assert len(marks[">"]) == 12 + 1
    largest = max(axes.lines, key=lambda it: it.get_markersize())
    assert place(largest) == (0, 1)
    figure.draw_without_rendering()
    for text in [*axes.get_xticklabels(), *axes.get_yticklabels(), *figure.texts, axes.yaxis.label, axes.title]:
        box = text.get_window_extent()
        assert figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1, text.get_text()


def test_widths_grow_with_the_synapses_of_a_target_cell() -> None:
    words = ["connectivity.exc_to_inh.p=0.2", "connectivity.inh_to_exc.p=0", "stimulus=none"]
    (axes,) = network_figure(compose(words).config.structure).axes
    widths = sorted((line.get_linewidth() for line in axes.lines), reverse=True)
    assert len(widths) == 3 + 2  # a projection without synapses is not drawn; two belong to the legend
    assert widths[0] > widths[1] > widths[2]
    numbers = {text.get_text() for text in axes.texts}
    assert {"240", "24", "6"} <= numbers


def test_files_are_pictures_and_the_same_each_time(tmp_path: Path) -> None:
    structure = compose().config.structure
    for name in ("a", "b"):
        for suffix in (".png", ".svg"):
            write_figure(structure, tmp_path / f"{name}{suffix}")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.size[0] > 500
    texts = {it.text for it in ElementTree.parse(tmp_path / "a.svg").iter("{http://www.w3.org/2000/svg}text")}
    assert {"exc", "inh", "1200", "300"} <= texts
    assert {path.name for path in tmp_path.iterdir()} == {"a.png", "a.svg", "b.png", "b.svg"}
