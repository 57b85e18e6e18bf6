"""Distances of the spike trains of pairs of cells, by PySpike."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varesearch.metrics.definitions import PopulationData, UndefinedMetricError, statistics


def pair_distances(data: PopulationData, distance: Callable[[Any, Any], float]) -> NDArray[np.float64]:
    """Return a distance of PySpike for each drawn pair of cells that fired, of shape (pairs,).

    Spikes are in ms from the end of the warm-up. Raises UndefinedMetricError if fewer than two cells fired.
    """
    from pyspike import SpikeTrain

    trains = data.trains
    firing = np.flatnonzero(trains.counts)
    if len(firing) < 2:
        raise UndefinedMetricError("fewer than two cells fired")
    one, other = statistics.drawn_pairs(firing, data.analysis.correlation_pairs, data.pair_rng())
    ends = np.cumsum(trains.counts)
    window = (0.0, trains.n_steps * trains.dt_ms)
    drawn = {
        int(cell): SpikeTrain(trains.steps[ends[cell] - trains.counts[cell] : ends[cell]] * trains.dt_ms, window)
        for cell in np.union1d(one, other)
    }
    return np.array([distance(drawn[int(a)], drawn[int(b)]) for a, b in zip(one, other, strict=True)])
