"""A current that goes up and down as a sine."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from varesearch.config.ranges import Range
from varesearch.model.stimuli import (
    CURRENT_UNIT,
    CurrentInput,
    CurrentStimulus,
    Surroundings,
    check_positive,
    quantity,
    ranges,
    refuse,
)
from varesearch.model.stimuli._window import check_window, steps_of


@dataclass
class SineCurrent(CurrentStimulus):
    """A sinusoidal current into every target cell, on top of i_offset.

    I(t) = i_offset + mean + amplitude sin(2 pi frequency_hz (t - start_ms) + phase_deg) for
    start_ms <= t < start_ms + duration_ms. Its value at the beginning of a step holds for the step.
    """

    amplitude: float = quantity(1.0, CURRENT_UNIT, "largest deviation from the mean, in the unit of i_offset")
    mean: float = quantity(0.0, CURRENT_UNIT, "mean of the sine, in the unit of i_offset")
    frequency_hz: float = quantity(10.0, "Hz", "frequency", plausible=Range(0.01, 1000))
    phase_deg: float = quantity(0.0, "degrees", "phase at the beginning", plausible=Range(-360, 360))
    start_ms: float = quantity(0.0, "ms", "when it begins", plausible=ranges.START_MS)
    duration_ms: float | None = quantity(
        None, "ms", "how long it lasts; null: to the end of the run", plausible=ranges.LENGTH_OF_TIME_MS
    )

    def check(self, around: Surroundings) -> None:
        check_window(self.start_ms, self.duration_ms, around)
        check_positive("stimulus.frequency_hz", self.frequency_hz, "Hz")
        if self.frequency_hz * around.dt_ms >= 500.0:
            refuse(
                "stimulus.frequency_hz",
                self.frequency_hz,
                f"has fewer than two steps of {around.dt_ms:g} ms in a period; it must be below "
                f"{500.0 / around.dt_ms:g} Hz",
            )

    def currents(self, around: Surroundings) -> tuple[CurrentInput, ...]:
        start, stop = steps_of(self.start_ms, self.duration_ms, around)
        steps = np.arange(start, stop, dtype=np.int32)
        cycles = self.frequency_hz * (steps - start) * (around.dt_ms / 1000.0) + self.phase_deg / 360.0
        amplitudes = self.mean + self.amplitude * np.sin(2.0 * np.pi * cycles)
        return tuple(CurrentInput(target, steps, amplitudes, stop) for target in self.reached(around.sizes))

    def amplitudes(self) -> Mapping[str, float]:
        return {"stimulus.mean": self.mean, "stimulus.amplitude": abs(self.mean) + abs(self.amplitude)}
