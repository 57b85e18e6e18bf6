"""Neighbours on a ring, some of their synapses rewired at random."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varesearch.model.rules import (
    Pairs,
    ProjectionSettings,
    Range,
    Rule,
    check_at_least,
    check_probability,
    pairs_of,
    per_projection,
    quantity,
    refuse,
)


@dataclass
class SmallWorld(Rule):
    """Each cell has synapses onto its k nearest cells on a ring, each rewired with a probability.

    Watts and Strogatz 1998 (Nature 393:440), with directed edges: cell i of N has one synapse onto each of its
    neighbours i ± 1 ... i ± k/2 (modulo N). Each synapse is rewired with the probability ``rewiring``: it gets a target
    that is drawn uniformly from all cells onto which cell i has no other synapse. No pair of cells is connected twice,
    and no cell to itself. Every cell keeps its out-degree k; ``rewiring=0`` is the lattice, ``rewiring=1`` a random
    graph.

    Between two populations both are spread evenly over the same ring: cell i of N_pre stands at the place
    i N_post / N_pre of the targets, and has synapses onto the k nearest of them.
    """

    k: int = per_projection(
        quantity(
            20, "synapses", "synapses of each cell onto its neighbours, an even number", plausible=Range(0, 10_000)
        )
    )
    rewiring: float = per_projection(quantity(0.1, "", "probability that a synapse is rewired"))

    def check_projection(self, projection: ProjectionSettings) -> None:
        setting, k = projection.key("k"), projection["k"]
        check_at_least(setting, k, 0, "synapses")
        if k % 2:
            refuse(setting, k, f"must be even, k/2 neighbours on either side; write {k - 1} or {k + 1}")
        cells = projection.post_size - _itself(projection)
        if k > cells:
            which = f"other {projection.post}" if _itself(projection) else projection.post
            refuse(setting, k, f"must be at most {cells}, the number of {which} cells")
        check_probability(projection.key("rewiring"), projection["rewiring"])

    def expected_synapses(self, projection: ProjectionSettings) -> float:
        return float(projection.pre_size * projection["k"])

    def rescaled(self, projection: ProjectionSettings, full: ProjectionSettings, in_degree: float) -> dict[str, Any]:
        out_degree = full["k"] * in_degree * (full.pre_size / full.post_size)
        return {"k": 2 * round(0.5 * out_degree * (projection.post_size / projection.pre_size))}

    def connect(self, projection: ProjectionSettings, rng: np.random.Generator) -> Pairs:
        n_pre, n_post = projection.pre_size, projection.post_size
        return small_world(n_pre, n_post, projection["k"], projection["rewiring"], _itself(projection), rng)


def _itself(projection: ProjectionSettings) -> bool:
    """Whether sources and targets are the same cells."""
    return projection.pre == projection.post


def neighbours(n_pre: int, n_post: int, k: int, within: bool) -> NDArray[np.int64]:
    """Return the k nearest targets of each source on the ring, of shape (n_pre, k); without itself if ``within``.

    Examples
    --------
    >>> neighbours(4, 4, 2, within=True).tolist()
    [[3, 1], [0, 2], [1, 3], [2, 0]]
    >>> neighbours(2, 8, 2, within=False).tolist()
    [[0, 1], [4, 5]]
    """
    sources = np.arange(n_pre, dtype=np.int64)[:, None]
    offsets = np.arange(-(k // 2), k - k // 2, dtype=np.int64)
    if within:
        offsets += offsets >= 0
        return (sources + offsets) % n_post
    # The k nearest of the place x begin with the least target above x - k/2; whole numbers keep ties exact.
    first = (2 * sources * n_post - k * n_pre) // (2 * n_pre) + 1
    return (first + np.arange(k, dtype=np.int64)) % n_post


def small_world(n_pre: int, n_post: int, k: int, rewiring: float, within: bool, rng: np.random.Generator) -> Pairs:
    """Draw the synapses of :class:`SmallWorld`.

    Parameters
    ----------
    n_pre, n_post
        Numbers of sources and targets.
    k
        Synapses of each source, at most ``n_post``, or ``n_post - 1`` if ``within``.
    rewiring
        Probability that a synapse is rewired.
    within
        Whether sources and targets are the same cells, of which none is connected to itself.
    rng
        The generator that the rewired synapses and their targets are drawn from.

    Examples
    --------
    >>> sources, targets = small_world(10, 10, 4, 0.5, True, np.random.default_rng(1))
    >>> np.bincount(sources).tolist()
    [4, 4, 4, 4, 4, 4, 4, 4, 4, 4]
    """
    targets = neighbours(n_pre, n_post, k, within)
    sources = np.arange(n_pre, dtype=np.int64)
    rewired = rng.random(targets.shape) < rewiring
    # The target of a rewired synapse is drawn until the source has no other synapse onto it: all sources at once, and
    # again those in which a target occurs twice. Of two that are equal the one that is rewired is drawn again.
    again = rewired.copy()
    while again.any():
        targets[again] = rng.integers(0, n_post, size=np.count_nonzero(again))
        again = _repeats(targets, rewired)
        if within:
            again |= rewired & (targets == sources[:, None])
    return pairs_of(np.sort((sources[:, None] * n_post + targets).ravel()), n_post, no_self=False)


def _repeats(targets: NDArray[np.int64], rewired: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which rewired synapses have a target that stands before them in their row, those that stayed standing first."""
    order = np.lexsort((rewired, targets), axis=1)
    ordered = np.take_along_axis(targets, order, axis=1)
    repeated = np.zeros(targets.shape, dtype=bool)
    later = np.zeros(targets.shape, dtype=bool)
    later[:, 1:] = ordered[:, 1:] == ordered[:, :-1]
    np.put_along_axis(repeated, order, later, axis=1)
    return repeated
