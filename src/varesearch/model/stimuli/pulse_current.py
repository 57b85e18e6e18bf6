"""Short pulses of current."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from varesearch.model.stimuli import (
    CURRENT_UNIT,
    CurrentInput,
    CurrentStimulus,
    Surroundings,
    check_multiple,
    check_positive,
    quantity,
    ranges,
    refuse,
)
from varesearch.model.stimuli._times import check_times


@dataclass
class PulseCurrent(CurrentStimulus):
    """Pulses of one amplitude and width into every target cell, on top of i_offset.

    I(t) = i_offset + amplitude for starts_ms[k] <= t < starts_ms[k] + width_ms.
    """

    amplitude: float = quantity(10.0, CURRENT_UNIT, "current of a pulse, in the unit of i_offset")
    starts_ms: list[float] = field(
        default_factory=lambda: [200.0, 400.0, 600.0], metadata={"unit": "ms", "what": "when the pulses begin"}
    )
    width_ms: float = quantity(5.0, "ms", "length of a pulse", plausible=ranges.LENGTH_OF_TIME_MS)

    def check(self, around: Surroundings) -> None:
        if not self.starts_ms:
            refuse("stimulus.starts_ms", self.starts_ms, "names no pulse; give their times, or write stimulus=none")
        check_times("stimulus.starts_ms", self.starts_ms, around)
        check_positive("stimulus.width_ms", self.width_ms, "ms")
        check_multiple("stimulus.width_ms", self.width_ms, around.dt_ms)
        for before, after in zip(self.starts_ms, self.starts_ms[1:], strict=False):
            if round((after - before) / around.dt_ms) < round(self.width_ms / around.dt_ms):
                refuse(
                    "stimulus.width_ms",
                    self.width_ms,
                    f"is longer than from the pulse at {before:g} ms to that at {after:g} ms; shorten it",
                )

    def currents(self, around: Surroundings) -> tuple[CurrentInput, ...]:
        begins = np.rint(np.asarray(self.starts_ms) / around.dt_ms)
        ends = begins + round(self.width_ms / around.dt_ms)
        steps = np.union1d(begins, ends[:-1]).astype(np.int32)
        amplitudes = np.where(np.isin(steps, begins), self.amplitude, 0.0)
        stop = min(int(ends[-1]), round(around.duration_ms / around.dt_ms))
        return tuple(CurrentInput(target, steps, amplitudes, stop) for target in self.reached(around.sizes))

    def amplitudes(self) -> Mapping[str, float]:
        return {"stimulus.amplitude": self.amplitude}
