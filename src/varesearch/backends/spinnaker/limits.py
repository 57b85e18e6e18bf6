"""The longest delay that arrives.

A core keeps the input of the coming steps in a ring of 2^14 slots in all, shared by its cells (their number rounded up
to a power of two) and its two receptors. Spikes with a longer delay wait on a delay-extension core for whole rounds of
the ring. sPyNNaker 7.4.1 writes the synapses of a list that have to wait more than one round into rows of the wrong
stride (``synapse_io.get_synapses`` steps by the cells on a core of the target, the delay core by those of the source):
they are lost, or reach another cell, without a word. Up to two rounds every synapse is where it belongs.
"""

from varesearch.config.errors import ConfigurationError
from varesearch.network.model import Network

RING_BITS = 14
"""``MAX_RING_BUFFER_BITS`` of sPyNNaker."""

CELLS_PER_CORE = 256
"""sPyNNaker's own limit for the cells of this project."""

_RECEPTOR_BITS = 1


def longest_delay_steps(size: int, neurons_per_core: int | None) -> int:
    """The longest delay, in steps, onto a population of ``size`` cells for which a list is exact."""
    return 2 * _ring_steps(min(size, neurons_per_core or CELLS_PER_CORE))


def check_delays(network: Network, neurons_per_core: int | None) -> None:
    """Raise ConfigurationError if a drawn synapse has a delay that would be lost."""
    for projection in network.projections:
        if not projection.size:
            continue
        longest = int(projection.delay_steps.max())
        limit = longest_delay_steps(network.population(projection.post).size, neurons_per_core)
        if longest > limit:
            raise ConfigurationError(_message(projection.name, longest, limit, network.dt_ms))


def _ring_steps(cells: int) -> int:
    return 2 ** (RING_BITS - _RECEPTOR_BITS - max(cells - 1, 1).bit_length())


def _message(name: str, longest: int, limit: int, dt_ms: float) -> str:
    fewer = next((2**bits for bits in range(8, 0, -1) if 2 * _ring_steps(2**bits) >= longest), None)
    advice = f" or set backend.neurons_per_core={fewer}" if fewer is not None else ""
    return (
        f"connectivity.delay_ms: {name} has a delay of {longest * dt_ms:g} ms, and SpiNNaker delivers up to "
        f"{limit * dt_ms:g} ms ({limit} steps) with this many cells on a core; shorten it{advice}"
    )
