"""A projection has a given number of synapses."""

import math
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
    check_probability,
    pairs_of,
    per_projection,
    quantity,
    ranges,
    refuse,
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

    def connect(self, projection: ProjectionSettings, rng: np.random.Generator) -> Pairs:
        count, possible, no_self = self._number(projection), projection.possible_pairs, projection.no_self
        if self.with_replacement:
            chosen = np.sort(rng.integers(0, possible, size=count)) if count else np.empty(0, dtype=np.int64)
        else:
            chosen = distinct_indices(possible, count, rng)
        if no_self:  # source i has the targets 0..n-1 without i
            sources, targets = np.divmod(chosen, projection.post_size - 1)
            chosen = sources * projection.post_size + targets + (targets >= sources)
        return pairs_of(chosen, projection.post_size, no_self=False)

    def pynn_arguments(self, projection: ProjectionSettings) -> dict[str, Any]:
        arguments = {"n": self._number(projection), "with_replacement": self.with_replacement}
        return super().pynn_arguments(projection) | arguments


def distinct_indices(possible: int, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw ``count`` different numbers below ``possible``, every set of them equally likely; return them sorted.

    numpy's ``choice`` without replacement needs memory for all ``possible`` numbers, which for pairs of cells may be
    billions. Here numbers are drawn until enough differ, and at most half of all: else those to leave out are drawn.

    Examples
    --------
    >>> distinct_indices(5, 4, np.random.default_rng(1)).size
    4
    """
    wanted = min(count, possible - count)
    chosen = np.empty(0, dtype=np.int64)
    while chosen.size < wanted:
        chosen = np.union1d(chosen, rng.integers(0, possible, size=wanted - chosen.size))
    if wanted == count:
        return chosen
    kept = np.ones(possible, dtype=bool)
    kept[chosen] = False
    return np.flatnonzero(kept)
