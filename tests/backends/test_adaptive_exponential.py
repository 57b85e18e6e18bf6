"""The adaptive exponential cells on Brian2 and NEST against Brette and Gerstner's equations, solved by scipy.

Within a step the solution finds the time at which v passes the peak; v is then held to the end of the step and for the
refractory period, as NEST does. Arrivals are added between steps.
"""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from one_cell import Arrivals, on, random_arrivals, with_arrivals
from solved import Cell as Solved
from solved import largest_shift, solve
from solved_cells import adaptive_exponential

from varesearch.backends.brian2 import Brian2Settings
from varesearch.backends.nest import NestSettings
from varesearch.config.backend import BackendSettings
from varesearch.config.errors import ConfigurationError
from varesearch.model.cells.aeif_cond_alpha import AeifCondAlpha
from varesearch.model.cells.aeif_cond_exp import AeifCondExp
from varesearch.network.model import Receptor

Aeif = AeifCondExp | AeifCondAlpha
BACKENDS = {"brian2": Brian2Settings(), "nest": NestSettings()}
both = pytest.mark.parametrize("settings", BACKENDS.values(), ids=BACKENDS)
either = pytest.mark.parametrize("model", [AeifCondExp, AeifCondAlpha])
fine = pytest.mark.parametrize("dt_ms", [1.0, pytest.param(0.1, marks=[pytest.mark.slow, pytest.mark.timeout(600)])])
REGIMES: dict[str, dict[str, Any]] = {
    "tonic": {},
    "bursts": {"v_reset": -47.0, "tau_refrac": 1.0, "b": 0.2},
    "facilitated": {"a": -0.002, "tau_w": 30.0},
    "fast": {"i_offset": 2.0, "tau_w": 30.0},
}


def equations(cell: Aeif, dt_ms: float, arrivals: Arrivals) -> Solved:
    return adaptive_exponential(cell, START, arrivals, dt_ms)


START = {"v": -65.0, "w": 0.01}


@cache
def a_second_of(regime: str, dt_ms: float) -> tuple[list[int], NDArray[np.float64]]:
    return solve(equations(AeifCondExp(**REGIMES[regime]), dt_ms, {}), round(1000 / dt_ms), dt_ms)


@both
@fine
def test_a_second_of_each_regime_gives_the_spikes_of_the_equations_within_a_step(
    settings: BackendSettings, dt_ms: float
) -> None:
    """Without input the two cells are the same."""
    cells, steps = [AeifCondExp(**change) for change in REGIMES.values()], round(1000 / dt_ms)
    found = on(settings, with_arrivals([(cell, START, {}) for cell in cells], steps, dt_ms), ["v", "w"])
    for name, recorded in zip(REGIMES, found, strict=True):
        spikes, samples = a_second_of(name, dt_ms)
        assert len(spikes) > 10
        assert largest_shift(recorded["spikes"], spikes) <= 1
        if recorded["spikes"] == spikes:
            assert recorded["w"] == pytest.approx(samples[:, 1], abs=2e-3)


@cache
def driven(model: type[Aeif], dt_ms: float, seed: int) -> tuple[Aeif, Arrivals, list[int]]:
    """A cell, what arrives in a second, and the steps of its spikes."""
    steps, cell = round(1000 / dt_ms), model(i_offset=0.5)
    scale = 1.0 if model is AeifCondExp else 1 / np.e
    weights: dict[Receptor, NDArray[np.float64]] = {
        "excitatory": scale * np.array([0.006, 0.02]),
        "inhibitory": scale * np.array([0.004, 0.01]),
    }
    arrivals = random_arrivals(seed, steps, 200, weights)
    return cell, arrivals, solve(equations(cell, dt_ms, arrivals), steps, dt_ms)[0]


@either
@both
@fine
def test_a_second_of_input_gives_the_spikes_of_the_equations_within_a_step(
    settings: BackendSettings, dt_ms: float, model: type[Aeif]
) -> None:
    cases = [driven(model, dt_ms, seed) for seed in (1, 2)]
    steps = round(1000 / dt_ms)
    found = on(settings, with_arrivals([(cell, START, arrivals) for cell, arrivals, _ in cases], steps, dt_ms))
    for (_, _, spikes), recorded in zip(cases, found, strict=True):
        assert len(spikes) > 15
        assert largest_shift(recorded["spikes"], spikes) <= 1


@either
@both
@pytest.mark.parametrize("dt_ms", [1.0, 0.1])
def test_a_psp_of_either_receptor_is_that_of_the_equations(
    settings: BackendSettings, dt_ms: float, model: type[Aeif]
) -> None:
    """Far from threshold, where the upstroke's slope is small but counts."""
    cell, steps, arrives = model(i_offset=0.0), round(80 / dt_ms), round(10 / dt_ms)
    cases: list[Arrivals] = [{"excitatory": [(arrives, 0.004)]}, {"inhibitory": [(arrives, 0.01)]}]
    found = on(settings, with_arrivals([(cell, START, each) for each in cases], steps, dt_ms), ["v", "w"])
    for arrivals, recorded in zip(cases, found, strict=True):
        _, samples = solve(equations(cell, dt_ms, arrivals), steps, dt_ms)
        assert recorded["v"] == pytest.approx(samples[:, 0], abs=3e-4 if dt_ms == 1.0 else 5e-6)
        assert recorded["w"] == pytest.approx(samples[:, 1], abs=1e-6)


@either
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"v_reset": 5.0}, r"cell.v_reset=5 must be below cell.v_peak=0 mV; else firing never stops"),
        ({"v_peak": -60.0}, r"cell.v_peak=-60 must be at least -50.4 mV"),
        ({"delta_T": 0.05}, r"cell.delta_T=0.05 makes exp overflow; it must be more than 0.0759"),
        ({"tau_refrac": 2.05}, r"cell.tau_refrac=2.05"),
    ],
)
def test_parameters_that_cannot_be_integrated_are_refused(
    model: type[Aeif], change: dict[str, float], said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        replace(model(), **change).check(0.1)


@pytest.mark.parametrize("change", [{"delta_T": 0.08}, {"delta_T": 20.0}, {"v_reset": -200.0}, {"i_offset": 300.0}])
def test_extreme_values_stay_finite_and_fire(change: dict[str, float]) -> None:
    """Of these no accuracy is asked; a number that is not finite would fail the run."""
    cell = replace(AeifCondExp(i_offset=3.0), **change)
    cell.check(1.0)
    assert len(on(Brian2Settings(), with_arrivals([(cell, START, {})], 300, 1.0))[0]["spikes"]) > 5
