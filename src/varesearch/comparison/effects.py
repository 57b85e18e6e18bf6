"""How large the difference between two models is: the values of each metric over seeds, and the effect size.

The standardised difference is Hedges' g: the difference of the means divided by the pooled standard deviation, with
the small-sample correction (Hedges 1981, J. Educ. Stat. 6:107). Its confidence interval comes from the noncentral t
distribution (Steiger & Fouladi 1997, in: What if there were no significance tests?; Cumming & Finch 2001, Educ.
Psychol. Meas. 61:532). Effect sizes and intervals are reported instead of verdicts (Cumming 2014, Psychol. Sci. 25:7;
Nakagawa & Cuthill 2007, Biol. Rev. 82:591).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, nctdtrinc
from scipy.stats import chi2

CONFIDENCE = 0.95
_LARGE_T = 1000.0
"""Above this, the limit for large noncentralities is used: scipy's function becomes inaccurate there, and then NaN."""


@dataclass(frozen=True)
class Interval:
    """Hedges' g and the confidence interval of the standardised difference that it estimates."""

    g: float
    low: float
    high: float


@dataclass(frozen=True)
class Effect:
    """One metric of one population in two models.

    Attributes
    ----------
    a, b
        Its value in each run of A and of B in which it is defined, in the order of the seeds.
    runs
        How many runs A and B have.
    size
        Hedges' g of B against A with its 95 % interval; None with fewer than two values on a side, or without any
        spread on either side.
    beyond_chance
        Whether the interval excludes 0 even after the Bonferroni correction for all metrics that were looked at; None
        without an interval.
    """

    metric: str
    population: str
    unit: str
    a: tuple[float, ...]
    b: tuple[float, ...]
    runs: tuple[int, int]
    size: Interval | None = None
    beyond_chance: bool | None = None

    @property
    def key(self) -> str:
        """The flat name of the metric, such as ``exc.rate_hz``."""
        return f"{self.population}.{self.metric}"

    @property
    def mean_a(self) -> float:
        """Mean over the runs of A; NaN without a value."""
        return _mean(self.a)

    @property
    def mean_b(self) -> float:
        """Mean over the runs of B; NaN without a value."""
        return _mean(self.b)

    @property
    def sd_a(self) -> float:
        """Standard deviation (n - 1) over the runs of A; NaN for fewer than two values."""
        return _sd(self.a)

    @property
    def sd_b(self) -> float:
        """Standard deviation (n - 1) over the runs of B; NaN for fewer than two values."""
        return _sd(self.b)

    @property
    def difference(self) -> float:
        """B's mean minus A's."""
        return self.mean_b - self.mean_a

    @property
    def ratio(self) -> float:
        """B's mean over A's; NaN where either is negative, or A's is 0."""
        # Where values can be negative, zero is a convention: -60 mV is not 0.97 times -62 mV in any useful sense.
        return self.mean_b / self.mean_a if self.mean_a > 0 and self.mean_b >= 0 else math.nan


@dataclass(frozen=True)
class RunMetrics:
    """The metrics of one run by (population, metric): the values, and the units of all that were looked at."""

    values: dict[tuple[str, str], float]
    units: dict[tuple[str, str], str]


def effects(a: Sequence[RunMetrics], b: Sequence[RunMetrics]) -> list[Effect]:
    """The effect on every metric of any run, with the populations of a metric next to each other."""
    units: dict[tuple[str, str], str] = {}
    for one in (*a, *b):
        units |= one.units
    order = dict.fromkeys(metric for _, metric in units)
    keys = [key for metric in order for key in units if key[1] == metric]
    values = {key: (_of(a, key), _of(b, key)) for key in keys}
    sizes = {key: hedges_g(*pair) for key, pair in values.items()}
    together = sum(size is not None for size in sizes.values())
    found = []
    for population, metric in keys:
        (of_a, of_b), size = values[population, metric], sizes[population, metric]
        beyond = None
        if size is not None:
            wide = hedges_g(of_a, of_b, confidence=1 - (1 - CONFIDENCE) / together)
            assert wide is not None
            beyond = not wide.low <= 0 <= wide.high
        unit = units[population, metric]
        found.append(Effect(metric, population, unit, of_a, of_b, (len(a), len(b)), size, beyond))
    return found


def _of(side: Sequence[RunMetrics], key: tuple[str, str]) -> tuple[float, ...]:
    return tuple(one.values[key] for one in side if key in one.values)


def hedges_g(a: Sequence[float], b: Sequence[float], confidence: float = CONFIDENCE) -> Interval | None:
    """Hedges' g of ``b`` against ``a`` with a confidence interval of the standardised difference.

    The values are taken as independent draws from two normal distributions with the same variance. Values of the same
    seed are slightly correlated, which makes the interval too wide rather than too narrow.

    Returns
    -------
    Interval or None
        None for fewer than two values on a side, or if neither side varies.
    """
    n_a, n_b = len(a), len(b)
    freedom = n_a + n_b - 2
    if min(n_a, n_b) < 2:
        return None
    pooled = math.sqrt(((n_a - 1) * np.var(a, ddof=1) + (n_b - 1) * np.var(b, ddof=1)) / freedom)
    difference = _mean(b) - _mean(a)
    # Rounding errors in the last digits do not count as spread.
    if pooled <= 1e-12 * max(abs(_mean(a)), abs(_mean(b)), abs(difference)):
        return None
    d = difference / pooled
    scale = math.sqrt(n_a * n_b / (n_a + n_b))
    t, tail = d * scale, (1 - confidence) / 2
    low, high = (_noncentrality(t, freedom, share) / scale for share in (1 - tail, tail))
    return Interval(_correction(freedom) * d, low, high)


def _correction(freedom: int) -> float:
    """Hedges' exact small-sample correction; about 1 - 3 / (4 freedom - 1)."""
    return math.exp(gammaln(freedom / 2) - gammaln((freedom - 1) / 2)) / math.sqrt(freedom / 2)


def _noncentrality(t: float, freedom: int, share: float) -> float:
    """The noncentrality for which a fraction ``share`` of the t distribution lies below ``t``."""
    if abs(t) > _LARGE_T:
        # t = (normal + noncentrality) / sqrt(chi2 / freedom), in which the normal variable is now negligible.
        return t * math.sqrt(float(chi2.ppf(1 - share if t > 0 else share, freedom)) / freedom)
    return float(nctdtrinc(freedom, share, t))


def looked_at(found: Iterable[Effect]) -> str:
    """How many metrics were looked at, and what that means for their intervals, in one sentence."""
    found = list(found)
    sized = sum(effect.size is not None for effect in found)
    head = f"{len(found)} metrics were looked at"
    if not sized:
        return head
    return (
        f"{head}, {sized} of them with a g: if nothing differed, about {sized * (1 - CONFIDENCE):.2g} of the {sized} "
        "intervals would exclude 0 by chance; * marks those that still exclude it at "
        f"{1 - (1 - CONFIDENCE) / sized:.2%} (Bonferroni)"
    )


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else math.nan


def _sd(values: Sequence[float]) -> float:
    return float(np.std(values, ddof=1)) if len(values) > 1 else math.nan
