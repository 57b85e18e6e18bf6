"""Poisson sources on the grid of time steps."""

import numpy as np
from numpy.typing import NDArray

from varesearch.model.stimuli import Source, Surroundings, bernoulli_indices, check_positive, refuse
from varesearch.narrowing import int32


def check_rate(rate_hz: float, dt_ms: float) -> None:
    """Raise ConfigurationError for a rate that is not positive, or too high for the time step."""
    check_positive("stimulus.rate_hz", rate_hz, "Hz; for no input write stimulus=none")
    if rate_hz * dt_ms > 1000.0:
        refuse(
            "stimulus.rate_hz",
            rate_hz,
            f"is more than one spike in a step of {dt_ms:g} ms; it must be at most {1000.0 / dt_ms:g} Hz",
        )


def poisson_spikes(
    source: Source, rate_hz: float, window: tuple[int, int], around: Surroundings
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Draw spikes in the steps of ``window``: in each a source fires with probability rate x dt.

    The rate is exact; a second spike in one step, which simulators on a grid merge or refuse, does not occur.
    """
    start, stop = window
    p = rate_hz * around.dt_ms / 1000.0
    fired = bernoulli_indices((stop - start) * source.size, p, around.stream(source.name, "spikes"))
    steps, sources = np.divmod(fired, source.size)
    return int32(sources, f"sources of {source.name}"), int32(steps + start, f"steps of {source.name}")
