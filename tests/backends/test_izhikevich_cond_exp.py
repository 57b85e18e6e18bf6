"""Izhikevich's cell with conductances: a plain loop over both schemes, and the equations solved by scipy."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from one_cell import Arrivals, on, random_arrivals, with_arrivals
from solved import Cell as Solved
from solved import solve

from varesearch.backends.brian2 import Brian2Settings
from varesearch.backends.nest import NestSettings
from varesearch.config.backend import BackendSettings
from varesearch.model.cells.izhikevich_cond_exp import IzhikevichCondExp
from varesearch.network.model import Receptor

START = {"v": -65.0, "u": -14.0}
WEIGHTS: dict[Receptor, NDArray[np.float64]] = {
    "excitatory": np.array([0.01, 0.04]),
    "inhibitory": np.array([0.05, 0.2]),
}


def looped(
    cell: IzhikevichCondExp, arrivals: Arrivals, n_steps: int, dt_ms: float, midpoint: bool
) -> tuple[list[int], NDArray[np.float64]]:
    """Izhikevich (2003), eqs. 1-3, by forward Euler, or by Hopkins and Furber's (2015) midpoint rule."""
    v, u, g, h, spikes, samples = START["v"], START["u"], [0.0, 0.0], dt_ms, [], []
    taus, reversals = (cell.tau_syn_E, cell.tau_syn_I), (cell.e_rev_E, cell.e_rev_I)
    for step in range(n_steps):
        samples.append(v)
        for k, events in enumerate(arrivals.get(name, ()) for name in ("excitatory", "inhibitory")):
            gain = taus[k] / dt_ms * (1 - math.exp(-dt_ms / taus[k])) if midpoint else 1.0
            g[k] += gain * sum(weight for at, weight in events if at == step)
        current = cell.i_offset + sum(each * (reversal - v) for each, reversal in zip(g, reversals, strict=True))
        if midpoint:
            half_v = v + h / 2 * (0.04 * v**2 + 5 * v + 140 - u + current)
            half_u = u + h / 2 * cell.a * (cell.b * v - u)
            v = v + h * (0.04 * half_v**2 + 5 * half_v + 140 - half_u + current)
            u = u + h * cell.a * (cell.b * half_v - half_u)
        else:
            v, u = v + h * (0.04 * v**2 + 5 * v + 140 - u + current), u + h * cell.a * (cell.b * v - u)
        g, h = [each * math.exp(-dt_ms / tau) for each, tau in zip(g, taus, strict=True)], dt_ms
        if v >= 30:
            spikes.append(step)
            v, u, h = cell.c, u + cell.d, dt_ms * (1.85 if midpoint else 1.0)
    return spikes, np.array(samples)


@pytest.mark.parametrize(
    ("settings", "integrator"),
    [(Brian2Settings(), "euler"), (Brian2Settings(), "spinnaker"), (NestSettings(), "euler")],
    ids=["brian2-euler", "brian2-spinnaker", "nest-euler"],
)
@pytest.mark.parametrize("dt_ms", [1.0, 0.1])
def test_spikes_and_v_are_those_of_a_plain_loop(settings: BackendSettings, integrator: str, dt_ms: float) -> None:
    steps = round(300 / dt_ms)
    cell = IzhikevichCondExp(integrator=integrator, tau_syn_I=7.0)
    cases = [random_arrivals(seed, steps, 60, WEIGHTS) for seed in (1, 2)]
    found = on(settings, with_arrivals([(cell, START, each) for each in cases], steps, dt_ms))
    for arrivals, recorded in zip(cases, found, strict=True):
        spikes, v = looped(cell, arrivals, steps, dt_ms, midpoint=integrator == "spinnaker")
        assert len(spikes) > 5
        assert recorded["spikes"] == spikes
        assert recorded["v"] == pytest.approx(v, abs=1e-5)


def equations(cell: IzhikevichCondExp, arrivals: Arrivals) -> Solved:
    """State: v, u, g_exc, g_inh. The reset is at the peak, within a step."""

    def slope(state, _held):
        v, u, g_e, g_i = state
        current = cell.i_offset + g_e * (cell.e_rev_E - v) + g_i * (cell.e_rev_I - v)
        dv = 0.04 * v**2 + 5 * v + 140 - u + current
        return dv, cell.a * (cell.b * v - u), -g_e / cell.tau_syn_E, -g_i / cell.tau_syn_I

    places = {"excitatory": 2, "inhibitory": 3}
    return Solved(
        slope,
        [START["v"], START["u"], 0.0, 0.0],
        reset=lambda state: np.array([cell.c, state[1] + cell.d, *state[2:]]),
        peak=30.0,
        arrivals=[(step, places[name], weight) for name, events in arrivals.items() for step, weight in events],
    )


BOTH = {"brian2": Brian2Settings(), "nest": NestSettings()}


@pytest.mark.parametrize("settings", BOTH.values(), ids=BOTH)
def test_forward_euler_nears_the_equations_in_a_psp_and_in_the_rate(settings: BackendSettings) -> None:
    """Of first order: at 0.02 ms a PSP is right to 1 %, the number of spikes in 600 ms to 5 % or one."""
    dt_ms, quiet = 0.02, IzhikevichCondExp(i_offset=0.0, e_rev_I=-90.0)
    arrivals: list[Arrivals] = [{"excitatory": [(500, 0.005)]}, {"inhibitory": [(500, 0.05)]}]
    *found, still = on(settings, with_arrivals([(quiet, START, each) for each in (*arrivals, {})], 1500, dt_ms))
    for each, recorded in zip(arrivals, found, strict=True):
        _, samples = solve(equations(quiet, each), 1500, dt_ms)
        _, alone = solve(equations(quiet, {}), 1500, dt_ms)
        psp = samples[:, 0] - alone[:, 0]
        assert np.abs(psp).max() > 0.2
        assert recorded["v"] - still["v"] == pytest.approx(psp, abs=0.01 * np.abs(psp).max())
    cells = [IzhikevichCondExp(i_offset=current) for current in (2.0, 5.0, 10.0, 20.0)]
    counts = [
        len(each["spikes"]) for each in on(settings, with_arrivals([(c, START, {}) for c in cells], 30_000, dt_ms))
    ]
    expected = [len(solve(equations(cell, {}), 30_000, dt_ms)[0]) for cell in cells]
    assert expected == sorted(expected)
    assert np.abs(np.array(counts) - expected).max() <= max(1, 0.05 * max(expected))
