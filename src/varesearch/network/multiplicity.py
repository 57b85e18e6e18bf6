"""Sources that fire several times in a step, for simulators whose sources fire at most once in a step."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varesearch.narrowing import int32
from varesearch.network.columns import Repeated
from varesearch.network.model import Network, Projection, SpikeSource


def once_each(network: Network) -> Network:
    """Return a network of equal effect in which every source fires at most once in a step.

    A count is written in binary: a source is replaced by one source for each binary digit k, which fires where that
    digit of the count is 1 and whose synapses have 2**k times the weight. The weights that arrive in a step have the
    same sum, whatever the kind of synapse, since all spikes of one step arrive in one step. Multiplying by a power of
    two is exact in floating point.

    Returns
    -------
    Network
        The network itself if no source fires more than once in a step.

    Examples
    --------
    >>> from varesearch.config.compose import compose
    >>> from varesearch.network import draw
    >>> words = ["connectivity.n=10", "stimulus=background_poisson", "stimulus.rate_hz=3000", "stimulus.targets=[exc]"]
    >>> network = draw(compose(words).config)
    >>> int(network.sources[0].counts.max()), network.sources[0].size, once_each(network).sources[0].size
    (13, 8, 32)
    """
    digits = {source.name: _digits(source) for source in network.sources if source.counts is not None}
    if not digits:
        return network
    sizes = {source.name: source.size for source in network.sources}
    return replace(
        network,
        sources=tuple(_split(source, digits.get(source.name, [])) for source in network.sources),
        projections=tuple(
            _repeated(projection, sizes[projection.pre], digits[projection.pre])
            if projection.pre in digits
            else projection
            for projection in network.projections
        ),
    )


def _digits(source: SpikeSource) -> list[int]:
    """The binary digits that are 1 in at least one count."""
    assert source.counts is not None
    used = int(np.bitwise_or.reduce(source.counts, initial=0))
    return [k for k in range(used.bit_length()) if used >> k & 1] or [0]


def _split(source: SpikeSource, digits: list[int]) -> SpikeSource:
    if source.counts is None:
        return source
    fired = [np.flatnonzero(source.counts >> k & 1) for k in digits]
    rows = np.concatenate([source.sources[it].astype(np.int64) + row * source.size for row, it in enumerate(fired)])
    steps = np.concatenate([source.steps[it] for it in fired])
    order = np.lexsort((rows, steps))
    size = len(digits) * source.size
    return SpikeSource(source.name, size, int32(rows[order], f"sources of {source.name}"), steps[order])


def _repeated(projection: Projection, size: int, digits: list[int]) -> Projection:
    """Connect each row of sources, after ``size`` sources of the row before, with its own multiple of the weights."""
    int32(len(digits) * size, f"sources of {projection.name}")

    def times(name: str, *changes: Callable[[NDArray[Any]], NDArray[Any]]) -> Any:
        column = projection.column(name)
        return Repeated(column, changes, column.dtype)

    same = [_same] * len(digits)
    return replace(
        projection,
        sources=times("sources", *(partial(np.add, row * size) for row in range(len(digits)))),
        targets=times("targets", *same),
        weights=times("weights", *(partial(np.multiply, 2.0**k) for k in digits)),
        delay_steps=times("delay_steps", *same),
    )


def _same(values: NDArray[Any]) -> NDArray[Any]:
    return values
