"""A short burst of a few sources that reach many cells."""

from collections.abc import Mapping
from dataclasses import dataclass

from varesearch.model.stimuli import Pairs, ProjectionSettings, Source, Surroundings, check_at_least, quantity, ranges
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

    def check(self, around: Surroundings) -> None:
        super().check(around)
        check_reach(self.p)
        check_at_least("stimulus.n_sources", self.n_sources, 1, "sources")

    def sources(self, sizes: Mapping[str, int]) -> tuple[Source, ...]:
        return (Source("thalamus", self.n_sources, self.reached(sizes)),)

    def expected_synapses(self, projection: ProjectionSettings) -> float:
        return projection.possible_pairs * self.p

    def connect(self, projection: ProjectionSettings, around: Surroundings) -> Pairs:
        return random_targets(projection, self.p, around)
