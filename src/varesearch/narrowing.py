"""Convert counts of steps, cells, synapses and spikes to smaller integer types, and refuse numbers that do not fit.

numpy's ``astype`` wraps around without an error: 2**32 + 1 steps would become 1.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from varesearch.config.errors import ConfigurationError

MOST_STEPS_64 = 2**62
"""The bound for 64-bit counts of steps, chosen so that the sum of two still fits."""


def int32(values: ArrayLike, what: str) -> NDArray[np.int32]:
    """Convert whole numbers of any type to int32.

    Raises ConfigurationError (one line with ``what`` and the value) for NaN and for a number that does not fit.

    Examples
    --------
    >>> int32([1.0, 2.0], "delays in steps")
    array([1, 2], dtype=int32)
    >>> int32([2.0**31], "delays in steps")
    Traceback (most recent call last):
        ...
    varesearch.config.errors.ConfigurationError: delays in steps: 2147483648 is outside -2147483648 to 2147483647, \
the range of its type
    """
    bounds = np.iinfo(np.int32)
    return _narrowed(values, np.int32, int(bounds.min), int(bounds.max), what)


def int64_steps(values: ArrayLike, what: str) -> NDArray[np.int64]:
    """Convert whole numbers of steps to int64. Raises ConfigurationError for magnitudes above 2**62."""
    return _narrowed(values, np.int64, -MOST_STEPS_64, MOST_STEPS_64, what)


def _narrowed(values: ArrayLike, dtype: Any, least: int, most: int, what: str) -> NDArray[Any]:
    array = np.asarray(values)
    if array.size:
        # Written so that NaN is refused, too.
        low, high = array.min(), array.max()
        if not (low >= least and high <= most):
            wrong = low if not low >= least else high
            raise ConfigurationError(f"{what}: {wrong:.15g} is outside {least} to {most}, the range of its type")
    return array.astype(dtype, copy=False)
