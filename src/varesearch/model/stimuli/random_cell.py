"""One cell at a time, drawn at random."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from varesearch.model.stimuli import (
    Pairs,
    ProjectionSettings,
    Source,
    SpikeArrays,
    SpikingStimulus,
    Surroundings,
    check_multiple,
    check_positive,
    one_to_one,
    quantity,
    ranges,
)
from varesearch.model.stimuli._window import check_window, steps_of
from varesearch.narrowing import int32


@dataclass
class RandomCell(SpikingStimulus):
    """Every interval, one cell of all that it reaches, drawn at random, gets a spike.

    Each cell has a source of its own. All cells of all target populations are equally likely, as in Izhikevich 2006
    (Neural Comput. 18:245), whose program gives one of 1000 cells a current of 20 mV/ms in each ms.
    """

    interval_ms: float = quantity(1.0, "ms", "time from one spike to the next", plausible=ranges.LENGTH_OF_TIME_MS)
    start_ms: float = quantity(0.0, "ms", "time of the first spike", plausible=ranges.START_MS)
    duration_ms: float | None = quantity(
        None, "ms", "how long it lasts; null: to the end of the run", plausible=ranges.LENGTH_OF_TIME_MS
    )

    def check(self, around: Surroundings) -> None:
        check_positive("stimulus.interval_ms", self.interval_ms, "ms")
        check_multiple("stimulus.interval_ms", self.interval_ms, around.dt_ms)
        check_window(self.start_ms, self.duration_ms, around)

    def sources(self, sizes: Mapping[str, int]) -> tuple[Source, ...]:
        return tuple(Source(f"random_{target}", sizes[target], (target,)) for target in self.reached(sizes))

    def expected_spikes(self, around: Surroundings) -> float:
        return float(len(self._steps(around)))

    def expected_synapses(self, projection: ProjectionSettings) -> float:
        return float(projection.post_size)

    def spikes(self, source: Source, around: Surroundings) -> SpikeArrays:
        steps, reached = self._steps(around), self.reached(around.sizes)
        # The same numbers for each population, which keeps those of its own cells: in a step only one cell is chosen.
        chosen = around.stream("random cell", "spikes").integers(
            sum(around.sizes[name] for name in reached), size=len(steps)
        )
        (target,) = source.targets
        chosen -= sum(around.sizes[name] for name in reached[: reached.index(target)])
        own = (chosen >= 0) & (chosen < source.size)
        return int32(chosen[own], "cells of stimulus=random_cell"), steps[own]

    def connect(self, projection: ProjectionSettings, around: Surroundings) -> Pairs:
        return one_to_one(projection.post_size)

    def _steps(self, around: Surroundings) -> np.ndarray:
        first, end = steps_of(self.start_ms, self.duration_ms, around)
        interval = round(self.interval_ms / around.dt_ms)
        return int32(np.arange(first, end, interval), "steps of stimulus=random_cell")
