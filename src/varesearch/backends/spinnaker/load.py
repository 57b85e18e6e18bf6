"""How much the cores have to do in the first steps, known before anything is loaded.

The start of a run is where a network overloads its cores: with v drawn over a wide range hundreds of cells fire in the
same step, each of their spikes is a packet that makes every core of its targets fetch a row, and what is not done
within a tick is late or lost. Until the shortest delay has passed no spike can have arrived, so the spikes of
these steps follow from the drawn state alone. Later volleys depend on the dynamics, and are left to the run's own
provenance.

The costs are estimates: the software board's cost model, fitted to the shipped binaries over 995 ticks of the seed
network (``docs/software-board.md``), not a measurement of hardware. For that network's first step they give
773 k cycles, and the board then counts 732 k.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from varesearch.backends.spinnaker.limits import CELLS_PER_CORE
from varesearch.backends.spinnaker.translation import pynn_description
from varesearch.backends.table import context_of
from varesearch.config.schema import RecordingConfig
from varesearch.model.alone import Alone
from varesearch.model.simulators import Steps
from varesearch.network.estimate import sampled
from varesearch.network.model import Network, Population

CYCLES_PER_MS = 200_000
"""A core's clock is 200 MHz."""

CELL_CYCLES = 255
"""To update a cell once, v recorded."""

PACKET_CYCLES = 670
"""To take a packet, find its row and fetch it, however short the row is."""

SYNAPSE_CYCLES = 72
"""To add one synapse of a row to the ring of inputs."""


@dataclass(frozen=True)
class StartLoad:
    """The busiest of the first steps: ``spikes`` of all cells in it, and clock ``cycles`` of the busiest core."""

    spikes: int
    cycles: float

    def factor(self, dt_ms: float) -> int:
        """Return the smallest whole time scale factor at which the busiest step fits into a tick."""
        return max(1, math.ceil(self.cycles / (CYCLES_PER_MS * dt_ms)))


def start_load(network: Network, neurons_per_core: int | None) -> StartLoad:
    """Return the load of the busiest step before the shortest delay has passed.

    Only the first step is looked at if the machine draws the wiring.
    """
    delays = [projection.shortest_delay for projection in network.projections if projection.size]
    steps = 1 if network.native_wiring is not None else min(delays, default=1)
    fired = {p.name: first_spikes(p, network, steps) for p in network.populations}
    loads = []
    for step in range(min(steps, network.n_steps)):
        now = {name: spikes[step] for name, spikes in fired.items()}
        spikes = sum(int(cells.sum()) for cells in now.values())
        for source in network.sources:
            now[source.name] = np.isin(np.arange(source.size), source.sources[source.steps == step])
        cycles = max(_busiest(network, population, now, neurons_per_core) for population in network.populations)
        loads.append(StartLoad(spikes, cycles))
    return max(loads, key=lambda load: load.cycles)


def first_spikes(population: Population, network: Network, steps: int) -> NDArray[np.bool_]:
    """Return which cells fire in each of the first ``steps``, before any spike arrives: shape (steps, size).

    Computed by the cell's step for this scheme, in float64; no cell is expected to fire if its module gives none.
    """
    cell = population.cell
    fired = np.zeros((steps, population.size), dtype=bool)
    on_machine = pynn_description(type(cell))
    in_floats = [each.steps for each in cell.simulators.values() if isinstance(each, Steps)]
    names = () if on_machine is None else on_machine.integrators
    same = [steps[name] for steps in in_floats for name in names if name in steps]
    if not same:
        return fired
    alone = Alone(cell, population.parameters, same[0], population.initial, network.dt_ms)
    for step in range(steps):
        current = context_of(population, network.dt_ms).parameter("i_offset")
        for each in network.currents:
            if each.target == population.name:
                current = current + each.at(np.array([step]))[0]
        fired[step] = alone.step(current)
    return fired


def cores_of(network: Network, neurons_per_core: int | None) -> int:
    """Return the least number of cores for the cells and sources; long delays may need more."""
    per_core = neurons_per_core or CELLS_PER_CORE
    sizes = [part.size for part in (*network.populations, *network.sources)]
    return sum(-(-size // per_core) for size in sizes)


def sdram_mb(network: Network, recording: RecordingConfig) -> float:
    """Return the memory for synapses and recordings in MB, at four bytes for each synapse and sample."""
    every = 1 if recording.interval_ms is None else round(recording.interval_ms / network.dt_ms)
    populations = {p.name: (p.size, type(p.cell)) for p in network.populations}
    _, values = sampled(recording, populations, network.n_steps // every)
    return 4e-6 * (network.n_synapses + values)


def _busiest(
    network: Network, population: Population, fired: dict[str, NDArray[np.bool_]], neurons_per_core: int | None
) -> float:
    """Return the clock cycles of the busiest core that holds cells of ``population``."""
    per_core = neurons_per_core or CELLS_PER_CORE
    cells = np.bincount(np.arange(population.size) // per_core)
    cycles = cells * float(CELL_CYCLES)
    for pre in {projection.pre for projection in network.projections if projection.post == population.name}:
        cycles += PACKET_CYCLES * int(fired[pre].sum())
    for projection in network.projections:
        if projection.post == population.name and projection.size:
            for part in projection.parts():
                reached = part.targets[fired[projection.pre][part.sources]]
                cycles += SYNAPSE_CYCLES * np.bincount(reached // per_core, minlength=len(cells))
    return float(cycles.max())
