"""The power of the oscillation of a population's rate."""

from varesearch.metrics.definitions import MetricDefinition, PopulationData
from varesearch.metrics.definitions._spectrum import spectrum


class SpectrumPeakPower(MetricDefinition):
    """The power of the oscillation of a population's rate."""

    unit = "Hz²/Hz"
    what = "power spectral density of the population rate at its peak"
    how = "one-sided density at spectrum_peak_hz"
    source = "Welch 1967, IEEE Trans. Audio Electroacoust. 15:70"
    on_request = "spectrum"
    times = ("spectrum_bin_ms", "spectrum_window_ms")
    place = 201
    label = "peak power"

    @classmethod
    def compute(cls, data: PopulationData) -> float:
        found = data.once(spectrum)
        return float(found.power[found.peak()])
