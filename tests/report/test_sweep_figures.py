"""Figures of sweeps: which kind for what varies, what is drawn where, what is a gap, what the foot says."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import rc_context
from outcomes_of import outcomes
from PIL import Image

from varesearch.sweep import figures
from varesearch.sweep.factors import factors, repetitions, roles
from varesearch.sweep.figures import write_sweep_figures
from varesearch.sweep.measures import STATISTICS, measured, points
from varesearch.sweep.table import Table, results_table

SEEDS = range(3)
P = [0.01, 0.02, 0.05, 0.1]


def table(failed: tuple[int, ...] = (), undefined: tuple[int, ...] = (), **axes: Any) -> Table:
    return results_table(outcomes({key.replace("__", "."): v for key, v in axes.items()}, failed, undefined))


def pages(made: Table) -> list[Any]:
    """The figures of the statistics, as matplotlib's objects."""
    with rc_context():
        return figures._pages(made, factors(made), measured(made, STATISTICS), "Spike statistics", "a sweep")


def words(page: Any) -> str:
    """Every text on a page that is no tick's label."""
    own = [text.get_text() for text in page.texts]
    for axes in page.axes:
        own += [axes.get_title(loc="left"), axes.get_xlabel(), axes.get_ylabel(), *(t.get_text() for t in axes.texts)]
    return " | ".join(own)


def is_whole(file: Path) -> bool:
    """Whether nothing touches the edge of a picture, so that nothing is cut off."""
    seen = np.asarray(Image.open(file).convert("L"))
    return all(bool((edge == 255).all()) for edge in (seen[0], seen[-1], seen[:, 0], seen[:, -1]))


def test_the_seed_is_repetition_and_never_a_factor() -> None:
    swept = table(connectivity__p=P, seed=SEEDS)
    assert [factor.key for factor in factors(swept)] == ["connectivity.p"]
    assert repetitions(swept) == 3
    alone = table(seed=range(8))
    assert factors(alone) == []
    (page,) = pages(alone)
    assert "over 8 seeds" in words(page)
    dots = page.axes[0].lines[0]
    assert dots.get_ydata().tolist() == list(range(8))


@pytest.mark.parametrize(
    ("axes", "x", "y", "lines", "facets"),
    [
        ({"connectivity.p": P}, "connectivity.p", None, None, []),
        ({"cell": ["a", "b"]}, "cell", None, None, []),
        ({"backend": ["brian2", "nest"]}, "backend", None, "backend", []),
        ({"connectivity.p": P, "cell.d": [1, 2]}, "connectivity.p", "cell.d", None, []),
        ({"cell": ["a", "b", "c"], "connectivity.p": [0.1, 0.2]}, "connectivity.p", None, "cell", []),
        ({"cell": ["a", "b", "c"], "stimulus": ["s", "t"]}, "cell", None, "stimulus", []),
        ({"backend": ["brian2", "nest", "spinnaker"], "cell": ["a", "b"]}, "cell", None, "backend", []),
        (
            {"cell": ["a", "b"], "backend": ["brian2", "nest", "spinnaker"], "connectivity.p": P},
            "connectivity.p",
            None,
            "backend",
            ["cell"],
        ),
        (
            {"cell": ["a", "b", "c"], "stimulus": ["s", "t"], "cell.d": [1, 2], "connectivity.p": P},
            "connectivity.p",
            None,
            "stimulus",
            ["cell", "cell.d"],
        ),
    ],
)
def test_the_part_of_each_factor_follows_the_rule(axes, x, y, lines, facets) -> None:
    parts = roles(factors(results_table(outcomes(axes))))
    assert parts.x.key == x
    assert (parts.y and parts.y.key) == y
    assert (parts.lines and parts.lines.key) == lines
    assert [factor.key for factor in parts.facets] == facets


@given(
    levels=st.lists(st.floats(1e-3, 1e3), min_size=3, max_size=8, unique=True).map(sorted),
    scale=st.sampled_from([0.25, 2.0, 1024.0]),
)
def test_spacing_is_geometric_whatever_the_unit(levels: list[float], scale: float) -> None:
    found = [factors(table(connectivity__p=[k * factor for k in levels]))[0].geometric for factor in (1.0, scale)]
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("levels", "geometric"),
    [
        ([1, 2, 5, 10], True),
        ([0.01, 0.1, 1.0], True),
        ([500, 1000, 2000, 4000], True),
        ([1, 2, 3, 4, 5], False),
        ([0, 1, 10], False),
        ([-1, 1, 10], False),
        ([1, 100], False),
    ],
)
def test_a_logarithmic_axis_is_for_geometric_levels(levels, geometric) -> None:
    (page,) = pages(table(connectivity__n=levels))
    assert page.axes[0].get_xscale() == ("log" if geometric else "linear")


def test_mean_and_standard_deviation_are_over_the_seeds() -> None:
    swept = table(connectivity__p=P, seed=SEEDS)
    (factor,) = factors(swept)
    drawn = points(swept, factor, [], "exc.rate_hz", "k", "o")
    assert drawn.mean.tolist() == [1.0, 4.0, 7.0, 10.0]
    assert drawn.sd.tolist() == [1.0] * 4
    (page,) = pages(swept)
    line = page.axes[0].lines[0]
    assert line.get_xdata().tolist() == P and line.get_ydata().tolist() == [1.0, 4.0, 7.0, 10.0]
    assert "mean over 3 seeds, bars: ± 1 sd" in words(page)


def test_failed_and_undefined_are_gaps_and_are_said() -> None:
    swept = table(failed=(3, 4, 5), undefined=(6,), connectivity__p=P, seed=SEEDS)
    (page,) = pages(swept)
    rate, cv = page.axes[0].lines[0].get_ydata(), page.axes[1].lines[0].get_ydata()
    assert np.isnan(rate[1]) and np.isfinite(rate[[0, 2, 3]]).all()
    # Two seeds are left of three: their mean, not a zero's.
    assert cv[2] == pytest.approx(0.5 + 0.01 * 7.5)
    assert "3 of 12 runs not shown (3 FAILED)" in words(page)
    assert "1 of 54 values undefined" in words(page)


def test_a_heat_map_has_the_mean_of_each_pair_and_grey_gaps() -> None:
    swept = table(failed=(0, 1, 2), connectivity__p=P, cell__d=[1, 2], seed=SEEDS)
    (page,) = pages(swept)
    field = page.axes[0].images[0].get_array()
    assert field.shape == (2, 4)
    assert np.isnan(np.asarray(field, dtype=float)[0, 0])
    assert field[1, 3] == 22.0
    assert "–" in [text.get_text() for text in page.axes[0].texts]
    labelled = {axes.get_title(loc="left"): axes.get_xlabel() for axes in page.axes}
    assert labelled["rate (Hz), excitatory"] == "" and labelled["silent fraction, excitatory"] == "connectivity.p"


def test_back_ends_have_colours_of_their_own() -> None:
    kinds: list[dict[str, Any]] = [
        {"backend": ["nest", "brian2"]},
        {"backend": ["spinnaker", "nest", "brian2"], "cell.d": [1, 2, 3]},
    ]
    for axes in kinds:
        (page,) = pages(results_table(outcomes(axes)))
        colours = {line.get_color() for line in page.axes[0].lines}
        expected = {"brian2": "#009E73", "nest": "#CC79A7", "spinnaker": "#E69F00"}
        assert colours >= {expected[name] for name in axes["backend"]}


def test_small_multiples_share_the_axis_of_a_measure_and_name_what_they_show() -> None:
    swept = table(cell=["izhikevich", "if_cond_exp"], backend=["brian2", "nest"], connectivity__p=P)
    (page,) = pages(swept)
    panels = [axes for axes in page.axes if axes.get_xscale() == "log"]
    assert len(panels) == 3 * 4
    assert len({axes.get_ylim() for axes in panels[:4]}) == 1
    assert "cell=izhikevich" in words(page) and "cell=if_cond_exp" in words(page) and "backend:" in words(page)


def test_more_combinations_than_pages_are_counted_not_dropped_in_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "MOST_PAGES", 1)
    (page,) = pages(table(cell__d=[1, 2, 3, 4, 5], cell=["a", "b"], connectivity__p=[0.1 * k for k in range(6)]))
    assert "3 more combinations are in the table only" in words(page)


def test_nothing_to_draw_gives_no_file(tmp_path: Path) -> None:
    assert write_sweep_figures(table(failed=(0, 1), seed=range(2)), tmp_path / "none") == []
    assert write_sweep_figures(table(connectivity__p=[0.1]), tmp_path / "none") == []
    assert not (tmp_path / "none").exists()


def test_files_are_pictures_on_which_something_is_drawn(tmp_path: Path) -> None:
    swept = table(failed=(0,), cell=["izhikevich", "if_cond_exp"], connectivity__p=P, seed=range(2))
    files = write_sweep_figures(swept, tmp_path, "a sweep")
    assert [file.name for file in files] == ["statistics.png", "times.png"]
    for file in files:
        colours = Image.open(file).convert("RGB").getcolors(1 << 20)
        assert colours is not None and len(colours) > 50
        assert is_whole(file)


def test_no_label_is_cut_off_whatever_varies(tmp_path: Path) -> None:
    long = ["background_poisson", "thalamic_burst_of_long_name", "none"]
    kinds = [
        {"stimulus": long},
        {"stimulus": long, "cell": long},
        {"seed": range(4)},
        {"cell.d": P, "connectivity.p": P},
    ]
    for number, axes in enumerate(kinds):
        for file in write_sweep_figures(results_table(outcomes(axes)), tmp_path / str(number)):
            assert is_whole(file), (axes, file.name)
