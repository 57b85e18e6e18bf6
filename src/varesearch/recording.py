"""What a simulation gave: spikes and sampled signals of each population, with their units.

A spike is stamped with the start of the step in which it was fired. A signal is sampled at the start of a step, before
the step's update: a run of T ms sampled every step has T / dt samples, at 0, dt, ..., T - dt.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from varesearch.narrowing import int32


@dataclass(frozen=True)
class Signal:
    """``values`` of shape (samples, cells), float32 or float64, of the cells ``ids``, at ``times_ms`` (samples,)."""

    name: str
    unit: str
    ids: NDArray[np.int32]
    times_ms: NDArray[np.float64]
    values: NDArray[np.floating]

    def after(self, time_ms: float) -> NDArray[np.floating]:
        """The samples taken after ``time_ms``: a view, since a copy would take the memory of the recording again."""
        return self.values[int(np.searchsorted(self.times_ms, time_ms - 1e-6, side="right")) :]


@dataclass(frozen=True)
class PopulationRecording:
    """Spikes and signals of one population.

    Cell ``spike_ids[k]`` fired at ``spike_times_ms[k]``; both of shape (spikes,), sorted by time, then cell.
    """

    name: str
    size: int
    spike_ids: NDArray[np.int32]
    spike_times_ms: NDArray[np.float64]
    signals: dict[str, Signal] = field(default_factory=dict)

    def spike_trains(self) -> list[NDArray[np.float64]]:
        """One sorted array of times (ms) for each cell, ``size`` of them.

        Examples
        --------
        >>> population_recording("exc", 2, np.array([1, 0, 1]), np.array([3, 5, 9]), dt_ms=0.1).spike_trains()
        [array([0.5]), array([0.3, 0.9])]
        """
        order = np.argsort(self.spike_ids, kind="stable")
        ends = np.cumsum(np.bincount(self.spike_ids, minlength=self.size))
        return np.split(self.spike_times_ms[order], ends[:-1])


@dataclass(frozen=True)
class Recording:
    """All that was recorded in a run of ``duration_ms`` at step ``dt_ms``."""

    dt_ms: float
    duration_ms: float
    populations: dict[str, PopulationRecording]


def population_recording(
    name: str,
    size: int,
    spike_ids: NDArray[np.integer],
    spike_steps: NDArray[np.integer],
    dt_ms: float,
    signals: dict[str, Signal] | None = None,
) -> PopulationRecording:
    """A population's recording from its spikes in any order, as cell ids and steps."""
    order = np.lexsort((spike_ids, spike_steps))
    return PopulationRecording(
        name=name,
        size=size,
        spike_ids=int32(spike_ids, f"spikes of {name}")[order],
        spike_times_ms=np.asarray(spike_steps, dtype=np.float64)[order] * dt_ms,
        signals=signals or {},
    )


def grid_steps(times_ms: NDArray[np.float64], dt_ms: float, what: str) -> NDArray[np.int64]:
    """Times as whole steps. Raises ValueError, naming ``what``, if one is not finite or off the grid.

    Examples
    --------
    >>> grid_steps(np.array([0.0, 0.1, 2.5]), 0.1, "spike times")
    array([ 0,  1, 25])
    """
    exact = np.asarray(times_ms) / dt_ms
    steps = np.rint(exact)
    if not (np.abs(exact - steps) < 1e-3).all():
        raise ValueError(f"{what}: not all are multiples of the time step {dt_ms:g} ms")
    return steps.astype(np.int64)


def sampled_ids(size: int, cells: int | None) -> NDArray[np.int32]:
    """The cells to sample: all, or ``cells`` of them spread evenly over the population.

    Examples
    --------
    >>> sampled_ids(1200, 4).tolist()
    [0, 400, 799, 1199]
    """
    if cells is None or cells >= size:
        return np.arange(size, dtype=np.int32)
    return np.linspace(0, size - 1, cells).round().astype(np.int32)
