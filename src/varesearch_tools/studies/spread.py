"""A number over seeds: its mean, its standard deviation, and how it is written."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

_MINUS = "\u2212"


@dataclass(frozen=True)
class MeanAndSd:
    """Mean and sample standard deviation (n - 1; 0 for one value) of ``n`` values."""

    mean: float
    sd: float
    n: int

    def to_json(self) -> dict[str, float]:
        """A plain dict."""
        return asdict(self)

    @property
    def low(self) -> float:
        """One standard deviation below the mean."""
        return self.mean - self.sd

    @property
    def high(self) -> float:
        """One standard deviation above the mean."""
        return self.mean + self.sd


def spread(values: Iterable[float | None]) -> MeanAndSd | None:
    """Mean and standard deviation of the finite values; None without any, since an undefined metric is not zero."""
    known = np.array([value for value in values if value is not None and math.isfinite(value)], dtype=np.float64)
    if not len(known):
        return None
    return MeanAndSd(float(known.mean()), float(known.std(ddof=1)) if len(known) > 1 else 0.0, len(known))


def text(value: Mapping[str, Any] | MeanAndSd | float | None, digits: int | None = None) -> str:
    """``34.03 ± 0.12`` with ``digits`` after the point, one dash where there is no value.

    By default there are enough digits for two figures of the standard deviation (three of a number that has none or
    does not vary).
    """
    if value is None:
        return "–"
    if isinstance(value, MeanAndSd):
        value = value.to_json()
    if not isinstance(value, Mapping):
        return _number(float(value), _digits(float(value), 3) if digits is None else digits)
    mean, sd = float(value["mean"]), float(value["sd"])
    if digits is None:
        digits = _digits(sd, 2) if sd > 0 else _digits(mean, 3)
    return f"{_number(mean, digits)} ± {sd:,.{digits}f}" if value["n"] > 1 else _number(mean, digits)


def _digits(value: float, figures: int) -> int:
    if value == 0 or not math.isfinite(value):
        return 0
    return min(6, max(0, figures - 1 - math.floor(math.log10(abs(value)))))


def _number(value: float, digits: int) -> str:
    written = f"{value:,.{digits}f}"
    if not float(written.replace(",", "")):
        written = written.lstrip("-")
    return written.replace("-", _MINUS)
