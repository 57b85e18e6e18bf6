"""A value that is one number for all, or drawn for each cell or synapse.

In the configuration it is written as a number, or as ``{distribution: NAME, ...}`` with the parameters of
:data:`DISTRIBUTIONS`. All of them are in the unit of the setting. Every distribution but the uniform takes, besides its
parameters, ``low`` and ``high``: it is then truncated, that is, a value outside is drawn again.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from varesearch.config.errors import ConfigurationError
from varesearch.config.wording import did_you_mean, echoed

Kind = Literal["constant", "uniform", "normal", "lognormal", "exponential"]

DISTRIBUTIONS: dict[str, tuple[str, ...]] = {
    "uniform": ("low", "high"),
    "normal": ("mean", "std"),
    "lognormal": ("mean", "std"),
    "exponential": ("mean",),
}
"""Name -> parameters. ``mean`` and ``std`` are those of the value itself (also for lognormal) before truncation."""

_LEAST_ACCEPTED = 0.01
"""A truncation that keeps less than this of the distribution is taken for a mistake (and would be slow to draw)."""

_LARGEST = 1e15
"""Beyond any quantity of the field, and small enough for sums and squares to stay finite."""


@dataclass(frozen=True)
class Distribution:
    """One number (``constant``) or a distribution, possibly truncated to [low, high].

    Made by :func:`parse_distribution`, which checks it; ``first`` and ``second`` are the parameters in the order of
    :data:`DISTRIBUTIONS` (uniform: the bounds; constant: the number, 0).
    """

    kind: Kind
    first: float
    second: float = 0.0
    low: float = -math.inf
    high: float = math.inf

    def draw(self, rng: np.random.Generator, size: int) -> NDArray[np.float64]:
        """``size`` independent values, float64 of shape (size,). A constant leaves ``rng`` untouched."""
        values = self._sample(rng, size)
        if self.truncated:
            outside = np.flatnonzero((values < self.low) | (values > self.high))
            while outside.size:
                values[outside] = self._sample(rng, outside.size)
                outside = outside[(values[outside] < self.low) | (values[outside] > self.high)]
        return values

    @property
    def truncated(self) -> bool:
        """Whether values outside [low, high] have to be drawn again."""
        return self.kind not in ("constant", "uniform") and (math.isfinite(self.low) or math.isfinite(self.high))

    @property
    def lower(self) -> float:
        """The least value that can be drawn (its infimum, -inf for an unbounded one)."""
        if self.kind in ("constant", "uniform"):
            return self.first
        return self.low if self.kind == "normal" else max(self.low, 0.0)

    @property
    def upper(self) -> float:
        """The greatest value that can be drawn (its supremum, inf for an unbounded one)."""
        if self.kind == "constant":
            return self.first
        return self.second if self.kind == "uniform" else self.high

    @property
    def mean(self) -> float:
        """The expected value, truncation included (the partial expectations of the three laws, e.g. Johnson, Kotz and
        Balakrishnan, Continuous Univariate Distributions 1, chapters 13, 14 and 19)."""
        if self.kind == "constant":
            return self.first
        if self.kind == "uniform":
            return 0.5 * (self.first + self.second)
        if not self.truncated:
            return self.first
        if self.kind == "normal":
            a, b = (self.low - self.first) / self.second, (self.high - self.first) / self.second
            value = self.first + self.second * (_density(a) - _density(b)) / self.accepted
        elif self.kind == "lognormal":
            mu, sigma = _log_parameters(self.first, self.second)
            a, b = (_log(self.lower) - mu) / sigma, (_log(self.high) - mu) / sigma
            value = self.first * (_normal_cdf(b - sigma) - _normal_cdf(a - sigma)) / self.accepted
        else:
            tail = (self.high + self.first) * math.exp(-self.high / self.first) if math.isfinite(self.high) else 0.0
            value = ((self.lower + self.first) * math.exp(-self.lower / self.first) - tail) / self.accepted
        return min(max(value, self.low), self.high)

    @property
    def accepted(self) -> float:
        """The probability that an untruncated value lies in [low, high]."""
        if not self.truncated:
            return 1.0
        if self.kind == "normal":
            a, b = (self.low - self.first) / self.second, (self.high - self.first) / self.second
            return _normal_cdf(b) - _normal_cdf(a)
        if self.kind == "lognormal":
            mu, sigma = _log_parameters(self.first, self.second)
            return _normal_cdf((_log(self.high) - mu) / sigma) - _normal_cdf((_log(self.lower) - mu) / sigma)
        return math.exp(-self.lower / self.first) - math.exp(-max(self.high, 0.0) / self.first)

    def beyond(self, value: float) -> float:
        """The probability that an untruncated draw is greater than ``value``; 0 if ``high`` excludes it."""
        if value >= self.upper:
            return 0.0
        if self.kind == "normal":
            return _normal_cdf((self.first - value) / self.second)
        if self.kind == "lognormal":
            mu, sigma = _log_parameters(self.first, self.second)
            return _normal_cdf((mu - _log(value)) / sigma)
        return math.exp(-max(value, 0.0) / self.first) if self.kind == "exponential" else 1.0

    def _sample(self, rng: np.random.Generator, size: int) -> NDArray[np.float64]:
        match self.kind:
            case "constant":
                return np.full(size, self.first)
            case "uniform":
                return rng.uniform(self.first, self.second, size)
            case "normal":
                return rng.normal(self.first, self.second, size)
            case "lognormal":
                return rng.lognormal(*_log_parameters(self.first, self.second), size)
            case "exponential":
                return rng.exponential(self.first, size)

    def __str__(self) -> str:
        if self.kind == "constant":
            return f"{self.first:g}"
        names = DISTRIBUTIONS[self.kind]
        shown = [f"{name} {value:g}" for name, value in zip(names, (self.first, self.second), strict=False)]
        if self.truncated:
            shown.append(f"in [{self.low:g}, {self.high:g}]")
        return f"{self.kind}({', '.join(shown)})"


def parse_distribution(value: Any, setting: str) -> Distribution:
    """Read a number or ``{distribution: NAME, ...}``; ``setting`` is its full name, for the message.

    Raises ConfigurationError: not a number, unknown distribution or parameter, one missing, not finite, bounds the
    wrong way round, a spread that is not positive, or a truncation that leaves (almost) nothing.
    """
    if not isinstance(value, Mapping):
        return Distribution("constant", _number(value, setting))
    names = ", ".join(DISTRIBUTIONS)
    kind = value.get("distribution")
    if not isinstance(kind, str) or kind not in DISTRIBUTIONS:
        hint = did_you_mean(kind, DISTRIBUTIONS) if isinstance(kind, str) else ""
        what = (
            f"{setting} names no distribution" if kind is None else f"{setting}.distribution={echoed(kind)} is unknown"
        )
        raise ConfigurationError(f"{what}; write a number or {{distribution: NAME, ...}} with one of {names}{hint}")
    parameters = DISTRIBUTIONS[kind]
    optional = () if kind == "uniform" else ("low", "high")
    takes = f"{kind} takes {' and '.join(parameters)}" + (", optionally low and high" if optional else "")
    for key in value:
        if key != "distribution" and key not in parameters + optional:
            raise ConfigurationError(f"{setting}.{key} is unknown: {takes}")
    for key in parameters:
        if value.get(key) is None:
            raise ConfigurationError(f"{setting}.{key} is missing: {takes}")
    numbers = {
        key: _number(v, f"{setting}.{key}") for key, v in value.items() if key != "distribution" and v is not None
    }
    first, second = numbers[parameters[0]], numbers[parameters[1]] if len(parameters) > 1 else 0.0
    low, high = numbers.get("low", -math.inf), numbers.get("high", math.inf)
    if low >= high:
        raise ConfigurationError(f"{setting}: low={low:g} must be less than high={high:g}")
    if "std" in parameters and second <= 0:
        raise ConfigurationError(
            f"{setting}.std={second:g} must be greater than 0; for no spread write the number alone"
        )
    if kind in ("lognormal", "exponential") and first <= 0:
        raise ConfigurationError(f"{setting}.mean={first:g} must be greater than 0 for the {kind} distribution")
    if kind == "lognormal" and not 1e-6 <= second / first <= 1e6:
        raise ConfigurationError(f"{setting}.std={second:g} must be between 1e-6 and 1e6 times its mean={first:g}")
    distribution = Distribution(cast(Kind, kind), first, second, low, high)
    if distribution.accepted < _LEAST_ACCEPTED:
        raise ConfigurationError(
            f"{setting}: low={low:g}, high={high:g} keep less than {_LEAST_ACCEPTED:.0%} of the {kind} distribution;"
            " widen them or move its mean"
        )
    return distribution


def _number(value: Any, setting: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ConfigurationError(
            f"{setting}={echoed(value)} is not a number: write a number or {{distribution: NAME, ...}}"
        )
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number) or abs(number) > _LARGEST:
        raise ConfigurationError(f"{setting}={echoed(value)} must be finite and of a magnitude up to {_LARGEST:g}")
    return number


def _log_parameters(mean: float, std: float) -> tuple[float, float]:
    """Mean and standard deviation of the logarithm of a lognormal value of the given mean and standard deviation."""
    variance = math.log1p((std / mean) ** 2)
    return math.log(mean) - 0.5 * variance, math.sqrt(variance)


def _log(value: float) -> float:
    return math.log(value) if value > 0 else -math.inf


def _density(x: float) -> float:
    return math.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)


def _normal_cdf(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2))
