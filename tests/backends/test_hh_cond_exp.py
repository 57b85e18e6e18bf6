"""Hodgkin and Huxley's cell on Brian2 and NEST against Traub and Miles' equations, solved by scipy."""

from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from one_cell import Arrivals, on, random_arrivals, with_arrivals
from solved import Cell as Solved
from solved import largest_shift, solve
from solved_cells import hodgkin_huxley

from varesearch.backends.brian2 import Brian2Settings
from varesearch.backends.nest import NestSettings
from varesearch.config.backend import BackendSettings
from varesearch.config.errors import ConfigurationError
from varesearch.model.cells.hh_cond_exp import HhCondExp
from varesearch.network.model import Network, Receptor

BACKENDS = {"brian2": Brian2Settings(), "nest": NestSettings()}
both = pytest.mark.parametrize("settings", BACKENDS.values(), ids=BACKENDS)
DT_MS = 0.1
START = {"v": -62.0, "m": 0.02, "h": 0.95, "n": 0.1}


def equations(cell: HhCondExp, arrivals: Arrivals) -> Solved:
    return hodgkin_huxley(cell, START, arrivals, DT_MS)


@both
def test_a_psp_and_the_gates_are_those_of_the_equations(settings: BackendSettings) -> None:
    cases: list[Arrivals] = [{"excitatory": [(100, 0.003)]}, {"inhibitory": [(100, 0.02)]}]
    cell = HhCondExp(i_offset=-0.1)
    found = on(settings, with_arrivals([(cell, START, each) for each in cases], 400, DT_MS), ["v", "m", "h", "n"])
    for arrivals, recorded in zip(cases, found, strict=True):
        _, samples = solve(equations(cell, arrivals), 400, DT_MS)
        assert np.abs(samples[110:, 0] - samples[100, 0]).max() > 1.0
        for k, name in enumerate(START):
            tolerance = {"brian2": 1e-5, "nest": 2e-3}[settings.name] * (10 if name == "v" else 1)
            assert recorded[name] == pytest.approx(samples[:, k], abs=tolerance), name


@cache
def fired(i_offset: float) -> list[int]:
    """The steps of the spikes in 150 ms of a constant current."""
    return solve(equations(HhCondExp(i_offset=i_offset), {}), 1500, DT_MS)[0]


@both
def test_the_rate_as_a_function_of_the_current_is_that_of_the_equations(settings: BackendSettings) -> None:
    """Within a step on both; NEST's tolerance is 1e-3 in each variable."""
    cells = [HhCondExp(i_offset=current) for current in (-0.1, 0.3, 1.2)]
    found = on(settings, with_arrivals([(cell, START, {}) for cell in cells], 1500, DT_MS))
    trains = [fired(cell.i_offset) for cell in cells]
    assert [len(train) for train in trains] == sorted(len(train) for train in trains)
    assert len(trains[0]) == 0 < len(trains[1])
    for recorded, train in zip(found, trains, strict=True):
        assert largest_shift(recorded["spikes"], train) <= 1


@cache
def driven() -> tuple[Network, list[int]]:
    """A cell with input for 250 ms, and the steps of its spikes."""
    weights: dict[Receptor, NDArray[np.float64]] = {
        "excitatory": np.array([0.006, 0.012]),
        "inhibitory": np.array([0.006, 0.02]),
    }
    steps, cell = 2500, HhCondExp(i_offset=0.1)
    arrivals = random_arrivals(1, steps, 80, weights)
    return with_arrivals([(cell, START, arrivals)], steps, DT_MS), solve(equations(cell, arrivals), steps, DT_MS)[0]


@both
def test_input_gives_the_spikes_of_the_equations(settings: BackendSettings) -> None:
    network, spikes = driven()
    (recorded,) = on(settings, network)
    assert len(spikes) > 8
    assert largest_shift(recorded["spikes"], spikes) <= 1


@pytest.mark.parametrize(
    ("change", "dt_ms", "said"),
    [
        ({}, 1.0, r"simulation.dt_ms=1 is too long for cell=.*spikes would be missed; it must be at most 0.1 ms"),
        ({"gbar_Na": -1.0}, 0.1, r"cell.gbar_Na=-1 must be at least 0 µS"),
        ({"tau_refrac": 2.05}, 0.1, r"cell.tau_refrac=2.05 must be a multiple"),
    ],
)
def test_what_cannot_be_computed_is_refused(change: dict[str, Any], dt_ms: float, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        HhCondExp(**change).check(dt_ms)
