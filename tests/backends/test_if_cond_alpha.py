"""Alpha conductances on Brian2 and NEST against the equations, solved by scipy."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from one_cell import Arrivals, on, random_arrivals, with_arrivals
from solved import Cell as Solved
from solved import largest_shift, solve

from varesearch.backends.brian2 import Brian2Settings
from varesearch.backends.nest import NestSettings
from varesearch.config.backend import BackendSettings
from varesearch.model.cells.if_cond_alpha import IfCondAlpha
from varesearch.network.model import Receptor

BACKENDS = {"brian2": Brian2Settings(), "nest": NestSettings()}
both = pytest.mark.parametrize("settings", BACKENDS.values(), ids=BACKENDS)
REST: dict[str, Any] = {"v_rest": -65.0, "v_reset": -65.0, "v_thresh": -50.0}


def equations(cell: IfCondAlpha, start: float, dt_ms: float, arrivals: Arrivals) -> Solved:
    """State: v, then (g, y) of each receptor; a spike adds its weight to y."""

    def slope(state, held):
        v, g_e, y_e, g_i, y_i = state
        current = g_e * (cell.e_rev_E - v) + g_i * (cell.e_rev_I - v) + cell.i_offset
        dv = 0.0 if held else (cell.v_rest - v) / cell.tau_m + current / cell.cm
        return (
            dv,
            (np.e * y_e - g_e) / cell.tau_syn_E, -y_e / cell.tau_syn_E,
            (np.e * y_i - g_i) / cell.tau_syn_I, -y_i / cell.tau_syn_I,
        )  # fmt: skip

    places = {"excitatory": 2, "inhibitory": 4}
    return Solved(
        slope,
        [start, 0.0, 0.0, 0.0, 0.0],
        fires=lambda _before, after: after[0] >= cell.v_thresh,
        reset=lambda state: np.array([cell.v_reset, *state[1:]]),
        held=round(cell.tau_refrac / dt_ms),
        arrivals=[(step, places[name], weight) for name, events in arrivals.items() for step, weight in events],
    )


@both
@pytest.mark.parametrize(("dt_ms", "tolerance_mv"), [(1.0, 3e-3), (0.1, 3e-5)])
def test_a_psp_of_either_receptor_is_that_of_the_equations(
    settings: BackendSettings, dt_ms: float, tolerance_mv: float
) -> None:
    cell, steps, arrives = IfCondAlpha(**REST), round(60 / dt_ms), round(10 / dt_ms)
    cases: list[Arrivals] = [{"excitatory": [(arrives, 0.001)]}, {"inhibitory": [(arrives, 0.01)]}]
    found = on(settings, with_arrivals([(cell, {"v": -65.0}, each) for each in cases], steps, dt_ms))
    for arrivals, recorded, peak_mv in zip(cases, found, (2.38, -5.83), strict=True):
        _, samples = solve(equations(cell, -65.0, dt_ms, arrivals), steps, dt_ms)
        assert samples[np.abs(samples[:, 0] + 65).argmax(), 0] + 65 == pytest.approx(peak_mv, abs=0.01)
        assert np.flatnonzero(np.abs(recorded["v"] + 65) > 1e-9)[0] == arrives + 1
        assert recorded["v"] == pytest.approx(samples[:, 0], abs=tolerance_mv)


@both
def test_the_rate_as_a_function_of_the_current_is_that_of_the_equations(settings: BackendSettings) -> None:
    cells = [IfCondAlpha(**REST, i_offset=current) for current in (0.1, 0.149, 0.16, 0.2, 0.3, 0.6, 1.2)]
    found = on(settings, with_arrivals([(cell, {"v": -65.0}, {}) for cell in cells], 3000, 0.1))
    expected = [solve(equations(cell, -65.0, 0.1, {}), 3000, 0.1)[0] for cell in cells]
    assert [len(train) for train in expected] == sorted(len(train) for train in expected)
    assert len(expected[1]) == 0 < len(expected[2])
    assert [each["spikes"] for each in found] == expected


@both
@pytest.mark.parametrize("dt_ms", [1.0, 0.1])
def test_a_second_of_input_gives_the_spikes_of_the_equations(settings: BackendSettings, dt_ms: float) -> None:
    """No spike is off by more than a step; at 0.1 ms none is off at all."""
    steps, cell = round(1000 / dt_ms), IfCondAlpha(i_offset=0.2, tau_syn_I=7.0)
    weights: dict[Receptor, NDArray[np.float64]] = {
        "excitatory": np.array([0.001, 0.004]),
        "inhibitory": np.array([0.001, 0.006]),
    }
    cases = [(cell, random_arrivals(seed, steps, 250, weights)) for seed in (1, 2)]
    cases.append((replace(cell, tau_refrac=0.0), cases[0][1]))
    found = on(settings, with_arrivals([(one, {"v": -58.0}, arrivals) for one, arrivals in cases], steps, dt_ms))
    for (one, arrivals), recorded in zip(cases, found, strict=True):
        spikes, _ = solve(equations(one, -58.0, dt_ms, arrivals), steps, dt_ms)
        assert len(spikes) > 20
        assert largest_shift(recorded["spikes"], spikes) <= (1 if dt_ms == 1.0 else 0)
