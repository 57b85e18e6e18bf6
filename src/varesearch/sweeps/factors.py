"""The factors of a sweep, which are the settings that vary, and the role of each in the figures."""

import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varesearch.sweeps.jobs import SEED
from varesearch.sweeps.table import Table, heading

BACKEND = "backend"


@dataclass(frozen=True)
class Factor:
    """A key with two values or more; ``levels`` are in rising order for numbers, else in the order of the sweep."""

    key: str
    label: str
    levels: tuple[Any, ...]
    numeric: bool

    @property
    def geometric(self) -> bool:
        """Whether the levels are spaced more evenly by their ratios than by their differences (1, 2, 5, 10)."""
        if not self.numeric or len(self.levels) < 3 or self.levels[0] <= 0:
            return False
        steps = [b - a for a, b in itertools.pairwise(self.levels)]
        ratios = [math.log(b / a) for a, b in itertools.pairwise(self.levels)]
        return _unevenness(ratios) < _unevenness(steps)

    def rows(self, table: Table, level: Any) -> NDArray[np.bool_]:
        """Which children have that level, of shape (children,)."""
        return np.array([value == level for value in table.values(self.key)], dtype=bool)


@dataclass(frozen=True)
class Roles:
    """The factors along the ``x`` axis, along the ``y`` axis of heat maps, distinguished by colour, and by panel."""

    x: Factor
    y: Factor | None = None
    lines: Factor | None = None
    facets: tuple[Factor, ...] = ()


def factors(table: Table) -> list[Factor]:
    """The factors of a sweep. The seed is not one of them, since its values are repetitions."""
    found = []
    for key, unit in table.varied.items():
        levels = list(dict.fromkeys(table.values(key)))
        if key != SEED and len(levels) > 1:
            numeric = not isinstance(levels[0], str)
            found.append(Factor(key, heading(key, unit), tuple(sorted(levels) if numeric else levels), numeric))
    return found


def repetitions(table: Table) -> int:
    """How many seeds there are; 1 where the seed is not swept."""
    return len(set(table.values(SEED))) if SEED in table.varied else 1


def roles(found: list[Factor]) -> Roles:
    """The role of each of one or more factors.

    Two numbers make heat maps. Otherwise the number with the most levels goes along the axis (without a number: the
    factor with the most levels). Colour distinguishes the back ends, or else the factor with the fewest levels, and
    panels the rest.
    """
    if len(found) == 2 and all(factor.numeric for factor in found):
        y, x = sorted(found, key=lambda factor: len(factor.levels))
        return Roles(x, y=y)
    backend = next((factor for factor in found if factor.key == BACKEND), None)
    # Stable: of equals the one that the user named first.
    x = max(
        [factor for factor in found if factor is not backend] or found,
        key=lambda factor: (factor.numeric, len(factor.levels)),
    )
    if x is backend:
        return Roles(x, lines=x)
    rest = [factor for factor in found if factor is not x]
    if not rest:
        return Roles(x)
    lines = backend or min(rest, key=lambda factor: len(factor.levels))
    return Roles(x, lines=lines, facets=tuple(factor for factor in rest if factor is not lines))


def _unevenness(steps: list[float]) -> float:
    mean = sum(steps) / len(steps)
    return math.sqrt(sum((step - mean) ** 2 for step in steps) / len(steps)) / mean
