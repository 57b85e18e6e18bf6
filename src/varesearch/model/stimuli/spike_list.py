"""Spikes at given times."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from varesearch.model.stimuli import (
    Pairs,
    ProjectionSettings,
    Source,
    SpikingStimulus,
    Surroundings,
    quantity,
    refuse,
)
from varesearch.model.stimuli._random_targets import check_reach, random_targets
from varesearch.model.stimuli._times import check_times
from varesearch.narrowing import int32


@dataclass
class SpikeList(SpikingStimulus):
    """Explicit spike times, one list for each source; each source reaches every target cell with probability p."""

    times_ms: list[list[float]] = field(
        default_factory=lambda: [[10.0, 20.0, 30.0]],
        metadata={"unit": "ms", "what": "spike times, one list for each source"},
    )
    p: float = quantity(1.0, "", "probability that a source reaches a cell")

    def check(self, around: Surroundings) -> None:
        setting = "stimulus.times_ms"
        if not any(self.times_ms):
            refuse(setting, self.times_ms, "holds no spike; give one list for each source, or write stimulus=none")
        for index, times in enumerate(self.times_ms):
            check_times(f"{setting}[{index}]", times, around)
        check_reach(self.p)

    def sources(self, sizes: Mapping[str, int]) -> tuple[Source, ...]:
        return (Source("input", len(self.times_ms), self.reached(sizes)),)

    def expected_spikes(self, around: Surroundings) -> float:
        return float(sum(len(times) for times in self.times_ms))

    def expected_synapses(self, projection: ProjectionSettings) -> float:
        return projection.possible_pairs * self.p

    def spikes(self, source: Source, around: Surroundings) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        counts = [len(times) for times in self.times_ms]
        sources = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
        steps = np.rint(np.concatenate([np.asarray(times) for times in self.times_ms]) / around.dt_ms)
        order = np.lexsort((sources, steps))
        return sources[order], int32(steps[order], "stimulus.times_ms in steps")

    def connect(self, projection: ProjectionSettings, around: Surroundings) -> Pairs:
        return random_targets(projection, self.p, around)
