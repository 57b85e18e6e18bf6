"""The metrics that exist, their units, and what carries them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Definition:
    """What a metric is: its unit (``""`` for a pure number) and one line on it."""

    unit: str
    what: str


RATE_PERCENTILES = (5, 25, 50, 75, 95)
"""Percentiles of the rate over cells."""

DEFINITIONS: dict[str, Definition] = {
    "spike_count": Definition("spikes", "spikes of all cells"),
    "rate_hz": Definition("Hz", "mean rate over cells"),
    "rate_std_hz": Definition("Hz", "standard deviation of the rate over cells"),
    **{
        f"rate_p{percent:02d}_hz": Definition("Hz", f"{percent}th percentile of the rate over cells")
        for percent in RATE_PERCENTILES
    },
    "silent_fraction": Definition("", "share of the cells that did not fire"),
    "cv_isi": Definition("", "coefficient of variation of the inter-spike intervals, mean over cells"),
    "local_variation": Definition("", "local variation of the inter-spike intervals, mean over cells"),
    "fano_factor": Definition("", "variance to mean of a cell's spike counts, mean over cells"),
    "correlation": Definition("", "Pearson correlation of the spike counts of two cells, mean over drawn pairs"),
    "synchrony": Definition("", "Golomb's chi of the spike counts: about 1/sqrt(cells) independent, 1 all together"),
    "v_mean_mv": Definition("mV", "membrane potential, mean over sampled cells and time"),
    "v_std_mv": Definition("mV", "membrane potential, standard deviation over sampled cells and time"),
}
"""Every metric of a population, in the order in which they are shown; all of them with the warm-up discarded."""


class UndefinedMetricError(ValueError):
    """The data do not define this metric; the message is the reason."""


@dataclass(frozen=True)
class Metric:
    """One number about one population, finite by construction."""

    name: str
    population: str
    value: float
    unit: str

    @property
    def key(self) -> str:
        """The flat name under which it is tracked, such as ``exc.rate_hz``."""
        return f"{self.population}.{self.name}"


@dataclass(frozen=True)
class Undefined:
    """A metric that the data do not define, and why."""

    metric: str
    population: str
    reason: str

    @property
    def key(self) -> str:
        """The flat name under which it would have been tracked."""
        return f"{self.population}.{self.metric}"
