"""The recording of a simulation: spikes and sampled signals of each population, with their units, and its input.

A spike is stamped with the start of the step in which it was fired. A signal is sampled at the start of a step, before
the step's update: a run of T ms sampled every step has T / dt samples, at 0, dt, ..., T - dt.

Synaptic currents and conductances (``isyn_exc``, ``gsyn_exc``, ...) are sampled at the same instant, with what arrives
in that step: the values that act on v in its update. So the conductance of a spike of step k with a delay of n steps is
its whole weight in the sample of step k + n, and the weight times exp(-m dt / tau) m steps later; v changes from the
sample of step k + n + 1 on. They are magnitudes, as weights are, in the unit of the weights. An alpha-shaped input is 0
in the sample of its arrival, and has the weight as its peak.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from varesearch.narrowing import int32


@dataclass(frozen=True)
class Signal:
    """A sampled variable of some or all cells of a population.

    Attributes
    ----------
    name, unit
        The recorded variable, such as ``v``, and the unit of ``values``, such as ``mV``.
    ids
        The sampled cells, of shape (cells,).
    times_ms
        The times of the samples in ms, of shape (samples,).
    values
        float32 or float64, of shape (samples, cells).
    reversal_mv
        Of a conductance, the potential in mV to which it drives v in each sampled cell, of shape (cells,). None for
        other signals, and where it is not known.
    """

    name: str
    unit: str
    ids: NDArray[np.int32]
    times_ms: NDArray[np.float64]
    values: NDArray[np.floating]
    reversal_mv: NDArray[np.float64] | None = None

    def after(self, time_ms: float) -> NDArray[np.floating]:
        """Return the samples taken after ``time_ms``, as a view, since a copy would need as much memory again."""
        return self.values[int(np.searchsorted(self.times_ms, time_ms - 1e-6, side="right")) :]


@dataclass(frozen=True)
class PopulationRecording:
    """Spikes and signals of one population.

    Cell ``spike_ids[k]`` fired at ``spike_times_ms[k]``; both of shape (spikes,), sorted by time, then cell. Through
    synapses of the kind ``receptor`` its cells act: ``"excitatory"``, ``"inhibitory"``, or "" if that is not known or
    both.
    """

    name: str
    size: int
    spike_ids: NDArray[np.int32]
    spike_times_ms: NDArray[np.float64]
    signals: dict[str, Signal] = field(default_factory=dict)
    receptor: str = ""

    def spike_trains(self) -> list[NDArray[np.float64]]:
        """Return one sorted array of spike times (ms) for each of the ``size`` cells, silent ones included.

        Examples
        --------
        >>> population_recording("exc", 2, np.array([1, 0, 1]), np.array([3, 5, 9]), dt_ms=0.1).spike_trains()
        [array([0.5]), array([0.3, 0.9])]
        """
        order = np.argsort(self.spike_ids, kind="stable")
        ends = np.cumsum(np.bincount(self.spike_ids, minlength=self.size))
        return np.split(self.spike_times_ms[order], ends[:-1])


@dataclass(frozen=True)
class ProjectionWeights:
    """The weights of a projection that learns, before and after the run.

    Attributes
    ----------
    name, unit
        The projection, and the unit of its weights.
    sources, targets
        The cells that each synapse connects, int32 of shape (synapses,).
    initial, final
        Magnitudes of shape (synapses,): as drawn, and after the last spike of the synapse's source. What the target's
        spikes changed since then is left out, on every simulator: two of them compute it only when the source fires.
    low, high
        The bounds between which the weights learn.
    """

    name: str
    unit: str
    sources: NDArray[np.int32]
    targets: NDArray[np.int32]
    initial: NDArray[np.float64]
    final: NDArray[np.float64]
    low: float
    high: float


@dataclass(frozen=True)
class Recording:
    """All that was recorded in a run of ``duration_ms`` at step ``dt_ms``.

    Attributes
    ----------
    dt_ms, duration_ms
        The time step and the simulated time in ms.
    populations
        Name -> spikes and signals of its cells.
    sources
        Name -> spikes of a group of sources, as they were handed to the simulator. They have no signals, and a source
        may fire several times in one step. Empty if the stimulus has no sources, or with ``recording.sources=false``.
    weights
        Name of the projection -> its weights, of those that learn.
    """

    dt_ms: float
    duration_ms: float
    populations: dict[str, PopulationRecording]
    sources: dict[str, PopulationRecording] = field(default_factory=dict)
    weights: dict[str, ProjectionWeights] = field(default_factory=dict)


def population_recording(
    name: str,
    size: int,
    spike_ids: NDArray[np.integer],
    spike_steps: NDArray[np.integer],
    dt_ms: float,
    signals: dict[str, Signal] | None = None,
) -> PopulationRecording:
    """Make the recording of a population from its spikes, which may be in any order.

    Parameters
    ----------
    name, size
        The population and the number of its cells.
    spike_ids, spike_steps
        The cell and the time step of each spike, of shape (spikes,).
    dt_ms
        The time step in ms.
    signals
        Name -> signal.

    Raises
    ------
    ConfigurationError
        An id does not fit into 32 bits.
    """
    order = np.lexsort((spike_ids, spike_steps))
    return PopulationRecording(
        name=name,
        size=size,
        spike_ids=int32(spike_ids, f"spikes of {name}")[order],
        spike_times_ms=np.asarray(spike_steps, dtype=np.float64)[order] * dt_ms,
        signals=signals or {},
    )


def grid_steps(times_ms: NDArray[np.float64], dt_ms: float, what: str) -> NDArray[np.int64]:
    """Convert times to whole steps.

    Parameters
    ----------
    times_ms
        Times in ms.
    dt_ms
        The time step in ms.
    what
        What the times are, for the message.

    Returns
    -------
    ndarray of int64
        The step of each time, of the same shape.

    Raises
    ------
    ValueError
        A time is not finite, or is not a multiple of the step.

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
    """Return the ids of the cells to sample: all, or ``cells`` of them spread evenly over the population.

    Examples
    --------
    >>> sampled_ids(1200, 4).tolist()
    [0, 400, 799, 1199]
    """
    if cells is None or cells >= size:
        return np.arange(size, dtype=np.int32)
    return np.linspace(0, size - 1, cells).round().astype(np.int32)
