"""Cells' published equations solved by scipy, step by step: the reference of the tests of single cells.

Nothing here uses the code of a cell or a back end. What belongs to no equation is taken from the conventions of the
network: arrivals of a step act from the step's start, and a spike belongs to the step in which the condition is met.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

State = NDArray[np.float64]
Arrival = tuple[int, int, float]
"""(step, place in the state, what is added to it)"""


@dataclass(frozen=True)
class Cell:
    """A cell's equations.

    Attributes
    ----------
    slope
        ``(state, held)`` -> the derivatives per ms; v is the first variable, ``held``: v does not move.
    start
        The state at time 0.
    fires
        ``(state at the step's start, at its end)`` -> is there a spike?
    reset
        The state after a spike.
    held
        For how many steps after the spike's v is held.
    peak
        Where v is cut off within the step, in mV; then ``fires`` is not asked.
    again
        For how many steps after a spike's no other is counted.
    """

    slope: Callable[[State, bool], Sequence[float]]
    start: Sequence[float]
    fires: Callable[[State, State], bool] = lambda _before, _after: False
    reset: Callable[[State], State] = lambda state: state
    held: int = 0
    peak: float | None = None
    again: int = 0
    arrivals: Sequence[Arrival] = field(default_factory=tuple)


def solve(cell: Cell, n_steps: int, dt_ms: float) -> tuple[list[int], NDArray[np.float64]]:
    """The steps of the spikes, and the state at the start of each step."""
    state, held, silent, spikes = np.array(cell.start, dtype=float), 0, 0, []
    samples = np.empty((n_steps, len(state)))
    arriving: dict[int, list[tuple[int, float]]] = {}
    for step, place, amount in cell.arrivals:
        arriving.setdefault(step, []).append((place, amount))

    def over(_time: float, now: State) -> float:
        assert cell.peak is not None
        return float(now[0] - cell.peak)

    over.terminal, over.direction = True, 1.0  # type: ignore[attr-defined]
    for step in range(n_steps):
        samples[step] = state
        for place, amount in arriving.get(step, ()):
            state[place] += amount
        before, now = state.copy(), 0.0
        while now < dt_ms:
            solved = solve_ivp(
                lambda _time, at, held=held: cell.slope(at, held > 0),
                (now, dt_ms), state, method="LSODA", rtol=1e-9, atol=1e-11,
                events=None if cell.peak is None else over,
            )  # fmt: skip
            now, state = float(solved.t[-1]), solved.y[:, -1].copy()
            if cell.peak is not None and solved.t_events[0].size:
                spikes.append(step)
                state, held = cell.reset(state), cell.held + 1
        if cell.peak is None and not held and not silent and cell.fires(before, state):
            spikes.append(step)
            state, held, silent = cell.reset(state), cell.held + 1, cell.again + 1
        held, silent = max(held - 1, 0), max(silent - 1, 0)
    return spikes, samples


def largest_shift(one: Sequence[int], other: Sequence[int]) -> float:
    """By how many steps two trains differ, spike by spike; infinity if one has more spikes."""
    if len(one) != len(other):
        return float("inf")
    return float(np.abs(np.array(one) - np.array(other)).max(initial=0))
