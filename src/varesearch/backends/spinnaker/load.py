"""How much the cores have to do in the first steps, known before anything is loaded.

The start of a run is where a network overloads its cores: with v drawn over a wide range hundreds of cells fire in the
same step, each of their spikes is a packet that makes every core of its targets fetch a row, and what is not done
within a tick is late or lost. Until the shortest delay has passed no cell can have heard of another, so the spikes of
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
from varesearch.config.schema import RecordingConfig
from varesearch.model.cells.if_cond_exp import IfCondExp
from varesearch.model.cells.if_curr_alpha import IfCurrAlpha
from varesearch.model.cells.if_curr_delta import IfCurrDelta
from varesearch.model.cells.if_curr_exp import IfCurrExp
from varesearch.model.cells.izhikevich import Izhikevich
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
    """The fullest tick of the first steps: ``spikes`` of all cells in that step, ``cycles`` of the busiest core."""

    spikes: int
    cycles: float

    def factor(self, dt_ms: float) -> int:
        """The smallest whole time scale factor at which that tick has room."""
        return max(1, math.ceil(self.cycles / (CYCLES_PER_MS * dt_ms)))


def start_load(network: Network, neurons_per_core: int | None) -> StartLoad:
    """The fullest of the steps before the shortest delay has passed (one step if the machine draws the wiring)."""
    delays = [int(projection.delay_steps.min()) for projection in network.projections if projection.size]
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
    """Which cells fire in each of the first ``steps``, none having heard of another: shape (steps, size)."""
    cell = population.cell
    v = population.initial["v"].copy()
    fired = np.zeros((steps, population.size), dtype=bool)
    u = population.initial["u"].copy() if isinstance(cell, Izhikevich) else np.zeros_like(v)
    h = np.full_like(v, network.dt_ms)
    resting = np.zeros(population.size)
    for step in range(steps):
        current = np.full_like(v, getattr(cell, "i_offset"))  # noqa: B009 (a field of every cell, not of their base)
        for one in network.currents:
            if one.target == population.name and one.start_step <= step < one.stop_step:
                current += one.amplitude
        if isinstance(cell, Izhikevich):
            v, u = _midpoint(cell, v, u, current, h)
            fired[step] = v >= 30.0
            v[fired[step]] = cell.c
            u[fired[step]] += cell.d
            h = np.where(fired[step], 1.85, 1.0) * network.dt_ms
            continue
        assert isinstance(cell, IfCondExp | IfCurrExp | IfCurrAlpha | IfCurrDelta)
        end = cell.v_rest + current * cell.tau_m / cell.cm
        free = resting <= 0.0
        v = np.where(free, end + (v - end) * np.exp(-network.dt_ms / cell.tau_m), v)
        resting -= network.dt_ms
        fired[step] = free & (v >= cell.v_thresh)
        v[fired[step]] = cell.v_reset
        resting[fired[step]] = cell.tau_refrac
    return fired


def cores_of(network: Network, neurons_per_core: int | None) -> int:
    """Cores that the cells and sources take, at least: long delays may need more."""
    per_core = neurons_per_core or CELLS_PER_CORE
    sizes = [part.size for part in (*network.populations, *network.sources)]
    return sum(-(-size // per_core) for size in sizes)


def sdram_mb(network: Network, recording: RecordingConfig) -> float:
    """Memory for synapses and recordings, four bytes each."""
    every = 1 if recording.interval_ms is None else round(recording.interval_ms / network.dt_ms)
    cells = sum(min(p.size, recording.cells or p.size) for p in network.populations)
    samples = network.n_steps // every * cells * len(recording.signals)
    return 4e-6 * (network.n_synapses + samples)


def _midpoint(
    cell: Izhikevich, v: NDArray[np.float64], u: NDArray[np.float64], i: NDArray[np.float64], h: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """One step of sPyNNaker's scheme (Hopkins and Furber 2015, doi 10.1162/NECO_a_00772) in floats."""
    p = i + 140.0 - u
    eta = v + 0.5 * h * ((0.04 * v + 5.0) * v + p)
    beta = 0.5 * h * cell.a * (cell.b * v - u)
    return v + h * (p - beta + (0.04 * eta + 5.0) * eta), u + h * cell.a * (cell.b * eta - u - beta)


def _busiest(
    network: Network, population: Population, fired: dict[str, NDArray[np.bool_]], neurons_per_core: int | None
) -> float:
    """Cycles of the busiest core that holds cells of ``population``."""
    per_core = neurons_per_core or CELLS_PER_CORE
    cells = np.bincount(np.arange(population.size) // per_core)
    cycles = cells * float(CELL_CYCLES)
    for pre in {projection.pre for projection in network.projections if projection.post == population.name}:
        cycles += PACKET_CYCLES * int(fired[pre].sum())
    for projection in network.projections:
        if projection.post == population.name and projection.size:
            reached = projection.targets[fired[projection.pre][projection.sources]]
            cycles += SYNAPSE_CYCLES * np.bincount(reached // per_core, minlength=len(cells))
    return float(cycles.max())
