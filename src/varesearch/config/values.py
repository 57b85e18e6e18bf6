"""The value of a setting that is one number for all cells or synapses, or drawn for each of them.

In the configuration it is a number or ``{distribution: NAME, ...}``, its parameters in the unit of the setting. Every
distribution but the uniform takes ``low`` and ``high`` besides: it is then truncated, that is, a value outside is drawn
again. A law is one class of :mod:`varesearch.config.laws`. :func:`varesearch.config.plain.parse_value` reads what is
written, once; typed settings hold a :class:`Value`.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from varesearch.config.wording import written

NAME = "distribution"
"""The key by which a distribution is recognised in the configuration."""


class Value(ABC):
    """A number, or a distribution that numbers are drawn from."""

    has_tail: ClassVar[bool] = True
    """Whether the largest values are rare; else values close to ``lower`` and ``upper`` are as common as others."""

    @abstractmethod
    def draw(self, rng: np.random.Generator, size: int) -> NDArray[np.float64]:
        """Return ``size`` independent values, float64 of shape (size,)."""

    def draw_in_parts(
        self, generator: Callable[[], np.random.Generator], size: int, length: int
    ) -> Iterator[NDArray[np.float64]]:
        """Yield what :meth:`draw` returns, ``length`` values at a time.

        ``generator`` returns a generator in the state in which ``draw`` would be given it.
        """
        values = self.draw(generator(), size)
        return (values[first : first + length] for first in range(0, size, length))

    @property
    @abstractmethod
    def lower(self) -> float:
        """The least value that can be drawn (its infimum, -inf for an unbounded one)."""

    @property
    @abstractmethod
    def upper(self) -> float:
        """The greatest value that can be drawn (its supremum, inf for an unbounded one)."""

    @property
    def reach(self) -> tuple[float, float]:
        """The least and the greatest value that any network draws: beyond each the probability is below 1e-12."""
        return self.lower, self.upper

    @abstractmethod
    def above(self, value: float) -> float:
        """Return the probability that a drawn value is greater than ``value``."""

    @abstractmethod
    def below(self, value: float) -> float:
        """Return the probability that a drawn value is less than ``value``."""

    @property
    @abstractmethod
    def expected(self) -> float:
        """The expectation of a drawn value, that is, its mean over infinitely many cells or synapses."""

    @abstractmethod
    def times(self, factor: float) -> "Value":
        """Return the value whose draws are ``factor`` > 0 times as large."""

    @property
    @abstractmethod
    def scale(self) -> dict[str, float]:
        """The numbers that show in which unit the value was meant: ending of the setting's name -> number."""

    @property
    @abstractmethod
    def plain(self) -> float | dict[str, Any]:
        """The value as it is written in the configuration."""

    def __str__(self) -> str:
        return written(self.plain)


if TYPE_CHECKING:
    ValueSetting = Value
    NumberSetting = float
else:
    ValueSetting = NumberSetting = Any
"""The types of fields that hold a :class:`Value`, and a float where no Value is given.

OmegaConf's schemas accept only ``Any`` for them.
"""


@dataclass(frozen=True)
class Constant(Value):
    """One number for all.

    Examples
    --------
    >>> Constant(2.0).draw(np.random.default_rng(1), 3)
    array([2., 2., 2.])
    """

    number: float
    has_tail = False

    def draw(self, rng: np.random.Generator, size: int) -> NDArray[np.float64]:
        """Return the number ``size`` times; ``rng`` is left as it is."""
        return np.full(size, self.number, dtype=np.float64)

    @property
    def lower(self) -> float:
        return self.number

    @property
    def upper(self) -> float:
        return self.number

    def above(self, value: float) -> float:
        return float(self.number > value)

    def below(self, value: float) -> float:
        return float(self.number < value)

    @property
    def expected(self) -> float:
        return self.number

    def times(self, factor: float) -> "Constant":
        return Constant(self.number * factor)

    @property
    def scale(self) -> dict[str, float]:
        return {"": self.number}

    @property
    def plain(self) -> float:
        return self.number

    __str__ = Value.__str__


class Distribution(Value):
    """A law, truncated to [low, high]. A subclass is a frozen dataclass of one law; its fields are the parameters.

    Examples
    --------
    >>> from varesearch.config.laws import Normal
    >>> delays_ms = Normal(mean=2.0, std=0.5, low=0.1)
    >>> delays_ms.lower, round(delays_ms.above(3.0), 4)
    (0.1, 0.0228)
    >>> delays_ms.draw(np.random.default_rng(1), 3).round(2)
    array([2.17, 2.41, 2.17])
    >>> print(delays_ms)
    {distribution: normal, mean: 2, std: 0.5, low: 0.1}
    """

    name: ClassVar[str]
    """What the law is called in the configuration."""
    optional: ClassVar[tuple[str, ...]] = ("low", "high")
    """The parameters that may be left out."""
    least: ClassVar[float] = -math.inf
    """The least value of the law without a truncation."""
    low: float
    high: float

    @abstractmethod
    def sample(self, rng: np.random.Generator, size: int) -> NDArray[np.float64]:
        """Return ``size`` values of the law without its truncation."""

    @abstractmethod
    def tail(self, value: float) -> float:
        """Return the probability that a value of the law without its truncation is greater than ``value``."""

    @abstractmethod
    def partial_mean(self, value: float) -> float:
        """Return the integral of x times the law's density without truncation, over all x greater than ``value``."""

    def problem(self) -> str:
        """Return what is wrong with the parameters, beginning with their names (``.std=0 must ...``), or ""."""
        return ""

    @classmethod
    def parameters(cls) -> tuple[str, ...]:
        """Return the names of the parameters that must be given."""
        return tuple(each.name for each in fields(cls) if each.name not in cls.optional)  # type: ignore[arg-type]

    @property
    def accepted(self) -> float:
        """The probability that a value of the law without its truncation lies in [low, high]."""
        return self.tail(self.low) - self.tail(self.high)

    def draw(self, rng: np.random.Generator, size: int) -> NDArray[np.float64]:
        values = self.sample(rng, size)
        outside = np.flatnonzero((values < self.low) | (values > self.high))
        while outside.size:
            values[outside] = self.sample(rng, outside.size)
            outside = outside[(values[outside] < self.low) | (values[outside] > self.high)]
        return values

    def draw_in_parts(
        self, generator: Callable[[], np.random.Generator], size: int, length: int
    ) -> Iterator[NDArray[np.float64]]:
        where, instead = self._truncation(generator(), size, length)
        rng = generator()
        for first in range(0, size, length):
            values = self.sample(rng, min(length, size - first))
            low, high = np.searchsorted(where, [first, first + len(values)])
            values[where[low:high] - first] = instead[low:high]
            yield values

    def _truncation(
        self, rng: np.random.Generator, size: int, length: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Where the values lie outside [low, high], and those that take their places."""
        if self.low <= self.least and self.high == math.inf:
            return np.empty(0, dtype=np.int64), np.empty(0)
        found = []
        for first in range(0, size, length):
            values = self.sample(rng, min(length, size - first))
            found.append(first + np.flatnonzero((values < self.low) | (values > self.high)))
        where = np.concatenate(found) if found else np.empty(0, dtype=np.int64)
        instead, again = np.empty(len(where)), np.arange(len(where))
        while again.size:
            instead[again] = self.sample(rng, again.size)
            again = again[(instead[again] < self.low) | (instead[again] > self.high)]
        return where, instead

    @property
    def lower(self) -> float:
        return max(self.low, self.least)

    @property
    def upper(self) -> float:
        return self.high

    def above(self, value: float) -> float:
        if value >= self.high:
            return 0.0
        # The difference of two tails is exact where the probability is small.
        return (self.tail(max(value, self.low)) - self.tail(self.high)) / self.accepted

    def below(self, value: float) -> float:
        return 1.0 - self.above(value)

    @property
    def expected(self) -> float:
        return (self.partial_mean(self.low) - self.partial_mean(self.high)) / self.accepted

    def times(self, factor: float) -> "Distribution":
        # All parameters of all laws are in the unit of the value.
        return replace(self, **{key: getattr(self, key) * factor for key in (*self.parameters(), *self.optional)})  # type: ignore[type-var]

    @property
    def reach(self) -> tuple[float, float]:
        if not self.has_tail:
            return self.lower, self.upper
        lowest = _where_rare(self.below, self.upper if math.isfinite(self.upper) else self._center, self.lower)
        return lowest, _where_rare(self.above, lowest, self.upper)

    @property
    def _center(self) -> float:
        return min(max(getattr(self, "mean", 0.0), self.lower), self.upper)

    @property
    def scale(self) -> dict[str, float]:
        """The mean, since tails can be truncated; without one, both bounds."""
        return {f".{key}": getattr(self, key) for key in (["mean"] if hasattr(self, "mean") else ["low", "high"])}

    @property
    def plain(self) -> dict[str, Any]:
        """``{"distribution": NAME, ...}``, without bounds that are infinite."""
        values = {key: getattr(self, key) for key in (*self.parameters(), *self.optional)}
        return {NAME: self.name} | {key: value for key, value in values.items() if math.isfinite(value)}


_NEVER_DRAWN = 1e-12


def _where_rare(probability: Callable[[float], float], start: float, end: float) -> float:
    """Return the value between ``start`` and ``end``, which may be infinite, beyond which nothing is ever drawn."""
    step = math.copysign(max(abs(start), 1e-12), end - start)
    inside, outside = start, end
    while not math.isfinite(outside):
        outside = inside + step if probability(inside + step) <= _NEVER_DRAWN else outside
        inside, step = (inside, step) if math.isfinite(outside) else (inside + step, 2 * step)
    if probability(outside) > _NEVER_DRAWN:
        return outside
    for _ in range(200):
        middle = 0.5 * (inside + outside)
        if middle in (inside, outside):
            break
        inside, outside = (inside, middle) if probability(middle) <= _NEVER_DRAWN else (middle, outside)
    return outside
