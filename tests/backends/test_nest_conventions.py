"""NEST against the conventions of the network and the recording, in closed form."""

import math
from dataclasses import replace

import numpy as np
import pytest
from nest_runs import MODELS, REST, first_psp, quiet, resting, simulate, source_at, stimulus
from small_networks import network, projection

from varesearch.model.cells.if_cond_alpha import IfCondAlpha
from varesearch.model.cells.if_cond_exp import IfCondExp
from varesearch.model.cells.if_curr_alpha import IfCurrAlpha
from varesearch.model.cells.if_curr_delta import IfCurrDelta
from varesearch.model.cells.if_curr_exp import IfCurrExp
from varesearch.model.cells.izhikevich import Izhikevich
from varesearch.model.cells.izhikevich_delta import IzhikevichDelta
from varesearch.network.model import CurrentInput, Population

SMALL = {
    Izhikevich: 0.1,
    IzhikevichDelta: 1.0,
    IfCondExp: 1e-4,
    IfCondAlpha: 1e-4,
    IfCurrExp: 0.01,
    IfCurrAlpha: 0.01,
    IfCurrDelta: 1.0,
}
"""A weight that moves v without a spike."""
LARGE = {
    Izhikevich: 100.0,
    IzhikevichDelta: 100.0,
    IfCondExp: 3.0,
    IfCondAlpha: 3.0,
    IfCurrExp: 40.0,
    IfCurrAlpha: 40.0,
    IfCurrDelta: 40.0,
}
"""A weight that makes the target fire in the step in which it acts."""


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("receptor", ["excitatory", "inhibitory"])
@pytest.mark.parametrize(("step", "delay"), [(0, 2), (0, 5), (7, 3)])
def test_a_spike_of_step_k_acts_after_its_delay_with_its_sign_and_size(model, receptor, step, delay):
    cell = quiet(model)
    dt_ms = 0.1 if model in (IfCondExp, IfCondAlpha) else 1.0
    drawn = network([resting(cell)], 40, dt_ms, [source_at(step)], [stimulus(SMALL[model], delay, receptor)])
    v = simulate(drawn).populations["exc"].signals["v"].values[:, 0]
    arrival = step + delay
    assert np.abs(v[: arrival + 1] - REST).max() < 1e-9
    # The conductance's driving force falls by a ten-thousandth during the step.
    tolerance = 1e-3 if model in (IfCondExp, IfCondAlpha) else 1e-9
    assert v[arrival + 1] - REST == pytest.approx(first_psp(cell, receptor, SMALL[model], dt_ms), rel=tolerance)


@pytest.mark.parametrize("model", [Izhikevich, IzhikevichDelta, IfCurrDelta])
def test_a_delay_of_one_step_where_nest_has_it(model):
    drawn = network([resting(quiet(model))], 40, 1.0, [source_at(0)], [stimulus(1.0, 1)])
    v = simulate(drawn).populations["exc"].signals["v"].values[:, 0]
    assert v[1] == pytest.approx(REST, abs=1e-9)
    assert v[2] == pytest.approx(REST + 1.0, abs=1e-9)


@pytest.mark.parametrize("model", MODELS)
def test_a_cells_own_spike_is_stamped_with_the_start_of_its_step_and_delayed_from_there(model):
    """Source -> first cell fires in step 4 + 3 = 7 -> second cell moves after step 7 + 2 = 9, so in sample 10."""
    cell = quiet(model)
    relay = projection("exc", "exc", "excitatory", [(0, 1, SMALL[model], 2)])
    drawn = network([resting(cell, size=2)], 40, 1.0, [source_at(4)], [stimulus(LARGE[model], 3), relay])
    recorded = simulate(drawn).populations["exc"]
    trains = recorded.spike_trains()
    assert trains[0][0] == 7.0
    assert len(trains[1]) == 0
    reset = cell.c if isinstance(cell, Izhikevich | IzhikevichDelta) else cell.v_reset  # type: ignore[attr-defined]
    assert recorded.signals["v"].values[8, 0] == pytest.approx(reset)
    moved = np.abs(recorded.signals["v"].values[:, 1] - REST) > 1e-9
    assert np.flatnonzero(moved)[0] == 10


def test_a_spike_of_the_last_step_is_recorded_and_none_after_it():
    cell = quiet(IfCurrDelta)
    assert isinstance(cell, IfCurrDelta)
    cell.tau_refrac = 1.0
    drawn = network([resting(cell)], 11, 1.0, [source_at(6, 9)], [stimulus(LARGE[IfCurrDelta], 1)])
    assert simulate(drawn).populations["exc"].spike_times_ms.tolist() == [7.0, 10.0]
    assert simulate(replace(drawn, n_steps=10)).populations["exc"].spike_times_ms.tolist() == [7.0]


def test_v_is_held_for_the_refractory_period():
    """A spike of step 5, tau_refrac 3 ms at 1 ms: v stays for the 3 updates of steps 6, 7, 8, and moves in step 9."""
    cell = IfCurrExp(v_rest=-40.0, v_reset=-70.0, v_thresh=-50.0, tau_refrac=3.0)
    v_init = -40.0 - (10.0 + 1e-6) * math.exp(5 / 20)
    recorded = simulate(network([resting(cell, v=v_init)], 40, 1.0)).populations["exc"]
    # v reaches -50 with the update of step 5: 5 updates bring it within 10 + 1e-6 of rest, the next over threshold.
    assert recorded.spike_times_ms[0] == 5.0
    v = recorded.signals["v"].values[:, 0]
    assert np.array_equal(v[6:10], np.full(4, -70.0))
    assert v[10] == pytest.approx(-40.0 - 30.0 * math.exp(-1 / 20))


@pytest.mark.parametrize("interval_steps", [1, 3, 7, 100])
def test_samples_start_with_the_initial_state_at_every_interval(interval_steps):
    cell = IzhikevichDelta()
    rng = np.random.default_rng(3)
    initial = {"v": rng.uniform(-65, -50, 9), "u": rng.uniform(-15, -12, 9)}
    drawn = network([Population("exc", 9, cell, initial)], 40, 1.0)
    every = simulate(drawn, signals=["v", "u"]).populations["exc"].signals
    some = simulate(drawn, signals=["v", "u"], cells=4, interval_ms=float(interval_steps)).populations["exc"].signals
    for name, unit in (("v", "mV"), ("u", "mV/ms")):
        assert every[name].values.shape == (40, 9)
        assert np.array_equal(every[name].values[0], drawn.populations[0].initial[name])
        assert some[name].unit == unit
        assert some[name].times_ms.tolist() == list(range(0, 40, interval_steps))
        assert some[name].ids.tolist() == [0, 3, 5, 8]
        assert np.array_equal(some[name].values, every[name].values[::interval_steps][:, [0, 3, 5, 8]])
    # Two Euler steps of Izhikevich (2003), eqs. 1 and 2, written out here.
    v, u = drawn.populations[0].initial["v"], drawn.populations[0].initial["u"]
    for step in (1, 2):
        v, u = v + 0.04 * v * v + 5 * v + 140 - u + cell.i_offset, u + cell.a * (cell.b * v - u)
        assert every["v"].values[step] == pytest.approx(v, rel=1e-12)
        assert every["u"].values[step] == pytest.approx(u, rel=1e-12)


def test_nothing_sampled_gives_spikes_only():
    recorded = simulate(network([resting(IzhikevichDelta())], 40, 1.0), signals=[]).populations["exc"]
    assert recorded.signals == {}
    assert len(recorded.spike_ids) > 0


@pytest.mark.parametrize("start", [0, 1, 13])
def test_a_current_acts_from_its_first_step_to_its_last_and_adds_up(start):
    """The closed form of a membrane at constant current, step by step."""
    cell = quiet(IfCurrExp)
    currents = [CurrentInput.step("exc", 0.05, start, 20), CurrentInput.step("exc", 0.02, 16, 25)]
    drawn = network([resting(cell)], 40, 1.0, currents=currents)
    v = simulate(drawn).populations["exc"].signals["v"].values[:, 0]
    expected = [REST]
    for step in range(39):
        drive = sum(c.amplitudes[0] for c in currents if c.start_step <= step < c.stop_step)
        steady = REST + drive * 20.0 / 0.2
        expected.append(steady + (expected[-1] - steady) * math.exp(-1 / 20))
    assert v == pytest.approx(np.array(expected), abs=1e-9)


def test_exponential_currents_decay_exactly():
    """The same recursion, in Python: arrival, forward Euler, exact decay. Weights of both signs, three arrivals."""
    cell = quiet(Izhikevich)
    assert isinstance(cell, Izhikevich)
    cell.tau_syn_E, cell.tau_syn_I = 5.0, 11.0
    drawn = network([resting(cell)], 60, 1.0, [source_at(0, 4, 9)], [stimulus(0.3, 3), stimulus(0.2, 5, "inhibitory")])
    v, u, excitation, inhibition, expected = REST, 0.2 * REST, 0.0, 0.0, []
    for step in range(60):
        expected.append(v)
        excitation += 0.3 * (step - 3 in (0, 4, 9))
        inhibition += 0.2 * (step - 5 in (0, 4, 9))
        slope = 0.04 * v * v + 5 * v + 140 - u + cell.i_offset + excitation - inhibition
        v, u = v + slope, u + cell.a * (cell.b * v - u)
        excitation, inhibition = excitation * math.exp(-1 / 5), inhibition * math.exp(-1 / 11)
    recorded = simulate(drawn).populations["exc"].signals["v"].values[:, 0]
    assert recorded == pytest.approx(np.array(expected), abs=1e-9)
