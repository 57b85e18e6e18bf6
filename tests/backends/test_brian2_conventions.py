"""When a spike acts, how much, and in which direction, for each cell and integrator on Brian2."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from small_networks import network, population, projection, source
from small_runs import sound_on

from varesearch.backends.brian2 import Brian2Settings
from varesearch.config.cell import Cell
from varesearch.config.schema import RecordingConfig
from varesearch.model.cells.if_cond_alpha import IfCondAlpha
from varesearch.model.cells.if_cond_exp import IfCondExp
from varesearch.model.cells.if_curr_alpha import IfCurrAlpha
from varesearch.model.cells.if_curr_delta import IfCurrDelta
from varesearch.model.cells.if_curr_exp import IfCurrExp
from varesearch.model.cells.izhikevich import Izhikevich
from varesearch.model.cells.izhikevich_delta import IzhikevichDelta
from varesearch.network.model import CurrentInput, Network
from varesearch.recording import Recording

REST = -65.0
LIF: dict[str, Any] = {"v_rest": REST, "v_thresh": -50.0, "v_reset": -70.0}
# u = b v and this current hold an Izhikevich cell still at REST: the roots of 0.04 v² + 5 v + 140 - u + i.
STILL_U = 0.2 * REST
STILL_I = STILL_U - (0.04 * REST**2 + 5 * REST + 140)
IZHIKEVICH: dict[str, Any] = {"i_offset": STILL_I, "tau_syn_E": 4.0, "tau_syn_I": 7.0}

CELLS: dict[str, tuple[Cell, float]] = {
    "izhikevich euler": (Izhikevich(**IZHIKEVICH), 0.7),
    "izhikevich spinnaker": (Izhikevich(**IZHIKEVICH, integrator="spinnaker"), 0.7),
    "izhikevich_delta": (IzhikevichDelta(i_offset=STILL_I), 0.7),
    "if_cond_exp exponential_euler": (IfCondExp(**LIF), 0.002),
    "if_cond_exp euler": (IfCondExp(**LIF, integrator="euler"), 0.002),
    "if_cond_exp spinnaker": (IfCondExp(**LIF, integrator="spinnaker"), 0.002),
    "if_cond_alpha": (IfCondAlpha(**LIF), 0.002),
    "if_curr_exp": (IfCurrExp(**LIF), 0.02),
    "if_curr_exp equal time constants": (IfCurrExp(**LIF, tau_m=5.0), 0.02),
    "if_curr_alpha": (IfCurrAlpha(**LIF), 0.02),
    "if_curr_alpha equal time constants": (IfCurrAlpha(**LIF, tau_m=5.0), 0.02),
    "if_curr_delta": (IfCurrDelta(**LIF), 0.7),
}


def simulate(drawn: Network, recording: RecordingConfig | None = None, codegen: str = "numpy") -> Recording:
    return sound_on(drawn, Brian2Settings(codegen=codegen), recording)


def v_of(recording: Recording, name: str = "cells") -> NDArray[np.floating]:
    return recording.populations[name].signals["v"].values


@cache
def psps(name: str, dt_ms: float, n_steps: int = 60) -> dict[str, NDArray[np.float64]]:
    """Receptor -> the deviation of v from rest over the steps after an arrival; sample 0 is the step of the arrival."""
    cell, weight = CELLS[name]
    drawn = network(
        [population("cells", cell, [REST, REST], STILL_U)],
        n_steps + 4,
        dt_ms,
        [source("input", [(1, 0)], 1)],
        [
            projection("input", "cells", "excitatory", [(0, 0, weight, 3)]),
            projection("input", "cells", "inhibitory", [(0, 1, weight, 3)]),
        ],
    )
    v = v_of(simulate(drawn)).astype(float)
    assert np.abs(v[:5] - REST).max() < 1e-9
    return {"excitatory": v[4:, 0] - REST, "inhibitory": v[4:, 1] - REST}


@pytest.mark.parametrize("name", CELLS)
def test_a_spike_of_step_k_with_a_delay_of_n_steps_first_shows_in_the_sample_of_step_k_plus_n_plus_1(name: str) -> None:
    cell, weight = CELLS[name]
    delays = [1, 2, 5]
    drawn = network(
        [population("cells", cell, [REST] * 4, STILL_U)],
        20,
        1.0,
        [source("input", [(0, 0), (3, 1), (3, 2), (9, 3)], 4)],
        [
            projection(
                "input", "cells", "excitatory", [(k, k, weight, n) for k, n in enumerate(delays)] + [(3, 0, 0.0, 1)]
            )
        ],
    )
    v = v_of(simulate(drawn))
    for k, (n, step) in enumerate(zip(delays, [0, 3, 3], strict=True)):
        assert np.flatnonzero(np.abs(v[:, k] - REST) > 1e-9)[0] == step + n + 1
    assert np.abs(v[:, 3] - REST).max() < 1e-9


@pytest.mark.parametrize("name", CELLS)
def test_a_cells_own_spike_travels_as_a_sources_spike_does(name: str) -> None:
    cell, weight = CELLS[name]
    drawn = network(
        [population("pre", cell, [40.0, 40.0], STILL_U), population("cells", cell, [REST] * 3, STILL_U)],
        20,
        1.0,
        projections=[projection("pre", "cells", "excitatory", [(0, 0, weight, 1), (1, 1, weight, 4)])],
    )
    recording = simulate(drawn)
    fired = int(recording.populations["pre"].spike_times_ms[0])
    v = v_of(recording)
    for target, n in ((0, 1), (1, 4)):
        assert np.flatnonzero(np.abs(v[:, target] - REST) > 1e-9)[0] == fired + n + 1


@pytest.mark.parametrize("dt_ms", [1.0, 0.1])
@pytest.mark.parametrize("receptor", ["excitatory", "inhibitory"])
def test_the_exact_cells_follow_the_closed_form_of_the_psp(receptor: str, dt_ms: float) -> None:
    sign = 1 if receptor == "excitatory" else -1
    tau_name = "tau_syn_E" if receptor == "excitatory" else "tau_syn_I"

    def exponential(t: NDArray, cell: IfCurrExp, weight: float) -> NDArray:
        tau_s, tau_m = getattr(cell, tau_name), cell.tau_m
        if tau_s == tau_m:
            return weight / cell.cm * t * np.exp(-t / tau_m)
        return weight / cell.cm * tau_m * tau_s / (tau_m - tau_s) * (np.exp(-t / tau_m) - np.exp(-t / tau_s))

    def alpha(t: NDArray, cell: IfCurrAlpha, weight: float) -> NDArray:
        tau_s, tau_m = getattr(cell, tau_name), cell.tau_m
        peak = weight * np.e / (cell.cm * tau_s)
        if tau_s == tau_m:
            return peak * t**2 / 2 * np.exp(-t / tau_m)
        beta = 1 / tau_s - 1 / tau_m
        return peak * np.exp(-t / tau_m) * (1 - np.exp(-beta * t) * (1 + beta * t)) / beta**2

    closed_forms: dict[str, Callable] = {
        "if_curr_exp": exponential,
        "if_curr_exp equal time constants": exponential,
        "if_curr_alpha": alpha,
        "if_curr_alpha equal time constants": alpha,
    }
    for name, closed_form in closed_forms.items():
        cell, weight = CELLS[name]
        got = psps(name, dt_ms)[receptor]
        expected = sign * closed_form(np.arange(len(got)) * dt_ms, cell, weight)
        np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-11, err_msg=name)
    cell, weight = CELLS["if_curr_delta"]
    got = psps("if_curr_delta", dt_ms)[receptor]
    # The step comes at the end of the step of its arrival, so that the first sample after it shows all of it.
    expected = sign * weight * np.exp(-(np.arange(len(got)) - 1) * dt_ms / cell.tau_m)  # type: ignore[attr-defined]
    np.testing.assert_allclose(got[1:], expected[1:], rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize(("receptor", "sign"), [("excitatory", 1), ("inhibitory", -1)])
def test_the_first_step_of_the_psp_of_the_other_cells(receptor: str, sign: int) -> None:
    dt_ms = 0.5

    def first(name: str) -> tuple[Cell, float, float]:
        cell, weight = CELLS[name]
        return cell, weight, float(psps(name, dt_ms)[receptor][1])

    _, weight, got = first("izhikevich euler")
    assert got == pytest.approx(sign * weight * dt_ms, rel=1e-9)

    _, weight, got = first("izhikevich_delta")
    assert got == pytest.approx(sign * weight, rel=1e-9)

    # From rest, f(v) = 0.04 v² + 5 v + 140 - u + i with i changed by x: the midpoint of the step, then f there.
    cell, weight, got = first("izhikevich spinnaker")
    tau = cell.tau_syn_E if receptor == "excitatory" else cell.tau_syn_I  # type: ignore[attr-defined]
    x = sign * weight * tau / dt_ms * (1 - np.exp(-dt_ms / tau))
    middle = REST + x * dt_ms / 2
    slope = 0.04 * (middle**2 - REST**2) + 5 * (middle - REST) + x
    assert got == pytest.approx(slope * dt_ms, rel=1e-9)

    cell, weight, got = first("if_cond_exp exponential_euler")
    assert isinstance(cell, IfCondExp)
    reversal = cell.e_rev_E if receptor == "excitatory" else cell.e_rev_I
    leak = cell.cm / cell.tau_m
    target = (leak * REST + weight * reversal) / (leak + weight)
    assert got == pytest.approx((target - REST) * (1 - np.exp(-dt_ms * (leak + weight) / cell.cm)), rel=1e-9)
    assert np.sign(got) == sign

    cell, weight, got = first("if_cond_exp euler")
    assert got == pytest.approx(dt_ms * weight * (reversal - REST) / cell.cm, rel=1e-9)  # type: ignore[attr-defined]

    cell, weight, got = first("if_cond_exp spinnaker")
    assert isinstance(cell, IfCondExp)
    tau = cell.tau_syn_E if receptor == "excitatory" else cell.tau_syn_I
    current = weight * tau / dt_ms * (1 - np.exp(-dt_ms / tau)) * (reversal - REST)
    assert got == pytest.approx(current * cell.tau_m / cell.cm * (1 - np.exp(-dt_ms / cell.tau_m)), rel=1e-9)


def test_exponential_currents_decay_exactly_and_carry_the_charge_of_their_scheme() -> None:
    """From the differences of v where v has no slope of its own and u is frozen: i(k) = w exp(-k dt / tau)."""
    tau, dt_ms, weight = 5.0, 1.0, 1e-6
    for integrator, gain in (("euler", 1.0), ("spinnaker", tau / dt_ms * (1 - np.exp(-dt_ms / tau)))):
        # At v = -62.5 the slope of 0.04 v² + 5 v + 140 is 0, so that a small deviation is the plain sum of the current.
        still = Izhikevich(a=0.0, i_offset=-(0.04 * 62.5**2 - 5 * 62.5 + 140), integrator=integrator)
        drawn = network(
            [population("cells", still, [-62.5], 0.0)],
            40,
            dt_ms,
            [source("input", [(0, 0)], 1)],
            [projection("input", "cells", "excitatory", [(0, 0, weight, 1)])],
        )
        current = np.diff(v_of(simulate(drawn))[:, 0])[1:] / dt_ms
        expected = weight * gain * np.exp(-np.arange(len(current)) * dt_ms / tau)
        np.testing.assert_allclose(current, expected, rtol=1e-5, atol=5e-12)


def test_a_voltage_step_over_threshold_gives_a_spike_in_the_step_of_its_arrival() -> None:
    for cell, weight in ((IzhikevichDelta(i_offset=STILL_I), 100.0), (IfCurrDelta(**LIF), 20.0)):
        drawn = network(
            [population("cells", cell, [REST], STILL_U)],
            10,
            1.0,
            [source("input", [(2, 0)], 1)],
            [projection("input", "cells", "excitatory", [(0, 0, weight, 3)])],
        )
        assert simulate(drawn).populations["cells"].spike_times_ms[0] == 5.0


@pytest.mark.parametrize("name", [name for name in CELLS if name.startswith("if_")])
def test_v_is_held_for_the_refractory_period(name: str) -> None:
    cell, _ = CELLS[name]
    drawn = network([population("cells", cell, [0.0, REST], 0.0)], 20, 1.0)
    recording = simulate(drawn)
    assert list(recording.populations["cells"].spike_ids) == [0]
    assert list(recording.populations["cells"].spike_times_ms) == [0.0]
    v = v_of(recording)[:, 0]
    np.testing.assert_array_equal(v[1:7], -70.0)  # after the spike, and after each of 5 held updates
    assert v[7] > -70.0


def test_a_voltage_step_into_a_refractory_cell_is_lost() -> None:
    drawn = network(
        [population("cells", IfCurrDelta(**LIF), [0.0, 0.0])],
        12,
        1.0,
        [source("input", [(2, 0), (4, 1)], 2)],
        [projection("input", "cells", "excitatory", [(0, 0, 3.0, 3), (1, 1, 3.0, 2)])],
    )
    v = v_of(simulate(drawn))
    assert v[6, 0] == -70.0  # arrived in step 5, the last of the held ones
    assert v[7, 1] == pytest.approx(REST + (-70.0 - REST) * np.exp(-1 / 20.0) + 3.0)  # arrived in step 6


@pytest.mark.parametrize("name", CELLS)
def test_current_steps_act_from_their_first_step_to_before_their_last_and_add_up(name: str) -> None:
    cell, _ = CELLS[name]
    amplitude = 0.5 if name.startswith("izhikevich") else 0.01
    drawn = network(
        [population("cells", cell, [REST], STILL_U), population("others", cell, [REST], STILL_U)],
        30,
        1.0,
        currents=[CurrentInput.step("cells", amplitude, 5, 9), CurrentInput.step("cells", -amplitude, 7, 9)],
    )
    recording = simulate(drawn)
    v = v_of(recording)[:, 0] - REST
    assert np.abs(v[:6]).max() < 1e-9
    assert v[6] > 1e-4
    drive = np.zeros(30)
    drive[5:7] = amplitude
    if name.startswith("if_curr"):
        tau_m, cm = cell.tau_m, cell.cm  # type: ignore[attr-defined]
        expected = np.zeros(30)
        for k in range(29):
            expected[k + 1] = expected[k] * np.exp(-1 / tau_m) + drive[k] * tau_m / cm * (1 - np.exp(-1 / tau_m))
        np.testing.assert_allclose(v, expected, atol=1e-10)
    assert np.abs(v_of(recording, "others") - REST).max() < 1e-9


def test_samples_start_at_the_initial_state_and_number_duration_over_interval() -> None:
    cell = Izhikevich()
    drawn = network([population("cells", cell, [-60.0, -61.0, -62.0, -63.0], -14.0)], 25, 0.5)
    recording = simulate(drawn, RecordingConfig(signals=["v", "u"], cells=2, interval_ms=1.0))
    v, u = recording.populations["cells"].signals["v"], recording.populations["cells"].signals["u"]
    np.testing.assert_array_equal(v.ids, [0, 3])
    np.testing.assert_allclose(v.times_ms, np.arange(0, 12.5, 1.0))
    np.testing.assert_array_equal(v.values[0], [-60.0, -63.0])
    np.testing.assert_array_equal(u.values[0], [-14.0, -14.0])
    assert (v.unit, u.unit) == ("mV", "mV/ms")
    every = simulate(drawn, RecordingConfig(signals=["v"]))
    assert v_of(every).shape == (25, 4)
    np.testing.assert_array_equal(v_of(every)[::2][:, [0, 3]], v.values)
    spikes_only = simulate(drawn, RecordingConfig(signals=[]))
    assert spikes_only.populations["cells"].signals == {}
    np.testing.assert_array_equal(
        spikes_only.populations["cells"].spike_times_ms, every.populations["cells"].spike_times_ms
    )


def test_weights_and_delays_that_differ_reach_their_own_synapse() -> None:
    cell, _ = CELLS["if_curr_delta"]
    synapses = [(0, 0, 0.1, 4), (0, 1, 0.2, 1), (0, 2, 0.3, 3), (1, 0, 0.4, 1), (1, 2, 0.5, 2), (1, 2, 0.25, 2)]
    drawn = network(
        [population("cells", cell, [REST] * 3)],
        12,
        1.0,
        [source("input", [(0, 0), (6, 1)], 2)],
        [projection("input", "cells", "excitatory", synapses)],
    )
    v = v_of(simulate(drawn)) - REST
    leak = np.exp(-1 / 20.0)
    jumps = v[1:] - v[:-1] * leak
    found = {(step, target): round(float(jumps[step, target]), 9) for step, target in np.argwhere(np.abs(jumps) > 1e-9)}
    assert found == {(4, 0): 0.1, (1, 1): 0.2, (3, 2): 0.3, (7, 0): 0.4, (8, 2): 0.75}


@pytest.mark.parametrize("dt_ms", [0.1, 0.3, 1.0])
def test_no_delay_and_no_spike_time_falls_into_a_neighbouring_step(dt_ms: float) -> None:
    n = 300
    cell, weight = CELLS["if_curr_delta"]
    drawn = network(
        [population("by_delay", cell, [REST] * n), population("by_time", cell, [REST] * n)],
        n + 5,
        dt_ms,
        [source("once", [(2, 0)], 1), source("each", [(k, k) for k in range(n)], n)],
        [
            projection("once", "by_delay", "excitatory", [(0, k, weight, k + 1) for k in range(n)]),
            projection("each", "by_time", "excitatory", [(k, k, weight, 1) for k in range(n)]),
        ],
    )
    recording = simulate(drawn)
    for name, first in (("by_delay", 3), ("by_time", 1)):
        moved = np.abs(v_of(recording, name) - REST) > 1e-6
        np.testing.assert_array_equal(moved.argmax(axis=0), np.arange(n) + first + 1)
