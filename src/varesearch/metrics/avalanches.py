"""Neuronal avalanches: stretches of activity of a population between empty bins (Beggs & Plenz 2003).

scipy is imported where it is used: only a run that asks for these metrics pays for the import.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from varesearch.metrics.trains import Trains, population_counts, steps_of
from varesearch.metrics.values import UndefinedMetricError

LEAST = 100
"""Fewer avalanches than this have no exponent: its standard error would be above a tenth of its distance from 1."""

_STEEPEST = 6.0
_MOST_STARTS = 50
"""So many smallest numbers are tried."""


@dataclass(frozen=True)
class Avalanches:
    """Each avalanche of a population: a stretch of bins with spikes, with an empty bin on both sides.

    Attributes
    ----------
    bin_ms
        The length of a bin in ms.
    sizes
        Spikes of each avalanche.
    durations
        Bins of each avalanche.
    ancestors, descendants
        Spikes in the first bin of each avalanche, and in its second one (0 if it has only one).
    """

    bin_ms: float
    sizes: NDArray[np.int64]
    durations: NDArray[np.int64]
    ancestors: NDArray[np.int64]
    descendants: NDArray[np.int64]


def avalanche_bin_ms(trains: Trains, bin_ms: float | None) -> float:
    """Return ``bin_ms``, or else the mean interval between successive spikes of all cells, in whole steps (at least 1).

    Raises
    ------
    UndefinedMetricError
        There are fewer than two spikes, and ``bin_ms`` is None.

    Examples
    --------
    >>> avalanche_bin_ms(Trains(2, 0.5, 100, np.array([0, 0, 1]), np.array([0, 40, 20])), None)  # two of 20 steps
    10.0
    """
    if bin_ms is not None:
        return bin_ms
    if len(trains.steps) < 2:
        raise UndefinedMetricError("fewer than two spikes have no mean interval, which is the bin of avalanches")
    interval = np.ptp(trains.steps) / (len(trains.steps) - 1)
    return max(1, round(float(interval))) * trains.dt_ms


def avalanches(trains: Trains, bin_ms: float) -> Avalanches:
    """Find the avalanches of a population (Beggs & Plenz 2003, J. Neurosci. 23:11167), with spikes for their events.

    Parameters
    ----------
    trains
        The spikes.
    bin_ms
        The length of a bin in ms, a multiple of the time step.

    Raises
    ------
    ConfigurationError
        ``bin_ms`` is not a multiple of the time step.
    UndefinedMetricError
        No avalanche is whole: the population never fires or never pauses.

    Examples
    --------
    >>> trains = Trains(2, 1.0, 9, np.array([0, 0, 0, 1, 1]), np.array([1, 2, 6, 1, 4]))
    >>> found = avalanches(trains, 1.0)  # counts 0 2 1 0 1 0 1 0 0
    >>> found.sizes.tolist(), found.durations.tolist(), found.descendants.tolist()
    ([3, 1, 1], [2, 1, 1], [1, 0, 0])
    """
    steps_of(bin_ms, trains.dt_ms, "analysis.avalanche_bin_ms")
    if not len(trains.steps):
        raise UndefinedMetricError("no cell fired")
    counts = population_counts(trains, bin_ms, "analysis.avalanche_bin_ms")
    empty = np.flatnonzero(counts == 0)
    # The activity before the first empty bin and after the last one is cut off by the window.
    gaps = np.diff(empty) > 1 if len(empty) else np.zeros(0, dtype=bool)
    if not gaps.any():
        raise UndefinedMetricError(f"no bin of {bin_ms:g} ms without spikes on both sides of any activity")
    begins, ends = empty[:-1][gaps] + 1, empty[1:][gaps]
    sums = np.concatenate(([0], np.cumsum(counts)))
    return Avalanches(bin_ms, sums[ends] - sums[begins], ends - begins, counts[begins], counts[begins + 1])


def power_law_exponent(values: NDArray[np.int64]) -> float:
    """Exponent of a power law P(x) ~ x^-alpha of whole numbers from a smallest one up (Clauset, Shalizi & Newman 2009).

    For each smallest number, alpha has the maximum likelihood; of these, the one with the least Kolmogorov-Smirnov
    distance between data and law is taken (SIAM Rev. 51:661, eqs. 3.5 and 3.9). Whether the values follow a power law
    at all is not tested.

    Parameters
    ----------
    values
        Whole numbers from 1, one for each avalanche.

    Raises
    ------
    UndefinedMetricError
        There are fewer than :data:`LEAST` values, or the law is too steep to be told from an exponential.

    Examples
    --------
    >>> sizes = np.arange(1, 1000)
    >>> values = np.repeat(sizes, (6e5 / sizes**2).astype(int))
    >>> round(power_law_exponent(values), 1)
    2.0
    """
    if len(values) < LEAST:
        raise UndefinedMetricError(f"{len(values)} avalanches, and an exponent needs {LEAST}")
    numbers, counts = np.unique(values, return_counts=True)
    if len(numbers) == 1:
        raise UndefinedMetricError(f"all avalanches have the value {numbers[0]}, which has no exponent")
    at_least = counts[::-1].cumsum()[::-1]
    starts = np.flatnonzero(at_least >= LEAST)[:_MOST_STARTS]
    fits = [_fit(numbers[k:], counts[k:]) for k in starts if k < len(numbers) - 1]
    _, alpha = min(fits)
    if alpha > _STEEPEST - 1e-3:
        raise UndefinedMetricError(f"avalanches so small that the exponent is above {_STEEPEST:g}")
    return alpha


def _fit(numbers: NDArray[np.int64], counts: NDArray[np.int64]) -> tuple[float, float]:
    """The Kolmogorov-Smirnov distance and the exponent of the power law from ``numbers[0]`` up."""
    from scipy.optimize import minimize_scalar
    from scipy.special import zeta

    lowest, total = numbers[0], counts.sum()
    mean_log = float(counts @ np.log(numbers) / total)
    found = minimize_scalar(
        lambda alpha: alpha * mean_log + np.log(zeta(alpha, lowest)), bounds=(1 + 1e-6, _STEEPEST), method="bounded"
    )
    law = 1 - zeta(found.x, numbers + 1) / zeta(found.x, lowest)
    return float(np.abs(counts.cumsum() / total - law).max()), float(found.x)
