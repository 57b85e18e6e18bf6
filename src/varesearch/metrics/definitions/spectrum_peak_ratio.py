"""The power of the oscillation of a population's rate beside that of independent cells."""

from varesearch.metrics.definitions import MetricDefinition, PopulationData
from varesearch.metrics.definitions._spectrum import spectrum


class SpectrumPeakRatio(MetricDefinition):
    """The power of the oscillation of a population's rate beside that of independent cells."""

    unit = ""
    what = "power at the peak, in multiples of that of as many independent Poisson cells"
    how = "spectrum_peak_power / (2 r / N), for N cells of mean rate r"
    source = "Welch 1967, IEEE Trans. Audio Electroacoust. 15:70"
    on_request = "spectrum"
    times = ("spectrum_bin_ms", "spectrum_window_ms")
    place = 202
    label = "peak power / Poisson"
    in_figures = True

    @classmethod
    def compute(cls, data: PopulationData) -> float:
        found = data.once(spectrum)
        return float(found.power[found.peak()] / (2 * data.rates_hz.mean() / data.trains.size))
