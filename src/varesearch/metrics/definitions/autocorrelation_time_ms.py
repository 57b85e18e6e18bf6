"""How long the rate of a population remembers."""

from varesearch.metrics.definitions import MetricDefinition, PopulationData
from varesearch.metrics.definitions._autocorrelation import rate_autocorrelation
from varesearch.metrics.oscillations import decay_time


class AutocorrelationTime(MetricDefinition):
    """How long the rate of a population remembers."""

    unit = "ms"
    what = "time constant of the autocorrelation of the population rate"
    how = (
        "A exp(-t/τ) + B fitted from its largest value up to analysis.autocorrelation_ms, rate in bins of "
        "analysis.spectrum_bin_ms; undefined where white noise would have as large values (p = 0.01)"
    )
    source = "Murray et al. 2014, Nat. Neurosci. 17:1661"
    on_request = "autocorrelation"
    times = ("spectrum_bin_ms", "autocorrelation_ms")
    place = 210
    label = "autocorrelation time"
    in_figures = True

    @classmethod
    def compute(cls, data: PopulationData) -> float:
        found = data.once(rate_autocorrelation)
        return decay_time(found.values, found.bin_ms, found.noise)
