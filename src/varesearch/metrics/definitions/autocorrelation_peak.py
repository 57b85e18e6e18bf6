"""How regular the oscillation of a population's rate is."""

from varesearch.metrics.definitions import MetricDefinition, PopulationData
from varesearch.metrics.definitions._autocorrelation import rate_autocorrelation
from varesearch.metrics.oscillations import side_peak


class AutocorrelationPeak(MetricDefinition):
    """How regular the oscillation of a population's rate is."""

    unit = ""
    what = "height of the first side peak of the autocorrelation of the population rate"
    how = "the autocorrelation at autocorrelation_peak_ms; 1 for a rate that repeats itself exactly"
    on_request = "autocorrelation"
    times = ("spectrum_bin_ms", "autocorrelation_ms")
    place = 212
    label = "side peak's height"

    @classmethod
    def compute(cls, data: PopulationData) -> float:
        found = data.once(rate_autocorrelation)
        return float(found.values[side_peak(found.values, found.noise)])
