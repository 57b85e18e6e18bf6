"""A current that rises or falls in a straight line."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from varesearch.model.stimuli import CURRENT_UNIT, CurrentInput, CurrentStimulus, Surroundings, quantity, ranges
from varesearch.model.stimuli._window import check_window, steps_of


@dataclass
class RampCurrent(CurrentStimulus):
    """A current into every target cell that goes from one amplitude to another, on top of i_offset.

    I(t) = i_offset + start_amplitude + (end_amplitude - start_amplitude) (t - start_ms) / duration_ms for
    start_ms <= t < start_ms + duration_ms. Its value at the beginning of a step holds for the step.
    """

    start_amplitude: float = quantity(0.0, CURRENT_UNIT, "current at the beginning, in the unit of i_offset")
    end_amplitude: float = quantity(1.0, CURRENT_UNIT, "current that it reaches, in the unit of i_offset")
    start_ms: float = quantity(200.0, "ms", "when it begins", plausible=ranges.START_MS)
    duration_ms: float = quantity(500.0, "ms", "how long it lasts", plausible=ranges.LENGTH_OF_TIME_MS)

    def check(self, around: Surroundings) -> None:
        check_window(self.start_ms, self.duration_ms, around)

    def currents(self, around: Surroundings) -> tuple[CurrentInput, ...]:
        start, stop = steps_of(self.start_ms, self.duration_ms, around)
        steps = np.arange(start, stop, dtype=np.int32)
        part = (steps - start).astype(np.float64) * (around.dt_ms / self.duration_ms)
        amplitudes = self.start_amplitude + (self.end_amplitude - self.start_amplitude) * part
        return tuple(CurrentInput(target, steps, amplitudes, stop) for target in self.reached(around.sizes))

    def amplitudes(self) -> Mapping[str, float]:
        return {"stimulus.start_amplitude": self.start_amplitude, "stimulus.end_amplitude": self.end_amplitude}
