"""The period of the rate of a population."""

from varesearch.metrics.definitions import MetricDefinition, PopulationData
from varesearch.metrics.definitions._autocorrelation import rate_autocorrelation
from varesearch.metrics.oscillations import side_peak


class AutocorrelationPeakTime(MetricDefinition):
    """The period of the rate of a population."""

    unit = "ms"
    what = "lag of the first side peak of the autocorrelation of the population rate: the period of an oscillation"
    how = (
        "first local maximum up to analysis.autocorrelation_ms that is higher, and rises more from its trough, than "
        "the largest value of white noise (p = 0.01); rate in bins of analysis.spectrum_bin_ms"
    )
    on_request = "autocorrelation"
    times = ("spectrum_bin_ms", "autocorrelation_ms")
    place = 211
    label = "side peak"
    in_figures = True

    @classmethod
    def compute(cls, data: PopulationData) -> float:
        found = data.once(rate_autocorrelation)
        return (side_peak(found.values, found.noise) + 1) * found.bin_ms
