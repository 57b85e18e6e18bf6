"""Spectrum and autocorrelation of the rate of a population, and autocorrelation of its single trains.

scipy is imported where it is used: only a run that asks for these metrics pays for the import.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from varesearch.metrics.trains import Binned
from varesearch.metrics.values import UndefinedMetricError

CHANCE = 0.01
"""A peak is one if the largest value of as much white noise reaches it with no more than this probability."""

_OVERLAP_LOSS = 19 / 18
"""Segments with Hann windows that overlap by half average like 18/19 as many independent ones (Welch 1967)."""


@dataclass(frozen=True)
class Spectrum:
    """A power spectral density, one-sided, without the frequency 0.

    Attributes
    ----------
    frequencies_hz
        Of shape (frequencies,).
    power
        The density at each frequency, in Hz²/Hz for a rate in Hz.
    segments
        The number of segments that were averaged.
    """

    frequencies_hz: NDArray[np.float64]
    power: NDArray[np.float64]
    segments: int

    def peak(self) -> int:
        """Return the index of the frequency with the highest power.

        Raises
        ------
        UndefinedMetricError
            It is no higher above the median than in white noise.
        """
        from scipy.special import chdtri

        k = int(np.argmax(self.power))
        freedom = 2 * self.segments / _OVERLAP_LOSS
        highest = chdtri(freedom, 1 - (1 - CHANCE) ** (1 / len(self.power))) / chdtri(freedom, 0.5)
        ratio = self.power[k] / np.median(self.power) if self.power[k] > 0 else 0.0
        if ratio < highest:
            raise UndefinedMetricError(
                f"no frequency stands out: the highest power is {ratio:.3g} times the median, and noise reaches "
                f"{highest:.3g} times"
            )
        return k


def power_spectrum(rate_hz: NDArray[np.float64], bin_ms: float, segment_bins: int) -> Spectrum:
    """Power spectrum of a rate by Welch's method (Welch 1967, IEEE Trans. Audio Electroacoust. 15:70).

    Hann windows that overlap by half, the mean of each segment taken off. The spectrum of N independent Poisson cells
    of rate r is flat, at 2 r / N.

    Parameters
    ----------
    rate_hz
        The rate in each bin, in Hz.
    bin_ms
        The length of a bin in ms; the highest frequency is 500 / bin_ms Hz.
    segment_bins
        The length of a segment in bins; the frequencies are multiples of 1000 / (segment_bins * bin_ms) Hz.

    Raises
    ------
    UndefinedMetricError
        Fewer than two segments fit into the rate, or it is constant.

    Examples
    --------
    >>> times_ms = np.arange(2000.0)
    >>> spectrum = power_spectrum(5 + np.sin(2 * np.pi * 40e-3 * times_ms), 1.0, 250)
    >>> float(spectrum.frequencies_hz[spectrum.peak()])
    40.0
    """
    from scipy.signal import welch

    segments = (2 * len(rate_hz)) // segment_bins - 1 if segment_bins else 0
    if segment_bins < 4 or segments < 3:
        raise UndefinedMetricError(
            f"{len(rate_hz) * bin_ms:g} ms after the warm-up hold fewer than two segments of {segment_bins * bin_ms:g} "
            "ms with four bins or more"
        )
    if not np.ptp(rate_hz) > 0:
        raise UndefinedMetricError("the rate of the population does not vary")
    frequencies, power = welch(rate_hz, fs=1000.0 / bin_ms, nperseg=segment_bins, detrend="constant")
    return Spectrum(frequencies[1:], power[1:], segments)


def autocorrelation(rate: NDArray[np.float64], lags: int) -> NDArray[np.float64]:
    """Autocorrelation of a rate at the lags 1, 2, ..., ``lags``, in bins.

    The covariance of the n - k pairs at lag k, each value less the mean of all, divided by the variance.

    Parameters
    ----------
    rate
        The rate in each bin.
    lags
        The longest lag in bins.

    Returns
    -------
    array of shape (lags,)

    Raises
    ------
    UndefinedMetricError
        The rate is constant, or shorter than twice the longest lag.

    Examples
    --------
    >>> autocorrelation(np.array([1.0, 0.0] * 10), 3).round(3).tolist()
    [-1.0, 1.0, -1.0]
    """
    from scipy.signal import correlate

    n = len(rate)
    _check_length(n, lags)
    deviations = rate - rate.mean()
    variance = float(np.mean(deviations**2))
    if not np.ptp(rate) > 0:
        raise UndefinedMetricError("the rate of the population does not vary")
    products = correlate(deviations, deviations, mode="full", method="fft")[n : n + lags]
    return products / (n - np.arange(1, lags + 1)) / variance


def train_autocorrelation(binned: Binned, lags: int) -> NDArray[np.float64]:
    """Autocorrelation of single spike trains at the lags 1, 2, ..., ``lags``, in bins: the mean over cells.

    Of each cell it is that of :func:`autocorrelation` of its spike counts. Only pairs of bins with spikes are visited:
    of 1500 trains of 35 Hz this takes 4 µs for each, where transforms take 20 µs and elephant's histogram 800 µs.

    Parameters
    ----------
    binned
        The spike counts. Cells whose counts do not vary are left out.
    lags
        The longest lag in bins.

    Returns
    -------
    array of shape (lags,)

    Raises
    ------
    UndefinedMetricError
        The counts of no cell vary, or there are fewer bins than twice the longest lag.

    Examples
    --------
    >>> two = Binned(2, 20, np.repeat([0, 1], 10), np.tile(np.arange(0, 20, 2), 2), np.ones(20, dtype=np.int64))
    >>> train_autocorrelation(two, 3).round(3).tolist()
    [-1.0, 1.0, -1.0]
    """
    n = binned.n_bins
    _check_length(n, lags)
    varying = binned.square_deviations > 0
    if not varying.any():
        raise UndefinedMetricError("the spike counts of no cell vary")
    # The sum over cells of the covariance, each divided by the cell's variance: sum over t of (c(t) - m) (c(t + k) - m)
    # is the products less m times the counts of the first and of the last n - k bins, plus (n - k) m².
    weights = np.divide(n, binned.square_deviations, out=np.zeros(binned.size), where=varying)
    means = binned.totals / n
    products = _products(binned, weights, lags)
    of_bins = np.bincount(
        binned.bins, weights=weights[binned.ids] * means[binned.ids] * binned.counts, minlength=n
    ).cumsum()
    k = np.arange(1, lags + 1)
    first, last = of_bins[n - k - 1], of_bins[-1] - of_bins[k - 1]
    covariance = (products - first - last) / (n - k) + float(np.sum(weights * means**2))
    return covariance / np.count_nonzero(varying)


def _products(binned: Binned, weights: NDArray[np.float64], lags: int) -> NDArray[np.float64]:
    """Sum over cells of weight × count × count of all pairs of bins of a cell at the lags 1 to ``lags``."""
    # A cell is farther from the next than the longest lag, so that no pair is of two cells.
    places = binned.ids * (binned.n_bins + lags) + binned.bins
    values = weights[binned.ids] * binned.counts
    found, apart = np.zeros(lags + 1), 1
    while apart < len(places):
        distances = places[apart:] - places[:-apart]
        near = distances <= lags
        if not near.any():
            break
        products = values[apart:][near] * binned.counts[:-apart][near]
        found += np.bincount(distances[near], weights=products, minlength=lags + 1)
        apart += 1
    return found[1:]


def _check_length(n: int, lags: int) -> None:
    if n < 2 * lags:
        raise UndefinedMetricError("the time after the warm-up is shorter than twice analysis.autocorrelation_ms")


def noise_level(n: int, lags: int) -> float:
    """Return what the largest of ``lags`` autocorrelations of ``n`` values of white noise reaches by chance.

    They are normally distributed with the standard deviation 1 / sqrt(n) (Bartlett 1946, Suppl. J. R. Stat. Soc. 8:27).
    The mean over cells that fire independently has that of as many times more values.
    """
    from scipy.special import ndtri

    return float(-ndtri(CHANCE / lags) / np.sqrt(n))


def decay_time(correlations: NDArray[np.float64], bin_ms: float, noise: float) -> float:
    """Time constant of an autocorrelation that decays: A (exp(-t/tau) + B) fitted by least squares.

    The fit begins at the largest value, which leaves out a dip after lag 0; after Murray et al. 2014, Nat. Neurosci.
    17:1661.

    Parameters
    ----------
    correlations
        At the lags 1, 2, ... bins.
    bin_ms
        The length of a bin in ms.
    noise
        What noise reaches; see :func:`noise_level`.

    Returns
    -------
    float
        In ms.

    Raises
    ------
    UndefinedMetricError
        No value is above the noise, or no exponential decay within the lags fits.

    Examples
    --------
    >>> round(decay_time(0.8 * np.exp(-np.arange(1, 100) / 12.0) + 0.1, 1.0, 0.05), 6)
    12.0
    """
    from scipy.optimize import curve_fit

    lags = np.arange(1, len(correlations) + 1) * bin_ms
    first = int(np.argmax(correlations))
    if correlations[first] < noise:
        raise UndefinedMetricError(
            f"no correlation in time: the largest is {correlations[first]:.3g}, and noise reaches {noise:.3g}"
        )
    times, values = lags[first:], correlations[first:]
    longest, span = float(lags[-1]), float(np.ptp(values)) if len(values) else 0.0
    if len(values) < 4 or not span > 0:
        raise UndefinedMetricError("the autocorrelation does not decay within analysis.autocorrelation_ms")

    def decay(t: NDArray[np.float64], amplitude: float, tau: float, offset: float) -> NDArray[np.float64]:
        return amplitude * np.exp(-(t - times[0]) / tau) + offset

    (_, tau, _), _ = curve_fit(
        decay,
        times,
        values,
        p0=(span, longest / 10, float(values[-1])),
        bounds=((0, bin_ms / 10, -2), (4, 10 * longest, 2)),
    )
    if not bin_ms / 2 < tau < longest:
        raise UndefinedMetricError(
            f"no exponential decay fits the autocorrelation between half a bin and analysis.autocorrelation_ms="
            f"{longest:g}"
        )
    return float(tau)


def side_peak(correlations: NDArray[np.float64], noise: float) -> int:
    """Index of the first side peak of an autocorrelation.

    It is the first local maximum that is higher than the noise and rises from a trough by at least as much.

    Raises
    ------
    UndefinedMetricError
        There is none.

    Examples
    --------
    >>> side_peak(np.cos(2 * np.pi * np.arange(1, 100) / 25), 0.1) + 1  # in bins: the period
    25
    """
    from scipy.signal import find_peaks

    # Lag 0, where the correlation is 1, is the maximum before the first trough.
    peaks, _ = find_peaks(np.concatenate(([1.0], correlations)), height=noise, prominence=noise)
    if not len(peaks):
        raise UndefinedMetricError(f"no side peak of the autocorrelation is above {noise:.3g}, what noise reaches")
    return int(peaks[0]) - 1
