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
    check_multiple,
    check_number,
    quantity,
    refuse,
    whole_steps,
)
from varesearch.model.stimuli._random_targets import check_reach, random_targets
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
            _check_times(f"{setting}[{index}]", times, around)
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


def _check_times(setting: str, times: list[float], around: Surroundings) -> None:
    before: int | None = None
    for time_ms in times:
        check_number(setting, time_ms)
        if not 0 <= time_ms < around.duration_ms:
            refuse(
                setting,
                time_ms,
                f"is not within the run; times are from 0 to below simulation.duration_ms={around.duration_ms:g}",
            )
        check_multiple(setting, time_ms, around.dt_ms)
        step = whole_steps(time_ms, around.dt_ms)
        assert step is not None
        if before is not None and step <= before:
            refuse(setting, times, f"must rise from time to time; {time_ms:g} comes too early, sort the list")
        before = step
