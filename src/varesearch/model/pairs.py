"""Pairs of cells that are connected: what wiring rules and stimuli have in common when they draw them."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from varesearch.config.projection import PART, Pairs, Rows, index_type
from varesearch.narrowing import int32


def bernoulli_indices(count: int, p: float, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw the successes among independent trials.

    Only the successes cost time: the gaps between them are geometric (Devroye 1986, Non-Uniform Random Variate
    Generation, ch. XII.2).

    Parameters
    ----------
    count
        Number of trials.
    p
        Probability of a success, from 0 to 1.
    rng
        The generator that the gaps are drawn from.

    Returns
    -------
    numpy.ndarray
        The indices of the successes, sorted, int64 of shape (successes,).

    Examples
    --------
    >>> bernoulli_indices(10, 0.5, np.random.default_rng(1))
    array([1, 6, 7])
    """
    found = list(bernoulli_parts(count, p, rng))
    return np.concatenate(found) if found else np.empty(0, dtype=np.int64)


def bernoulli_parts(count: int, p: float, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """Yield what :func:`bernoulli_indices` returns, in parts of bounded size; the random numbers are the same."""
    if count == 0 or p <= 0.0:
        return
    if p >= 1.0:
        yield from (np.arange(first, min(first + PART, count), dtype=np.int64) for first in range(0, count, PART))
        return
    expected = count * p
    # Enough gaps that a second round is rare: six standard deviations above the mean.
    gaps_in_round = int(expected + 6.0 * np.sqrt(expected) + 16.0)
    last = -1
    while last < count:
        # A round is drawn to its end also when the last trial is passed: what the generator gives next shall not depend
        # on the parts.
        for first in range(0, gaps_in_round, PART):
            gaps = rng.geometric(p, size=min(PART, gaps_in_round - first))
            if last >= count:
                continue
            np.minimum(gaps, count + 1, out=gaps)
            indices = np.cumsum(gaps, out=gaps)
            indices += last
            last = int(indices[-1])
            yield indices if last < count else indices[: np.searchsorted(indices, count)]


def rows_of(parts: Iterable[NDArray[np.int64]], n_pre: int, n_post: int, no_self: bool, expected: float) -> Rows:
    """Return the pairs with the given indices, which come in sorted parts.

    Parameters
    ----------
    parts
        source * n_post + target of each pair, sorted throughout.
    n_pre, n_post
        Numbers of sources and targets.
    no_self
        Whether to leave out pairs of a cell with itself.
    expected
        About how many pairs there will be.

    Examples
    --------
    >>> rows_of([np.array([0, 1]), np.array([5])], n_pre=2, n_post=3, no_self=True, expected=3).pairs
    (array([0, 1], dtype=int32), array([1, 2], dtype=int32))
    """
    out_degrees = np.zeros(n_pre, dtype=np.int64)
    # Six standard deviations of a random number of pairs; what is not used of an array takes no memory.
    kept = np.empty(int(expected + 6.0 * np.sqrt(expected) + 16.0), dtype=index_type(n_post))
    size = 0
    for indices in parts:
        sources, targets = np.divmod(indices, n_post)
        if no_self:
            keep = sources != targets
            sources, targets = sources[keep], targets[keep]
        out_degrees += np.bincount(sources, minlength=n_pre)
        if size + len(targets) > len(kept):
            kept = np.concatenate([kept[:size], np.empty(max(len(targets), size // 2), dtype=kept.dtype)])
        kept[size : size + len(targets)] = targets
        size += len(targets)
    return Rows(int32(out_degrees, "synapses of a cell"), kept[:size])


def pairs_of(indices: NDArray[np.int64], n_post: int, no_self: bool) -> Pairs:
    """Return the pairs with the given indices.

    Parameters
    ----------
    indices
        source * n_post + target of each pair, sorted.
    n_post
        Number of targets.
    no_self
        Whether to leave out pairs of a cell with itself.

    Examples
    --------
    >>> pairs_of(np.array([0, 1, 5]), n_post=3, no_self=True)
    (array([0, 1], dtype=int32), array([1, 2], dtype=int32))
    """
    sources, targets = np.divmod(indices, n_post)
    if no_self:
        keep = sources != targets
        sources, targets = sources[keep], targets[keep]
    return int32(sources, "sources of synapses"), int32(targets, "targets of synapses")


def gathered(parts: Iterable[NDArray[np.int64]], out_degrees: NDArray[np.integer], n_post: int) -> Rows:
    """Return the pairs of parts that each reach many sources; the targets of a source stay in the order of the parts.

    Parameters
    ----------
    parts
        source * n_post + target of each pair, each part sorted by itself.
    out_degrees
        The number of targets of each source in all parts together.
    n_post
        Number of targets.

    Examples
    --------
    >>> gathered([np.array([0, 3]), np.array([1])], np.array([2, 1]), n_post=3).pairs
    (array([0, 0, 1], dtype=int32), array([0, 1, 0], dtype=int32))
    """
    following = np.cumsum(out_degrees, dtype=np.int64) - out_degrees
    gathered_targets = np.empty(int(np.sum(out_degrees, dtype=np.int64)), dtype=index_type(n_post))
    for indices in parts:
        sources, targets = np.divmod(indices, n_post)
        counts = np.bincount(sources, minlength=len(out_degrees))
        place = np.arange(len(indices)) + np.repeat(following - (np.cumsum(counts) - counts), counts)
        gathered_targets[place] = targets
        following += counts
    return Rows(int32(out_degrees, "synapses of a cell"), gathered_targets)


def in_order(rows: Rows, n_post: int) -> Rows:
    """Return the rows with the targets of each source sorted; the array is used again.

    Examples
    --------
    >>> in_order(Rows(np.array([3, 1], dtype=np.int32), np.array([2, 0, 1, 0], dtype=np.uint8)), n_post=3).targets
    array([0, 1, 2, 0], dtype=uint8)
    """
    ends = np.cumsum(rows.out_degrees, dtype=np.int64)
    for first, last in bands(rows.out_degrees):
        here = slice(int(ends[first] - rows.out_degrees[first]), int(ends[last - 1]))
        row = np.repeat(np.arange(last - first, dtype=np.int64) * n_post, rows.out_degrees[first:last])
        rows.targets[here] = np.sort(row + rows.targets[here]) - row
    return rows


def bands(sizes: NDArray[np.integer], length: int = PART) -> Iterator[tuple[int, int]]:
    """Yield the first row, and the one after the last, of bands that have about ``length`` entries together.

    Examples
    --------
    >>> list(bands(np.array([3, 1, 5, 1]), length=4))
    [(0, 2), (2, 3), (3, 4)]
    """
    ends = np.cumsum(sizes, dtype=np.int64)
    first = 0
    while first < len(sizes):
        before = ends[first - 1] if first else 0
        last = max(first + 1, int(np.searchsorted(ends, before + length, side="right")))
        yield first, last
        first = last


def independent_pairs(n_pre: int, n_post: int, p: float, no_self: bool, rng: np.random.Generator) -> Pairs:
    """Draw each pair of ``n_pre`` sources and ``n_post`` targets with probability ``p``, independently.

    ``no_self`` leaves out pairs of a cell with itself.

    Examples
    --------
    >>> independent_pairs(3, 3, 0.5, True, np.random.default_rng(1))
    (array([0, 2, 2], dtype=int32), array([1, 0, 1], dtype=int32))
    """
    return pairs_of(bernoulli_indices(n_pre * n_post, p, rng), n_post, no_self)


def independent_pairs_by_target(n_pre: int, n_post: int, p: float, no_self: bool, rng: np.random.Generator) -> Pairs:
    """Draw as :func:`independent_pairs` does, but target by target.

    A generator in the same state then gives the first targets of two populations the same sources, however many targets
    each has.
    """
    targets, sources = independent_pairs(n_post, n_pre, p, no_self, rng)
    order = np.lexsort((targets, sources))
    return sources[order], targets[order]


def independent_rows(n_pre: int, n_post: int, p: float, no_self: bool, rng: np.random.Generator) -> Rows:
    """Draw as :func:`independent_pairs` does, in little memory.

    Examples
    --------
    >>> independent_rows(3, 3, 0.5, True, np.random.default_rng(1)).pairs
    (array([0, 2, 2], dtype=int32), array([1, 0, 1], dtype=int32))
    """
    count = n_pre * n_post
    return rows_of(bernoulli_parts(count, p, rng), n_pre, n_post, no_self, count * p)


def every_pair(n_pre: int, n_post: int, no_self: bool) -> Rows:
    """Return every pair of ``n_pre`` sources and ``n_post`` targets; ``no_self`` leaves out a cell with itself.

    Examples
    --------
    >>> every_pair(2, 2, no_self=True).pairs
    (array([0, 1], dtype=int32), array([1, 0], dtype=int32))
    """
    return independent_rows(n_pre, n_post, 1.0, no_self, np.random.default_rng())


def one_to_one(size: int) -> Pairs:
    """Return the pairs of source k with target k."""
    indices = np.arange(size, dtype=np.int32)
    return indices, indices


def no_pairs() -> Pairs:
    """Return no pair."""
    return np.empty(0, dtype=np.int32), np.empty(0, dtype=np.int32)
