"""Spike trains of two recordings of the same cells, set side by side."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from varesearch.recording import Recording, grid_steps

# Cell and step of a spike as one number: steps fit in 32 bits (a run of 2^32 steps is refused long before).
_STEPS = np.int64(1) << 32


def spike_codes(recording: Recording) -> NDArray[np.int64]:
    """One number for each spike, cell * 2^32 + step, sorted; cells numbered through the populations in their order."""
    codes, offset = [], 0
    for population in recording.populations.values():
        steps = grid_steps(population.spike_times_ms, recording.dt_ms, f"spike times of population {population.name}")
        codes.append((population.spike_ids.astype(np.int64) + offset) * _STEPS + steps)
        offset += population.size
    return np.sort(np.concatenate(codes))


@dataclass(frozen=True)
class Divergence:
    """How far two sets of trains agree up to each time of a grid.

    ``coincidence[k]`` is the share of both recordings' spikes before ``times_ms[k]`` that the other has too, in the
    same cell and the same step (NaN before the first spike). ``first_ms`` is the time of the first spike that only one
    of them has, None if there is none; ``first_cell`` its cell, counted through the populations.
    ``v_difference_mv[k]`` is the typical difference of v before ``times_ms[k]``: the median of |v_a - v_b| over cells,
    mean over time (a cell that has parted does not move a median); None where v was not sampled alike.
    """

    times_ms: NDArray[np.float64]
    coincidence: NDArray[np.float64]
    spikes: NDArray[np.int64]
    first_ms: float | None
    first_cell: int | None
    v_difference_mv: NDArray[np.float64] | None


def divergence(a: Recording, b: Recording, points: int = 200) -> Divergence:
    """Coincidence of the trains of ``a`` and ``b`` up to ``points`` times spread over the run."""
    codes_a, codes_b = spike_codes(a), spike_codes(b)
    shared = np.intersect1d(codes_a, codes_b, assume_unique=True) % _STEPS
    unshared = np.setxor1d(codes_a, codes_b, assume_unique=True)
    all_steps = np.sort(np.concatenate([codes_a, codes_b]) % _STEPS)
    n_steps = round(a.duration_ms / a.dt_ms)
    grid = np.unique(np.linspace(1, n_steps, min(points, n_steps)).round().astype(np.int64))
    spikes = np.searchsorted(all_steps, grid)
    hits = 2 * np.searchsorted(np.sort(shared), grid)
    with np.errstate(invalid="ignore"):
        coincidence = np.where(spikes > 0, hits / np.maximum(spikes, 1), np.nan)
    times_ms = grid.astype(np.float64) * a.dt_ms
    first = unshared[np.argmin(unshared % _STEPS)] if len(unshared) else None
    return Divergence(
        times_ms=times_ms,
        coincidence=coincidence,
        spikes=spikes,
        first_ms=None if first is None else float(first % _STEPS * a.dt_ms),
        first_cell=None if first is None else int(first // _STEPS),
        v_difference_mv=_v_difference(a, b, times_ms),
    )


def _v_difference(a: Recording, b: Recording, times_ms: NDArray[np.float64]) -> NDArray[np.float64] | None:
    differences, sampled_ms = [], np.empty(0)
    for name, population in a.populations.items():
        one, other = population.signals.get("v"), b.populations[name].signals.get("v")
        if one is None or other is None or not np.array_equal(one.ids, other.ids):
            return None
        if not (one.times_ms.shape == other.times_ms.shape and np.allclose(one.times_ms, other.times_ms)):
            return None
        differences.append(np.abs(one.values - other.values))
        sampled_ms = one.times_ms
    median = np.median(np.concatenate(differences, axis=1), axis=1).astype(np.float64)
    samples = np.searchsorted(sampled_ms, times_ms - 1e-9)
    return np.cumsum(median)[samples - 1] / samples
