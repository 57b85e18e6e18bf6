"""The metrics that exist, their units, and what carries them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Definition:
    """What a metric is: its unit (``""`` for a pure number), one line on it, how it is computed, and its source.

    ``how`` names the settings it depends on beside ``analysis.warmup_ms``; ``source`` is "" for plain counting.
    """

    unit: str
    what: str
    how: str
    source: str = ""


RATE_PERCENTILES = (5, 25, 50, 75, 95)
"""Percentiles of the rate over cells."""

DEFINITIONS: dict[str, Definition] = {
    "spike_count": Definition("spikes", "spikes of all cells", "the number of spikes"),
    "rate_hz": Definition("Hz", "mean rate over cells", "mean over cells of spikes / seconds"),
    "rate_std_hz": Definition(
        "Hz", "standard deviation of the rate over cells", "over all cells, divided by their number; two or more cells"
    ),
    **{
        f"rate_p{percent:02d}_hz": Definition(
            "Hz", f"{percent}th percentile of the rate over cells", "silent cells included; linear between cells"
        )
        for percent in RATE_PERCENTILES
    },
    "silent_fraction": Definition("", "share of the cells that did not fire", "cells without a spike / cells"),
    "cv_isi": Definition(
        "",
        "coefficient of variation of the inter-spike intervals, mean over cells",
        "standard deviation / mean of a cell's intervals, over cells with analysis.min_isis of them; 0 regular, 1 "
        "Poisson",
        "Softky & Koch 1993, J. Neurosci. 13:334",
    ),
    "local_variation": Definition(
        "",
        "local variation of the inter-spike intervals, mean over cells",
        "3/(n-1) Σ ((Iᵢ - Iᵢ₊₁)/(Iᵢ + Iᵢ₊₁))², over cells with analysis.min_isis intervals; 0 regular, 1 Poisson, "
        "whatever slow changes of the rate",
        "Shinomoto, Shima & Tanji 2003, Neural Comput. 15:2823",
    ),
    "fano_factor": Definition(
        "",
        "variance to mean of a cell's spike counts, mean over cells",
        "counts in windows of analysis.fano_window_ms, variance over windows - 1, over cells that fired; 1 Poisson",
    ),
    "correlation": Definition(
        "",
        "Pearson correlation of the spike counts of two cells, mean over drawn pairs",
        "counts in bins of analysis.correlation_bin_ms, analysis.correlation_pairs pairs of cells whose counts vary",
    ),
    "synchrony": Definition(
        "",
        "Golomb's chi of the spike counts: about 1/sqrt(cells) independent, 1 all together",
        "χ² = var_t(mean_i cᵢ)/mean_i(var_t cᵢ) of counts cᵢ(t) in bins of analysis.rate_bin_ms, where the source has "
        "membrane potentials",
        "Golomb & Rinzel 1994, Physica D 72:259; Golomb 2007, Scholarpedia 2(1):1347",
    ),
    "v_mean_mv": Definition(
        "mV", "membrane potential, mean over sampled cells and time", "all samples of v; needs v in recording.signals"
    ),
    "v_std_mv": Definition(
        "mV",
        "membrane potential, standard deviation over sampled cells and time",
        "all samples of v, divided by their number; needs v in recording.signals",
    ),
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
