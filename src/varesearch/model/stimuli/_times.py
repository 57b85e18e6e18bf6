"""What stimuli share that are given by times."""

from collections.abc import Sequence

from varesearch.model.stimuli import Surroundings, check_multiple, check_number, refuse, whole_steps


def check_times(setting: str, times: Sequence[float], around: Surroundings) -> None:
    """Raise ConfigurationError unless the times lie within the run, on the grid of steps, and rise."""
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
