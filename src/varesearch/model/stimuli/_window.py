"""What stimuli share that act from one time to another."""

from varesearch.model.stimuli import Surroundings, check_at_least, check_multiple, check_positive, refuse


def check_window(start_ms: float, duration_ms: float | None, around: Surroundings) -> None:
    """Raise ConfigurationError for a window that is off the grid of steps or begins after the run."""
    check_at_least("stimulus.start_ms", start_ms, 0.0, "ms")
    check_multiple("stimulus.start_ms", start_ms, around.dt_ms)
    if start_ms >= around.duration_ms:
        refuse(
            "stimulus.start_ms",
            start_ms,
            f"is not within the run; it must be less than simulation.duration_ms={around.duration_ms:g}",
        )
    if duration_ms is not None:
        check_positive("stimulus.duration_ms", duration_ms, "ms")
        check_multiple("stimulus.duration_ms", duration_ms, around.dt_ms)


def steps_of(start_ms: float, duration_ms: float | None, around: Surroundings) -> tuple[int, int]:
    """Return the first step of a window and the first one after it; it ends with the run at the latest."""
    end_ms = around.duration_ms if duration_ms is None else min(start_ms + duration_ms, around.duration_ms)
    return round(start_ms / around.dt_ms), round(end_ms / around.dt_ms)


def length_ms(start_ms: float, duration_ms: float | None, around: Surroundings) -> float:
    """Return how long a window lasts, which ends with the run at the latest."""
    left_ms = around.duration_ms - start_ms
    return left_ms if duration_ms is None else min(duration_ms, left_ms)
