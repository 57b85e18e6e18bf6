"""Numbers of a setting that stand in a file, for the checks before a network is drawn."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varesearch.config.values import Value


@dataclass(frozen=True)
class Listed(Value):
    """Numbers that stand in a file: known before the network is drawn, and not drawn.

    Attributes
    ----------
    file, what
        The file, and what the numbers are called in it.
    least, greatest, mean
        The least and the greatest of them, and their mean.
    """

    file: str
    what: str
    least: float
    greatest: float
    mean: float
    has_tail = False

    def draw(self, rng: np.random.Generator, size: int) -> NDArray[np.float64]:
        raise TypeError(f"{self.what} of {self.file} are read, not drawn")

    @property
    def lower(self) -> float:
        return self.least

    @property
    def upper(self) -> float:
        return self.greatest

    def above(self, value: float) -> float:
        """Return 1 if any of the numbers is greater, else 0."""
        return float(self.greatest > value)

    def below(self, value: float) -> float:
        """Return 1 if any of the numbers is less, else 0."""
        return float(self.least < value)

    @property
    def expected(self) -> float:
        return self.mean

    def times(self, factor: float) -> "Listed":
        return replace(self, least=self.least * factor, greatest=self.greatest * factor, mean=self.mean * factor)

    @property
    def scale(self) -> dict[str, float]:
        return {"": self.greatest}

    @property
    def plain(self) -> dict[str, Any]:
        return {"file": self.file}

    def __str__(self) -> str:
        return f"{self.file} ({self.what} from {self.least:g} to {self.greatest:g})"
