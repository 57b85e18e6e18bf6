"""Who connects to whom: pure functions from sizes, a rule and a generator to (sources, targets).

Each returns two int32 arrays of shape (synapses,), sorted by source, then target, without duplicate pairs.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from varesearch.narrowing import int32

Pairs = tuple[NDArray[np.int32], NDArray[np.int32]]

# How the distance rule proposes its pairs: cells in a tile of the sheet, and the least bound on the kernel.
_CELLS_IN_TILE = 64
_LEAST_BOUND = 2.0**-20


def bernoulli_indices(count: int, p: float, rng: np.random.Generator) -> NDArray[np.int64]:
    """The sorted indices of the successes among ``count`` independent trials of probability ``p``.

    Only the successes cost time: the gaps between them are geometric (Devroye 1986, Non-Uniform Random Variate
    Generation, ch. XII.2).
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


def _pairs(indices: NDArray[np.int64], n_post: int, no_self: bool) -> Pairs:
    sources, targets = np.divmod(indices, n_post)
    if no_self:
        keep = sources != targets
        sources, targets = sources[keep], targets[keep]
    return int32(sources, "sources of synapses"), int32(targets, "targets of synapses")


def fixed_probability(n_pre: int, n_post: int, p: float, no_self: bool, rng: np.random.Generator) -> Pairs:
    """Each pair with probability ``p``; ``no_self`` leaves out source == target."""
    return _pairs(bernoulli_indices(n_pre * n_post, p, rng), n_post, no_self)


def fixed_probability_by_target(n_pre: int, n_post: int, p: float, no_self: bool, rng: np.random.Generator) -> Pairs:
    """As :func:`fixed_probability`, but drawn target by target: a generator in the same state gives the first targets
    of two populations the same sources, however many targets each has.
    """
    targets, sources = fixed_probability(n_post, n_pre, p, no_self, rng)
    order = np.lexsort((targets, sources))
    return sources[order], targets[order]


def fixed_in_degree(n_pre: int, n_post: int, degree: int, no_self: bool, rng: np.random.Generator) -> Pairs:
    """Each target gets ``degree`` different sources, every set of them equally likely.

    ``degree`` is at most ``n_pre``, or ``n_pre - 1`` with ``no_self``.
    """
    pool = n_pre - 1 if no_self else n_pre
    wanted = min(degree, pool - degree)
    chosen = _distinct_rows(pool, n_post, wanted, rng)
    if wanted < degree:  # rather draw the few that are left out
        mask = np.ones((n_post, pool), dtype=bool)
        mask[np.arange(n_post)[:, None], chosen] = False
        chosen = np.nonzero(mask)[1].reshape(n_post, degree)
    targets = np.repeat(np.arange(n_post, dtype=np.int64), degree)
    sources = chosen.ravel().astype(np.int64)
    if no_self:  # the pool of target j is 0..n_pre-1 without j
        sources += sources >= targets
    return _pairs(np.sort(sources * n_post + targets), n_post, no_self=False)


def _distinct_rows(pool: int, rows: int, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """(rows, count) numbers below ``pool``, distinct in each row: repeats are drawn again until none is left.

    Drawing one after another and rejecting what the row already has is sampling without replacement; here it is done
    for all rows at once. ``count`` is at most half the pool, so a repeat survives a round with probability <= 1/2.
    """
    chosen = np.sort(rng.integers(0, pool, size=(rows, count)), axis=1)
    while True:
        repeats = np.zeros(chosen.shape, dtype=bool)
        repeats[:, 1:] = chosen[:, 1:] == chosen[:, :-1]
        lost = np.count_nonzero(repeats)
        if lost == 0:
            return chosen
        chosen[repeats] = rng.integers(0, pool, size=lost)
        affected = repeats.any(axis=1)
        chosen[affected] = np.sort(chosen[affected], axis=1)


def distances_mm(
    a: NDArray[np.float64], b: NDArray[np.float64], sheet_mm: float, periodic: bool
) -> NDArray[np.float64]:
    """Distance between the points ``a`` and ``b`` (k, 2) of a square sheet, on a torus if ``periodic``."""
    apart = _apart(a, b, sheet_mm, periodic)
    return np.hypot(apart[:, 0], apart[:, 1])


def _apart(a: NDArray[np.float64], b: NDArray[np.float64], sheet_mm: float, periodic: bool) -> NDArray[np.float64]:
    """|a - b| along each axis."""
    apart = np.abs(a - b)
    return np.minimum(apart, sheet_mm - apart) if periodic else apart


def gaussian(scale_mm: float) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """exp(-d² / (2 scale²))."""
    return lambda d: np.exp(-0.5 * (d / scale_mm) ** 2)


def exponential(scale_mm: float) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """exp(-d / scale)."""
    return lambda d: np.exp(-d / scale_mm)


KERNELS = {"gaussian": gaussian, "exponential": exponential}


def mean_kernel(kernel: str, scale_mm: float, sheet_mm: float, periodic: bool) -> float:
    """The kernel's mean over two uniform points of the sheet, by the midpoint rule on their displacement.

    On a torus the displacement along an axis is uniform below half the side; else its density falls linearly.
    """
    reach = sheet_mm / 2.0 if periodic else sheet_mm
    top = min(reach, 40.0 * scale_mm)  # beyond it either kernel is below 1e-17
    x = (np.arange(1000) + 0.5) * top / 1000.0
    density = np.full_like(x, 1.0 / reach) if periodic else 2.0 / sheet_mm * (1.0 - x / sheet_mm)
    weight = density * top / 1000.0
    return float(weight @ KERNELS[kernel](scale_mm)(np.hypot(x[:, None], x[None, :])) @ weight)


def distance_dependent(
    pre_mm: NDArray[np.float64],
    post_mm: NDArray[np.float64],
    p_max: float,
    kernel: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    sheet_mm: float,
    periodic: bool,
    no_self: bool,
    rng: np.random.Generator,
) -> Pairs:
    """Each pair with probability p_max kernel(distance), the kernel falling with distance from 1 at 0.

    ``pre_mm`` (n_pre, 2) and ``post_mm`` (n_post, 2) are positions on a square sheet of side ``sheet_mm``. Pairs are
    proposed with a probability that bounds theirs, then thinned. The bound is the kernel at the least distance between
    a target and the tile of the sheet that the source lies in, rounded up to a power of two, so that targets of one
    bound are proposed together and few proposals are in vain.
    """
    n_post = len(post_mm)
    tiles = max(1, round(np.sqrt(len(pre_mm) / _CELLS_IN_TILE)))  # along a side
    tile_mm = sheet_mm / tiles
    tile_of = np.minimum((pre_mm // tile_mm).astype(np.int64), tiles - 1) @ np.array([tiles, 1])
    kept: list[NDArray[np.int64]] = []
    for tile in range(tiles**2):
        sources = np.flatnonzero(tile_of == tile)
        centre = (np.array(divmod(tile, tiles)) + 0.5) * tile_mm
        beyond = np.maximum(_apart(post_mm, centre, sheet_mm, periodic) - 0.5 * tile_mm, 0.0)
        octave = np.floor(-np.log2(np.maximum(kernel(np.hypot(beyond[:, 0], beyond[:, 1])), _LEAST_BOUND)))
        for k in np.unique(octave):
            targets, bound = np.flatnonzero(octave == k), 2.0**-k
            at_source, at_target = _pairs(
                bernoulli_indices(len(sources) * len(targets), p_max * bound, rng), len(targets), no_self=False
            )
            pre, post = sources[at_source], targets[at_target]
            distance = distances_mm(pre_mm[pre], post_mm[post], sheet_mm, periodic)
            near = bound * rng.random(len(distance)) < kernel(distance)
            kept.append(pre[near] * n_post + post[near])
    return _pairs(np.sort(np.concatenate(kept)), n_post, no_self)
