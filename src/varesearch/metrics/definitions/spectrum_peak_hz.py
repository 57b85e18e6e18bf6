"""The frequency at which the rate of a population oscillates."""

from varesearch.metrics.definitions import MetricDefinition, PopulationData
from varesearch.metrics.definitions._spectrum import spectrum


class SpectrumPeak(MetricDefinition):
    """The frequency at which the rate of a population oscillates."""

    unit = "Hz"
    what = "frequency of the highest power of the population rate"
    how = (
        "Welch: rate in bins of analysis.spectrum_bin_ms, Hann segments of analysis.spectrum_window_ms that overlap by "
        "half; undefined if white noise would have as high a peak (p = 0.01)"
    )
    source = "Welch 1967, IEEE Trans. Audio Electroacoust. 15:70"
    on_request = "spectrum"
    times = ("spectrum_bin_ms", "spectrum_window_ms")
    place = 200
    label = "peak frequency"
    in_figures = True

    @classmethod
    def compute(cls, data: PopulationData) -> float:
        found = data.once(spectrum)
        return float(found.frequencies_hz[found.peak()])
