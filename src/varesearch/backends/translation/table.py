"""The form of a translation: one row for each quantity of a cell on a back end."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Convert = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def same(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """No conversion."""
    return values


@dataclass(frozen=True)
class Row:
    """``ours`` in ``unit`` becomes ``theirs`` in ``their_unit`` by ``convert``; ``note`` says what is approximated."""

    ours: str
    unit: str
    theirs: str
    their_unit: str
    convert: Convert = same
    formula: str = "same"
    note: str = ""
