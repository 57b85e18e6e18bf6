"""The numbers in the tables are those of the configuration, with its units."""

import re

import pytest
from markdown_tables import by, tables

from varesearch.config.compose import compose
from varesearch.config.schema import Config
from varesearch.describe import describe
from varesearch.describe.markdown import markdown
from varesearch.network import draw

THREE = [
    "populations={e: {size: 80}, pv: {size: 20, receptor: inhibitory, cell: if_cond_exp}, sst: {size: 10, receptor: "
    "inhibitory}}",
    "connectivity.p=0.1",
    "projections={e_to_pv: {p: 0.35}, sst_to_sst: null, pv_to_e: {delay_ms: 3}}",
]


def described(*words: str) -> tuple[Config, str]:
    config = compose(list(words)).config
    return config, markdown(describe(config))


def test_the_default_network() -> None:
    config, text = described()
    read = tables(text)
    assert by(read["B: Populations"], "population")["exc"] == {
        "population": "exc",
        "cells": "1200",
        "receptor of its synapses": "excitatory",
        "neuron model": "izhikevich",
    }
    projections = by(read["Projections by fixed_probability"], "projection")
    assert set(projections) == {"exc_to_exc", "exc_to_inh", "inh_to_exc", "inh_to_inh"}
    assert float(projections["inh_to_exc"]["weight (mV/ms)"]) == config.connectivity.weight_inh.lower
    assert float(projections["exc_to_inh"]["p"]) == config.connectivity.p  # type: ignore[attr-defined]
    cell = by(read["Parameters of izhikevich"])
    assert {name: float(row["value"]) for name, row in cell.items() if name != "v_init"} == {
        "i_offset": 5, "a": 0.02, "b": 0.2, "c": -65, "d": 2, "tau_syn_E": 5, "tau_syn_I": 5, "u_init": -14,
    }  # fmt: skip
    assert cell["v_init"]["value"] == "uniform(low=-65, high=-14)" and cell["a"]["unit"] == "1/ms"
    assert "dv/dt = 0.04 v² + 5 v + 140 - u + i_offset + i_exc - i_inh" in text
    (source,) = read["Synapses of the sources"]
    assert source["weight"] == "0.1 mV/ms" and source["number"] == "20" and source["delay"] == "2 ms"
    assert by(read["Parameters of stimulus (thalamic_burst)"])["rate_hz"]["value"] == "100"
    assert by(read["Simulation"])["dt_ms"]["value"] == "1" and by(read["Simulation"])["seed"]["value"] == "1"
    for paper in ("Izhikevich 2003, IEEE", "Vogels and Abbott 2005, J. Neurosci. 25:10786", "Nordlie, Gewaltig"):
        assert len(re.findall(f"^- {paper}", text, re.M)) == 1
    assert "## E: Plasticity\n\nNone" in text


def test_the_expected_synapses_are_about_those_that_are_drawn() -> None:
    config, text = described("connectivity.n=400", "connectivity=fixed_in_degree")
    rows = by(tables(text)["Projections by fixed_in_degree"], "projection")
    drawn = {projection.name: projection.size for projection in draw(config).projections}
    assert {name: int(row["expected synapses"]) for name, row in rows.items()} == {name: drawn[name] for name in rows}


def test_each_population_has_the_numbers_of_its_own_cell() -> None:
    _, text = described("populations.inh.cell.a=0.1", "populations.inh.cell.d=6.5")
    rows = by(tables(text)["Parameters of izhikevich"])
    assert (rows["a"]["exc"], rows["a"]["inh"]) == ("0.02", "0.1")
    assert (rows["d"]["exc"], rows["d"]["inh"]) == ("2", "6.5")


def test_two_models_have_two_tables_and_weights_the_unit_of_the_target() -> None:
    config, text = described("populations.inh.cell=if_cond_exp")
    read = tables(text)
    assert by(read["Parameters of if_cond_exp"])["cm"] == {
        "parameter": "cm", "value": "0.2", "unit": "nF", "meaning": "membrane capacitance",
    }  # fmt: skip
    rows = by(read["Projections by fixed_probability"], "projection")
    structure = config.structure
    for projection in structure.projections:
        number, unit = rows[projection.name]["weight"].split()
        assert float(number) == projection.weight.lower
        assert unit == structure.populations[projection.post].cell.unit_of("weight_exc")
    assert {row["weight"].split()[1] for row in rows.values()} == {"mV/ms", "µS"}
    assert {row["weight"] for row in read["Synapses of the sources"]} == {"0.1 mV/ms", "0.1 µS"}


def test_three_populations_are_matrices() -> None:
    config, text = described(*THREE)
    read = tables(text)
    assert "Projections by fixed_probability" not in read
    matrix = {name.split(" of the")[0]: by(rows, "to / from") for name, rows in read.items() if "rows: targets" in name}
    assert set(matrix) == {"receptor", "weight", "delay_ms", "p", "expected synapses"}
    for projection in config.structure.projections:
        assert float(matrix["p"][projection.post][projection.pre]) == projection["p"]
        assert float(matrix["delay_ms"][projection.post][projection.pre]) == projection.delay_ms.lower
    assert matrix["p"]["pv"]["e"] == "0.35" and matrix["p"]["sst"]["sst"] == "–"
    assert matrix["weight"]["pv"]["sst"] == "0.051 µS" and matrix["weight"]["e"]["sst"] == "2.5 mV/ms"


def test_what_all_projections_share_is_no_matrix() -> None:
    _, text = described(THREE[0], "cell=if_cond_exp")
    read = tables(text)
    common = by(read["Settings that all projections by fixed_probability have in common"], "setting")
    assert common["p"]["value"] == "0.02" and common["delay_ms"] == {"setting": "delay_ms", "value": "2", "unit": "ms"}
    assert not [name for name in read if name.startswith(("p of", "delay_ms of"))]
    assert any(name.startswith("weight of the projections by fixed_probability in µS") for name in read)


def test_projections_of_two_rules_stand_apart_and_a_pair_may_have_two() -> None:
    added = (
        "projections={again: {pre: e, post: e, p: 0.7}, few: {pre: sst, post: pv, rule: fixed_in_degree, in_degree: 4}}"
    )
    _, text = described(THREE[0], added)
    read = tables(text)
    (few,) = read["Projections by fixed_in_degree"]
    assert few["in_degree (synapses)"] == "4" and few["weight (µS)"] == "0.051"
    p = next(by(rows, "to / from") for name, rows in read.items() if name.startswith("p of"))
    assert p["e"]["e"] == "0.02; 0.7"


def test_drawn_values_are_written_as_such() -> None:
    _, text = described(
        "cell.a={distribution: uniform, low: 0.02, high: 0.1}",
        "cell.draws.r={distribution: uniform, low: 0, high: 1}",
        "cell.c={expression: '-65 + 15*r**2'}",
        "connectivity.delay_ms={distribution: normal, mean: 3, std: 0.5, low: 1}",
    )
    read = tables(text)
    rows = by(read["Parameters of izhikevich"])
    assert rows["a"]["value"] == "uniform(low=0.02, high=0.1)" and rows["c"]["value"] == "-65 + 15*r**2"
    assert rows["r"]["value"] == "uniform(low=0, high=1)"
    projection = read["Projections by fixed_probability"][0]
    assert projection["delay_ms (ms)"] == "normal(mean=3, std=0.5, low=1)"
    assert "a value of its own in each cell" in text


def test_two_stimuli() -> None:
    _, text = described(
        "stimuli.dc=step_current", "stimuli.dc.amplitude=2.5", "stimuli.dc.targets=[inh]",
        "populations.inh.cell=if_curr_exp",
    )  # fmt: skip
    read = tables(text)
    stimuli = by(read["Stimuli"], "stimulus")
    assert stimuli["stimulus"]["reaches"] == "exc, inh" and stimuli["stimuli.dc"]["reaches"] == "inh"
    amplitude = by(read["Parameters of stimuli.dc (step_current)"])["amplitude"]
    assert (amplitude["value"], amplitude["unit"]) == ("2.5", "nA")


def test_a_current_into_different_cells_has_the_unit_of_each() -> None:
    _, text = described("stimulus=step_current", "populations.inh.cell=if_curr_exp")
    amplitude = by(tables(text)["Parameters of stimulus (step_current)"])["amplitude"]
    assert amplitude["unit"] == "mV/ms (exc), nA (inh)"


def test_nothing_drives_and_nothing_connects() -> None:
    _, text = described("stimulus=none", "connectivity=none")
    assert "## F: Input\n\nNone" in text and "## C: Connectivity\n\nNo population" in text


def test_what_is_recorded_and_measured() -> None:
    _, text = described(
        "cell=if_cond_exp", "recording.signals=[v,gsyn_exc]", "recording.cells=7", "recording.interval_ms=5",
        "recording.populations=[exc]", "analysis.further=[spectrum]",
    )  # fmt: skip
    read = tables(text)
    sampled = [row for row in read["Recordings"] if row["what"] != "spikes"]
    assert sampled == [{"what": "v (mV), gsyn_exc (µS)", "of": "exc", "how": "7 of 1200 cells, every 5 ms"}]
    metrics = by(read["Metrics of each population"], "metric")
    assert {"rate_hz", "cv_isi", "v_mean_mv", "gsyn_exc_mean_us", "isyn_exc_mean_na", "spectrum_peak_hz"} <= set(
        metrics
    )
    # What needs a signal that is not sampled is no metric of the run, nor is what was not asked for.
    assert not {"gsyn_inh_mean_us", "isyn_inh_mean_na", "branching_ratio"} & set(metrics)
    analysis = by(read["Parameters of the analysis"])
    assert "spectrum_window_ms" in analysis and "avalanche_bin_ms" not in analysis
    assert "Welch 1967" in text and "Beggs" not in text


@pytest.mark.parametrize("backend", ["brian2", "nest", "spinnaker"])
def test_the_simulator_is_named_and_cited(backend: str) -> None:
    words = ["cell=if_curr_exp", f"backend={backend}"]
    _, text = described(*words)
    integration = by(tables(text)["Neuron model if_curr_exp"], "")["Integration"]["description"]
    assert integration.endswith(f"on {backend}") and "auto" not in integration
    assert "Davison et al. 2009, Front. Neuroinform. 2:11\n" in text
