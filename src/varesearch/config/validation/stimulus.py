"""The stimulus: it reaches somebody, within the run, on the grid of time steps."""

from varesearch.config.checks import (
    check_at_least,
    check_delay,
    check_multiple,
    check_names,
    check_number,
    check_positive,
    check_probability,
    check_weight,
    refuse,
    whole_steps,
)
from varesearch.config.schema import Config
from varesearch.config.stimuli import BackgroundPoisson, SpikeList, StepCurrent, ThalamicBurst

POPULATIONS = ("exc", "inh")

_Stimulus = ThalamicBurst | BackgroundPoisson | StepCurrent | SpikeList


def check_stimulus(config: Config) -> None:
    """Raise ConfigurationError for a stimulus that reaches nobody, lies outside the run or is off the grid."""
    stimulus = config.stimulus
    if not isinstance(stimulus, _Stimulus):
        return
    if not stimulus.targets:
        refuse("stimulus.targets", stimulus.targets, "reaches nobody; name exc, inh or both, or write stimulus=none")
    check_names("stimulus.targets", stimulus.targets, POPULATIONS)
    if isinstance(stimulus, SpikeList):
        _check_times(stimulus, config)
    else:
        _check_window(stimulus, config)
    if isinstance(stimulus, ThalamicBurst | BackgroundPoisson):
        _check_rate(stimulus, config.simulation.dt_ms)
    if isinstance(stimulus, ThalamicBurst | SpikeList):
        check_probability("stimulus.p", stimulus.p)
        if stimulus.p == 0:
            refuse("stimulus.p", stimulus.p, "reaches nobody; raise it, or write stimulus=none")
    if isinstance(stimulus, ThalamicBurst):
        check_at_least("stimulus.n_sources", stimulus.n_sources, 1, "sources")
    if not isinstance(stimulus, StepCurrent):
        check_weight("stimulus.weight", stimulus.weight)
        check_delay("stimulus.delay_ms", stimulus.delay_ms, config.simulation.dt_ms)


def _check_window(stimulus: ThalamicBurst | BackgroundPoisson | StepCurrent, config: Config) -> None:
    run = config.simulation
    check_at_least("stimulus.start_ms", stimulus.start_ms, 0.0, "ms")
    check_multiple("stimulus.start_ms", stimulus.start_ms, run.dt_ms)
    if stimulus.start_ms >= run.duration_ms:
        refuse(
            "stimulus.start_ms",
            stimulus.start_ms,
            f"is not within the run; it must be less than simulation.duration_ms={run.duration_ms:g}",
        )
    if stimulus.duration_ms is not None:
        check_positive("stimulus.duration_ms", stimulus.duration_ms, "ms")
        check_multiple("stimulus.duration_ms", stimulus.duration_ms, run.dt_ms)


def _check_rate(stimulus: ThalamicBurst | BackgroundPoisson, dt_ms: float) -> None:
    check_positive("stimulus.rate_hz", stimulus.rate_hz, "Hz; for no input write stimulus=none")
    if stimulus.rate_hz * dt_ms > 1000.0:
        refuse(
            "stimulus.rate_hz",
            stimulus.rate_hz,
            f"is more than one spike in a step of {dt_ms:g} ms; it must be at most {1000.0 / dt_ms:g} Hz",
        )


def _check_times(stimulus: SpikeList, config: Config) -> None:
    run, setting = config.simulation, "stimulus.times_ms"
    if not any(stimulus.times_ms):
        refuse(setting, stimulus.times_ms, "holds no spike; give one list for each source, or write stimulus=none")
    for index, times in enumerate(stimulus.times_ms):
        source = f"{setting}[{index}]"
        before: int | None = None
        for time_ms in times:
            check_number(source, time_ms)
            if not 0 <= time_ms < run.duration_ms:
                refuse(
                    source,
                    time_ms,
                    f"is not within the run; times are from 0 to below simulation.duration_ms={run.duration_ms:g}",
                )
            check_multiple(source, time_ms, run.dt_ms)
            step = whole_steps(time_ms, run.dt_ms)
            assert step is not None
            if before is not None and step <= before:
                refuse(source, times, f"must rise from time to time; {time_ms:g} comes too early, sort the list")
            before = step
