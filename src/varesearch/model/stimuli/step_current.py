"""A current that is on for a time."""

from collections.abc import Mapping
from dataclasses import dataclass

from varesearch.model.stimuli import CURRENT_UNIT, CurrentInput, CurrentStimulus, Surroundings, quantity, ranges
from varesearch.model.stimuli._window import check_window, steps_of


@dataclass
class StepCurrent(CurrentStimulus):
    """A constant current into every target cell for a time, on top of i_offset.

    I(t) = i_offset + amplitude for start_ms <= t < start_ms + duration_ms, in the unit of the cell's i_offset.
    """

    amplitude: float = quantity(1.0, CURRENT_UNIT, "current: mV/ms for Izhikevich cells, nA for the others")
    start_ms: float = quantity(200.0, "ms", "when it begins", plausible=ranges.START_MS)
    duration_ms: float = quantity(100.0, "ms", "how long it lasts", plausible=ranges.LENGTH_OF_TIME_MS)

    def check(self, around: Surroundings) -> None:
        check_window(self.start_ms, self.duration_ms, around)

    def currents(self, around: Surroundings) -> tuple[CurrentInput, ...]:
        start, stop = steps_of(self.start_ms, self.duration_ms, around)
        return tuple(CurrentInput.step(target, self.amplitude, start, stop) for target in self.reached(around.sizes))

    def amplitudes(self) -> Mapping[str, float]:
        return {"stimulus.amplitude": self.amplitude}
