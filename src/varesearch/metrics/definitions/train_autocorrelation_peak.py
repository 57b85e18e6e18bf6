"""How regularly single cells fire."""

from varesearch.metrics.definitions import MetricDefinition, PopulationData
from varesearch.metrics.definitions._autocorrelation import mean_train_autocorrelation
from varesearch.metrics.oscillations import side_peak


class TrainAutocorrelationPeak(MetricDefinition):
    """How regularly single cells fire."""

    unit = ""
    what = "height of the first side peak of the mean autocorrelation of single spike trains"
    how = "the mean at train_autocorrelation_peak_ms; 1 for trains that all repeat themselves exactly with one period"
    on_request = "autocorrelation"
    times = ("spectrum_bin_ms", "autocorrelation_ms")
    place = 215
    label = "height of the trains' side peak"

    @classmethod
    def compute(cls, data: PopulationData) -> float:
        found = data.once(mean_train_autocorrelation)
        return float(found.values[side_peak(found.values, found.noise)])
