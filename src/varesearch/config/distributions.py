"""The distributions that a value may be drawn from.

In the configuration a distribution is written ``{distribution: NAME, ...}``, its parameters in the unit of the setting.
Every distribution but the uniform takes, besides its parameters, ``low`` and ``high``: it is then truncated, that is, a
value outside is drawn again. A law is one class below.
"""

import math
from abc import abstractmethod
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from varesearch.config.values import Value

NAME = "distribution"
"""The key by which a distribution is recognised in the configuration."""


class Distribution(Value):
    """A law, truncated to [low, high]. A subclass is a frozen dataclass of one law; the fields are its parameters."""

    name: ClassVar[str]
    """What the law is called in the configuration."""
    least: ClassVar[float] = -math.inf
    """The least value of the law without a truncation."""
    low: float
    high: float

    @abstractmethod
    def sample(self, rng: np.random.Generator, size: int) -> NDArray[np.float64]:
        """Return ``size`` values of the law without its truncation."""

    @abstractmethod
    def law_above(self, value: float) -> float:
        """Return the probability that a value of the law without its truncation is greater than ``value``."""

    @abstractmethod
    def law_below(self, value: float) -> float:
        """Return the probability that a value of the law without its truncation is less than ``value``."""

    def problem(self) -> str:
        """Return what is wrong with the parameters, beginning with their names (``.std=0 must ...``), or ""."""
        return ""

    @classmethod
    def parameters(cls) -> tuple[str, ...]:
        """Return the names of the parameters that must be given."""
        return tuple(each.name for each in fields(cls) if each.name not in cls.optional())  # type: ignore[arg-type]

    @classmethod
    def optional(cls) -> tuple[str, ...]:
        """Return the names of the parameters that may be given."""
        return ("low", "high")

    @property
    def truncated(self) -> bool:
        """Whether values outside [low, high] have to be drawn again."""
        return math.isfinite(self.low) or math.isfinite(self.high)

    @property
    def accepted(self) -> float:
        """The probability that a value of the law without its truncation lies in [low, high]."""
        return self.law_below(self.high) - self.law_below(self.low) if self.truncated else 1.0

    def draw(self, rng: np.random.Generator, size: int) -> NDArray[np.float64]:
        """Return ``size`` independent values, float64 of shape (size,)."""
        values = self.sample(rng, size)
        if self.truncated:
            outside = np.flatnonzero((values < self.low) | (values > self.high))
            while outside.size:
                values[outside] = self.sample(rng, outside.size)
                outside = outside[(values[outside] < self.low) | (values[outside] > self.high)]
        return values

    @property
    def lower(self) -> float:
        """The least value that can be drawn (its infimum, -inf for an unbounded one)."""
        return max(self.low, self.least)

    @property
    def upper(self) -> float:
        """The greatest value that can be drawn (its supremum, inf for an unbounded one)."""
        return self.high

    def above(self, value: float) -> float:
        """Return the probability that a drawn value is greater than ``value``."""
        if value >= self.high:
            return 0.0
        # The difference of two tails is exact where the probability is small.
        return (self.law_above(max(value, self.low)) - self.law_above(self.high)) / self.accepted

    def below(self, value: float) -> float:
        """Return the probability that a drawn value is less than ``value``."""
        if value <= self.low:
            return 0.0
        return (self.law_below(min(value, self.high)) - self.law_below(self.low)) / self.accepted

    @property
    def plain(self) -> dict[str, Any]:
        """``{"distribution": NAME, ...}``, without bounds that are infinite."""
        values = {key: getattr(self, key) for key in (*self.parameters(), *self.optional())}
        return {NAME: self.name} | {key: value for key, value in values.items() if math.isfinite(value)}


@dataclass(frozen=True)
class Uniform(Distribution):
    """All values from ``low`` to ``high`` are equally likely."""

    low: float
    high: float
    name: ClassVar[str] = "uniform"

    @classmethod
    def optional(cls) -> tuple[str, ...]:
        """Return (): the bounds must be given."""
        return ()

    @property
    def has_tail(self) -> bool:
        """False."""
        return False

    @property
    def truncated(self) -> bool:
        """False: the law itself has the bounds."""
        return False

    def sample(self, rng: np.random.Generator, size: int) -> NDArray[np.float64]:
        """Return ``size`` values."""
        return rng.uniform(self.low, self.high, size)

    def law_above(self, value: float) -> float:
        """Return the share of the interval that is above ``value``."""
        return min(max((self.high - value) / (self.high - self.low), 0.0), 1.0)

    def law_below(self, value: float) -> float:
        """Return the share of the interval that is below ``value``."""
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)

    @property
    def scale(self) -> dict[str, float]:
        """Both bounds."""
        return {".low": self.low, ".high": self.high}


@dataclass(frozen=True)
class _LawWithMean(Distribution):
    """``mean`` (and ``std``, in a law that has it) are those of the value itself before truncation."""

    mean: float

    @property
    def scale(self) -> dict[str, float]:
        """The mean, since the tails can be truncated."""
        return {".mean": self.mean}

    def _mean_is_positive(self) -> str:
        if self.mean > 0:
            return ""
        return f".mean={self.mean:g} must be greater than 0 for the {self.name} distribution"


@dataclass(frozen=True)
class Normal(_LawWithMean):
    """The normal distribution."""

    std: float
    low: float = -math.inf
    high: float = math.inf
    name: ClassVar[str] = "normal"

    def sample(self, rng: np.random.Generator, size: int) -> NDArray[np.float64]:
        """Return ``size`` values without a truncation."""
        return rng.normal(self.mean, self.std, size)

    def law_above(self, value: float) -> float:
        """Return the upper tail."""
        return _normal_cdf((self.mean - value) / self.std)

    def law_below(self, value: float) -> float:
        """Return the lower tail."""
        return _normal_cdf((value - self.mean) / self.std)

    def problem(self) -> str:
        """Return what is wrong with the spread."""
        return _positive_std(self.std)


@dataclass(frozen=True)
class Lognormal(_LawWithMean):
    """The distribution of a value whose logarithm is normal."""

    std: float
    low: float = -math.inf
    high: float = math.inf
    name: ClassVar[str] = "lognormal"
    least: ClassVar[float] = 0.0

    @property
    def _of_logarithm(self) -> tuple[float, float]:
        """Mean and standard deviation of the logarithm."""
        variance = math.log1p((self.std / self.mean) ** 2)
        return math.log(self.mean) - 0.5 * variance, math.sqrt(variance)

    def sample(self, rng: np.random.Generator, size: int) -> NDArray[np.float64]:
        """Return ``size`` values without a truncation."""
        return rng.lognormal(*self._of_logarithm, size)

    def law_above(self, value: float) -> float:
        """Return the upper tail."""
        mu, sigma = self._of_logarithm
        return _normal_cdf((mu - _log(value)) / sigma)

    def law_below(self, value: float) -> float:
        """Return the lower tail."""
        mu, sigma = self._of_logarithm
        return _normal_cdf((_log(value) - mu) / sigma)

    def problem(self) -> str:
        """Return what is wrong with the mean and the spread."""
        wrong = _positive_std(self.std) or self._mean_is_positive()
        if not wrong and not 1e-6 <= self.std / self.mean <= 1e6:
            return f".std={self.std:g} must be between 1e-6 and 1e6 times its mean={self.mean:g}"
        return wrong


@dataclass(frozen=True)
class Exponential(_LawWithMean):
    """The exponential distribution."""

    low: float = -math.inf
    high: float = math.inf
    name: ClassVar[str] = "exponential"
    least: ClassVar[float] = 0.0

    def sample(self, rng: np.random.Generator, size: int) -> NDArray[np.float64]:
        """Return ``size`` values without a truncation."""
        return rng.exponential(self.mean, size)

    def law_above(self, value: float) -> float:
        """Return the upper tail."""
        return math.exp(-max(value, 0.0) / self.mean)

    def law_below(self, value: float) -> float:
        """Return the lower tail."""
        return -math.expm1(-max(value, 0.0) / self.mean)

    def problem(self) -> str:
        """Return what is wrong with the mean."""
        return self._mean_is_positive()


DISTRIBUTIONS: dict[str, type[Distribution]] = {law.name: law for law in (Uniform, Normal, Lognormal, Exponential)}
"""Name in the configuration -> law."""


def _positive_std(std: float) -> str:
    return "" if std > 0 else f".std={std:g} must be greater than 0; for no spread write the number alone"


def _log(value: float) -> float:
    return math.log(value) if value > 0 else -math.inf


def _normal_cdf(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2))
