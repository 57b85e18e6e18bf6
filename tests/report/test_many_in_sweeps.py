"""Sweeps and comparisons of eight populations: figures in which nothing is overprinted, tables that fit."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib import rc_context
from matplotlib.colors import to_hex
from matplotlib.text import Text
from outcomes_of import outcomes
from PIL import Image

from overprinting import overprinted
from varesearch.comparison import figures as compared
from varesearch.comparison.effects import RunMetrics, effects
from varesearch.comparison.samples import drawn_samples
from varesearch.config.compose import compose
from varesearch.config.schema import AnalysisConfig
from varesearch.metrics import analyse
from varesearch.plots import style
from varesearch.plots.colours import population_colours
from varesearch.recording import Recording, population_recording
from varesearch.sweeps import figures
from varesearch.sweeps.factors import factors
from varesearch.sweeps.measures import measured, statistics
from varesearch.sweeps.show import summary
from varesearch.sweeps.table import Table, read_table, results_table, write_table
from varesearch.terminal import Terminal

LAYERS = ("L23E", "L23I", "L4E", "L4I", "L5E", "L5I", "L6E", "L6I")
P = [0.01, 0.02, 0.05, 0.1]
VARIED: dict[str, dict[str, Any]] = {
    "seeds": {"seed": range(5)},
    "a number": {"connectivity.p": P, "seed": range(3)},
    "a name": {"cell": ["izhikevich", "if_cond_exp", "if_curr_exp"], "seed": range(3)},
    "two numbers": {"connectivity.p": P, "connectivity.weight_exc": [1.0, 2.0, 3.0]},
    "three": {"connectivity.p": P, "cell": ["izhikevich", "if_cond_exp"], "backend": ["brian2", "nest"]},
}


def table(axes: dict[str, Any], populations: tuple[str, ...] = LAYERS) -> Table:
    return results_table(outcomes(axes, populations=populations))


def pages(made: Table) -> list[Any]:
    with rc_context(style.RC):
        return figures._pages(made, factors(made), measured(made, statistics()), "Statistics", "a sweep")


def words(page: Any) -> str:
    return " | ".join(text.get_text() for text in page.findobj(Text))


@pytest.mark.parametrize("varied", list(VARIED))
def test_every_population_is_named_and_no_text_lies_over_another(varied):
    made = pages(table(VARIED[varied]))
    assert made
    said = " ".join(map(words, made))
    assert all(name in said for name in LAYERS)
    for page in made:
        width, height = page.get_size_inches()
        assert width == 9 and height < 16
        assert overprinted(page) == []


def test_a_population_has_one_colour_on_all_pages_of_a_sweep():
    seen: dict[str, set[str]] = {name: set() for name in LAYERS}
    for page in pages(table(VARIED["three"])):
        for text in page.findobj(Text):
            if text.get_text() in seen and text.get_weight() == "bold":
                seen[text.get_text()].add(to_hex(text.get_color()))
    assert all(len(colours) == 1 for colours in seen.values())
    assert len(set.union(*seen.values())) == len(LAYERS)


def test_a_population_has_the_colour_of_the_figures_of_its_runs_in_those_of_a_sweep(tmp_path: Path):
    """By what its synapses do, which no name says; also once the table was stored and read back."""
    receptors = {name: "inhibitory" if name.endswith("I") else "excitatory" for name in LAYERS}
    data = ", ".join(f"{name}: {{size: 10, receptor: {kind}}}" for name, kind in receptors.items())
    base = compose([f"populations={{{data}}}", "projections.L5E_to_L5I.receptor=inhibitory"])
    receptors["L5E"] = ""  # as its synapses are of both kinds
    of_runs = population_colours(LAYERS, receptors)
    made = results_table(outcomes({"connectivity.p": P, "backend": ["brian2", "nest"]}, populations=LAYERS, base=base))
    write_table(made, tmp_path)
    for shown in (made, read_table(tmp_path)):
        named = {
            text.get_text(): to_hex(text.get_color()).upper()
            for page in pages(shown)
            for text in page.findobj(Text)
            if text.get_text() in LAYERS and text.get_weight() == "bold"
        }
        assert named == of_runs
    assert len(set(of_runs.values())) == 8 and of_runs != population_colours(LAYERS)


def recordings(seed: int) -> Recording:
    rng = np.random.default_rng(seed)
    populations = {}
    for place, name in enumerate(LAYERS):
        at, ids = np.nonzero(rng.random((500, 40 + 10 * place)) < (0.0 if name == "L5I" else 0.02 + 0.005 * place))
        populations[name] = population_recording(name, 40 + 10 * place, ids, at, 1.0)
    return Recording(1.0, 500.0, populations)


def of_run(recording: Recording, settings: AnalysisConfig) -> RunMetrics:
    found = analyse(recording, settings, 1)
    values = {(it.population, it.name): it.value for it in found.metrics}
    units = dict.fromkeys(values, "") | {(it.population, it.metric): it.unit for it in found.undefined}
    return RunMetrics(values, units)


def test_figures_of_a_comparison_name_every_population_and_overprint_nothing(tmp_path: Path):
    settings = AnalysisConfig()
    runs = [[recordings(seed) for seed in seeds] for seeds in ((1, 2), (3, 4))]
    one_side, other = (
        compared.DrawnSide(f"side {k}", own[0], [drawn_samples(it, settings) for it in own])
        for k, own in enumerate(runs)
    )
    before, after = ([of_run(it, settings) for it in own] for own in runs)
    found = effects(before, after)
    with rc_context(style.RC):
        made = {
            "metrics": compared._metrics(one_side, other, found),
            "rasters": compared._rasters(one_side, other, settings.rate_bin_ms, settings.warmup_ms),
            "distributions": compared._distributions(one_side, other),
        }
        for name, page in made.items():
            assert all(population in words(page) for population in LAYERS), name
            assert overprinted(page) == [], name
            assert page.get_size_inches()[1] < 16, name
    # A metric that is undefined for a population leaves its place empty, between the others.
    for axes in made["metrics"].axes:
        assert [label.get_text() for label in axes.get_xticklabels()] == list(LAYERS)
    files = compared.write_figures(one_side, other, found, settings, tmp_path)
    assert all(Image.open(file).size[0] == 1080 for file in files)


def test_the_lines_of_a_few_populations_are_explained():
    pair = {"pyr": population_recording("pyr", 9, np.arange(9), np.arange(100, 190, 10), 1.0)}
    pair["pv"] = replace(pair["pyr"], name="pv")
    one = Recording(1.0, 500.0, pair)
    side = compared.DrawnSide("a", one, [drawn_samples(one, AnalysisConfig())])
    page = compared._rasters(side, side, 5.0, 100.0)
    assert "solid: pyr, dashed: pv" in words(page)


def test_the_summary_of_a_sweep_has_a_row_for_each_of_many_populations():
    head, rows = summary(outcomes({"connectivity.p": P[:2], "seed": range(3)}, populations=LAYERS))
    assert head == ["p", "finished", "population", "rate_hz", "cv_isi"]
    assert len(rows) == 2 * len(LAYERS)
    assert rows[0] == ["0.01", "3/3", "L23E", "1", "0.51"]
    assert rows[-1] == ["0.02", "3/3", "L6I", "39", "0.54"]
    head, rows = summary(outcomes({"connectivity.p": P[:2], "seed": range(3)}))
    assert head == ["p", "finished", "exc.rate_hz", "inh.rate_hz", "exc.cv_isi", "inh.cv_isi"]


@pytest.mark.parametrize("names", [("exc", "inh"), LAYERS, tuple(f"a_population_of_a_long_name_{k}" for k in range(8))])
def test_the_metrics_of_a_run_fit_the_terminal(names):
    stream = io.StringIO()
    values = {name: 1234.5678 + place for place, name in enumerate(names)}
    Terminal(stream).metrics(names, [("rate_hz", "Hz", values), ("autocorrelation_time_ms", "ms", {names[0]: 3.0})])
    lines = stream.getvalue().splitlines()
    assert max(map(len, lines)) <= 100  # the width where nothing is a terminal
    heads = [line.split()[1:-1] for line in lines if line.startswith("metric")]
    assert [name for head in heads for name in head] == list(names)
    shown = [line.split()[1:-1] for line in lines if line.startswith("rate_hz")]
    assert [cell for row in shown for cell in row] == [f"{value:.4g}" for value in values.values()]
    assert len(heads) == (1 if len(names[0]) < 10 else 4)
