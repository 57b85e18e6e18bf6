"""The drawn network: all that a back end is given.

Times are whole numbers of steps of ``dt_ms``, so that no simulator can round them its own way. Weights are magnitudes
(>= 0); the receptor gives the sign. The time of a spike is the start of the step in which it is fired: a spike of step
k with a delay of n steps acts on its target in step k + n.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from varesearch.config.cell import Cell
from varesearch.config.projection import Receptor
from varesearch.config.stimulus import CurrentInput
from varesearch.config.synapse_type import SynapseType
from varesearch.network.hashing import content_hash


@dataclass(frozen=True)
class Population:
    """Cells of one model.

    Attributes
    ----------
    name, size
        Its name, and the number of cells.
    cell
        The settings of its cells, which hold the parameters that are the same for all.
    initial
        State variable -> its values at time 0, float64 of shape (size,): ``v`` in mV and, for Izhikevich cells, ``u``
        in mV/ms.
    positions_mm
        Positions on the sheet in mm, of shape (size, 2), if the wiring depends on distance; else None.
    parameters
        Parameter of the cell -> its value in each cell, float64 of shape (size,): those that are not the same for all.
        They take the place of the cell's own.
    """

    name: str
    size: int
    cell: Cell
    initial: dict[str, NDArray[np.float64]]
    positions_mm: NDArray[np.float64] | None = None
    parameters: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)


@dataclass(frozen=True)
class SpikeSource:
    """Sources whose spikes are given.

    Attributes
    ----------
    name, size
        Its name, and the number of sources.
    sources, steps
        Source ``sources[k]`` fires in step ``steps[k]``: int32 of shape (entries,), sorted by step, then source. No
        pair of source and step occurs twice.
    counts
        How often it fires in that step, at least once: unsigned integers of shape (entries,); None: once each.
    """

    name: str
    size: int
    sources: NDArray[np.int32]
    steps: NDArray[np.int32]
    counts: NDArray[np.unsignedinteger] | None = None

    @property
    def n_spikes(self) -> int:
        """Number of spikes."""
        return len(self.steps) if self.counts is None else int(self.counts.sum(dtype=np.int64))


@dataclass(frozen=True)
class Projection:
    """Synapses from ``pre`` (a population or a spike source) to ``post`` (a population).

    Attributes
    ----------
    name, pre, post
        Its name, and the names of where it comes from and goes to.
    receptor
        ``"excitatory"`` or ``"inhibitory"``.
    sources, targets
        The cells that each synapse connects, int32 of shape (synapses,), sorted by source, then target.
    weights
        float64 of shape (synapses,), not negative, in the unit of the target's cell (see
        :mod:`varesearch.config.settings`).
    delay_steps
        int32 of shape (synapses,), at least 1.
    synapse
        How the weights change, all settings filled in; None: they never do.
    """

    name: str
    pre: str
    post: str
    receptor: Receptor
    sources: NDArray[np.int32]
    targets: NDArray[np.int32]
    weights: NDArray[np.float64]
    delay_steps: NDArray[np.int32]
    synapse: SynapseType | None = None

    @property
    def size(self) -> int:
        """Number of synapses."""
        return len(self.sources)


@dataclass(frozen=True)
class Network:
    """Everything that a simulator is given.

    Attributes
    ----------
    dt_ms, n_steps
        The time step in ms, and the number of steps.
    seed
        The seed that the arrays were drawn from; it is not part of the hash.
    populations, sources, projections, currents
        The parts of the network.
    native_wiring
        None for a drawn network. Otherwise the simulator draws the recurrent projections, which have no synapses here;
        this text (rule, settings and seed) stands for them in the hash.
    """

    dt_ms: float
    n_steps: int
    seed: int
    populations: tuple[Population, ...]
    sources: tuple[SpikeSource, ...]
    projections: tuple[Projection, ...]
    currents: tuple[CurrentInput, ...]
    native_wiring: str | None = None

    @property
    def duration_ms(self) -> float:
        """Simulated time in ms."""
        return self.n_steps * self.dt_ms

    @property
    def n_cells(self) -> int:
        """Number of cells, spike sources not counted."""
        return sum(population.size for population in self.populations)

    @property
    def n_synapses(self) -> int:
        """Number of synapses, those of the stimulus included."""
        return sum(projection.size for projection in self.projections)

    def population(self, name: str) -> Population:
        """The population of that name. Raises KeyError."""
        for population in self.populations:
            if population.name == name:
                return population
        raise KeyError(name)

    def source(self, name: str) -> SpikeSource:
        """The spike source of that name. Raises KeyError."""
        for source in self.sources:
            if source.name == name:
                return source
        raise KeyError(name)

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the content: equal networks, and only those, have equal hashes.

        The integrator is left out, for it says how the model is solved, not what it is.
        """
        return content_hash(self)
