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

from overprinting import overprinted
from varesearch.config.wording import written
from varesearch.plots import style
from varesearch.sweeps import figures, labels
from varesearch.sweeps.factors import factors, repetitions, roles
from varesearch.sweeps.figures import write_sweep_figures
from varesearch.sweeps.measures import measured, points, statistics
from varesearch.sweeps.sweepers.optuna import Optuna
from varesearch.sweeps.sweepers.optuna.figures import Objective, search_page, trials_of
from varesearch.sweeps.table import Table, results_table

SEEDS = range(3)
P = [0.01, 0.02, 0.05, 0.1]


def table(failed: tuple[int, ...] = (), undefined: tuple[int, ...] = (), **axes: Any) -> Table:
    return results_table(outcomes({key.replace("__", "."): v for key, v in axes.items()}, failed, undefined))


def pages(made: Table) -> list[Any]:
    """The figures of the statistics, as matplotlib's objects."""
    with rc_context(style.RC):
        return figures._pages(made, factors(made), measured(made, statistics()), "Spike statistics", "a sweep")


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
    panels = {axes.get_title(loc="left"): axes for axes in page.axes}
    rate, cv = (panels[title].lines[0].get_ydata() for title in ("rate (Hz)", "CV of ISI"))
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
    assert labelled["rate (Hz), excitatory"] == ""
    assert words(page).count("connectivity.p |") == 1


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


LONG_NAMES = ["background_poisson", "thalamic_burst_of_long_name", "none"]
CLOSE = [3.0746123, 3.3058, 3.5591, 3.680001, 4.0167923]
UNEVEN = [0.010189544801599962, 0.0787397157078952, 0.0212001, 0.0900001234, 0.05]
KINDS: list[dict[str, Any]] = [
    {"stimulus": LONG_NAMES},
    {"stimulus": LONG_NAMES, "cell": LONG_NAMES},
    {"experiment": [f"seed_izhikevich_with_change_{number}" for number in range(8)]},
    {"seed": range(4)},
    {"cell.d": P, "connectivity.p": P},
    {"connectivity.inh_to_exc.weight": [1.0, 2.5, 4.0], "connectivity.exc_to_exc.delay_ms": [1.0, 2.0]},
    {"connectivity.inh_to_exc.weight": UNEVEN, "connectivity.exc_to_exc.weight": UNEVEN},
    {"connectivity.inh_to_exc.weight": [0.001 * k for k in range(1, 9)]},
    {"connectivity.inh_to_exc.weight": [0.1 * k for k in range(1, 25)], "connectivity.p": [0.1 * k for k in range(24)]},
    {"connectivity.p": UNEVEN},
    {"connectivity.weight_inh": CLOSE},
    {"connectivity.n": [10, 100, 1000, 10_000, 123_456.789]},
    {
        "connectivity.inh_to_exc.weight": [1.0, 2.0, 3.0],
        "backend": ["brian2", "nest", "spinnaker"],
        "connectivity.exc_to_exc.delay_ms": [1.0, 2.0, 4.0],
    },
    {"connectivity.weight_exc": [{"distribution": "lognormal", "mean": 1.0, "std": 0.5}, 2.0]},
]


@pytest.mark.parametrize("axes", KINDS, ids=lambda axes: " ".join(f"{key}({len(axes[key])})" for key in axes))
def test_no_words_are_cut_off_or_overprinted_whatever_varies(axes, tmp_path: Path) -> None:
    made = results_table(outcomes(axes))
    for file in write_sweep_figures(made, tmp_path, "a sweep"):
        assert is_whole(file), file.name
    for page in pages(made):
        assert not overprinted(page)
        lowest = min(axes.get_position().y0 for axes in page.axes)
        for axes in page.axes:
            if axes.get_label() != "colour bar" and axes.axison and axes.get_position().y0 == lowest:
                assert any(label.get_text() for label in axes.get_xticklabels())


def test_the_pages_of_a_search_show_its_history_and_its_best_point(tmp_path: Path) -> None:
    searched = {"connectivity.p": [0.031, 0.0712345678, 0.05], "connectivity.inh_to_exc.weight": [2.5123456789]}
    found = results_table(outcomes({**searched, "seed": [1, 2]}, failed=(2,)))
    objective = Objective("exc.rate_hz", largest=True)
    files = write_sweep_figures(found, tmp_path, "a search", Optuna(metric="exc.rate_hz").draw_search())
    assert [file.name for file in files] == ["search.png", "statistics.png", "times.png"]
    assert all(is_whole(file) for file in files)
    with rc_context(style.RC):
        page = search_page(found, objective, "a search")
    history, over_p = page.axes[:2]
    assert len(page.axes) == 2
    # The second trial lacks one of its seeds, so that it has no mean.
    ydata = [np.asarray(line.get_ydata(), dtype=float) for line in history.lines[:2]]
    assert ydata[0][[0, 2]].tolist() == [0.5, 4.5] and np.isnan(ydata[0][1])
    assert ydata[1].tolist() == [0.5, 0.5, 4.5]
    assert np.asarray(over_p.collections[0].get_offsets())[2].tolist() == [0.05, 4.5]
    assert "best, exc.rate_hz = 4.5 at connectivity.p=0.05" in words(page)
    assert "1 of 3 trials have no value" in words(page)
    assert not overprinted(page)
    assert all(any(label.get_text() for label in axes.get_xticklabels()) for axes in page.axes)
    smallest = trials_of(found, Objective("exc.rate_hz", largest=False))
    assert smallest.best == 0
    assert trials_of(found, Objective("exc.fano_factor", largest=True)).best is None


@given(st.lists(st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.integers()), min_size=1, unique=True))
def test_labels_of_numbers_are_as_many_as_the_numbers(levels: list[float]) -> None:
    assert len(set(labels.level_labels(levels))) == len({written(level) for level in levels})


@given(st.lists(st.text(min_size=1), min_size=1, max_size=20, unique=True))
def test_labels_of_names_are_short_and_differ(levels: list[str]) -> None:
    shown = labels.level_labels(levels)
    assert len(set(shown)) == len(levels)
    assert all(len(label) <= labels.LONGEST_LEVEL for label in shown)
