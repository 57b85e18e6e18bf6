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
    state, now, step, spikes = np.array(cell.start, dtype=float), 0.0, 0, []
    held_until = silent_until = 0
    samples = np.empty((n_steps, len(state)))
    arriving: dict[int, list[tuple[int, float]]] = {}
    for at, place, amount in cell.arrivals:
        arriving.setdefault(at, []).append((place, amount))
    stops = sorted({*arriving, n_steps})

    def over(_time: float, at: State) -> float:
        assert cell.peak is not None
        return float(at[0] - cell.peak)

    over.terminal, over.direction = True, 1.0  # type: ignore[attr-defined]
    while step < n_steps:
        if now <= step * dt_ms:  # not the rest of a step, after a spike in it
            samples[step] = state
            for place, amount in arriving.get(step, ()):
                state[place] += amount
        held = step < held_until
        end = min(next(stop for stop in stops if stop > step), held_until if held else n_steps)
        grid = np.arange(step + 1, end + 1) * dt_ms
        solved = solve_ivp(
            lambda _time, at, held=held: cell.slope(at, held),
            (now, grid[-1]), state, method="LSODA", rtol=1e-9, atol=1e-11, t_eval=grid, max_step=5.0,
            events=None if cell.peak is None or held else over,
        )  # fmt: skip
        ends = np.asarray(solved.y).T if len(solved.t) else np.empty((0, len(state)))
        if cell.peak is not None and not held and solved.t_events[0].size:
            now, whole = float(solved.t_events[0][0]), len(ends)
            samples[step + 1 : step + whole + 1] = ends
            step += whole
            spikes.append(step)
            state = cell.reset(solved.y_events[0][0])
            held_until = step + 1 + cell.held if cell.held else 0
            continue
        before = state
        for k, after in enumerate(ends):
            if cell.peak is None and not held and step + k >= silent_until and cell.fires(before, after):
                spikes.append(step + k)
                held_until, silent_until = step + k + 1 + cell.held, step + k + 1 + cell.again
                ends = np.concatenate([ends[:k], [cell.reset(after)]])
                break
            before = after
        samples[step + 1 : step + len(ends) + 1] = ends[: max(n_steps - step - 1, 0)]
        state, step = ends[-1].copy(), step + len(ends)
        now = step * dt_ms
    return spikes, samples


def largest_shift(one: Sequence[int], other: Sequence[int]) -> float:
    """By how many steps two trains differ, spike by spike; infinity if one has more spikes."""
    if len(one) != len(other):
        return float("inf")
    return float(np.abs(np.array(one) - np.array(other)).max(initial=0))
