"""The drawn network: all that a back end is given.

Times are whole numbers of steps of ``dt_ms``, so that no simulator can round them its own way. Weights are magnitudes
(>= 0); the receptor gives the sign. The time of a spike is the start of the step in which it is fired: a spike of step
k with a delay of n steps acts on its target in step k + n.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from varesearch.config.cell import Cell
from varesearch.config.projection import PART, Receptor
from varesearch.config.stimulus import CurrentInput
from varesearch.config.synapse_type import SynapseType
from varesearch.network.columns import Column, Given
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


T = TypeVar("T", bound=np.generic)


class Values(Generic[T]):
    """A field of :class:`Projection`: given an array or a column, it keeps a column, and it reads as an array."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, projection: "Projection | None", owner: type) -> NDArray[T]:
        if projection is None:
            raise AttributeError(self._name)  # which tells dataclass that the field has no default
        return projection.column(self._name).whole()

    def __set__(self, projection: "Projection", values: NDArray[T] | Column) -> None:
        projection.__dict__[self._name] = values if isinstance(values, Column) else Given(np.asarray(values))


@dataclass(frozen=True)
class Part:
    """Some synapses of a projection, one after another; the arrays are those of :class:`Projection`."""

    sources: NDArray[np.int32]
    targets: NDArray[np.int32]
    weights: NDArray[np.float64]
    delay_steps: NDArray[np.int32]


@dataclass(frozen=True)
class Projection:
    """Synapses from ``pre`` (a population or a spike source) to ``post`` (a population).

    The values of the synapses are given as arrays. Those of a drawn projection are kept as columns
    (:mod:`varesearch.network.columns`), which take less memory: each time that one of the four is asked for, an array
    of all synapses is made. Where these may be many, :meth:`parts` is the way to see them all.

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
    sources: Values[np.int32] = Values()
    targets: Values[np.int32] = Values()
    weights: Values[np.float64] = Values()
    delay_steps: Values[np.int32] = Values()
    synapse: SynapseType | None = None

    def column(self, name: str) -> Column:
        """Return ``sources``, ``targets``, ``weights`` or ``delay_steps`` as it is kept."""
        return self.__dict__[name]

    @property
    def size(self) -> int:
        """Number of synapses."""
        return len(self.column("sources"))

    def parts(self, length: int = PART) -> Iterator[Part]:
        """Yield the synapses, ``length`` of them at a time."""
        columns = (self.column(name).parts(length) for name in SYNAPSES)
        return (Part(*arrays) for arrays in zip(*columns, strict=True))

    @property
    def shortest_delay(self) -> int:
        """The shortest delay in steps; there must be a synapse."""
        return self.column("delay_steps").bounds()[0]

    @property
    def longest_delay(self) -> int:
        """The longest delay in steps; there must be a synapse."""
        return self.column("delay_steps").bounds()[1]

    @property
    def nbytes(self) -> int:
        """The memory that its columns keep."""
        return sum(self.column(name).nbytes for name in SYNAPSES)

    def forget(self) -> None:
        """Free the memory of what can be drawn again; asked for once more, it is."""
        for name in SYNAPSES:
            self.column(name).forget()


SYNAPSES = ("sources", "targets", "weights", "delay_steps")
"""The values of a synapse, in the order of the hash and of a file."""


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

    def forget_synapses(self) -> None:
        """Free the memory of synapses that can be drawn again, once a simulator has a copy of its own."""
        for projection in self.projections:
            projection.forget()

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the content: equal networks, and only those, have equal hashes.

        The integrator is left out, for it says how the model is solved, not what it is.
        """
        return content_hash(self)
