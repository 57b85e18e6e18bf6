"""Covering arrays: few rows in which every combination of any few factors occurs.

Written here rather than taken from a package (allpairspy and covertable are the living ones) because it is forty lines
and has to know which combinations exist at all: a cell, an integrator and a simulator go together or do not.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Row = dict[str, str]
_STRIDE = 7919
"""A prime that is larger than most numbers of rows: its multiples look drawn at random."""
Part = tuple[tuple[str, str], ...]
"""Values of a few factors, as (factor, value), in the factors' order."""


def rows(factors: Mapping[str, Sequence[str]], possible: Callable[[Row], bool]) -> list[Row]:
    """Every combination of all factors that is ``possible``."""
    names = list(factors)
    found = (dict(zip(names, values, strict=True)) for values in itertools.product(*factors.values()))
    return [row for row in found if possible(row)]


def parts(row: Row, strength: int) -> set[Part]:
    """All combinations of ``strength`` values that a row holds; the row itself if it has no more than that."""
    return set(itertools.combinations(row.items(), min(strength, len(row))))


def covering(whole: Sequence[Row], strength: int = 2, cost: Callable[[Row], float] = lambda _row: 0.0) -> list[Row]:
    """Rows of ``whole`` that hold every combination of ``strength`` values which any row of it holds.

    Greedy: always a row with most that is still missing, of these one of the least ``cost``. Among equals each time
    another one, so that all values of a factor are about as frequent; the choice is the same on every machine.
    """
    costs = np.array([cost(row) for row in whole])
    held = _numbered(whole, strength)
    if not held.size:
        return list(whole[:1])
    missing = np.zeros(held.max() + 1, dtype=bool)
    missing[held] = True
    chosen: list[Row] = []
    while missing.any():
        gain = missing[held].sum(axis=1)
        equals = np.flatnonzero(gain == gain.max())
        equals = equals[costs[equals] == costs[equals].min()]
        best = int(equals[_STRIDE * len(chosen) % len(equals)])
        chosen.append(whole[best])
        missing[held[best]] = False
    return chosen


def _numbered(whole: Sequence[Row], strength: int) -> NDArray[np.int64]:
    """A number for each combination of values that a row holds: shape (rows, combinations of factors)."""
    columns = []
    for name in whole[0] if whole else ():
        known = {value: number for number, value in enumerate(dict.fromkeys(row[name] for row in whole))}
        columns.append(np.array([known[row[name]] for row in whole]))
    numbered, first = [], 0
    for together in itertools.combinations(columns, min(strength, len(columns))):
        number = np.zeros(len(whole), dtype=np.int64)
        for column in together:
            number = number * (column.max() + 1) + column
        numbered.append(first + number)
        first += int(number.max()) + 1
    return np.array(numbered, dtype=np.int64).T.copy()
