"""PyNN classes for Brian2: a cell type for each scheme, and a projection that takes whole arrays.

What PyNN still does in this back end: it is the interface that the project writes its back ends against wherever
PyNN has one, so that a population, a projection and a cell type are PyNN's objects, with PyNN's labels, ids and checks
(a receptor type that the target lacks, for example); its ``setup`` makes the network and its ``state`` holds it. What
PyNN does not do: the equations and the integration step come from the cell's module, since PyNN's cell types leave the
integrator to Brian2; synapses, recording and current steps are handed to Brian2 as whole arrays, since PyNN's
projection connects column by column and writes synapse by synapse, which takes most of a run's time.

All objects are named explicitly, since Brian2 finds compiled code by its text, which contains the names.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import brian2
import numpy as np
from numpy.typing import NDArray
from pyNN import brian2 as sim
from pyNN.common import Projection as CommonProjection
from pyNN.connectors import Connector
from pyNN.models import BaseCellType, BaseSynapseType

from varesearch.backends.brian2.learning import LearningSynapses
from varesearch.backends.brian2.schemes import Scheme
from varesearch.config.synapse_type import SynapseType
from varesearch.network.model import Part, Projection


def _network() -> Any:
    """Return PyNN's Brian2 network with its clock (as Any: PyNN adds the clock to a class that has none)."""
    return sim.simulator.state.network


class Group(brian2.NeuronGroup):
    """Cells of one population, stepped by their scheme's map."""

    def __init__(self, n: int, celltype: "CellType", parameters: Mapping[str, NDArray[Any]]) -> None:
        scheme, dt_ms = celltype.scheme, celltype.dt_ms
        # What all cells of a population share is a number in the code's namespace, which is faster than an array.
        # Integers stay integers: Cython does not compile the assignment of a float to an integer variable.
        values = {name: array[0].item() for name, array in parameters.items()} | dict(celltype.varying)
        namespace = values | scheme.constants(values, dt_ms)
        arrays = {name: value for name, value in namespace.items() if np.ndim(value)}
        model = [f"{variable} : 1" for variable in scheme.state]
        model += [f"{name} : {_kind(array)} (constant)" for name, array in arrays.items()]
        model += ["free_from : integer"] if "held_steps" in values else []
        drive, currents = "i_offset", {}
        if celltype.current is not None:
            drive = "(i_offset + i_step(t))" if celltype.current.ndim == 1 else "(i_offset + i_step(t, i))"
            currents = {
                "i_step": brian2.TimedArray(celltype.current, dt=dt_ms * brian2.ms, name=f"{celltype.name}_step")
            }
        super().__init__(
            n,
            model="\n".join(model),
            # 64 bits, like the clock's step counter, since tau_refrac may be longer than 2**31 steps.
            dtype={"free_from": np.int64, "held_steps": np.int64},
            threshold=scheme.step.threshold,
            reset=scheme.step.reset,
            namespace={name: value for name, value in namespace.items() if name not in arrays} | currents,
            clock=_network().clock,
            name=celltype.name,
        )
        self.run_regularly(
            _unindented(scheme.update.format(drive=drive)), when=scheme.when, name=f"{celltype.name}_update"
        )
        for variable, value in (arrays | scheme.starts(values, dt_ms)).items():
            setattr(self, variable, value)


class CellType(BaseCellType):
    """A PyNN cell type for one population: its scheme, its parameters, and the currents into it, if any.

    The parameters that differ between cells are arrays in ``varying``; PyNN is given the others.

    ``current`` (steps,) or (steps, cells): the sum of the currents at each time step, in the unit of ``i_offset``.
    """

    receptor_types: ClassVar[list[str]] = ["excitatory", "inhibitory"]
    eqs = None  # PyNN passes it on to brian2_model, which takes the scheme instead

    def __init__(
        self,
        name: str,
        scheme: Scheme,
        parameters: Mapping[str, Any],
        dt_ms: float,
        current: NDArray[np.float64] | None,
    ) -> None:
        self.name, self.scheme, self.dt_ms, self.current = name, scheme, dt_ms, current
        self.default_parameters = {name: value for name, value in parameters.items() if not np.ndim(value)}
        self.varying = {name: value for name, value in parameters.items() if np.ndim(value)}
        self.recordable = ["spikes", *scheme.state]
        super().__init__()

    def brian2_model(self, n: int, _eqs: None, **parameters: NDArray[Any]) -> Group:
        """Return the Brian2 group of a population of ``n`` cells; called by PyNN."""
        return Group(n, self, parameters)


class GivenSpikes(BaseCellType):
    """A PyNN cell type whose cell ``sources[k]`` fires in step ``steps[k]``, on the network's clock."""

    receptor_types: ClassVar[list[str]] = []
    recordable: ClassVar[list[str]] = ["spikes"]
    injectable = False
    eqs = None

    def __init__(self, name: str, sources: NDArray[np.int32], steps: NDArray[Any]) -> None:
        self.name, self.sources, self.steps = name, sources, steps
        super().__init__()

    def brian2_model(self, n: int, _eqs: None) -> brian2.SpikeGeneratorGroup:
        """Return the Brian2 group of ``n`` sources; called by PyNN."""
        clock = _network().clock
        return brian2.SpikeGeneratorGroup(
            n, self.sources, self.steps * clock.dt, sorted=True, clock=clock, name=self.name
        )


class Synapse(BaseSynapseType):
    """A static synapse; its weights and delays come with the :class:`Explicit` connector."""

    default_parameters: ClassVar[dict[str, float]] = {"weight": 0.0, "delay": 0.0}


class Explicit(Connector):
    """The synapses of a projection of the network.

    ``weights`` and ``delay_steps`` translate those of some synapses. The arrays of all synapses are made while they are
    connected, and not kept, since PyNN's projection keeps its connector and Brian2 has its own copy.
    """

    def __init__(
        self,
        projection: Projection,
        weights: Callable[[Part], NDArray[np.float64]],
        delay_steps: Callable[[Part], NDArray[Any]],
    ) -> None:
        super().__init__(safe=False)
        self._projection, self._weights, self._delay_steps = projection, weights, delay_steps
        self.size = projection.size
        self.one_weight, self.one_delay = self._one(weights), self._one(delay_steps)

    def _one(self, translated: Callable[[Part], NDArray[Any]]) -> Any:
        """Return the value that all synapses share; None if there is none."""
        found = None
        for part in self._projection.parts():
            values = translated(part)
            found = values[0].item() if found is None else found
            if (values != found).any():
                return None
        return found

    def _all(self, translated: Callable[[Part], NDArray[Any]]) -> NDArray[np.float64]:
        values, first = np.empty(self.size), 0
        for part in self._projection.parts():
            values[first : first + len(part.sources)] = translated(part)
            first += len(part.sources)
        return values

    @property
    def pairs(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Sources and targets."""
        return self._projection.sources, self._projection.targets

    @property
    def weights(self) -> NDArray[np.float64]:
        """The translated weights."""
        return self._all(self._weights)

    @property
    def delay_steps(self) -> NDArray[np.float64]:
        """The translated delays."""
        return self._all(self._delay_steps)

    def connect(self, projection: "ExplicitProjection") -> None:
        """Connect all synapses at once, and assign what differs from synapse to synapse as arrays."""
        synapses, (sources, targets) = projection.synapses, self.pairs
        synapses.connect(i=sources, j=targets)
        del sources, targets
        synapses.w_syn = self.weights if self.one_weight is None else self.one_weight
        if self.one_delay is None:
            synapses.delay = self.delay_steps * _network().clock.dt


class ExplicitProjection(sim.Projection):
    """A PyNN projection whose connector is :class:`Explicit`.

    A weight or delay that all synapses share is kept as one number, which Brian2 steps faster and in less memory.
    """

    def __init__(self, pre: Any, post: Any, connector: Explicit, receptor: str, name: str) -> None:
        CommonProjection.__init__(self, pre, post, connector, Synapse(), receptor_type=receptor, label=name)
        clock = _network().clock
        self.synapses = brian2.Synapses(
            pre.brian2_group,
            post.brian2_group,
            # w may be a variable of a cell
            model="w_syn : 1" if connector.one_weight is None else "w_syn : 1 (shared)",
            on_pre=post.celltype.scheme.arrivals[receptor],
            delay=None if connector.one_delay is None else int(connector.one_delay) * clock.dt,
            clock=clock,
            namespace={},
            name=name,
        )
        # PyNN's Projection has no public way to set them. ``size()``, ``get()`` and ``save()`` of it read them.
        self._brian2_synapses = {0: {0: self.synapses}}
        self._n_connections = connector.size
        connector.connect(self)
        _network().add(self.synapses)


class LearningProjection(sim.Projection):
    """A PyNN projection whose synapses learn; see :mod:`varesearch.backends.brian2.learning`.

    ``connector`` holds the weights in our unit, ``unit`` is what Brian2's weight of a synapse of weight 1 is, and
    ``drawn_steps`` the delay in our steps.
    """

    def __init__(
        self,
        pre: Any,
        post: Any,
        connector: Explicit,
        receptor: str,
        name: str,
        synapse: SynapseType,
        unit: Any,
        drawn_steps: NDArray[Any],
    ) -> None:
        CommonProjection.__init__(self, pre, post, connector, Synapse(), receptor_type=receptor, label=name)
        scheme, clock = post.celltype.scheme, _network().clock
        self.synapses = LearningSynapses(
            pre.brian2_group, post.brian2_group, synapse, scheme.arrivals[receptor], post.celltype.dt_ms, clock, name
        )
        self._brian2_synapses = {0: {0: self.synapses}}
        self._n_connections = connector.size
        self.synapses.connect_all(connector.pairs, connector.weights, unit, connector.delay_steps, drawn_steps)
        _network().add(self.synapses)


def _unindented(code: str) -> str:
    return "\n".join(line.strip() for line in code.splitlines() if line.strip())


def _kind(array: NDArray[Any]) -> str:
    """Return Brian2's word for the type of a variable without a unit."""
    return "integer" if np.issubdtype(array.dtype, np.integer) else "1"
