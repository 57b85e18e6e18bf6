"""Synapses that learn, with given spikes: the weight after each spike of the source against the closed form."""

import learning_integer
import learning_reference
import pytest
from learning_cells import WEIGHT, learned, pairs
from small_networks import config
from small_runs import result_of, sound_on

from varesearch.backends.brian2 import Brian2Settings
from varesearch.backends.nest import NestSettings
from varesearch.backends.spinnaker import SpinnakerSettings
from varesearch.backends.spinnaker.backend import SpiNNaker
from varesearch.config.projection import Receptor
from varesearch.config.synapse_type import SynapseType
from varesearch.model.synapses.stdp import StdpSynapse

PRE = [210, 260, 262, 300, 350, 400, 450]
POST = [215, 250, 305, 352, 360, 370, 397]
"""With delays of 1 to 10 steps some spikes of the target are seen together with one of the source."""

STDP = {
    "additive": StdpSynapse(w_max=1.0, A_plus=0.03, A_minus=0.035, tau_plus=15.0),
    "multiplicative": StdpSynapse(
        w_max=1.0, A_plus=0.03, A_minus=0.035, tau_plus=15.0, weight_dependence="multiplicative"
    ),
    "nearest": StdpSynapse(w_max=1.0, A_plus=0.03, A_minus=0.035, tau_plus=15.0, pairing="nearest"),
    "nearest_multiplicative": StdpSynapse(
        w_max=1.0, A_plus=0.03, A_minus=0.035, tau_minus=20.0, weight_dependence="multiplicative", pairing="nearest"
    ),
    "at_the_bounds": StdpSynapse(w_max=0.55, A_plus=0.5, A_minus=0.9, tau_plus=15.0),
}
RULES: dict[str, tuple[SynapseType, Receptor]] = {
    **{name: (rule, "excitatory") for name, rule in STDP.items()},
    "inhibitory": (STDP["additive"], "inhibitory"),
}
REFERENCES = {StdpSynapse: learning_reference.stdp}
INTEGERS = {StdpSynapse: learning_integer.stdp}
ON_SPINNAKER = ("additive", "multiplicative", "at_the_bounds")


@pytest.fixture(scope="module")
def on_brian2():
    drawn = pairs(RULES, PRE, POST, range(1, 11), 480)
    return drawn, sound_on(drawn, Brian2Settings())


@pytest.fixture(scope="module")
def on_nest():
    drawn = pairs(RULES, PRE, POST, range(2, 12), 480)
    return drawn, sound_on(drawn, NestSettings())


@pytest.mark.parametrize("name", RULES)
def test_brian2_has_the_closed_form_at_every_delay(on_brian2, name):
    drawn, recording = on_brian2
    rule = RULES[name][0]
    synapses = learned(recording, drawn, name)
    assert len(synapses) == 10 * len(PRE)
    for each in synapses:
        expected = REFERENCES[type(rule)](each.pre, each.post, each.delay, WEIGHT, rule, 1.0, ties=False)
        assert each.final == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("name", RULES)
def test_nest_has_the_closed_form_with_its_own_delay(on_nest, name):
    """The delay that NEST is given is one step less than ours for currents, and so is the dendritic one."""
    drawn, recording = on_nest
    rule = RULES[name][0]
    for each in learned(recording, drawn, name):
        expected = REFERENCES[type(rule)](each.pre, each.post, each.delay - 1, WEIGHT, rule, 1.0, ties=False)
        assert each.final == pytest.approx(expected, abs=1e-9)


@pytest.fixture(scope="module")
def on_board():
    # The longest delay is a power of two: a core reads such a delay back as 0 unless it has more slots.
    drawn = pairs({name: RULES[name] for name in ON_SPINNAKER}, PRE, POST, (1, 2, 3, 4, 5, 7, 8), 480)
    result = result_of(drawn, SpiNNaker(config(drawn, SpinnakerSettings(machine="software"))))
    result.require_sound()
    return drawn, result


@pytest.mark.parametrize("name", ON_SPINNAKER)
def test_the_board_has_the_closed_form_but_for_what_is_rounded_down(on_board, name):
    drawn, result = on_board
    rule, step = RULES[name][0], result.metrics[f"weight_step.to_{name}"]
    for each in learned(result.recording, drawn, name):
        rounded = INTEGERS[type(rule)](each.pre, each.post, each.delay, WEIGHT, rule, 1.0, 1 / step)
        assert each.final == pytest.approx(rounded, abs=1e-9)
        exact = REFERENCES[type(rule)](each.pre, each.post, each.delay, WEIGHT, rule, 1.0, ties=True)
        # One step for each spike of the source, and the tables' and traces' own rounding.
        assert -(len(each.pre) + 1) * step - 0.01 <= each.final - exact <= 0.01
