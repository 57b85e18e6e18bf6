"""Statistics of spike trains, each for every cell or pair at once.

Written in numpy rather than taken from elephant, whose import alone costs more than 1.5 s of CPU, several times the
whole analysis; the tests compare every function here with elephant's. Each raises UndefinedMetricError, with the
reason, where the data do not define it.
"""

import numpy as np
from numpy.typing import NDArray

from varesearch.metrics.trains import Binned, Trains, population_counts
from varesearch.metrics.values import UndefinedMetricError

_BLOCK = 1 << 18
"""The number of non-empty bins, over all pairs, that are looked up at once: about 20 MB."""


def rates_hz(trains: Trains) -> NDArray[np.float64]:
    """Rate of each cell: its spikes divided by the length of the window.

    Returns
    -------
    array of shape (cells,)
        In Hz.

    Examples
    --------
    >>> trains = Trains(2, 1.0, 500, np.array([0, 0, 1]), np.array([10, 20, 30]))
    >>> rates_hz(trains).tolist()
    [4.0, 2.0]
    """
    return trains.counts / trains.duration_s


def intervals_ms(trains: Trains) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Inter-spike intervals of all cells.

    Returns
    -------
    cells, intervals
        The cell of each interval and its length in ms, both of shape (intervals,), sorted by cell, then time.

    Examples
    --------
    >>> trains = Trains(2, 0.5, 500, np.array([0, 0, 0, 1]), np.array([10, 20, 50, 30]))
    >>> cells, intervals = intervals_ms(trains)
    >>> cells.tolist(), intervals.tolist()
    ([0, 0], [5.0, 15.0])
    """
    same = trains.ids[1:] == trains.ids[:-1]
    return trains.ids[1:][same], np.diff(trains.steps)[same] * trains.dt_ms


def cv_isi(trains: Trains, min_isis: int) -> NDArray[np.float64]:
    """Coefficient of variation of the inter-spike intervals of each cell: standard deviation over mean.

    It is 0 for a regular train and 1 on average for a long Poisson train (Softky & Koch 1993, J. Neurosci. 13:334). The
    standard deviation divides by the number of intervals, as elephant's and scipy's ``variation`` do.

    Parameters
    ----------
    trains
        The spikes.
    min_isis
        The least number of intervals of a cell that is counted.

    Returns
    -------
    array
        One value for each cell with ``min_isis`` intervals, in the order of the cells.

    Raises
    ------
    UndefinedMetricError
        No cell has ``min_isis`` intervals.

    Examples
    --------
    >>> trains = Trains(1, 1.0, 100, np.array([0, 0, 0]), np.array([0, 10, 40]))
    >>> cv_isi(trains, min_isis=2).tolist()  # intervals 10 and 30: mean 20, standard deviation 10
    [0.5]
    """
    cells, steps, counts, counted = _countable_intervals(trains, min_isis)
    n = counts[counted]
    sums = np.bincount(cells, weights=steps, minlength=trains.size)[counted]
    squares = np.bincount(cells, weights=steps**2, minlength=trains.size)[counted]
    # Sums of whole numbers are exact: a regular train gives exactly 0.
    return np.sqrt(n * squares - sums**2) / sums


def local_variation(trains: Trains, min_isis: int) -> NDArray[np.float64]:
    """Local variation of the inter-spike intervals of each cell.

    LV = 3/(n-1) sum_i ((I_i - I_i+1) / (I_i + I_i+1))² over the n intervals I_i of a cell (Shinomoto, Shima & Tanji
    2003, Neural Comput. 15:2823). It is 0 for a regular train and 1 for a Poisson train; unlike the CV it is
    insensitive to slow changes of the rate.

    Parameters
    ----------
    trains
        The spikes.
    min_isis
        The least number of intervals of a cell that is counted, at least 2.

    Returns
    -------
    array
        One value for each cell with ``min_isis`` intervals, in the order of the cells.

    Raises
    ------
    UndefinedMetricError
        No cell has ``min_isis`` intervals.

    Examples
    --------
    >>> trains = Trains(1, 1.0, 100, np.array([0, 0, 0]), np.array([0, 10, 40]))
    >>> local_variation(trains, min_isis=2).tolist()  # 3 ((10 - 30) / (10 + 30))²
    [0.75]
    """
    cells, steps, counts, counted = _countable_intervals(trains, min_isis)
    same = cells[1:] == cells[:-1]
    before, after = steps[:-1][same], steps[1:][same]
    sums = np.bincount(cells[1:][same], weights=((before - after) / (before + after)) ** 2, minlength=trains.size)
    return 3.0 * sums[counted] / (counts[counted] - 1)


def fano_factors(binned: Binned) -> NDArray[np.float64]:
    """Fano factor of each cell that fired: variance over mean of its spike counts.

    The variance divides by the number of bins less one. The expectation for a Poisson train is then 1 for any number of
    bins and spikes (given their total, its counts are multinomial); dividing by the number of bins would give less.

    Returns
    -------
    array
        One value for each cell that fired, in the order of the cells.

    Raises
    ------
    UndefinedMetricError
        No cell fired.

    Examples
    --------
    >>> from varesearch.metrics.trains import bin_counts
    >>> trains = Trains(1, 1.0, 20, np.array([0, 0]), np.array([0, 5]))
    >>> fano_factors(bin_counts(trains, 10.0, "analysis.fano_window_ms")).tolist()  # counts 2 and 0: variance 2, mean 1
    [2.0]
    """
    active = binned.totals > 0
    if not active.any():
        raise UndefinedMetricError("no cell fired")
    return binned.square_deviations[active] / (binned.n_bins - 1) / (binned.totals[active] / binned.n_bins)


def pair_correlations(binned: Binned, max_pairs: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Pearson's correlation of the spike counts of pairs of cells.

    Parameters
    ----------
    binned
        The spike counts.
    max_pairs
        The largest number of pairs. If the cells whose counts vary have more pairs than this, so many are drawn without
        repetition; otherwise all of them are taken.
    rng
        Draws the pairs.

    Returns
    -------
    array of shape (pairs,)

    Raises
    ------
    UndefinedMetricError
        Fewer than two cells have counts that vary.

    Examples
    --------
    >>> from varesearch.metrics.trains import bin_counts
    >>> trains = Trains(2, 1.0, 30, np.array([0, 1, 1]), np.array([0, 5, 25]))
    >>> binned = bin_counts(trains, 10.0, "analysis.correlation_bin_ms")  # counts 1, 0, 0 and 1, 0, 1
    >>> pair_correlations(binned, 10, np.random.default_rng(0)).round(3).tolist()
    [0.5]
    """
    eligible = np.flatnonzero(binned.square_deviations > 0)
    if len(eligible) < 2:
        raise UndefinedMetricError("fewer than two cells have spike counts that vary from bin to bin")
    one, other = drawn_pairs(eligible, max_pairs, rng)
    covariances = _products(binned, one, other) - binned.totals[one] * binned.totals[other] / binned.n_bins
    return covariances / np.sqrt(binned.square_deviations[one] * binned.square_deviations[other])


def drawn_pairs(
    cells: NDArray[np.int64], max_pairs: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw pairs of different cells.

    Parameters
    ----------
    cells
        The cells that can be drawn, two or more.
    max_pairs
        How many pairs are drawn, without repetition. If there are not more than so many, all of them are taken.
    rng
        Draws them.

    Returns
    -------
    one, other
        The two cells of each pair, both of shape (pairs,).

    Examples
    --------
    >>> one, other = drawn_pairs(np.array([3, 5, 8]), 10, np.random.default_rng(0))
    >>> one.tolist(), other.tolist()
    ([3, 5, 8], [5, 8, 3])
    """
    n = len(cells)
    n_pairs = n * (n - 1) // 2
    pairs = np.arange(n_pairs) if n_pairs <= max_pairs else rng.choice(n_pairs, max_pairs, replace=False)
    # Pair number k is the cells k mod n and, on a ring, k div n + 1 places further: each unordered pair exactly once.
    return cells[pairs % n], cells[(pairs % n + pairs // n + 1) % n]


def synchrony(binned: Binned) -> float:
    """Golomb's chi of the spike counts: how much of the variance of single cells over time their mean shares.

    chi² = var_t(mean_i c_i) / mean_i(var_t(c_i)) (Golomb & Rinzel 1994, Physica D 72:259; Golomb 2007, Scholarpedia
    2(1):1347). There it is defined for membrane potentials, here for the counts c_i(t), which every run has for every
    cell. It is 1 if all cells fire together, and about 1/sqrt(cells) if they are independent.

    Raises
    ------
    UndefinedMetricError
        There is only one cell, or no cell has counts that vary.

    Examples
    --------
    >>> from varesearch.metrics.trains import bin_counts
    >>> together = Trains(2, 1.0, 20, np.array([0, 1]), np.array([3, 5]))
    >>> synchrony(bin_counts(together, 10.0, "analysis.rate_bin_ms"))
    1.0
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
    """Mean rate over the cells of a population in each bin.

    Parameters
    ----------
    trains
        The spikes.
    bin_ms
        The length of a bin in ms, a multiple of the time step.

    Returns
    -------
    array of shape (bins,)
        In Hz.

    Raises
    ------
    ConfigurationError, UndefinedMetricError
        As :func:`varesearch.metrics.trains.bin_counts`.

    Examples
    --------
    >>> trains = Trains(2, 1.0, 20, np.array([0, 1]), np.array([3, 5]))
    >>> population_rate_hz(trains, 10.0).tolist()
    [100.0, 0.0]
    """
    return population_counts(trains, bin_ms, "analysis.rate_bin_ms") / (trains.size * bin_ms * 1e-3)


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
