"""The stimulus as drawn spike sources, their projections, and current steps."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varesearch.config.schema import Config
from varesearch.config.stimuli import BackgroundPoisson, SpikeList, StepCurrent, ThalamicBurst
from varesearch.narrowing import int32
from varesearch.network.connectors import Pairs, bernoulli_indices, fixed_probability, fixed_probability_by_target
from varesearch.network.model import CurrentStep, Projection, SpikeSource
from varesearch.network.streams import shares_streams, stream
from varesearch.network.synapses import delay_steps, draw_values


@dataclass(frozen=True)
class DrawnStimulus:
    """What the stimulus adds to the network."""

    sources: tuple[SpikeSource, ...] = ()
    projections: tuple[Projection, ...] = ()
    currents: tuple[CurrentStep, ...] = ()


def draw_stimulus(config: Config, sizes: dict[str, int]) -> DrawnStimulus:
    """Draw ``config.stimulus`` onto populations of these ``sizes``."""
    stimulus = config.stimulus
    if isinstance(stimulus, ThalamicBurst):
        return _thalamic_burst(config, stimulus, sizes)
    if isinstance(stimulus, BackgroundPoisson):
        return _background(config, stimulus, sizes)
    if isinstance(stimulus, SpikeList):
        return _spike_list(config, stimulus, sizes)
    if isinstance(stimulus, StepCurrent):
        return _step_current(config, stimulus)
    return DrawnStimulus()


def _thalamic_burst(config: Config, stimulus: ThalamicBurst, sizes: dict[str, int]) -> DrawnStimulus:
    source = _poisson(config, "thalamus", stimulus.n_sources, stimulus.rate_hz, stimulus.start_ms, stimulus.duration_ms)
    return DrawnStimulus((source,), _at_random(config, stimulus, source, sizes))


def _spike_list(config: Config, stimulus: SpikeList, sizes: dict[str, int]) -> DrawnStimulus:
    counts = [len(times) for times in stimulus.times_ms]
    sources = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    steps = np.rint(np.concatenate([np.asarray(times) for times in stimulus.times_ms]) / config.simulation.dt_ms)
    order = np.lexsort((sources, steps))
    source = SpikeSource("input", len(counts), sources[order], int32(steps[order], "stimulus.times_ms in steps"))
    return DrawnStimulus((source,), _at_random(config, stimulus, source, sizes))


def _background(config: Config, stimulus: BackgroundPoisson, sizes: dict[str, int]) -> DrawnStimulus:
    sources, projections = [], []
    for target in stimulus.targets:
        n = sizes[target]
        source = _poisson(config, f"background_{target}", n, stimulus.rate_hz, stimulus.start_ms, stimulus.duration_ms)
        one_to_one = np.arange(n, dtype=np.int32)
        sources.append(source)
        projections.append(_projection(config, stimulus, source, target, (one_to_one, one_to_one)))
    return DrawnStimulus(tuple(sources), tuple(projections))


def _step_current(config: Config, stimulus: StepCurrent) -> DrawnStimulus:
    dt_ms = config.simulation.dt_ms
    start = round(stimulus.start_ms / dt_ms)
    n_steps = round(config.simulation.duration_ms / dt_ms)
    stop = min(start + round(stimulus.duration_ms / dt_ms), n_steps)
    return DrawnStimulus(
        currents=tuple(CurrentStep(target, stimulus.amplitude, start, stop) for target in stimulus.targets)
    )


def _poisson(
    config: Config, name: str, size: int, rate_hz: float, start_ms: float, duration_ms: float | None
) -> SpikeSource:
    """Poisson sources on the time grid: in each step a source fires with probability rate x dt.

    The rate is exact; a second spike in one step, which simulators on a grid merge or refuse, does not occur.
    """
    dt_ms = config.simulation.dt_ms
    start = round(start_ms / dt_ms)
    end_ms = config.simulation.duration_ms
    stop = round((end_ms if duration_ms is None else min(start_ms + duration_ms, end_ms)) / dt_ms)
    fired = bernoulli_indices((stop - start) * size, rate_hz * dt_ms / 1000.0, stream(config.seed, name, "spikes"))
    steps, sources = np.divmod(fired, size)
    return SpikeSource(name, size, int32(sources, f"sources of {name}"), int32(steps + start, f"steps of {name}"))


def _at_random(
    config: Config, stimulus: ThalamicBurst | SpikeList, source: SpikeSource, sizes: dict[str, int]
) -> tuple[Projection, ...]:
    """One projection to each target, each pair with the stimulus's probability."""

    def pairs(target: str) -> Pairs:
        if shares_streams(config):  # one connector for all targets: PyNN draws from a copy of its generator each time
            rule, owner = fixed_probability_by_target, source.name
        else:
            rule, owner = fixed_probability, f"{source.name}_to_{target}"
        return rule(source.size, sizes[target], stimulus.p, False, stream(config.seed, owner, "pairs"))

    return tuple(_projection(config, stimulus, source, target, pairs(target)) for target in stimulus.targets)


def _projection(config: Config, stimulus: Any, source: SpikeSource, target: str, pairs: Pairs) -> Projection:
    """Excitatory synapses with the stimulus's weight and delay."""
    name = f"{source.name}_to_{target}"
    sources, targets = pairs

    def values(setting: str) -> NDArray[np.float64]:
        return draw_values(getattr(stimulus, setting), setting, config.seed, name, len(sources))

    return Projection(
        name=name,
        pre=source.name,
        post=target,
        receptor="excitatory",
        sources=sources,
        targets=targets,
        weights=values("weight"),
        delay_steps=delay_steps(values("delay_ms"), config.simulation.dt_ms),
    )
