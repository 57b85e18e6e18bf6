"""The probability of a connection falls with the distance of the cells on a sheet."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varesearch.model.rules import (
    ProjectionSettings,
    Rows,
    bernoulli_indices,
    check_positive,
    check_probability,
    index_type,
    pair_ratio,
    pairs_of,
    per_projection,
    quantity,
    ranges,
)
from varesearch.model.rules._sheet import Sheet, apart_mm, distances_mm, positions_of
from varesearch.narrowing import int32

# How pairs are proposed: cells in a tile of the sheet, and the least bound on the kernel.
_CELLS_IN_TILE = 64
_LEAST_BOUND = 2.0**-20


@dataclass
class DistanceDependent(Sheet):
    """Cells lie at random on a square sheet; the probability of a connection falls with the distance d.

    gaussian: p(d) = p_max exp(-d² / (2 scale²)); exponential: p(d) = p_max exp(-d / scale) (after
    Hellwig 2000, Biol. Cybern. 82:111, for pyramidal cells). With ``velocity_mm_per_ms``
    the delay grows by d / velocity, rounded to the time step. With periodic edges d is the distance on a torus.
    """

    p_max: float = per_projection(quantity(0.3, "", "connection probability at distance 0"))
    scale_mm: float = per_projection(quantity(0.1, "mm", "length scale of the kernel", plausible=ranges.LENGTH_MM))
    kernel: str = quantity("gaussian", "", "gaussian or exponential", ("gaussian", "exponential"))

    def check_projection(self, projection: ProjectionSettings) -> None:
        check_probability(projection.key("p_max"), projection["p_max"])
        check_positive(projection.key("scale_mm"), projection["scale_mm"], "mm")

    def expected_synapses(self, projection: ProjectionSettings) -> float:
        mean = mean_kernel(self.kernel, projection["scale_mm"], self.sheet_mm, self.periodic)
        return projection.possible_pairs * projection["p_max"] * mean

    def rescaled(self, projection: ProjectionSettings, full: ProjectionSettings, in_degree: float) -> dict[str, Any]:
        return {"p_max": full["p_max"] * in_degree * pair_ratio(full, projection)}

    def connect(self, projection: ProjectionSettings, rng: np.random.Generator) -> Rows:
        pre_mm, post_mm = positions_of(projection)
        kernel = KERNELS[self.kernel](projection["scale_mm"])
        p_max, no_self = projection["p_max"], projection.no_self
        return distance_dependent(pre_mm, post_mm, p_max, kernel, self.sheet_mm, self.periodic, no_self, rng)


def gaussian(scale_mm: float) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """exp(-d² / (2 scale²))."""
    return lambda d: np.exp(-0.5 * (d / scale_mm) ** 2)


def exponential(scale_mm: float) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """exp(-d / scale)."""
    return lambda d: np.exp(-d / scale_mm)


KERNELS = {"gaussian": gaussian, "exponential": exponential}


def mean_kernel(kernel: str, scale_mm: float, sheet_mm: float, periodic: bool) -> float:
    """Return the mean of a kernel over two uniform points of the sheet, by the midpoint rule on their displacement.

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
) -> Rows:
    """Draw each pair with probability p_max kernel(distance); the kernel falls with the distance from 1 at 0.

    ``pre_mm`` (n_pre, 2) and ``post_mm`` (n_post, 2) are positions on a square sheet of side ``sheet_mm``. Pairs are
    proposed with a probability that bounds theirs, then thinned. The bound is the kernel at the least distance between
    a target and the tile of the sheet that the source lies in, rounded up to a power of two, so that targets of one
    bound are proposed together and few proposals are in vain.
    """
    n_post = len(post_mm)
    tiles = max(1, round(np.sqrt(len(pre_mm) / _CELLS_IN_TILE)))  # along a side
    tile_mm = sheet_mm / tiles
    tile_of = np.minimum((pre_mm // tile_mm).astype(np.int64), tiles - 1) @ np.array([tiles, 1])
    # Of each tile: the pairs, sorted, as its sources with the number of their targets, and the targets.
    kept: list[tuple[NDArray[np.int64], NDArray[np.unsignedinteger]]] = []
    out_degrees = np.zeros(len(pre_mm), dtype=np.int64)
    for tile in range(tiles**2):
        sources = np.flatnonzero(tile_of == tile)
        centre = (np.array(divmod(tile, tiles)) + 0.5) * tile_mm
        beyond = np.maximum(apart_mm(post_mm, centre, sheet_mm, periodic) - 0.5 * tile_mm, 0.0)
        octave = np.floor(-np.log2(np.maximum(kernel(np.hypot(beyond[:, 0], beyond[:, 1])), _LEAST_BOUND)))
        of_tile = [np.empty(0, dtype=np.int64)]
        for k in np.unique(octave):
            targets, bound = np.flatnonzero(octave == k), 2.0**-k
            at_source, at_target = pairs_of(
                bernoulli_indices(len(sources) * len(targets), p_max * bound, rng), len(targets), no_self=False
            )
            pre, post = sources[at_source], targets[at_target]
            distance = distances_mm(pre_mm[pre], post_mm[post], sheet_mm, periodic)
            near = bound * rng.random(len(distance)) < kernel(distance)
            near &= (pre != post) | (not no_self)
            of_tile.append(pre[near] * n_post + post[near])
        pre, post = np.divmod(np.sort(np.concatenate(of_tile)), n_post)
        out_degrees[sources] = np.bincount(np.searchsorted(sources, pre), minlength=len(sources))
        kept.append((sources, post.astype(index_type(n_post))))
    ends = np.cumsum(out_degrees)
    arranged = np.empty(int(ends[-1]), dtype=index_type(n_post))
    for sources, targets in kept:
        degrees = out_degrees[sources]
        arranged[np.arange(len(targets)) + np.repeat(ends[sources] - np.cumsum(degrees), degrees)] = targets
    return Rows(int32(out_degrees, "synapses of a cell"), arranged)
