"""Every cell receives the same number of synapses."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from varesearch.model.rules import (
    PART,
    ProjectionSettings,
    Range,
    Rows,
    Rule,
    check_at_least,
    gathered,
    index_type,
    per_projection,
    quantity,
    refuse,
)

_DEGREES = Range(0, 100_000)
_OWN = "synapses onto each cell from this projection"


@dataclass
class FixedInDegree(Rule):
    """Each cell receives a fixed number of synapses from each population, its sources drawn without repetition.

    Every set of C different sources is equally likely for each cell, as in Brunel 2000 (J. Comput. Neurosci. 8:183),
    where C_E and C_I are fixed.
    """

    pynn_connector: ClassVar[str] = "FixedNumberPreConnector"

    in_degree_exc: int = per_projection(
        quantity(24, "synapses", "excitatory synapses onto each cell", plausible=_DEGREES), "in_degree", "exc", _OWN
    )
    in_degree_inh: int = per_projection(
        quantity(6, "synapses", "inhibitory synapses onto each cell", plausible=_DEGREES), "in_degree", "inh", _OWN
    )

    def check_projection(self, projection: ProjectionSettings) -> None:
        setting, degree = projection.key("in_degree"), projection["in_degree"]
        check_at_least(setting, degree, 0, "synapses")
        most = projection.pre_size - projection.no_self
        if degree > most:
            why = ", itself left out" if projection.no_self else ""
            refuse(setting, degree, f"must be at most {most}, the number of {projection.pre} cells to choose from{why}")

    def expected_synapses(self, projection: ProjectionSettings) -> float:
        return float(projection["in_degree"] * projection.post_size)

    def rescaled(self, projection: ProjectionSettings, full: ProjectionSettings, in_degree: float) -> dict[str, Any]:
        return {"in_degree": round(full["in_degree"] * in_degree)}

    def connect(self, projection: ProjectionSettings, rng: np.random.Generator) -> Rows:
        degree, no_self = projection["in_degree"], projection.no_self
        return fixed_in_degree(projection.pre_size, projection.post_size, degree, no_self, rng)

    def pynn_arguments(self, projection: ProjectionSettings) -> dict[str, Any]:
        return super().pynn_arguments(projection) | {"n": projection["in_degree"], "with_replacement": False}


def fixed_in_degree(n_pre: int, n_post: int, degree: int, no_self: bool, rng: np.random.Generator) -> Rows:
    """Draw for each of ``n_post`` targets ``degree`` different sources, every set of them equally likely.

    ``degree`` is at most ``n_pre``, or ``n_pre - 1`` with ``no_self``, which leaves out pairs of a cell with itself.

    Examples
    --------
    >>> sources, targets = fixed_in_degree(10, 3, 2, False, np.random.default_rng(1)).pairs
    >>> np.bincount(targets)
    array([2, 2, 2])
    """
    pool = n_pre - 1 if no_self else n_pre
    chosen = _distinct_rows(pool, n_post, min(degree, pool - degree), rng)
    out_degrees = np.zeros(n_pre, dtype=np.int64)
    for sources, _ in _by_target(chosen, pool, degree, no_self):
        out_degrees += np.bincount(sources, minlength=n_pre)
    parts = (np.sort(sources * n_post + targets) for sources, targets in _by_target(chosen, pool, degree, no_self))
    return gathered(parts, out_degrees, n_post)


def _by_target(
    chosen: NDArray[np.unsignedinteger], pool: int, degree: int, no_self: bool
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Sources and targets, some targets at a time, of the sources that are ``chosen`` for each, or are left over."""
    n_post = len(chosen)
    at_once = max(1, PART // max(pool if chosen.shape[1] < degree else degree, 1))
    for first in range(0, n_post, at_once):
        here = chosen[first : first + at_once]
        if here.shape[1] < degree:
            left = np.ones((len(here), pool), dtype=bool)
            left[np.arange(len(here))[:, None], here] = False
            here = np.nonzero(left)[1]
        targets = np.repeat(np.arange(first, min(first + at_once, n_post), dtype=np.int64), degree)
        sources = here.ravel().astype(np.int64)
        if no_self:  # the pool of target j is 0..n_pre-1 without j
            sources += sources >= targets
        yield sources, targets


def _distinct_rows(pool: int, rows: int, count: int, rng: np.random.Generator) -> NDArray[np.unsignedinteger]:
    """(rows, count) numbers below ``pool``, distinct in each row: repeats are drawn again until none is left.

    Drawing one after another and rejecting what the row already has is sampling without replacement; here it is done
    for all rows at once. ``count`` is at most half the pool, so a repeat survives a round with probability <= 1/2.
    """
    chosen = np.empty((rows, count), dtype=index_type(pool))
    if not count:
        return chosen
    at_once = max(1, PART // count)
    affected = []
    for first in range(0, rows, at_once):
        here = np.sort(rng.integers(0, pool, size=(min(at_once, rows - first), count)), axis=1)
        chosen[first : first + at_once] = here
        affected.append(first + np.flatnonzero(_repeats(here).any(axis=1)))
    repeated = np.concatenate(affected) if affected else np.empty(0, dtype=np.int64)
    while repeated.size:
        affected = []
        for first in range(0, len(repeated), at_once):
            which = repeated[first : first + at_once]
            here = chosen[which]
            again = _repeats(here)
            here[again] = rng.integers(0, pool, size=np.count_nonzero(again))
            here.sort(axis=1)
            chosen[which] = here
            affected.append(which[_repeats(here).any(axis=1)])
        repeated = np.concatenate(affected)
    return chosen


def _repeats(ordered: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Which numbers are equal to the one before them in their row."""
    repeats = np.zeros(ordered.shape, dtype=bool)
    repeats[:, 1:] = ordered[:, 1:] == ordered[:, :-1]
    return repeats
