"""Networks in another size: in-degrees, weights and currents against closed forms, and rates that stay.

van Albada, Helias and Diesmann 2015 (PLoS Comput. Biol. 11:e1004490): with k times the in-degree K and weights
w / sqrt(k) the variance of the input, K w² rate, stays; a current makes up for the mean, K w rate q, where q is the
charge of a spike of weight 1.
"""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from varesearch.config.compose import compose
from varesearch.config.schema import Config
from varesearch.config.validation import validate
from varesearch.describe import describe
from varesearch.describe.markdown import markdown
from varesearch.network import draw
from varesearch.network.model import Network
from varesearch.tracking.provenance import config_hash

PAIR = ["cell=if_curr_exp", "connectivity.n=500", "simulation.duration_ms=200"]
RATES_HZ = {"exc": 7.0, "inh": 11.0}
RATES = "scale.rates_hz={exc: 7, inh: 11}"


def configured(*words: str) -> Config:
    config = compose(words).config
    validate(config)
    return config


def in_degree(network: Network, name: str) -> float:
    projection = next(each for each in network.projections if each.name == name)
    return projection.size / network.population(projection.post).size


def lasting(network: Network, population: str) -> float:
    """The sum of the currents that flow all the time, in the unit of the cells."""
    currents = [each for each in network.currents if each.target == population and each.start_step == 0]
    assert all(each.stop_step == network.n_steps for each in currents)
    return float(sum(each.amplitudes.sum() for each in currents))


@pytest.mark.parametrize(
    "rule",
    [
        "fixed_probability connectivity.p=0.1",
        "fixed_in_degree connectivity.in_degree_exc=40 connectivity.in_degree_inh=12",
        "fixed_total_number connectivity.synapses=9000",
        "fixed_total_number connectivity.p=0.1",
        "fixed_total_number connectivity.p=0.1 connectivity.with_replacement=false",
        "small_world connectivity.k=24",
        "distance_dependent connectivity.p_max=0.4 connectivity.scale_mm=0.2",
        "pairwise_bernoulli connectivity.p='\"0.4*exp(-d/0.2)\"'",
        "fixed_probability connectivity.p=0.1 connectivity.allow_self_connections=false",
    ],
)
@pytest.mark.parametrize(("cells", "share"), [(0.5, 1.0), (1.0, 0.5), (0.5, 0.5), (2.0, 0.5)])
def test_each_rule_gives_the_cells_their_share_of_the_synapses(rule: str, cells: float, share: float) -> None:
    words = [*PAIR, *f"connectivity={rule}".replace("'", "").split(), "stimulus=none"]
    full = draw(configured(*words))
    scaled = draw(configured(*words, f"scale.cells={cells}", f"scale.in_degree={share}", RATES))
    assert [each.size for each in scaled.populations] == [round(400 * cells), round(100 * cells)]
    for projection in full.projections:
        # The number of synapses of a random rule varies like its square root; small_world has even numbers.
        before, after = in_degree(full, projection.name), in_degree(scaled, projection.name)
        spread = 4 * math.sqrt(before / 50) + (4.0 if "small_world" in rule else 0.1)
        assert after == pytest.approx(share * before, abs=spread)


@given(
    share=st.floats(0.3, 3.0),
    cells=st.floats(0.5, 2.0),
    rates=st.tuples(st.floats(0, 50), st.floats(0, 50)),
    cell=st.sampled_from(["if_curr_exp", "if_curr_alpha", "if_curr_delta", "izhikevich", "izhikevich_delta"]),
)
@settings(max_examples=20, deadline=None)
def test_mean_and_variance_of_the_input_stay(share: float, cells: float, rates: tuple[float, float], cell: str) -> None:
    """In what is drawn: synapses, weights and currents together."""
    words = [f"cell={cell}", "connectivity=fixed_in_degree", "connectivity.in_degree_exc=30", "stimulus=none"]
    words += ["connectivity.in_degree_inh=10", "connectivity.n=500"]
    charge = {
        "if_curr_exp": (5.0, 10.0),
        "if_curr_alpha": (5.0 * math.e, 10.0 * math.e),
        "if_curr_delta": (0.2, 0.2),  # the capacitance: 1 mV is 0.2 nA ms
        "izhikevich": (5.0, 5.0),
        "izhikevich_delta": (1.0, 1.0),
    }[cell]
    given_rates = f"scale.rates_hz={{exc: {rates[0]}, inh: {rates[1]}}}"
    moments = []
    for scale in ([], [f"scale.in_degree={share}", f"scale.cells={cells}", given_rates]):
        network = draw(configured(*words, *scale))
        mean, variance = lasting(network, "exc"), 0.0
        for pre, sign, hz, q in zip(("exc", "inh"), (1, -1), rates, charge, strict=True):
            projection = next(each for each in network.projections if each.name == f"{pre}_to_exc")
            onto_one = projection.weights[projection.targets == 0]
            mean += sign * onto_one.sum() * hz / 1000 * q
            variance += (onto_one**2).sum() * hz
        moments.append((mean, variance))
    assert moments[1] == pytest.approx(moments[0], rel=1e-9, abs=1e-9)


def test_the_currents_of_the_pair_are_those_of_the_closed_form() -> None:
    """K w rate tau (1 - sqrt(k)): 400 * 0.02 * ... of each projection, all numbers written out."""
    network = draw(configured(*PAIR, "stimulus=none", "scale.in_degree=0.25", RATES))
    exc = 400 * 0.02 * 0.0162 * 0.007 * 5.0 * (1 - 0.5)
    inh = 100 * 0.02 * 0.09 * 0.011 * 10.0 * (1 - 0.5)
    for name in ("exc", "inh"):
        assert lasting(network, name) == pytest.approx(exc - inh, rel=1e-9)
    weights = {each.name: each.weights for each in network.projections}
    assert weights["exc_to_inh"] == pytest.approx(0.0324) and weights["inh_to_exc"] == pytest.approx(0.18)


def test_drawn_weights_are_scaled_with_their_bounds_and_count_by_their_mean() -> None:
    """Truncated at 0.02, the mean is 0.02 + sqrt(2/pi) std."""
    drawn = "connectivity.weight_exc={distribution: normal, mean: 0.02, std: 0.01, low: 0.02}"
    words = [*PAIR, "stimulus=none", drawn, "projections.inh_to_exc=null", "projections.inh_to_inh=null"]
    network = draw(configured(*words, "scale.in_degree=0.25", RATES))
    mean = 0.02 + math.sqrt(2 / math.pi) * 0.01
    assert lasting(network, "exc") == pytest.approx(400 * 0.02 * mean * 0.007 * 5.0 * 0.5, rel=1e-9)
    weights = network.projections[0].weights
    assert weights.min() >= 0.04 and weights.mean() == pytest.approx(2 * mean, rel=0.05)


def test_a_background_keeps_mean_and_variance_of_its_input() -> None:
    words = [*PAIR, "connectivity=none", "stimulus=background_poisson", "stimulus.rate_hz=8000"]
    full, scaled = draw(configured(*words)), draw(configured(*words, "scale.in_degree=0.16"))
    assert scaled.source("background_exc").n_spikes == pytest.approx(
        0.16 * full.source("background_exc").n_spikes, rel=0.01
    )
    assert scaled.projections[0].weights == pytest.approx(0.1 / 0.4)
    assert lasting(scaled, "exc") == pytest.approx(8.0 * 0.1 * 5.0 * (1 - 0.4), rel=1e-9)
    assert scaled.projections[0].size == full.projections[0].size  # one source a cell, which stands for many


def test_a_current_follows_the_rate_of_its_stimulus_in_time() -> None:
    words = [
        *PAIR,
        "connectivity=none",
        "stimulus=background_poisson",
        "stimulus.start_ms=20",
        "stimulus.targets=[inh]",
    ]
    network = draw(configured(*words, "stimulus.rate_hz=[[0, 1000], [50, 0], [80, 500]]", "scale.in_degree=0.25"))
    (current,) = network.currents
    steps = np.array([0, 19, 20, 49, 50, 79, 80, 199])
    per_hz = 0.001 * 0.1 * 5.0 * 0.5
    assert current.at(steps) == pytest.approx(np.array([0, 0, 1000, 1000, 0, 0, 500, 500]) * per_hz)
    assert current.target == "inh"


def test_a_burst_keeps_its_sources_and_loses_synapses() -> None:
    words = [*PAIR, "connectivity=none", "stimulus=thalamic_burst", "stimulus.n_sources=400", "stimulus.p=0.2"]
    full = draw(configured(*words))
    scaled = draw(configured(*words, "stimulus.p_onto={inh: 0.4}", "scale.in_degree=0.25"))
    assert full.source("thalamus").size == scaled.source("thalamus").size == 400
    assert in_degree(scaled, "thalamus_to_exc") == pytest.approx(20, rel=0.05)
    assert in_degree(scaled, "thalamus_to_inh") == pytest.approx(40, rel=0.08)
    assert in_degree(full, "thalamus_to_inh") == pytest.approx(80, rel=0.08)
    amplitudes = {each.target: float(each.amplitudes[0]) for each in scaled.currents}
    assert amplitudes == pytest.approx({"exc": 80 * 0.1 * 0.1 * 5 * 0.5, "inh": 160 * 0.1 * 0.1 * 5 * 0.5})
    assert {(each.start_step, each.stop_step) for each in scaled.currents} == {(0, 50)}


def test_currents_and_listed_spikes_are_left_as_they_are() -> None:
    words = [
        *PAIR,
        "connectivity=none",
        "stimulus=step_current",
        "stimulus.start_ms=9",
        "stimuli.list={kind: spike_list, times_ms: [[5, 9]]}",
    ]
    full, scaled = draw(configured(*words)), draw(configured(*words, "scale.in_degree=0.5"))
    assert scaled.hash == full.hash


def test_one_to_one_stays_and_all_to_all_follows_the_cells() -> None:
    own = "projections.relay={pre: exc, post: exc, rule: one_to_one}"
    network = draw(configured(*PAIR, own, "connectivity=all_to_all", "scale.cells=0.5", "scale.in_degree=0.5", RATES))
    assert in_degree(network, "relay") == 1.0 and in_degree(network, "exc_to_inh") == 200
    weights = {each.name: each.weights[0] for each in network.projections}
    assert weights["relay"] == 0.0162 and weights["exc_to_inh"] == pytest.approx(0.0162 * math.sqrt(2))


def test_cells_alone_change_neither_weights_nor_currents_and_need_no_rates() -> None:
    network = draw(configured(*PAIR, "stimulus=none", "scale.cells=0.5"))
    assert network.currents == () and set(network.projections[0].weights) == {0.0162}
    assert configured("experiment=va_coba", "scale.cells=0.1").structure.sizes == {"exc": 320, "inh": 80}


def test_no_scale_leaves_the_network_and_the_record_as_they_were() -> None:
    plain, given_one = compose(["connectivity.n=100"]), compose(["connectivity.n=100", "scale.cells=1"])
    assert draw(plain.config).hash == draw(given_one.config).hash
    assert "scale" in plain.resolved
    without = {key: value for key, value in plain.resolved.items() if key != "scale"}
    assert config_hash(plain.resolved) == config_hash(without)
    assert config_hash(compose(["connectivity.n=100", "scale.cells=2"]).resolved) != config_hash(without)


def test_the_description_names_the_currents() -> None:
    text = markdown(describe(configured(*PAIR, "scale.in_degree=0.25", RATES)))
    assert "0.25 times the synapses onto each" in text and "in place of input from" in text
