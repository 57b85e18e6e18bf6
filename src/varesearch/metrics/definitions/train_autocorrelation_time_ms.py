"""How long single cells remember."""

from varesearch.metrics.definitions import MetricDefinition, PopulationData
from varesearch.metrics.definitions._autocorrelation import mean_train_autocorrelation
from varesearch.metrics.oscillations import decay_time


class TrainAutocorrelationTime(MetricDefinition):
    """How long single cells remember."""

    unit = "ms"
    what = "time constant of the autocorrelation of single spike trains, whose mean over cells is taken first"
    how = (
        "A exp(-t/τ) + B fitted from its largest value up to analysis.autocorrelation_ms, counts of each cell in bins "
        "of analysis.spectrum_bin_ms, cells whose counts vary; undefined where white noise would have as large values "
        "(p = 0.01)"
    )
    source = "Murray et al. 2014, Nat. Neurosci. 17:1661"
    on_request = "autocorrelation"
    times = ("spectrum_bin_ms", "autocorrelation_ms")
    place = 213
    label = "autocorrelation time of trains"

    @classmethod
    def compute(cls, data: PopulationData) -> float:
        found = data.once(mean_train_autocorrelation)
        return decay_time(found.values, found.bin_ms, found.noise)
