"""The distributions from which values are drawn, each one class.

scipy.stats has these laws, too, but importing it takes 0.6 s of CPU, more than starting the program, composing a run
and checking it together. Here a tail is a line for each law, and the tests compare it with scipy's.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from varesearch.config.values import Distribution


@dataclass(frozen=True)
class Uniform(Distribution):
    """All values from ``low`` to ``high`` are equally likely."""

    low: float
    high: float
    name = "uniform"
    optional = ()
    has_tail = False

    def sample(self, rng: np.random.Generator, size: int) -> NDArray[np.float64]:
        return rng.uniform(self.low, self.high, size)

    def tail(self, value: float) -> float:
        return min(max((self.high - value) / (self.high - self.low), 0.0), 1.0)

    def partial_mean(self, value: float) -> float:
        start = min(max(value, self.low), self.high)
        return self.tail(start) * 0.5 * (start + self.high)


@dataclass(frozen=True)
class Normal(Distribution):
    """The normal distribution; ``mean`` and ``std`` are those before truncation."""

    mean: float
    std: float
    low: float = -math.inf
    high: float = math.inf
    name = "normal"

    def sample(self, rng: np.random.Generator, size: int) -> NDArray[np.float64]:
        return rng.normal(self.mean, self.std, size)

    def tail(self, value: float) -> float:
        return _normal_tail((value - self.mean) / self.std)

    def partial_mean(self, value: float) -> float:
        x = (value - self.mean) / self.std
        return self.mean * _normal_tail(x) + self.std * math.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)

    def problem(self) -> str:
        return _std_is_positive(self.std)


@dataclass(frozen=True)
class Lognormal(Distribution):
    """A value whose logarithm is normal; ``mean`` and ``std`` are those of the value itself before truncation."""

    mean: float
    std: float
    low: float = -math.inf
    high: float = math.inf
    name = "lognormal"
    least = 0.0

    @property
    def _of_logarithm(self) -> tuple[float, float]:
        """Mean and standard deviation of the logarithm."""
        variance = math.log1p((self.std / self.mean) ** 2)
        return math.log(self.mean) - 0.5 * variance, math.sqrt(variance)

    def sample(self, rng: np.random.Generator, size: int) -> NDArray[np.float64]:
        return rng.lognormal(*self._of_logarithm, size)

    def tail(self, value: float) -> float:
        mean, std = self._of_logarithm
        return _normal_tail((math.log(value) - mean) / std) if value > 0 else 1.0

    def partial_mean(self, value: float) -> float:
        mean, std = self._of_logarithm
        return self.mean * (_normal_tail((math.log(value) - mean) / std - std) if value > 0 else 1.0)

    def problem(self) -> str:
        wrong = _std_is_positive(self.std) or _mean_is_positive(self.mean, self.name)
        if not wrong and not 1e-6 <= self.std / self.mean <= 1e6:
            return f".std={self.std:g} must be between 1e-6 and 1e6 times its mean={self.mean:g}"
        return wrong


@dataclass(frozen=True)
class Exponential(Distribution):
    """The exponential distribution; ``mean`` is that before truncation."""

    mean: float
    low: float = -math.inf
    high: float = math.inf
    name = "exponential"
    least = 0.0

    def sample(self, rng: np.random.Generator, size: int) -> NDArray[np.float64]:
        return rng.exponential(self.mean, size)

    def tail(self, value: float) -> float:
        return math.exp(-max(value, 0.0) / self.mean)

    def partial_mean(self, value: float) -> float:
        start = max(value, 0.0)
        return 0.0 if math.isinf(start) else (start + self.mean) * self.tail(start)

    def problem(self) -> str:
        return _mean_is_positive(self.mean, self.name)


DISTRIBUTIONS: dict[str, type[Distribution]] = {law.name: law for law in (Uniform, Normal, Lognormal, Exponential)}
"""Name in the configuration -> law."""


def _std_is_positive(std: float) -> str:
    return "" if std > 0 else f".std={std:g} must be greater than 0; for no spread write the number alone"


def _mean_is_positive(mean: float, law: str) -> str:
    return "" if mean > 0 else f".mean={mean:g} must be greater than 0 for the {law} distribution"


def _normal_tail(x: float) -> float:
    """The probability that a value of the standard normal distribution is greater than ``x``."""
    return 0.5 * math.erfc(x / math.sqrt(2))
