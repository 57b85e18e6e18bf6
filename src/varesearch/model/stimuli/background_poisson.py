"""Sustained noise, independent for every cell."""

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
    one_to_one,
    quantity,
    ranges,
)
from varesearch.model.stimuli._poisson import check_rate, poisson_spikes
from varesearch.model.stimuli._window import check_window, length_ms, steps_of


@dataclass
class BackgroundPoisson(SpikingStimulus):
    """A Poisson source of its own for every target cell, sustained.

    In each step a source fires with probability rate dt, independently of all others. A rate of C nu stands for C
    external cells that fire at nu each (Brunel 2000, J. Comput. Neurosci. 8:183).
    """

    rate_hz: float = quantity(100.0, "Hz", "rate of each source", plausible=ranges.RATE_HZ)
    start_ms: float = quantity(0.0, "ms", "when it begins", plausible=ranges.START_MS)
    duration_ms: float | None = quantity(
        None, "ms", "how long it lasts; null: to the end of the run", plausible=ranges.LENGTH_OF_TIME_MS
    )

    def check(self, around: Surroundings) -> None:
        check_window(self.start_ms, self.duration_ms, around)
        check_rate(self.rate_hz, around.dt_ms)

    def sources(self, sizes: Mapping[str, int]) -> tuple[Source, ...]:
        return tuple(Source(f"background_{target}", sizes[target], (target,)) for target in self.reached(sizes))

    def expected_spikes(self, around: Surroundings) -> float:
        reached = sum(around.sizes[target] for target in self.reached(around.sizes))
        return reached * self.rate_hz * length_ms(self.start_ms, self.duration_ms, around) / 1000.0

    def expected_synapses(self, projection: ProjectionSettings) -> float:
        return float(projection.post_size)

    def spikes(self, source: Source, around: Surroundings) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        return poisson_spikes(source, self.rate_hz, steps_of(self.start_ms, self.duration_ms, around), around)

    def connect(self, projection: ProjectionSettings, around: Surroundings) -> Pairs:
        return one_to_one(projection.post_size)
