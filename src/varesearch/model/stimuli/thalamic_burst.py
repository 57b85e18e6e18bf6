"""A short burst of a few sources that reach many cells."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from varesearch.model.stimuli import (
    Pairs,
    ProjectionSettings,
    Source,
    SpikingStimulus,
    Surroundings,
    check_at_least,
    quantity,
    ranges,
)
from varesearch.model.stimuli._poisson import check_rate, poisson_spikes
from varesearch.model.stimuli._random_targets import check_reach, random_targets
from varesearch.model.stimuli._window import check_window, length_ms, steps_of


@dataclass
class ThalamicBurst(SpikingStimulus):
    """A few Poisson sources, each connected to every target cell with probability p, for a short time (the seed's).

    In each step of the burst a source fires with probability rate dt; P(source -> cell) = p. The burst starts the
    activity of the network, as in Vogels and Abbott 2005 (J. Neurosci. 25:10786).
    """

    n_sources: int = quantity(20, "sources", "number of Poisson sources", allowed=ranges.COUNT_OF_SOURCES)
    rate_hz: float = quantity(100.0, "Hz", "rate of each source", plausible=ranges.RATE_HZ)
    start_ms: float = quantity(0.0, "ms", "first time of the burst", plausible=ranges.START_MS)
    duration_ms: float = quantity(50.0, "ms", "length of the burst", plausible=ranges.LENGTH_OF_TIME_MS)
    p: float = quantity(0.01, "", "probability that a source reaches a cell")

    def check(self, around: Surroundings) -> None:
        check_window(self.start_ms, self.duration_ms, around)
        check_rate(self.rate_hz, around.dt_ms)
        check_reach(self.p)
        check_at_least("stimulus.n_sources", self.n_sources, 1, "sources")

    def sources(self, sizes: Mapping[str, int]) -> tuple[Source, ...]:
        return (Source("thalamus", self.n_sources, self.reached(sizes)),)

    def expected_spikes(self, around: Surroundings) -> float:
        return self.n_sources * self.rate_hz * length_ms(self.start_ms, self.duration_ms, around) / 1000.0

    def expected_synapses(self, projection: ProjectionSettings) -> float:
        return projection.possible_pairs * self.p

    def spikes(self, source: Source, around: Surroundings) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        return poisson_spikes(source, self.rate_hz, steps_of(self.start_ms, self.duration_ms, around), around)

    def connect(self, projection: ProjectionSettings, around: Surroundings) -> Pairs:
        return random_targets(projection, self.p, around)
