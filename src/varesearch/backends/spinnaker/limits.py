"""The longest delay that SpiNNaker delivers.

A core keeps the input of the coming steps in a ring of 2^14 slots in all, shared by its cells (their number rounded up
to a power of two) and its two receptors. Spikes with a longer delay wait on a delay-extension core for whole rounds of
the ring. sPyNNaker 7.4.1 writes the synapses of a list that have to wait more than one round into rows of the wrong
stride (``synapse_io.get_synapses`` steps by the cells on a core of the target, the delay core by those of the source):
they are lost, or reach another cell, without a message. Up to two rounds every synapse is correct.
"""

from collections.abc import Callable

import numpy as np

from varesearch.backends.check import or_another_backend
from varesearch.backends.delays import drawn_delays, setting_of
from varesearch.backends.spinnaker.fixed_point import check_fixed_point
from varesearch.config.cell import Cell, Synapse
from varesearch.config.errors import ConfigurationError
from varesearch.config.heterogeneity import check_extreme_cells
from varesearch.config.schema import Config
from varesearch.config.stimulus import CurrentInput
from varesearch.network.model import Network, Projection

RING_BITS = 14
"""``MAX_RING_BUFFER_BITS`` of sPyNNaker."""

CELLS_PER_CORE = 256
"""sPyNNaker's own limit for the cells of this project."""

_RECEPTOR_BITS = 1

CORE_BYTES = 60 * 1024
"""What a core has for all of this, of its 64 kB of fast memory."""
_CELL_BYTES = 30
_OTHER_BYTES = 12 * 1024

SYNAPSES_IN_ROW = 256
"""The most synapses of one source onto the cells of one core, as sPyNNaker's table of rows can count them."""


def ring_steps(size: int, neurons_per_core: int | None) -> int:
    """Return the number of steps in the ring of inputs of a core with cells of a population of this size."""
    return _ring_steps(min(size, neurons_per_core or CELLS_PER_CORE))


def longest_delay_steps(size: int, neurons_per_core: int | None) -> int:
    """Return the longest delay, in steps, onto a population of ``size`` cells for which a list is exact."""
    return 2 * ring_steps(size, neurons_per_core)


def check_settings(config: Config, neurons_per_core: int | None) -> None:
    """Raise ConfigurationError for synapses that would be lost without a message.

    These are synapses in a list whose delays can be drawn too long, and alpha currents with dt / tau_syn² of 1 or more
    (in ms), which the machine stores as a fraction below 1: with tau_syn = dt = 1 ms no current flows at all.
    """
    check_fixed_point(config)
    check_extreme_cells(config, lambda _population, cell: _check_alpha(cell, config.simulation.dt_ms))
    sizes = config.structure.sizes
    for delays in drawn_delays(config):
        if delays.recurrent and config.connectivity.draw == "native":
            continue  # drawn on the machine, without a list
        limit = longest_delay_steps(sizes[delays.post], neurons_per_core)
        if delays.can_exceed(limit):
            raise ConfigurationError(_message(str(delays), delays.can_exceed, limit, delays.dt_ms))


def _check_alpha(cell: Cell, dt_ms: float) -> None:
    if cell.synapse is not Synapse.ALPHA:
        return
    for name in ("tau_syn_E", "tau_syn_I"):
        tau_ms = getattr(cell, name)
        if tau_ms**2 <= dt_ms:
            raise ConfigurationError(
                f"cell.{name}={tau_ms:g} ms is too short: SpiNNaker would deliver no alpha current; it must be "
                f"above {dt_ms**0.5:.6g} ms with simulation.dt_ms={dt_ms:g}; use a longer time constant or a "
                f"shorter step{or_another_backend(type(cell), instead_of='spinnaker')}"
            )


def check_delays(network: Network, config: Config, neurons_per_core: int | None) -> None:
    """Raise ConfigurationError if a drawn synapse has a delay that would be lost."""
    for projection in network.projections:
        if not projection.size:
            continue
        longest = projection.longest_delay
        limit = longest_delay_steps(network.population(projection.post).size, neurons_per_core)
        if longest > limit:
            drawn = f"{setting_of(projection, config)} has drawn {longest * network.dt_ms:g} ms, which is"
            raise ConfigurationError(
                _message(drawn, lambda steps, longest=longest: longest > steps, limit, network.dt_ms)
            )


def check_rows(network: Network, neurons_per_core: int | None) -> None:
    """Raise ConfigurationError if a source has more synapses onto the cells of a core than one row can hold.

    No rule without repeated pairs of cells comes that far, since a core has at most as many cells as a row synapses.
    """
    for projection in network.projections:
        size = network.population(projection.post).size
        per_core = min(size, neurons_per_core or CELLS_PER_CORE)
        longest = _longest_row(projection, size, per_core)
        if longest > SYNAPSES_IN_ROW:
            fewer = [2**bits for bits in range(7, -1, -1) if 2**bits < per_core]
            fits = next((n for n in fewer if _longest_row(projection, size, n) <= SYNAPSES_IN_ROW), None)
            advice = f", or set backend.neurons_per_core={fits}" if fits else ""
            raise ConfigurationError(
                f"projection {projection.name}: a cell of {projection.pre} has {longest} synapses onto {per_core} "
                f"cells of {projection.post}, those of one core, and SpiNNaker can store {SYNAPSES_IN_ROW}; give "
                f"pairs of cells fewer repeated synapses{advice}"
            )


def _longest_row(projection: Projection, size: int, per_core: int) -> int:
    """Return the most synapses that a row holds; those that wait on a delay-extension core have rows of their own."""
    if not projection.size:
        return 0
    blocks, steps = -(-size // per_core), _ring_steps(per_core)
    counts = {False: np.zeros(0, dtype=np.int64), True: np.zeros(0, dtype=np.int64)}
    for part in projection.parts():
        rows = part.sources.astype(np.int64) * blocks + part.targets // per_core
        late = part.delay_steps > steps
        for waits, found in ((False, rows[~late]), (True, rows[late])):
            more = np.bincount(found, minlength=len(counts[waits]))
            more[: len(counts[waits])] += counts[waits]
            counts[waits] = more
    return max(int(each.max(initial=0)) for each in counts.values())


def check_currents(network: Network, neurons_per_core: int | None) -> None:
    """Raise ConfigurationError for currents whose values do not fit into the memory of a core.

    A core keeps the steps and values of its current sources beside its cells and their ring of inputs. If they do not
    fit it stops without a reason; the bound was measured on the software board.
    """
    for population in network.populations:
        currents = [each for each in network.currents if each.target == population.name and not each.is_step]
        if not currents:
            continue
        delays = [p.longest_delay for p in network.projections if p.post == population.name and p.size]
        longest = max(delays, default=1)

        def need(cells: int, currents: list[CurrentInput] = currents, longest: int = longest) -> int:
            ring = 4 * 2 ** (_bits(cells) + min(longest, _ring_steps(cells)).bit_length())
            values = sum(8 * (len(each.steps) + 1) * (cells if each.amplitudes.ndim == 2 else 1) for each in currents)
            return values + min(ring, 2 * 2**RING_BITS) + _CELL_BYTES * cells + _OTHER_BYTES

        cells = min(population.size, neurons_per_core or CELLS_PER_CORE)
        if need(cells) <= CORE_BYTES:
            continue
        values = sum(len(each.steps) for each in currents)
        fewer = next((2**bits for bits in range(8, -1, -1) if 2**bits < cells and need(2**bits) <= CORE_BYTES), None)
        advice = f", or set backend.neurons_per_core={fewer}" if fewer is not None else ""
        each_of = "each of " if any(each.amplitudes.ndim == 2 for each in currents) else ""
        raise ConfigurationError(
            f"current into {population.name}: {values} values for {each_of}{cells} cells on a core need "
            f"{need(cells) / 1024:.0f} kB, but a core of SpiNNaker has {CORE_BYTES / 1024:.0f}; shorten the current or "
            f"let each value last longer{advice}"
        )


def _bits(cells: int) -> int:
    return max(cells - 1, 1).bit_length()


def _ring_steps(cells: int) -> int:
    return 2 ** (RING_BITS - _RECEPTOR_BITS - _bits(cells))


def _message(what: str, can_exceed: Callable[[int], bool], limit: int, dt_ms: float) -> str:
    fewer = next((2**bits for bits in range(8, 0, -1) if not can_exceed(2 * _ring_steps(2**bits))), None)
    advice = f" or set backend.neurons_per_core={fewer}" if fewer is not None else ""
    return (
        f"{what} longer than SpiNNaker can deliver: at most {limit * dt_ms:g} ms ({limit} steps) with this many cells "
        f"on a core; shorten it (high: {limit * dt_ms:g} in a distribution){advice}"
    )
