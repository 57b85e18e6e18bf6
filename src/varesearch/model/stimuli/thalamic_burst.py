"""A short burst of a few sources that reach many cells."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from varesearch.model.stimuli import (
    Pairs,
    ProjectionSettings,
    Source,
    Surroundings,
    check_at_least,
    check_names,
    check_probability,
    quantity,
    ranges,
    refuse,
)
from varesearch.model.stimuli._poisson import LAW, LAWS, PoissonStimulus
from varesearch.model.stimuli._random_targets import check_reach, random_targets


@dataclass
class ThalamicBurst(PoissonStimulus):
    """A few Poisson sources, each connected to every target cell with probability p, for a short time (the seed's).

    P(source -> cell) = p. In each step of the burst a source fires with probability rate dt, as in the seed; with
    law=poisson it fires any number of times, rate dt in the mean. The burst starts the activity of the network, as in
    Vogels and Abbott 2005 (J. Neurosci. 25:10786).
    """

    n_sources: int = quantity(20, "sources", "number of Poisson sources", allowed=ranges.COUNT_OF_SOURCES)
    law: str = quantity("bernoulli", "", LAW, LAWS)
    duration_ms: float | None = quantity(
        50.0, "ms", "length of the burst; null: to the end of the run", plausible=ranges.LENGTH_OF_TIME_MS
    )
    p: float = quantity(0.01, "", "probability that a source reaches a cell")
    p_onto: dict[str, float] = quantity({}, "", "other probabilities for some of the targets: {POPULATION: p, ...}")

    def check(self, around: Surroundings) -> None:
        super().check(around)
        check_reach(self.p)
        if self.p_onto:
            check_names("stimulus.p_onto", tuple(self.p_onto), self.reached(around.sizes))
        for target, p in self.p_onto.items():
            check_probability(f"stimulus.p_onto.{target}", p)
        check_at_least("stimulus.n_sources", self.n_sources, 1, "sources")

    def sources(self, sizes: Mapping[str, int]) -> tuple[Source, ...]:
        return (Source("thalamus", self.n_sources, self.reached(sizes)),)

    def expected_synapses(self, projection: ProjectionSettings) -> float:
        return projection.possible_pairs * self._p(projection.post)

    def connect(self, projection: ProjectionSettings, around: Surroundings) -> Pairs:
        return random_targets(projection, self._p(projection.post), around)

    def rescaled(self, in_degree: float) -> Self:
        """Return the burst of as many sources, which reach a cell with another probability."""
        most = max((self.p, *self.p_onto.values()))
        if most * in_degree > 1:
            refuse("scale.in_degree", in_degree, f"needs stimulus.p={most * in_degree:g}, more than 1; lower it")
        return replace(self, p=self.p * in_degree, p_onto={it: p * in_degree for it, p in self.p_onto.items()})

    def _p(self, target: str) -> float:
        return self.p_onto.get(target, self.p)
