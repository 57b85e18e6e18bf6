"""Moments of the membrane potential over cells and time."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from varesearch.metrics.definitions import PopulationData, UndefinedMetricError

_BLOCK_SAMPLES = 1 << 20


def finite(data: PopulationData, reduce: Callable[[NDArray[np.floating]], float]) -> float:
    """``reduce`` of the samples of v. Raises UndefinedMetricError if there are none, or they are not all finite."""
    values = data.samples("v")
    if values.size == 0:
        raise UndefinedMetricError("no sample after the warm-up")
    with np.errstate(invalid="ignore"):
        value = reduce(values)
    if not np.isfinite(value):
        raise UndefinedMetricError(f"{np.sum(~np.isfinite(values))} of {values.size} samples are not finite")
    return value


def mean(values: NDArray[np.floating]) -> float:
    """The mean, in double precision."""
    return float(np.mean(values, dtype=np.float64))


def standard_deviation(values: NDArray[np.floating]) -> float:
    """The standard deviation in double precision, block by block: numpy's own would allocate as much as the samples."""
    middle, rows = np.float64(mean(values)), max(1, _BLOCK_SAMPLES // max(1, values.shape[1]))
    squares = (np.square(values[k : k + rows] - middle).sum(dtype=np.float64) for k in range(0, len(values), rows))
    return math.sqrt(math.fsum(squares) / values.size)
