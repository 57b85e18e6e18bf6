"""The synapses of a projection: the pairs that a rule has drawn, their weights, and their delays in whole steps."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from varesearch.config.checks import MOST_DELAY_STEPS
from varesearch.config.errors import ConfigurationError
from varesearch.config.projection import PART, Pairs, ProjectionSettings, Rows, Synapses, index_type
from varesearch.config.schema import Config
from varesearch.config.streams import stream
from varesearch.config.values import Constant, Value
from varesearch.model.pairs import no_pairs
from varesearch.narrowing import int32
from varesearch.network.columns import Column, Drawn, Given, Kept, Parts, Same, Sorted, compact
from varesearch.network.model import Projection

Travel = Callable[[ProjectionSettings, Pairs], NDArray[np.float64] | float]
"""What the distance adds to the delays in ms, for some of the pairs of a projection."""


def no_travel(_projection: ProjectionSettings, _pairs: Pairs) -> float:
    """Add nothing to any delay."""
    return 0.0


def projection_of(
    config: Config,
    settings: ProjectionSettings,
    connect: Callable[[], Pairs | Synapses | Rows],
    travel_ms: Travel = no_travel,
) -> Projection:
    """Return the projection whose pairs ``connect`` draws; weights and delays that it does not bring are drawn.

    Parameters
    ----------
    config
        The configuration, for its seed and its time step.
    settings
        The settings of the projection.
    connect
        Draws the pairs, or all synapses. Pairs that come as :class:`~varesearch.config.projection.Rows` are drawn once
        more if somebody asks for them after a simulator has taken them.
    travel_ms
        What the distance adds to the delays.
    """
    pairs = connect()
    synapses = pairs if isinstance(pairs, Synapses) else None
    if synapses is not None and synapses.delays_ms is not None:
        check_delays(settings, synapses.delays_ms, config.simulation.dt_ms)
    sources, targets = _pair_columns(pairs, settings, connect)
    size = len(sources)
    weights: Column = _weights(config, settings, size)
    if synapses is not None and synapses.weights is not None:
        weights = compact(synapses.weights)
    return Projection(
        name=settings.name,
        pre=settings.pre,
        post=settings.post,
        receptor=settings.receptor,
        sources=sources,
        targets=targets,
        weights=weights,
        delay_steps=_delays(config, settings, synapses, sources, targets, travel_ms),
        synapse=settings.synapse,
    )


def _pair_columns(
    pairs: Pairs | Synapses | Rows, settings: ProjectionSettings, connect: Callable[[], Any]
) -> tuple[Column, Column]:
    if isinstance(pairs, Rows):
        return Sorted(pairs.out_degrees), Kept(pairs.targets, np.int32, again=lambda: connect().targets)
    sources, targets = (pairs.sources, pairs.targets) if isinstance(pairs, Synapses) else pairs
    if (sources[1:] < sources[:-1]).any() or sources.dtype != np.int32:
        return Given(sources), Given(targets)
    out_degrees = np.bincount(sources, minlength=settings.pre_size).astype(np.int32)
    return Sorted(out_degrees), Kept(targets.astype(index_type(settings.post_size)), targets.dtype)


def _weights(config: Config, settings: ProjectionSettings, size: int) -> Column:
    value: Value = settings["weight"]
    if isinstance(value, Constant):
        return Same(value.number, size, np.float64)
    return Drawn(size, np.float64, lambda length: _drawn(config, settings, "weight", size, length))


def _drawn(config: Config, settings: ProjectionSettings, setting: str, size: int, length: int) -> Parts:
    return settings[setting].draw_in_parts(lambda: stream(config.seed, settings.name, setting), size, length)


def _delays(
    config: Config,
    settings: ProjectionSettings,
    synapses: Synapses | None,
    sources: Column,
    targets: Column,
    travel_ms: Travel,
) -> Column:
    size, dt_ms, value = len(sources), config.simulation.dt_ms, settings["delay_ms"]
    if synapses is not None and synapses.delays_ms is not None:
        return compact(delay_steps(synapses.delays_ms, dt_ms))
    for_all = travel_ms(settings, no_pairs())
    if isinstance(value, Constant) and np.ndim(for_all) == 0:
        return Same(int(delay_steps(value.number + for_all, dt_ms)), size, np.int32)

    def steps() -> NDArray[Any]:
        found = np.empty(size, dtype=np.int16)
        first = 0
        own = _drawn(config, settings, "delay_ms", size, PART)
        for pre, post, delays_ms in zip(sources.parts(), targets.parts(), own, strict=True):
            part = delay_steps(delays_ms + travel_ms(settings, (pre, post)), dt_ms)
            if part.max() > np.iinfo(found.dtype).max:
                found = found.astype(np.int32)
            found[first : first + len(part)] = part
            first += len(part)
        return found

    found = steps()
    one = Given(found).one
    return Kept(found, np.int32, again=steps) if one is None else Same(one, size, np.int32)


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


def delay_steps(delays_ms: ArrayLike, dt_ms: float) -> NDArray[np.int32]:
    """Round delays in ms to whole steps, at least one: no simulator delivers a spike in the step that fires it.

    Examples
    --------
    >>> delay_steps(np.array([0.2, 2.04, 2.06]), dt_ms=0.1)
    array([ 2, 20, 21], dtype=int32)
    """
    return int32(np.maximum(np.rint(np.divide(delays_ms, dt_ms)), 1), "delays in steps")
