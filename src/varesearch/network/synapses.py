"""Values for synapses and cells, and delays as whole steps."""

import numpy as np
from numpy.typing import NDArray

from varesearch.config.checks import MOST_DELAY_STEPS
from varesearch.config.errors import ConfigurationError
from varesearch.config.projection import ProjectionSettings
from varesearch.config.streams import stream
from varesearch.config.values import Value
from varesearch.narrowing import int32


def draw_values(value: Value, purpose: str, seed: int, owner: str, size: int) -> NDArray[np.float64]:
    """Draw a value for each of ``size`` cells or synapses.

    Parameters
    ----------
    value
        The number or the distribution.
    purpose
        The name of the setting, such as ``"delay_ms"``.
    seed
        The seed of the run.
    owner
        The population or projection that the values are for; with ``purpose`` it names the random stream.
    size
        Number of values.
    """
    return value.draw(stream(seed, owner, purpose), size)


def check_delays(projection: ProjectionSettings, delays_ms: NDArray[np.float64], dt_ms: float) -> None:
    """Raise ConfigurationError if one of the delays that a rule brings is shorter than a step, or far too long."""
    if not delays_ms.size:
        return
    shortest, longest, most_ms = float(delays_ms.min()), float(delays_ms.max()), MOST_DELAY_STEPS * dt_ms
    if shortest < (1.0 - 1e-9) * dt_ms:
        wrong, allowed = shortest, f"at least one step, simulation.dt_ms={dt_ms:g}"
    elif longest > most_ms:
        wrong, allowed = longest, f"at most {MOST_DELAY_STEPS} steps ({most_ms:g} ms)"
    else:
        return
    raise ConfigurationError(
        f"projection {projection.name}: its list of synapses has a delay of {wrong:g} ms; it must be {allowed}"
    )


def delay_steps(delays_ms: NDArray[np.float64], dt_ms: float) -> NDArray[np.int32]:
    """Round delays in ms to whole steps, at least one: no simulator delivers a spike in the step that fires it.

    Examples
    --------
    >>> delay_steps(np.array([0.2, 2.04, 2.06]), dt_ms=0.1)
    array([ 2, 20, 21], dtype=int32)
    """
    return int32(np.maximum(np.rint(delays_ms / dt_ms), 1), "delays in steps")
