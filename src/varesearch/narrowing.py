"""Counts of steps, cells, synapses and spikes as integers of fewer bits: a number that does not fit is refused.

numpy's ``astype`` wraps without a word: 2**32 + 1 steps become 1.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from varesearch.config.errors import ConfigurationError

MOST_STEPS_64 = 2**62
"""Bound of a 64-bit count of steps, so that the sum of two still fits."""


def int32(values: ArrayLike, what: str) -> NDArray[np.int32]:
    """``values``, whole numbers of any type, as int32.

    Raises ConfigurationError, one line with ``what`` and the value, for one that is not a number or needs more bits.
    """
    bounds = np.iinfo(np.int32)
    return _narrowed(values, np.int32, int(bounds.min), int(bounds.max), what)


def int64_steps(values: ArrayLike, what: str) -> NDArray[np.int64]:
    """``values``, whole numbers of steps of any type, as int64, each at most 2**62. Raises ConfigurationError."""
    return _narrowed(values, np.int64, -MOST_STEPS_64, MOST_STEPS_64, what)


def _narrowed(values: ArrayLike, dtype: Any, least: int, most: int, what: str) -> NDArray[Any]:
    array = np.asarray(values)
    if array.size:
        # NaN is neither above the least nor below the most.
        low, high = array.min(), array.max()
        if not (low >= least and high <= most):
            wrong = low if not low >= least else high
            raise ConfigurationError(f"{what}: {wrong:.15g} is beyond {least} to {most}, what its type holds")
    return array.astype(dtype, copy=False)
