"""Every cell receives the same number of synapses."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from varesearch.model.rules import (
    Pairs,
    ProjectionSettings,
    Range,
    Rule,
    check_at_least,
    pairs_of,
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

    def connect(self, projection: ProjectionSettings, rng: np.random.Generator) -> Pairs:
        degree, no_self = projection["in_degree"], projection.no_self
        return fixed_in_degree(projection.pre_size, projection.post_size, degree, no_self, rng)

    def pynn_arguments(self, projection: ProjectionSettings) -> dict[str, Any]:
        return super().pynn_arguments(projection) | {"n": projection["in_degree"], "with_replacement": False}


def fixed_in_degree(n_pre: int, n_post: int, degree: int, no_self: bool, rng: np.random.Generator) -> Pairs:
    """Draw for each of ``n_post`` targets ``degree`` different sources, every set of them equally likely.

    ``degree`` is at most ``n_pre``, or ``n_pre - 1`` with ``no_self``, which leaves out pairs of a cell with itself.

    Examples
    --------
    >>> sources, targets = fixed_in_degree(10, 3, 2, False, np.random.default_rng(1))
    >>> np.bincount(targets)
    array([2, 2, 2])
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
    return pairs_of(np.sort(sources * n_post + targets), n_post, no_self=False)


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
