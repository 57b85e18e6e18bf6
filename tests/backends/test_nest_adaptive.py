"""NEST's adaptive exponential cell against a solution of Brette and Gerstner's equations by scipy.

Within a step NEST integrates the equations with steps of its own and resets v once it passes the peak; v is then
held to the end of the step and for the refractory period. Arrivals are added to the conductances between steps.
"""

import math

import numpy as np
import pytest
from nest_runs import simulate
from numpy.typing import NDArray
from scipy.integrate import solve_ivp
from small_networks import network, population, projection, source

from varesearch.config.errors import ConfigurationError
from varesearch.model.cells.aeif_cond_exp import AeifCondExp
from varesearch.network.model import CurrentInput, Network, Receptor

DT_MS, STEPS = 0.1, 2000
STIMULUS: dict[Receptor, list[tuple[int, float]]] = {
    "excitatory": [(300, 0.02), (320, 0.02), (900, 0.05), (1500, 0.05)],
    "inhibitory": [(700, 0.1)],
}
"""Receptor -> (step, weight in µS)."""
DELAY = 15
CURRENT = CurrentInput.step("exc", -0.7, 1000, 1400)


def equations(cell: AeifCondExp, current: float, held: bool, state: NDArray[np.float64]) -> list[float]:
    """The derivatives of v, w and both conductances, per ms."""
    v, w, excitatory, inhibitory = state
    leak = cell.cm / cell.tau_m
    slope = -leak * (v - cell.v_rest) + leak * cell.delta_T * math.exp((v - cell.v_thresh) / cell.delta_T)
    slope += excitatory * (cell.e_rev_E - v) + inhibitory * (cell.e_rev_I - v) - w + cell.i_offset + current
    adaptation = (cell.a * (v - cell.v_rest) - w) / cell.tau_w
    return [0.0 if held else slope / cell.cm, adaptation, -excitatory / cell.tau_syn_E, -inhibitory / cell.tau_syn_I]


def solution(cell: AeifCondExp) -> tuple[list[int], NDArray[np.float64]]:
    """The steps of the spikes, and the state (v, w, ge, gi) at the start of each step."""
    state, held, spikes = np.array([-65.0, 0.01, 0.0, 0.0]), 0, []
    samples = np.empty((STEPS, 4))

    def peak(_time: float, now: NDArray[np.float64]) -> float:
        return now[0] - cell.v_peak

    peak.terminal, peak.direction = True, 1.0  # type: ignore[attr-defined]
    for step in range(STEPS):
        samples[step] = state
        for variable, events in enumerate(STIMULUS.values(), start=2):
            state[variable] += sum(weight for at, weight in events if at + DELAY == step)
        current = CURRENT.amplitudes[0] if CURRENT.start_step <= step < CURRENT.stop_step else 0.0
        now = 0.0
        while now < DT_MS:
            solved = solve_ivp(
                lambda _time, at, current=current, held=held: equations(cell, current, held > 0, at),
                (now, DT_MS), state, method="LSODA", rtol=1e-10, atol=1e-12, events=peak,
            )  # fmt: skip
            now, state = float(solved.t[-1]), solved.y[:, -1].copy()
            if solved.t_events[0].size:
                spikes.append(step)
                state[0], state[1] = cell.v_reset, state[1] + cell.b
                held = round(cell.tau_refrac / DT_MS) + 1
        held -= held > 0
    return spikes, samples


def drawn(cell: AeifCondExp) -> Network:
    cells = population("exc", cell, [-65.0])
    cells.initial["w"] = np.array([0.01])
    # One source for each event, since each has its own weight.
    projections = [
        projection(f"{receptor}_{k}", "exc", receptor, [(0, 0, weight, DELAY)])
        for receptor, events in STIMULUS.items()
        for k, (_, weight) in enumerate(events)
    ]
    sources = [
        source(f"{receptor}_{k}", [(step, 0)], 1)
        for receptor, events in STIMULUS.items()
        for k, (step, _) in enumerate(events)
    ]
    return network([cells], STEPS, DT_MS, sources, projections, [CURRENT])


@pytest.mark.parametrize(
    "change",
    [{}, {"v_reset": -47.0, "tau_refrac": 1.0, "b": 0.2}, {"a": -0.002, "tau_w": 30.0}],
    ids=["tonic", "bursts", "facilitated"],
)
def test_spikes_and_variables_are_those_of_the_equations(change: dict[str, float]) -> None:
    cell = AeifCondExp(**change)  # type: ignore[arg-type]
    spikes, samples = solution(cell)
    found = simulate(drawn(cell), signals=["v", "w"]).populations["exc"]
    assert len(spikes) > 5
    assert np.rint(found.spike_times_ms / DT_MS).astype(int).tolist() == spikes
    # NEST's tolerance is 1e-6 of each step; near a spike v rises by 40 mV within 0.1 ms.
    smooth = np.abs(np.diff(samples[:, 0], append=samples[-1, 0])) < 0.5
    assert np.abs(found.signals["v"].values[:, 0] - samples[:, 0])[smooth].max() < 0.02
    assert found.signals["w"].values[:, 0] == pytest.approx(samples[:, 1], abs=1e-4)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"v_reset": 5.0}, r"cell.v_reset=5 must be below cell.v_peak=0 mV; else firing never stops"),
        ({"v_peak": -60.0}, r"cell.v_peak=-60 must be at least -50.4 mV"),
        ({"delta_T": 0.05}, r"cell.delta_T=0.05 makes exp overflow; it must be more than 0.0759"),
        ({"tau_refrac": 2.05}, r"cell.tau_refrac=2.05"),
    ],
)
def test_parameters_that_cannot_be_integrated_are_refused(change: dict[str, float], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        AeifCondExp(**change).check(DT_MS)  # type: ignore[arg-type]
