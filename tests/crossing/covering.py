"""Covering arrays: few rows in which every combination of any few factors occurs.

Written here rather than taken from a package (allpairspy and covertable are the living ones) because it is thirty lines
and has to know which combinations exist at all: a cell, an integrator and a simulator go together or do not.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence

Row = dict[str, str]
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


def covering(whole: Sequence[Row], strength: int = 2) -> list[Row]:
    """Rows of ``whole`` that hold every combination of ``strength`` values which any row of it holds.

    Greedy: always the row with most that is still missing, the first one among equals, so that the choice is the same
    on every machine. The gain of a row only falls as others are taken, so that most rows need not be counted again.
    """
    held = [parts(row, strength) for row in whole]
    missing = set().union(*held) if held else set()
    gain = [len(each) for each in held]
    chosen: list[Row] = []
    while missing:
        best, most = -1, 0
        for index, each in enumerate(held):
            if gain[index] > most:
                gain[index] = len(each & missing)
                if gain[index] > most:
                    best, most = index, gain[index]
        chosen.append(whole[best])
        missing -= held[best]
    return chosen
