"""What drives the network from outside."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from omegaconf import MISSING

from varesearch.config import ranges
from varesearch.config.settings import CURRENT_UNIT, WEIGHT_UNIT, Settings, drawn, quantity
from varesearch.config.values import ValueSetting


def _targets() -> Any:
    return field(default_factory=lambda: ["exc", "inh"], metadata={"unit": "", "what": "populations it reaches"})


@dataclass
class StimulusConfig(Settings):
    """What all stimuli share."""

    where: ClassVar[str] = "stimulus"

    kind: str = MISSING


@dataclass
class NoStimulus(StimulusConfig):
    """Nothing from outside."""

    kind: str = "none"


@dataclass
class ThalamicBurst(StimulusConfig):
    """A few Poisson sources, each connected to every target cell with probability p, for a short time (the seed's)."""

    kind: str = "thalamic_burst"
    targets: list[str] = _targets()
    n_sources: int = quantity(20, "sources", "number of Poisson sources", hard=ranges.COUNT_OF_SOURCES)
    rate_hz: float = quantity(100.0, "Hz", "rate of each source", sense=ranges.RATE_HZ)
    start_ms: float = quantity(0.0, "ms", "first time of the burst", sense=ranges.START_MS)
    duration_ms: float = quantity(50.0, "ms", "length of the burst", sense=ranges.LENGTH_OF_TIME_MS)
    p: float = quantity(0.01, "", "probability that a source reaches a cell")
    weight: ValueSetting = drawn("${cell.weight_stimulus}", WEIGHT_UNIT, "weight: a number or a distribution")
    delay_ms: ValueSetting = drawn(
        "${connectivity.delay_ms}", "ms", "delay: a number or a distribution", sense=ranges.DELAY_MS
    )


@dataclass
class BackgroundPoisson(StimulusConfig):
    """A Poisson source of its own for every target cell, sustained."""

    kind: str = "background_poisson"
    targets: list[str] = _targets()
    rate_hz: float = quantity(100.0, "Hz", "rate of each source", sense=ranges.RATE_HZ)
    start_ms: float = quantity(0.0, "ms", "when it begins", sense=ranges.START_MS)
    duration_ms: float | None = quantity(
        None, "ms", "how long it lasts; null: to the end of the run", sense=ranges.LENGTH_OF_TIME_MS
    )
    weight: ValueSetting = drawn("${cell.weight_stimulus}", WEIGHT_UNIT, "weight: a number or a distribution")
    delay_ms: ValueSetting = drawn(
        "${connectivity.delay_ms}", "ms", "delay: a number or a distribution", sense=ranges.DELAY_MS
    )


@dataclass
class StepCurrent(StimulusConfig):
    """A constant current into every target cell for a time, on top of i_offset."""

    kind: str = "step_current"
    targets: list[str] = _targets()
    amplitude: float = quantity(1.0, CURRENT_UNIT, "current: mV/ms for Izhikevich cells, nA for the others")
    start_ms: float = quantity(200.0, "ms", "when it begins", sense=ranges.START_MS)
    duration_ms: float = quantity(100.0, "ms", "how long it lasts", sense=ranges.LENGTH_OF_TIME_MS)


@dataclass
class SpikeList(StimulusConfig):
    """Explicit spike times, one list for each source; each source reaches every target cell with probability p."""

    kind: str = "spike_list"
    targets: list[str] = _targets()
    times_ms: list[list[float]] = field(
        default_factory=lambda: [[10.0, 20.0, 30.0]],
        metadata={"unit": "ms", "what": "spike times, one list for each source"},
    )
    p: float = quantity(1.0, "", "probability that a source reaches a cell")
    weight: ValueSetting = drawn("${cell.weight_stimulus}", WEIGHT_UNIT, "weight: a number or a distribution")
    delay_ms: ValueSetting = drawn(
        "${connectivity.delay_ms}", "ms", "delay: a number or a distribution", sense=ranges.DELAY_MS
    )


STIMULI: tuple[type[StimulusConfig], ...] = (NoStimulus, ThalamicBurst, BackgroundPoisson, StepCurrent, SpikeList)
