"""Values for synapses and cells from a number or a distribution, and delays as whole steps."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from varesearch.config.distributions import parse_distribution
from varesearch.narrowing import int32
from varesearch.network.streams import stream


def draw_values(value: Any, setting: str, seed: int, owner: str, size: int) -> NDArray[np.float64]:
    """``size`` values of what ``setting`` says, from the stream of (owner, last word of the setting)."""
    purpose = setting.rpartition(".")[2]
    return parse_distribution(value, setting).draw(stream(seed, owner, purpose), size)


def delay_steps(delays_ms: NDArray[np.float64], dt_ms: float) -> NDArray[np.int32]:
    """Delays (ms) rounded to whole steps, at least one: no simulator delivers a spike in the step that fires it."""
    return int32(np.maximum(np.rint(delays_ms / dt_ms), 1), "delays in steps")
