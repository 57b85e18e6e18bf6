"""A current that fluctuates at random."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from varesearch.model.stimuli import (
    CURRENT_UNIT,
    CurrentInput,
    CurrentStimulus,
    Surroundings,
    check_at_least,
    check_multiple,
    check_positive,
    quantity,
    ranges,
)
from varesearch.model.stimuli._window import check_window, steps_of
from varesearch.narrowing import int32


@dataclass
class NoisyCurrent(CurrentStimulus):
    """A Gaussian current into every target cell, drawn anew at every interval, on top of i_offset.

    I(t) = i_offset + mean + std x, with x from the standard normal distribution, constant over interval_ms: white noise
    up to about 1 / (2 interval_ms). Halving the interval halves the power at low frequencies. The values are drawn
    with the network, so that all simulators get the same current.
    """

    mean: float = quantity(0.0, CURRENT_UNIT, "mean, in the unit of i_offset")
    std: float = quantity(1.0, CURRENT_UNIT, "standard deviation, in the unit of i_offset")
    interval_ms: float | None = quantity(
        None, "ms", "how long a value holds; null: one step", plausible=ranges.LENGTH_OF_TIME_MS
    )
    each_cell: bool = quantity(True, "", "whether each cell has a current of its own; false: all have the same")
    start_ms: float = quantity(0.0, "ms", "when it begins", plausible=ranges.START_MS)
    duration_ms: float | None = quantity(
        None, "ms", "how long it lasts; null: to the end of the run", plausible=ranges.LENGTH_OF_TIME_MS
    )

    def check(self, around: Surroundings) -> None:
        check_window(self.start_ms, self.duration_ms, around)
        check_at_least("stimulus.std", self.std, 0.0, "")
        if self.interval_ms is not None:
            check_positive("stimulus.interval_ms", self.interval_ms, "ms")
            check_multiple("stimulus.interval_ms", self.interval_ms, around.dt_ms)

    def _steps(self, around: Surroundings) -> tuple[range, int]:
        """The steps at which the current changes, and the one at which it ends."""
        start, stop = steps_of(self.start_ms, self.duration_ms, around)
        return range(start, stop, 1 if self.interval_ms is None else round(self.interval_ms / around.dt_ms)), stop

    def expected_current_values(self, around: Surroundings) -> float:
        cells = sum(around.sizes[target] for target in self.reached(around.sizes))
        return float(len(self._steps(around)[0]) * cells) if self.each_cell else 0.0

    def currents(self, around: Surroundings) -> tuple[CurrentInput, ...]:
        changes, stop = self._steps(around)
        steps = int32(np.arange(changes.start, changes.stop, changes.step), "steps of stimulus=noisy_current")
        common = around.stream("noisy_current", "amplitudes").standard_normal(len(steps))
        inputs = []
        for target in self.reached(around.sizes):
            noise = common
            if self.each_cell:
                rng = around.stream(target, "noisy_current", "amplitudes")
                noise = rng.standard_normal((len(steps), around.sizes[target]))
            inputs.append(CurrentInput(target, steps, self.mean + self.std * noise, stop))
        return tuple(inputs)

    def amplitudes(self) -> Mapping[str, float]:
        return {"stimulus.mean": self.mean, "stimulus.std": self.std}
