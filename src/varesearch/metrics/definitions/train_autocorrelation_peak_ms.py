"""The lag at which single cells tend to fire again."""

from varesearch.metrics.definitions import MetricDefinition, PopulationData
from varesearch.metrics.definitions._autocorrelation import mean_train_autocorrelation
from varesearch.metrics.oscillations import side_peak


class TrainAutocorrelationPeakTime(MetricDefinition):
    """The lag at which single cells tend to fire again."""

    unit = "ms"
    what = "lag of the first side peak of the mean autocorrelation of single spike trains: when a cell fires again"
    how = (
        "first local maximum up to analysis.autocorrelation_ms that is higher, and rises more from its trough, than "
        "the largest value of white noise (p = 0.01); counts of each cell in bins of analysis.spectrum_bin_ms"
    )
    on_request = "autocorrelation"
    times = ("spectrum_bin_ms", "autocorrelation_ms")
    place = 214
    label = "side peak of trains"

    @classmethod
    def compute(cls, data: PopulationData) -> float:
        found = data.once(mean_train_autocorrelation)
        return (side_peak(found.values, found.noise) + 1) * found.bin_ms
