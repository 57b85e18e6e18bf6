"""Statistics of spike trains, each for every cell or pair at once.

Written in numpy rather than taken from elephant, whose import alone costs more than 1.5 s of CPU, several times the
whole analysis; the tests hold every function here against elephant's. Each raises UndefinedMetricError with the
reason where the data do not define it.
"""

import numpy as np
from numpy.typing import NDArray

from varesearch.metrics.trains import Binned, Trains, bin_counts
from varesearch.metrics.values import UndefinedMetricError

_BLOCK = 1 << 18
"""The number of non-empty bins, over all pairs, that are looked up at once: about 20 MB."""


def rates_hz(trains: Trains) -> NDArray[np.float64]:
    """Spikes per second of each cell, shape (size,)."""
    return trains.counts / trains.duration_s


def intervals_ms(trains: Trains) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Inter-spike intervals: the cell of each and its length in ms, sorted by cell, then time."""
    same = trains.ids[1:] == trains.ids[:-1]
    return trains.ids[1:][same], np.diff(trains.steps)[same] * trains.dt_ms


def cv_isi(trains: Trains, min_isis: int) -> NDArray[np.float64]:
    """Coefficient of variation (standard deviation over mean) of the intervals of each cell that has ``min_isis``.

    0 for a regular train, 1 on average for long Poisson trains (Softky & Koch 1993, J. Neurosci. 13:334). The
    standard deviation divides by the number of intervals, as elephant's and scipy's ``variation`` do.
    """
    cells, steps, counts, counted = _countable_intervals(trains, min_isis)
    n = counts[counted]
    sums = np.bincount(cells, weights=steps, minlength=trains.size)[counted]
    squares = np.bincount(cells, weights=steps**2, minlength=trains.size)[counted]
    # Sums of whole numbers are exact: a regular train gives exactly 0.
    return np.sqrt(n * squares - sums**2) / sums


def local_variation(trains: Trains, min_isis: int) -> NDArray[np.float64]:
    """Local variation of the intervals of each cell that has ``min_isis``.

    3/(n-1) sum ((I_i - I_i+1) / (I_i + I_i+1))² (Shinomoto, Shima & Tanji 2003, Neural Comput. 15:2823): 0 for
    a regular train, 1 for a Poisson train, and unlike the CV insensitive to slow changes of the rate.
    """
    cells, steps, counts, counted = _countable_intervals(trains, min_isis)
    same = cells[1:] == cells[:-1]
    before, after = steps[:-1][same], steps[1:][same]
    sums = np.bincount(cells[1:][same], weights=((before - after) / (before + after)) ** 2, minlength=trains.size)
    return 3.0 * sums[counted] / (counts[counted] - 1)


def fano_factors(binned: Binned) -> NDArray[np.float64]:
    """Variance over mean of the counts of each cell that fired.

    The variance divides by the number of bins less one: then a Poisson train's expectation is 1 for any number of
    bins and spikes (its counts given their total are multinomial), where dividing by the number of bins gives less.
    """
    active = binned.totals > 0
    if not active.any():
        raise UndefinedMetricError("no cell fired")
    return binned.square_deviations[active] / (binned.n_bins - 1) / (binned.totals[active] / binned.n_bins)


def pair_correlations(binned: Binned, max_pairs: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Pearson's correlation of the counts of pairs of cells, shape (pairs,).

    The pairs are of cells whose counts vary; all of them if there are no more than ``max_pairs``, otherwise that many
    drawn without repetition.
    """
    eligible = np.flatnonzero(binned.square_deviations > 0)
    n = len(eligible)
    if n < 2:
        raise UndefinedMetricError("fewer than two cells have spike counts that vary from bin to bin")
    n_pairs = n * (n - 1) // 2
    pairs = np.arange(n_pairs) if n_pairs <= max_pairs else rng.choice(n_pairs, max_pairs, replace=False)
    # Pair number k is the cells k mod n and, on a ring, k div n + 1 places further: each unordered pair exactly once.
    one = eligible[pairs % n]
    other = eligible[(pairs % n + pairs // n + 1) % n]
    covariances = _products(binned, one, other) - binned.totals[one] * binned.totals[other] / binned.n_bins
    return covariances / np.sqrt(binned.square_deviations[one] * binned.square_deviations[other])


def synchrony(binned: Binned) -> float:
    """Golomb's chi of the spike counts: how much of the cells' variance in time their mean shares.

    chi² = var_t(mean_i c_i) / mean_i(var_t(c_i)) (Golomb & Rinzel 1994, Physica D 72:259; Golomb 2007, Scholarpedia
    2(1):1347), there of membrane potentials, here of counts c_i(t), which every run has for every cell. 1 when all
    cells fire together, about 1/sqrt(size) when they are independent.
    """
    if binned.size < 2:
        raise UndefinedMetricError("one cell has no other to fire with")
    total = np.bincount(binned.bins, weights=binned.counts, minlength=binned.n_bins).astype(np.int64)
    shared = (binned.n_bins * (total**2).sum() - total.sum() ** 2) / binned.n_bins
    single = binned.square_deviations.sum()
    if single == 0:
        raise UndefinedMetricError("no cell has spike counts that vary from bin to bin")
    return float(np.sqrt(shared / (binned.size * single)))


def population_rate_hz(trains: Trains, bin_ms: float) -> NDArray[np.float64]:
    """Mean rate of the population in each bin. Raises as :func:`varesearch.metrics.trains.bin_counts`."""
    binned = bin_counts(trains, bin_ms, "analysis.rate_bin_ms")
    counts = np.bincount(binned.bins, weights=binned.counts, minlength=binned.n_bins)
    return counts / (trains.size * bin_ms * 1e-3)


def _countable_intervals(
    trains: Trains, min_isis: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Intervals in steps with their cells; how many each cell has; which cells have ``min_isis``."""
    same = trains.ids[1:] == trains.ids[:-1]
    cells, steps = trains.ids[1:][same], np.diff(trains.steps)[same]
    counts = np.bincount(cells, minlength=trains.size)
    counted = counts >= min_isis
    if not counted.any():
        raise UndefinedMetricError(f"no cell has {min_isis} inter-spike intervals")
    return cells, steps, counts, counted


def _products(binned: Binned, one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.float64]:
    """The sum over bins of the product of two cells' counts, for each pair.

    Each non-empty bin of the first cell is looked up among those of the second, so that no matrix of cells by bins is
    needed. This is done in blocks of pairs, since all pairs at once would take about 100 bytes per spike and pair.
    """
    keys = binned.ids * binned.n_bins + binned.bins
    starts = np.searchsorted(binned.ids, np.arange(binned.size + 1))
    ends = np.cumsum(starts[one + 1] - starts[one])
    products = np.zeros(len(one))
    begin = 0
    while begin < len(one):
        done = ends[begin - 1] if begin else 0
        end = max(begin + 1, int(np.searchsorted(ends, done + _BLOCK, side="right")))
        block = slice(begin, end)
        products[block] = _products_of(binned, keys, starts, one[block], other[block])
        begin = end
    return products


def _products_of(
    binned: Binned,
    keys: NDArray[np.int64],
    starts: NDArray[np.int64],
    one: NDArray[np.int64],
    other: NDArray[np.int64],
) -> NDArray[np.float64]:
    """:func:`_products` of one block of pairs; ``keys`` and ``starts`` are those of the whole population."""
    lengths = starts[one + 1] - starts[one]
    pair = np.repeat(np.arange(len(one)), lengths)
    entry = np.repeat(starts[one] - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())
    wanted = other[pair] * binned.n_bins + binned.bins[entry]
    found = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    product = np.where(keys[found] == wanted, binned.counts[found] * binned.counts[entry], 0)
    # Sums of integers are exact, so that the result does not depend on the blocks.
    return np.bincount(pair, weights=product, minlength=len(one)).astype(np.float64)
