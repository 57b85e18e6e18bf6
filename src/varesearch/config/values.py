"""The value of a setting that is one number for all cells or synapses, or drawn for each of them.

:class:`Constant` is the number; the distributions are in :mod:`varesearch.config.distributions`. Typed settings hold
nothing else: :func:`varesearch.config.plain.parse_value` turns what is written in the configuration into a value, once.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from varesearch.config.wording import written


class Value(ABC):
    """A number, or a distribution that numbers are drawn from."""

    @abstractmethod
    def draw(self, rng: np.random.Generator, size: int) -> NDArray[np.float64]:
        """Return ``size`` independent values, float64 of shape (size,)."""

    @property
    @abstractmethod
    def lower(self) -> float:
        """The least value that can be drawn (its infimum, -inf for an unbounded one)."""

    @property
    @abstractmethod
    def upper(self) -> float:
        """The greatest value that can be drawn (its supremum, inf for an unbounded one)."""

    @property
    def has_tail(self) -> bool:
        """Whether the largest values are rare; else values close to ``lower`` and ``upper`` are as common as others."""
        return True

    @abstractmethod
    def above(self, value: float) -> float:
        """Return the probability that a drawn value is greater than ``value``."""

    @abstractmethod
    def below(self, value: float) -> float:
        """Return the probability that a drawn value is less than ``value``."""

    @property
    @abstractmethod
    def scale(self) -> dict[str, float]:
        """The numbers that show in which unit the value was meant: ending of the setting's name -> number."""

    @property
    @abstractmethod
    def plain(self) -> float | dict[str, Any]:
        """The value as the configuration keeps it, in numbers, texts and dicts."""

    def __str__(self) -> str:
        return written(self.plain)


if TYPE_CHECKING:
    ValueSetting = Value
else:
    ValueSetting = Any
"""The type of a field of settings that holds a :class:`Value`; OmegaConf's schemas accept only ``Any`` for it."""


@dataclass(frozen=True)
class Constant(Value):
    """One number for all."""

    number: float

    def draw(self, rng: np.random.Generator, size: int) -> NDArray[np.float64]:
        """Return the number ``size`` times; ``rng`` is left untouched."""
        return np.full(size, self.number, dtype=np.float64)

    @property
    def lower(self) -> float:
        """The number."""
        return self.number

    @property
    def upper(self) -> float:
        """The number."""
        return self.number

    @property
    def has_tail(self) -> bool:
        """False."""
        return False

    def above(self, value: float) -> float:
        """Return 1 if the number is greater than ``value``, else 0."""
        return float(self.number > value)

    def below(self, value: float) -> float:
        """Return 1 if the number is less than ``value``, else 0."""
        return float(self.number < value)

    @property
    def scale(self) -> dict[str, float]:
        """The number."""
        return {"": self.number}

    @property
    def plain(self) -> float:
        """The number."""
        return self.number

    __str__ = Value.__str__
