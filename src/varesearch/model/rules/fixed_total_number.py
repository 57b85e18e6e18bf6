"""A projection has a given number of synapses."""

import copy
import math
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
    check_probability,
    gathered,
    in_order,
    index_type,
    per_projection,
    quantity,
    ranges,
    refuse,
    rows_of,
)


@dataclass
class FixedTotalNumber(Rule):
    """Each projection has a given number K of synapses between pairs of cells that are drawn at random.

    With replacement, each synapse draws its source and its target independently and uniformly, so that a pair may be
    connected more than once (multapses), and the in-degree is binomial with K trials and probability 1/N_post. This is
    the rule of Potjans and Diesmann 2014 (Cereb. Cortex 24:785), where a probability C that a pair is connected at
    least once gives K = log(1 - C) / log(1 - 1/(N_pre N_post)); ``p`` is this C. Without replacement every set of K
    different pairs is equally likely.
    """

    pynn_connector: ClassVar[str] = "FixedTotalNumberConnector"

    synapses: int = per_projection(
        quantity(
            7200,
            "synapses",
            "synapses of each projection",
            plausible=Range(0, 1e9),
            allowed=Range(0, ranges.INT32.high),
        ),
        what="synapses of this projection",
    )
    p: float | None = per_projection(
        quantity(None, "", "probability that a pair is connected at least once, in place of the number of synapses"),
        what="probability that a pair is connected at least once, in place of the number of synapses",
    )
    with_replacement: bool = quantity(True, "", "may a pair of cells be connected more than once (multapses)")

    def check_projection(self, projection: ProjectionSettings) -> None:
        setting, synapses = projection.key("synapses"), projection["synapses"]
        check_at_least(setting, synapses, 0, "synapses")
        if projection["p"] is not None:
            setting, synapses = projection.key("p"), self._number(projection)
        most = projection.possible_pairs
        between = f"from {projection.pre} to {projection.post}"
        if not synapses and self.draw == "native":
            refuse(setting, synapses, "leaves the machine no synapse to draw; write connectivity.draw=host")
        if synapses and not most:
            refuse(setting, synapses, f"must be 0: there is no pair of different cells {between}")
        if synapses > most and not self.with_replacement:
            refuse(
                setting,
                synapses,
                f"must be at most {most}, the number of pairs of cells {between}; or allow repeated pairs with "
                "connectivity.with_replacement=true",
            )

    def expected_synapses(self, projection: ProjectionSettings) -> float:
        return float(self._number(projection))

    def _number(self, projection: ProjectionSettings) -> int:
        p, pairs = projection["p"], projection.possible_pairs
        if p is None or not pairs:
            return projection["synapses"] if p is None else 0
        check_probability(projection.key("p"), p)
        if not self.with_replacement:
            return round(p * pairs)
        if p == 1 and pairs > 1:
            refuse(projection.key("p"), p, "needs infinitely many random pairs to connect all; it must be below 1")
        return round(math.log1p(-p) / math.log1p(-1 / pairs)) if pairs > 1 else round(p)

    def rescaled(self, projection: ProjectionSettings, full: ProjectionSettings, in_degree: float) -> dict[str, Any]:
        per_cell = self._number(full) / full.post_size
        return {"synapses": round(per_cell * in_degree * projection.post_size), "p": None}

    def connect(self, projection: ProjectionSettings, rng: np.random.Generator) -> Rows:
        count, possible = self._number(projection), projection.possible_pairs
        if not self.with_replacement:
            chosen = distinct_indices(possible, count, rng)
            parts = (chosen[first : first + PART].astype(np.int64) for first in range(0, count, PART))
            indices = (pair_indices(part, projection) for part in parts)
            return rows_of(indices, projection.pre_size, projection.post_size, no_self=False, expected=count)
        # How many targets each source has must be known before the first has its place: the same numbers twice.
        first, again = copy.deepcopy(rng), rng
        out_degrees = np.zeros(projection.pre_size, dtype=np.int64)
        for indices in _with_replacement(projection, count, first):
            out_degrees += np.bincount(indices // projection.post_size, minlength=projection.pre_size)
        drawn = (np.sort(indices) for indices in _with_replacement(projection, count, again))
        return in_order(gathered(drawn, out_degrees, projection.post_size), projection.post_size)

    def pynn_arguments(self, projection: ProjectionSettings) -> dict[str, Any]:
        arguments = {"n": self._number(projection), "with_replacement": self.with_replacement}
        return super().pynn_arguments(projection) | arguments


def _with_replacement(
    projection: ProjectionSettings, count: int, rng: np.random.Generator
) -> Iterator[NDArray[np.int64]]:
    for first in range(0, count, PART):
        drawn = rng.integers(0, projection.possible_pairs, size=min(PART, count - first))
        yield pair_indices(drawn, projection)


def pair_indices(numbers: NDArray[np.int64], projection: ProjectionSettings) -> NDArray[np.int64]:
    """Return source * post_size + target of the possible pairs with the given numbers; the order is kept."""
    if not projection.no_self:
        return numbers
    # Source i has the targets 0..n-1 without i.
    sources, targets = np.divmod(numbers, projection.post_size - 1)
    return sources * projection.post_size + targets + (targets >= sources)


def distinct_indices(possible: int, count: int, rng: np.random.Generator) -> NDArray[np.integer]:
    """Draw ``count`` different numbers below ``possible``, every set of them equally likely; return them sorted.

    numpy's ``choice`` without replacement needs memory for all ``possible`` numbers, which for pairs of cells may be
    billions. Here numbers are drawn until enough differ, and at most half of all: else those to leave out are drawn.

    Examples
    --------
    >>> distinct_indices(5, 4, np.random.default_rng(1)).size
    4
    """
    wanted = min(count, possible - count)
    chosen = np.empty(wanted, dtype=index_type(possible))
    size = 0
    while size < wanted:
        for first in range(size, wanted, PART):
            last = min(first + PART, wanted)
            chosen[first:last] = rng.integers(0, possible, size=last - first)
        chosen.sort()
        first_of_its_kind = np.ones(wanted, dtype=bool)
        np.not_equal(chosen[1:], chosen[:-1], out=first_of_its_kind[1:])
        size = np.count_nonzero(first_of_its_kind)
        chosen[:size] = chosen[first_of_its_kind]
    if wanted == count:
        return chosen
    kept = np.ones(possible, dtype=bool)
    kept[chosen] = False
    return np.flatnonzero(kept)
