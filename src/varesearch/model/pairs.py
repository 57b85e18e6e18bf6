"""Pairs of cells that are connected: what wiring rules and stimuli have in common when they draw them."""

import numpy as np
from numpy.typing import NDArray

from varesearch.config.projection import Pairs
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
    if count == 0 or p <= 0.0:
        return np.empty(0, dtype=np.int64)
    if p >= 1.0:
        return np.arange(count, dtype=np.int64)
    expected = count * p
    found: list[NDArray[np.int64]] = []
    last = -1
    while last < count:
        # Enough gaps that a second round is rare: six standard deviations above the mean.
        gaps = rng.geometric(p, size=int(expected + 6.0 * np.sqrt(expected) + 16.0))
        indices = last + np.cumsum(np.minimum(gaps, count + 1))
        found.append(indices)
        last = int(indices[-1])
    indices = np.concatenate(found) if len(found) > 1 else found[0]
    return indices[: np.searchsorted(indices, count)]


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


def every_pair(n_pre: int, n_post: int, no_self: bool) -> Pairs:
    """Return every pair of ``n_pre`` sources and ``n_post`` targets; ``no_self`` leaves out a cell with itself.

    Examples
    --------
    >>> every_pair(2, 2, no_self=True)
    (array([0, 1], dtype=int32), array([1, 0], dtype=int32))
    """
    return pairs_of(np.arange(n_pre * n_post, dtype=np.int64), n_post, no_self)


def one_to_one(size: int) -> Pairs:
    """Return the pairs of source k with target k."""
    indices = np.arange(size, dtype=np.int32)
    return indices, indices


def no_pairs() -> Pairs:
    """Return no pair."""
    return np.empty(0, dtype=np.int32), np.empty(0, dtype=np.int32)
