"""Synapses that learn, with given spikes: the weight after each spike of the source against the closed form."""

from dataclasses import replace

import learning_integer
import learning_reference
import numpy as np
import pytest
from learning_cells import CELL, DRIVE_NA, WEIGHT, learned, pairs
from small_networks import config, network, population, projection, source
from small_runs import result_of, sound_on, sound_with

from varesearch.backends.brian2 import Brian2Settings
from varesearch.backends.nest import NestSettings
from varesearch.backends.nest.backend import Nest
from varesearch.backends.spinnaker import SpinnakerSettings
from varesearch.backends.spinnaker.backend import SpiNNaker
from varesearch.config.compose import compose
from varesearch.config.errors import ConfigurationError
from varesearch.config.projection import Receptor
from varesearch.config.schema import RecordingConfig
from varesearch.config.synapse_type import SynapseType
from varesearch.model.cells.if_curr_exp import IfCurrExp
from varesearch.model.cells.izhikevich import Izhikevich
from varesearch.model.synapses.stdp import StdpSynapse
from varesearch.model.synapses.stdp_triplet import TripletSynapse
from varesearch.model.synapses.tsodyks_markram import TsodyksMarkramSynapse
from varesearch.model.synapses.vogels_2011 import VogelsSynapse
from varesearch.network import draw
from varesearch.result import Status

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
    "vogels": (VogelsSynapse(w_max=1.0, eta=0.04, target_rate_hz=4.0), "inhibitory"),
    "vogels_at_the_bounds": (VogelsSynapse(w_max=0.55, eta=0.4, tau=30.0, target_rate_hz=20.0), "inhibitory"),
    "triplet": (TripletSynapse(w_max=1.0, A_plus=0.02, A_minus=0.03, A3_plus=0.05, A3_minus=0.04), "excitatory"),
}
REFERENCES = {
    StdpSynapse: learning_reference.stdp,
    VogelsSynapse: learning_reference.vogels,
    TripletSynapse: learning_reference.triplet,
}
INTEGERS = {StdpSynapse: learning_integer.stdp, VogelsSynapse: learning_integer.vogels}
ON_SPINNAKER = ("additive", "multiplicative", "at_the_bounds", "vogels", "triplet")


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


@pytest.mark.slow
@pytest.mark.parametrize("codegen", ["cython", "cpp_standalone"])
def test_every_code_generation_target_has_the_same_weights(codegen):
    drawn = pairs({name: RULES[name] for name in ("nearest_multiplicative", "triplet")}, PRE, POST, (1, 2, 3), 480)
    weights = sound_on(drawn, Brian2Settings()).weights
    other = sound_on(drawn, Brian2Settings(codegen=codegen)).weights
    for name in weights:
        assert other[name].final == pytest.approx(weights[name].final, abs=1e-14)


@pytest.mark.parametrize("name", RULES)
def test_nest_has_the_closed_form_with_its_own_delay(on_nest, name):
    """The delay that NEST is given is one step less than ours for currents, and so is the dendritic one."""
    drawn, recording = on_nest
    rule = RULES[name][0]
    for each in learned(recording, drawn, name):
        expected = REFERENCES[type(rule)](each.pre, each.post, each.delay - 1, WEIGHT, rule, 1.0, ties=False)
        assert each.final == pytest.approx(expected, abs=1e-9)


def test_the_nearest_spike_of_a_source_that_has_not_fired_is_at_time_0_on_nest():
    rule, targets = STDP["nearest"], [12, 27]
    drawn = pairs({"nearest": (rule, "excitatory")}, [40], [step - 2 for step in targets], (2, 5), 60)
    result = result_of(drawn, Nest(config(drawn, NestSettings())))
    result.require_sound()
    assert "to_nearest see the spikes of their targets one step earlier" in result.provenance["plasticity"]
    assert result.recording is not None
    for each in learned(result.recording, drawn, "nearest"):
        assert each.post == targets
        never = sum(np.exp(-(step + each.delay) / rule.tau_plus) for step in targets)
        depressed = np.exp(-(each.pre[0] - targets[-1] - each.delay + 1) / rule.tau_minus)
        assert each.final == pytest.approx(WEIGHT + rule.A_plus * never - rule.A_minus * depressed, abs=1e-9)


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
        if type(rule) in INTEGERS:
            rounded = INTEGERS[type(rule)](each.pre, each.post, each.delay, WEIGHT, rule, 1.0, 1 / step)
            assert each.final == pytest.approx(rounded, abs=1e-9)
        exact = REFERENCES[type(rule)](each.pre, each.post, each.delay, WEIGHT, rule, 1.0, ties=True)
        # One step for each spike of the source, and the tables' and traces' own rounding.
        assert -(len(each.pre) + 1) * step - 0.01 <= each.final - exact <= 0.01


def test_a_rule_without_a_program_for_the_cell_has_a_core_of_its_own():
    """sPyNNaker brings no program of Izhikevich's cell with the rule for inhibition: a core beside it has the rule."""
    rule = VogelsSynapse(w_max=1.0, eta=0.04, target_rate_hz=4.0)
    cell = Izhikevich(i_offset=0.0, tau_syn_E=1.0)
    drawn = pairs({"vogels": (rule, "inhibitory")}, PRE, POST, (1, 2, 5, 8), 480, target=cell, drive=150.0)
    backend = SpiNNaker(config(drawn, SpinnakerSettings(machine="software")))
    result = result_of(drawn, backend)
    result.require_sound()
    assert result.status is Status.FINISHED
    assert result.recording is not None
    for each in learned(result.recording, drawn, "vogels"):
        assert len(each.post) >= len(POST)
        step = result.metrics["weight_step.to_vogels"]
        rounded = learning_integer.vogels(each.pre, each.post, each.delay, WEIGHT, rule, 1.0, 1 / step)
        assert each.final == pytest.approx(rounded, abs=1e-9)


def test_a_weight_that_would_wrap_on_the_board_is_refused_before_the_run_and_marked_after_it():
    """Of sPyNNaker's rule for inhibition only the greatest weight is a bound: 0 less a little is stored as 65535."""
    falling = VogelsSynapse(w_max=1.0, eta=0.02, target_rate_hz=50.0)
    too_low = pairs({"low": (replace(falling, eta=0.3), "inhibitory")}, PRE, POST, (2,), 480)
    with pytest.raises(ConfigurationError, match=r"begins below 0\.6"):
        SpiNNaker(config(too_low, SpinnakerSettings(machine="software"))).check_network(too_low)
    drawn = pairs({"low": (replace(falling, eta=0.2), "inhibitory")}, PRE, POST, (2,), 480)
    result = result_of(drawn, SpiNNaker(config(drawn, SpinnakerSettings(machine="software"))))
    assert result.status is Status.DEGRADED
    assert "weights of to_low below 0.4" in result.why_degraded


RESTING = TsodyksMarkramSynapse(U=0.4, tau_rec=60.0, tau_facil=40.0)
SHORT_TERM = {"both": RESTING, "depression": replace(RESTING, tau_facil=0.0), "facilitation": replace(RESTING, U=0.05)}


@pytest.mark.parametrize("settings", [Brian2Settings(), NestSettings()], ids=lambda it: it.name)
def test_short_term_plasticity_scales_each_spike(settings):
    """The current of a spike with a delay of n steps is its weight, times what is left of it, n steps later."""
    drawn = pairs({name: (rule, "excitatory") for name, rule in SHORT_TERM.items()}, PRE, [20], (3,), 480)
    recording = sound_on(drawn, settings, RecordingConfig(signals=["isyn_exc"]))
    assert not recording.weights
    trains = recording.populations["sources"].spike_trains()
    for name, rule in SHORT_TERM.items():
        expected = np.zeros(480)
        for train in trains:
            steps = train.round().astype(int).tolist()
            for step, share in zip(steps, learning_reference.efficacies(steps, rule, 1.0), strict=True):
                expected[step + 3 :] += WEIGHT * share * np.exp(-np.arange(480 - step - 3))
        found = recording.populations[name].signals["isyn_exc"].values[:, 0]
        assert found[100:] == pytest.approx(expected[100:], abs=1e-8)


def test_the_board_has_the_times_and_the_weight_that_spynnaker_asserts():
    """Its own test ``test_STDP_pair_additive``: a cell that fires at 10 and 50 ms, another that is driven at 30 ms."""
    of_pynn = IfCurrExp(
        v_rest=-65.0, v_reset=-65.0, v_thresh=-50.0, cm=1.0, tau_m=20.0, tau_refrac=1.0, tau_syn_E=5.0, tau_syn_I=5.0
    )
    # sPyNNaker takes absolute amplitudes, and rounds its refractory period of 0.1 ms up to a step.
    rule = StdpSynapse(w_max=5.0, A_plus=0.01 / 5.0, A_minus=0.01 / 5.0)
    joined = [
        projection("spikes", "pre", "excitatory", [(0, 0, DRIVE_NA, 2)], "drive"),
        projection("spikes", "post", "excitatory", [(1, 0, 5.0, 1)], "extra"),
        projection("pre", "post", "excitatory", [(0, 0, 5.0, 1)], "static"),
        replace(projection("pre", "post", "excitatory", [(0, 0, 2.5, 3)], "learning"), synapse=rule),
    ]
    cells = [population("pre", CELL, [-65.0]), population("post", of_pynn, [-65.0])]
    spikes = source("spikes", [(108, 0), (148, 0), (130, 1)], 2)
    drawn = network(cells, 200, 1.0, [spikes], joined)
    result = result_of(drawn, SpiNNaker(config(drawn, SpinnakerSettings(machine="software"))))
    result.require_sound()
    assert result.recording is not None
    trains = {name: it.spike_times_ms.tolist() for name, it in result.recording.populations.items()}
    assert trains == {"pre": [110.0, 150.0], "post": [114.0, 132.0, 153.0]}
    late, early = [114 + 3 - 110, 132 + 3 - 110], [150 - 114 - 3, 150 - 132 - 3]
    expected = 2.5 + 0.01 * (sum(np.exp(-np.array(late) / 20.0)) - sum(np.exp(-np.array(early) / 20.0)))
    assert result.recording.weights["learning"].final == pytest.approx([expected], rel=1e-3)


def test_the_same_network_learns_the_same_balance():
    """Two simulators part by the step of NEST's delay and by the spikes that then differ, not in what they learn."""
    words = ["cell=if_curr_exp", "cell.i_offset=0.15", "connectivity.n=100", "connectivity.p=0.2"]
    words += ["connectivity.delay_ms=3", "simulation.duration_ms=400", "projections.inh_to_exc.synapse=vogels_2011"]
    words += ["projections.inh_to_exc.synapse.eta=0.002"]
    found = {}
    for backend in ("brian2", "nest"):
        settings = compose([*words, f"backend={backend}"]).config
        found[backend] = sound_with(draw(settings), settings).weights["inh_to_exc"]
    one, other = found["brian2"], found["nest"]
    assert one.final.std() > 0.1 * one.initial.mean()
    assert one.final.mean() == pytest.approx(other.final.mean(), rel=0.01)
    assert np.corrcoef(one.final, other.final)[0, 1] > 0.98
    assert (other.low <= other.final).all()
    assert (other.final <= other.high).all()
