"""Values for synapses and cells, and delays as whole steps."""

import numpy as np
from numpy.typing import NDArray

from varesearch.config.streams import stream
from varesearch.config.values import Value
from varesearch.narrowing import int32


def draw_values(value: Value, purpose: str, seed: int, owner: str, size: int) -> NDArray[np.float64]:
    """``size`` draws of ``value`` from the stream of (owner, purpose); the purpose is the setting's name."""
    return value.draw(stream(seed, owner, purpose), size)


def delay_steps(delays_ms: NDArray[np.float64], dt_ms: float) -> NDArray[np.int32]:
    """Delays (ms) rounded to whole steps, at least one: no simulator delivers a spike in the step that fires it."""
    return int32(np.maximum(np.rint(delays_ms / dt_ms), 1), "delays in steps")
