"""The group ``synapse`` on the command line: what it gives to which projection, and bad input."""

from typing import Any

import pytest

from varesearch.backends.check import check_supported
from varesearch.config.compose import compose
from varesearch.config.errors import ConfigurationError
from varesearch.config.plausibility import doubts
from varesearch.config.validation import validate
from varesearch.network import draw

ALONE = "projections.inh_to_exc.synapse"


def synapses(*words: str) -> dict[str, Any]:
    """Projection -> its synapse; None: static."""
    config = compose(words).config
    validate(config)
    return {each.name: each.synapse for each in config.structure.projections}


def test_a_synapse_of_the_network_is_that_of_the_projections_it_is_meant_for():
    found = synapses("synapse=stdp", "synapse.tau_plus=10")
    assert {name for name, synapse in found.items() if synapse} == {"exc_to_exc", "exc_to_inh"}
    assert {synapse.tau_plus for synapse in found.values() if synapse} == {10.0}


def test_a_projection_has_a_synapse_of_its_own():
    found = synapses("synapse=stdp", "synapse.A_minus=0.5", f"{ALONE}=stdp", f"{ALONE}.A_plus=0.1")
    own = found["inh_to_exc"]
    # What it does not say it takes from the group of the same rule; its greatest weight follows from its own.
    assert (own.A_plus, own.A_minus, own.w_max) == (0.1, 0.5, 2 * 2.5)
    assert (found["exc_to_exc"].A_plus, found["exc_to_exc"].w_max) == (0.01, 2 * 1.0)
    assert synapses("synapse=stdp", "projections.exc_to_exc.synapse=static")["exc_to_exc"] is None


def test_synapses_of_a_table_of_projections():
    found = synapses(
        "populations={a: {size: 10}, b: {size: 5}}",
        "projections.all={pre: [a, b], post: [a, b], synapse: {type: stdp, tau_minus: 40}}",
    )
    assert {synapse.tau_minus for synapse in found.values()} == {40.0}


def test_static_synapses_leave_the_hash_as_it_was():
    small = ["connectivity.n=50"]
    static, learning = draw(compose(small).config), draw(compose([*small, "synapse=stdp"]).config)
    assert draw(compose([*small, "synapse=static"]).config).hash == static.hash != learning.hash
    other = draw(compose([*small, "synapse=stdp", "synapse.tau_plus=10"]).config)
    assert other.hash != learning.hash
    assert (learning.projections[0].weights == static.projections[0].weights).all()


BAD = {
    ("synapse=stpd",): "synapse has no such option; choose one of",
    (f"{ALONE}=stpd",): f"{ALONE}=stpd is unknown; choose one of",
    (f"{ALONE}=3",): f"{ALONE}=3 is not a synapse",
    (f"{ALONE}=stdp", f"{ALONE}.tau=3"): f"{ALONE}.tau is unknown",
    ("synapse=stdp", "synapse.tau_plus=0"): "synapse.tau_plus=0 must be greater than 0 ms",
    (f"{ALONE}=stdp", f"{ALONE}.tau_minus=-1"): f"{ALONE}.tau_minus=-1 must be greater than 0 ms",
    ("synapse=stdp", "synapse.A_plus=-0.1"): "synapse.A_plus=-0.1 must be from 0.0 to 1000.0",
    ("synapse=stdp", "synapse.pairing=some"): "synapse.pairing=some is unknown",
    ("synapse=stdp", "synapse.weight_dependence=none"): "synapse.weight_dependence=none is unknown",
    ("synapse=stdp", "synapse.w_min=3", "synapse.w_max=2"): "synapse.w_max=2 must be above synapse.w_min=3",
    ("synapse=stdp", "synapse.w_max=0.5"): "connectivity.weight_exc=1 lies outside of synapse.w_min=0 to",
    (f"{ALONE}=stdp", f"{ALONE}.w_max=1"): f"lies outside of {ALONE}.w_min=0 to {ALONE}.w_max=1",
    ("synapse=vogels_2011", "synapse.eta=-1"): "synapse.eta=-1 must be at least 0",
    ("synapse=vogels_2011", "synapse.target_rate_hz=-5"): "synapse.target_rate_hz=-5 must be at least 0 Hz",
    ("synapse=vogels_2011", "synapse.tau_plus=20"): "synapse.tau_plus is unknown",
    ("synapse=tsodyks_markram", "synapse.U=1.5"): "synapse.U=1.5 must be",
    ("synapse=tsodyks_markram", "synapse.tau_rec=0"): "synapse.tau_rec=0 must be greater than 0 ms",
    ("synapse=tsodyks_markram", "synapse.tau_facil=-1"): "synapse.tau_facil=-1 must be at least 0 ms",
    ("synapse=stdp_triplet", "synapse.tau_y=0"): "synapse.tau_y=0 must be greater than 0 ms",
    ("synapse=stdp", "scale.in_degree=0.5", "scale.rates_hz={exc: 5, inh: 5}"): "needs weights that stay as they are",
    ("synapse=stdp", "connectivity.weight_exc=0"): "synapse.w_max=null means twice the weight",
    ("synapse=stdp", "connectivity.weight_exc={distribution: uniform, low: 1, high: 2}"): "write a number",
    (
        "synapse=stdp",
        "synapse.w_max=1.5",
        "connectivity.weight_exc={distribution: uniform, low: 1, high: 2}",
    ): "can lie outside of synapse.w_min=0 to synapse.w_max=1.5",
}


@pytest.mark.parametrize(("words", "message"), BAD.items(), ids=[" ".join(words) for words in BAD])
def test_bad_input_is_one_line_that_names_the_setting(words, message):
    with pytest.raises(ConfigurationError) as refused:
        synapses(*words)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_rule_for_the_other_receptor_is_accepted_with_a_warning():
    config = compose(["projections.exc_to_exc.synapse=vogels_2011", f"{ALONE}=vogels_2011"]).config
    validate(config)
    assert [doubt.text for doubt in doubts(config)] == [
        "projections.exc_to_exc.synapse=vogels_2011 is a rule for inhibitory synapses, and exc_to_exc is excitatory"
    ]


def test_the_learning_rate_follows_from_the_greatest_weight():
    found = synapses("synapse=vogels_2011")
    assert {name for name, synapse in found.items() if synapse} == {"inh_to_exc", "inh_to_inh"}
    own = found["inh_to_exc"]
    assert (own.w_max, own.eta, own.alpha) == (5.0, 0.005, pytest.approx(0.2))
    assert all(synapses("synapse=tsodyks_markram").values())


CURRENT = ("cell=if_curr_exp", "synapse=stdp")
ON_BACKENDS = {
    ("backend=nest", *CURRENT, "synapse.w_min=0.001"): "synapse.w_min=0.001: NEST's synapses learn down to 0",
    (
        "backend=nest",
        *CURRENT,
        "projections.inh_to_exc.synapse=stdp",
        "projections.inh_to_exc.synapse.tau_minus=30",
    ): "NEST keeps one for each cell",
    ("backend=spinnaker", *CURRENT, "synapse.pairing=nearest"): "synapse.pairing=nearest is another rule on SpiNNaker",
    (
        "backend=spinnaker",
        *CURRENT,
        "projections.inh_to_exc.synapse=stdp",
        "projections.inh_to_exc.synapse.A_plus=0.5",
    ): "all synapses onto exc that learn must have one rule",
    (
        "backend=spinnaker",
        "cell=if_curr_exp",
        "synapse=tsodyks_markram",
    ): "does not exist on backend=spinnaker; it exists on",
    (
        "backend=spinnaker",
        "cell=if_curr_exp",
        "synapse=vogels_2011",
        "connectivity.weight_inh=0.001",
        "synapse.w_max=0.2",
        "synapse.eta=0.1",
    ): "connectivity.weight_inh=0.001 begins below 0.02",
    ("backend=spinnaker", *CURRENT, "connectivity.draw=native"): "needs synapses that are drawn here",
}


@pytest.mark.parametrize(("words", "message"), ON_BACKENDS.items(), ids=[" ".join(words) for words in ON_BACKENDS])
def test_what_a_simulator_lacks_is_refused_in_one_line(words, message):
    config = compose(words).config
    validate(config)
    with pytest.raises(ConfigurationError) as refused:
        check_supported(config).check(config)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)
