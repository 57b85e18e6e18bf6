"""Spike trains laid out for vectorised statistics, the warm-up cut off."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from varesearch.config.errors import ConfigurationError
from varesearch.metrics.values import UndefinedMetricError
from varesearch.recording import PopulationRecording, grid_steps


@dataclass(frozen=True)
class Trains:
    """The spikes of ``size`` cells in a window of ``n_steps`` steps of ``dt_ms``.

    Spike k is a spike of cell ``ids[k]`` in step ``steps[k]``, counted from the start of the window. Both are int64 of
    shape (spikes,), sorted by cell, then step.
    """

    size: int
    dt_ms: float
    n_steps: int
    ids: NDArray[np.int64]
    steps: NDArray[np.int64]

    @property
    def duration_s(self) -> float:
        """Length of the window in seconds."""
        return self.n_steps * self.dt_ms * 1e-3

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """Spikes of each cell, shape (size,)."""
        return np.bincount(self.ids, minlength=self.size)


@dataclass(frozen=True)
class Binned:
    """Spike counts in ``n_bins`` bins: cell ``ids[k]`` has ``counts[k]`` > 0 spikes in bin ``bins[k]``.

    Only bins that hold a spike are listed, sorted by cell, then bin. Spikes after the last whole bin are left out.
    """

    size: int
    n_bins: int
    ids: NDArray[np.int64]
    bins: NDArray[np.int64]
    counts: NDArray[np.int64]

    @cached_property
    def totals(self) -> NDArray[np.int64]:
        """Sum of each cell's counts over the bins, shape (size,)."""
        return self._per_cell(self.counts)

    @cached_property
    def square_deviations(self) -> NDArray[np.float64]:
        """Each cell's sum over the bins of (count - its mean)², shape (size,); exactly 0 for equal counts."""
        # In whole numbers up to the division, so that no cancellation can make a constant count look variable.
        return (self.n_bins * self._per_cell(self.counts**2) - self.totals**2) / self.n_bins

    def _per_cell(self, values: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.bincount(self.ids, weights=values, minlength=self.size).astype(np.int64)


def window_trains(
    population: PopulationRecording,
    dt_ms: float,
    duration_ms: float,
    warmup_ms: float,
    several_in_a_step: bool = False,
) -> Trains:
    """The spikes of a population after the warm-up, in [warmup_ms, duration_ms).

    Parameters
    ----------
    population
        What was recorded of it.
    dt_ms, duration_ms
        Time step and duration of the run in ms.
    warmup_ms
        What is left out at the start, in ms.
    several_in_a_step
        Whether one may fire several times in a step, as sources do and cells do not.

    Raises
    ------
    ConfigurationError
        Nothing is left after the warm-up.
    ValueError
        The recording breaks its contract: a spike outside the run, off the grid of time steps, or of a cell that does
        not exist, or two spikes of one cell in one step.
    """
    n_steps = round(duration_ms / dt_ms)
    first = first_step(warmup_ms, dt_ms)
    if first >= n_steps:
        raise ConfigurationError(
            f"analysis.warmup_ms={warmup_ms:g}: nothing is left of a run of {duration_ms:g} ms; "
            "make it shorter than simulation.duration_ms"
        )
    steps = grid_steps(population.spike_times_ms, dt_ms, f"spike times of population {population.name}")
    ids = population.spike_ids.astype(np.int64)
    if len(steps) and not (steps.min() >= 0 and steps.max() < n_steps):
        raise ValueError(f"population {population.name}: a spike outside the run of {duration_ms:g} ms")
    if len(ids) and not (ids.min() >= 0 and ids.max() < population.size):
        raise ValueError(f"population {population.name}: a spike of a cell outside 0..{population.size - 1}")
    kept = steps >= first
    # One key for cell and step sorts faster than a lexsort, and equal keys are double spikes.
    keys = np.sort(ids[kept] * n_steps + steps[kept])
    if not several_in_a_step and (keys[1:] == keys[:-1]).any():
        raise ValueError(f"population {population.name}: a cell with two spikes in one step")
    return Trains(population.size, dt_ms, n_steps - first, keys // n_steps, keys % n_steps - first)


def bin_counts(trains: Trains, bin_ms: float, setting: str) -> Binned:
    """Count the spikes in bins.

    Parameters
    ----------
    trains
        The spikes.
    bin_ms
        The length of a bin in ms.
    setting
        The setting that gave ``bin_ms``, for messages.

    Raises
    ------
    ConfigurationError
        ``bin_ms`` is not a multiple of the time step.
    UndefinedMetricError
        Fewer than two bins fit into the window, so that there is no variance.

    Examples
    --------
    >>> trains = Trains(2, 1.0, 30, np.array([0, 0, 1]), np.array([3, 5, 25]))
    >>> binned = bin_counts(trains, 10.0, "analysis.rate_bin_ms")
    >>> [(int(cell), int(bin), int(count)) for cell, bin, count in zip(binned.ids, binned.bins, binned.counts)]
    [(0, 0, 2), (1, 2, 1)]
    """
    width = steps_of(bin_ms, trains.dt_ms, setting)
    n_bins = _whole_bins(trains, width)
    kept = trains.steps < n_bins * width
    ids, bins = trains.ids[kept], trains.steps[kept] // width
    # Sorted by cell, then time, so that the spikes of one bin stand side by side.
    starts = np.flatnonzero(np.diff(ids * n_bins + bins, prepend=-1))
    counts = np.diff(starts, append=len(ids))
    return Binned(trains.size, n_bins, ids[starts], bins[starts], counts)


def population_counts(trains: Trains, bin_ms: float, setting: str) -> NDArray[np.int64]:
    """Count the spikes of all cells together in each bin; spikes after the last whole bin are left out.

    Parameters
    ----------
    trains, bin_ms, setting
        As of :func:`bin_counts`.

    Returns
    -------
    array of shape (bins,)

    Raises
    ------
    ConfigurationError, UndefinedMetricError
        As :func:`bin_counts`.

    Examples
    --------
    >>> trains = Trains(2, 1.0, 35, np.array([0, 0, 1]), np.array([3, 5, 25]))
    >>> population_counts(trains, 10.0, "analysis.rate_bin_ms").tolist()
    [2, 0, 1]
    """
    width = steps_of(bin_ms, trains.dt_ms, setting)
    n_bins = _whole_bins(trains, width)
    return np.bincount(trains.steps // width, minlength=n_bins)[:n_bins]


def steps_of(time_ms: float, dt_ms: float, setting: str) -> int:
    """Return a time in steps. Raises ConfigurationError, naming the setting, if it is not a multiple of the step."""
    steps = round(time_ms / dt_ms)
    if steps < 1 or not np.isclose(steps * dt_ms, time_ms, rtol=1e-9, atol=0.0):
        raise ConfigurationError(
            f"{setting}={time_ms:g}: bins are whole time steps; take a multiple of simulation.dt_ms={dt_ms:g}"
        )
    return steps


def _whole_bins(trains: Trains, width: int) -> int:
    n_bins = trains.n_steps // width
    if n_bins < 2:
        raise UndefinedMetricError(
            f"{trains.n_steps * trains.dt_ms:g} ms after the warm-up hold fewer than two bins of "
            f"{width * trains.dt_ms:g} ms"
        )
    return n_bins


def first_step(warmup_ms: float, dt_ms: float) -> int:
    """The first step that starts at or after the end of the warm-up."""
    return int(np.ceil(warmup_ms / dt_ms - 1e-6))
