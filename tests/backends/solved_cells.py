"""The published equations of the cells that are solved by scipy rather than in closed form, for ``solved.solve``.

Each takes the cell, its state at time 0, its arrivals and the time step in ms.
"""

import math
from collections.abc import Mapping

import numpy as np
from one_cell import Arrivals
from solved import Cell as Solved

from varesearch.model.cells.aeif_cond_alpha import AeifCondAlpha
from varesearch.model.cells.aeif_cond_exp import AeifCondExp
from varesearch.model.cells.hh_cond_exp import HhCondExp
from varesearch.model.cells.if_curr_exp_ca2 import IfCurrExpCa2

State = Mapping[str, float]


def adaptive_exponential(cell: AeifCondExp | AeifCondAlpha, start: State, arrivals: Arrivals, dt_ms: float) -> Solved:
    """State: v, w, then (g, y) of each receptor; y stays 0 where g does not rise."""
    leak, rises = cell.cm / cell.tau_m, isinstance(cell, AeifCondAlpha)

    def slope(state, held):
        v, w, g_e, y_e, g_i, y_i = state
        current = -leak * (v - cell.v_rest)
        current += leak * cell.delta_T * math.exp(min((v - cell.v_thresh) / cell.delta_T, 600.0))
        current += g_e * (cell.e_rev_E - v) + g_i * (cell.e_rev_I - v) - w + cell.i_offset
        return (
            0.0 if held else current / cell.cm,
            (cell.a * (v - cell.v_rest) - w) / cell.tau_w,
            (np.e * y_e - g_e) / cell.tau_syn_E, -y_e / cell.tau_syn_E,
            (np.e * y_i - g_i) / cell.tau_syn_I, -y_i / cell.tau_syn_I,
        )  # fmt: skip

    places = {"excitatory": 2 + rises, "inhibitory": 4 + rises}
    return Solved(
        slope,
        [start["v"], start["w"], 0.0, 0.0, 0.0, 0.0],
        reset=lambda state: np.array([cell.v_reset, state[1] + cell.b, *state[2:]]),
        held=round(cell.tau_refrac / dt_ms),
        peak=cell.v_peak,
        arrivals=[(step, places[name], weight) for name, events in arrivals.items() for step, weight in events],
    )


def ratio(x: float) -> float:
    """x/(exp(x) - 1)"""
    return 1.0 - x / 2 if abs(x) < 1e-6 else x / math.expm1(x)


def hodgkin_huxley(cell: HhCondExp, start: State, arrivals: Arrivals, dt_ms: float) -> Solved:
    """State: v, m, h, n, g_exc, g_inh. Rates as in Brette et al. 2007, appendix B."""

    def slope(state, _held):
        v, m, h, n, g_e, g_i = state
        x = v - cell.v_offset
        opening = {"m": 0.32 * 4 * ratio((13 - x) / 4), "h": 0.128 * math.exp((17 - x) / 18)}
        opening["n"] = 0.032 * 5 * ratio((15 - x) / 5)
        closing = {"m": 0.28 * 5 * ratio((x - 40) / 5), "h": 4 / (1 + math.exp((40 - x) / 5))}
        closing["n"] = 0.5 * math.exp((10 - x) / 40)
        current = cell.gbar_Na * m**3 * h * (cell.e_rev_Na - v) + cell.gbar_K * n**4 * (cell.e_rev_K - v)
        current += cell.g_leak * (cell.e_rev_leak - v) + cell.i_offset
        current += g_e * (cell.e_rev_E - v) + g_i * (cell.e_rev_I - v)
        gates = [opening[k] * (1 - value) - closing[k] * value for k, value in (("m", m), ("h", h), ("n", n))]
        return current / cell.cm, *gates, -g_e / cell.tau_syn_E, -g_i / cell.tau_syn_I

    places = {"excitatory": 4, "inhibitory": 5}
    return Solved(
        slope,
        [*(start[name] for name in ("v", "m", "h", "n")), 0.0, 0.0],
        fires=lambda before, after: before[0] > after[0] >= cell.v_offset + 30,
        again=round(cell.tau_refrac / dt_ms),
        arrivals=[(step, places[name], weight) for name, events in arrivals.items() for step, weight in events],
    )


def calcium_adaptation(cell: IfCurrExpCa2, start: State, arrivals: Arrivals, dt_ms: float) -> Solved:
    """State: v, i_ca2, i_exc, i_inh (as magnitudes)."""

    def slope(state, held):
        v, calcium, excitation, inhibition = state
        current = excitation - inhibition - calcium + cell.i_offset
        dv = 0.0 if held else (cell.v_rest - v) / cell.tau_m + current / cell.cm
        return dv, -calcium / cell.tau_ca2, -excitation / cell.tau_syn_E, -inhibition / cell.tau_syn_I

    places = {"excitatory": 2, "inhibitory": 3}
    return Solved(
        slope,
        [start["v"], start["i_ca2"], 0.0, 0.0],
        fires=lambda _before, after: after[0] >= cell.v_thresh,
        reset=lambda state: np.array([cell.v_reset, state[1] + cell.i_alpha, *state[2:]]),
        held=round(cell.tau_refrac / dt_ms),
        arrivals=[(step, places[name], weight) for name, events in arrivals.items() for step, weight in events],
    )
