"""NIR, the Neuromorphic Intermediate Representation (Pedersen et al. 2024, Nat. Commun. 15:8122).

A graph of linear, time-continuous nodes: spikes go through a matrix of weights and a delay to a leaky integrator, which
is the synaptic current of a receptor, and from there to leaky integrate-and-fire cells. Only cells that are built of
these can be said. Times are in ms, potentials in mV, currents in nA, resistances in MΩ; the graph's metadata says so.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from varesearch.config.cell import Synapse
from varesearch.export.format import Format, Grade, Graded, grade_changes
from varesearch.network.model import Network, Population, Projection

UNITS = {"time": "ms", "potential": "mV", "current": "nA", "resistance": "MOhm"}

MOST_DELAYS = 32
"""Of one projection: each delay is a matrix of weights of its own."""
MOST_BYTES = 2e9
"""NIR's matrices are dense."""

_STAGES = {Synapse.CURRENT: 1, Synapse.ALPHA: 2, Synapse.VOLTAGE_STEP: 0}
"""Kind of synapse -> how many leaky integrators lie between the weights and the cells."""
_RECEPTORS = {"excitatory": "tau_syn_E", "inhibitory": "tau_syn_I"}
_NEEDS = ("v_rest", "v_reset", "v_thresh", "tau_m", "cm", "i_offset")


class Nir(Format):
    """The graph in network.nir, and the spikes of the sources beside it."""

    libraries: ClassVar[tuple[str, ...]] = ("nir",)

    def grade(self, network: Network) -> Sequence[Graded]:
        graded = [Graded("populations", Grade.FAITHFUL, "a node LIF and a node Output for each")]
        for population in network.populations:
            graded.append(self._grade_cells(population))
            refractory = _values(population, "tau_refrac") if hasattr(population.cell, "tau_refrac") else np.zeros(1)
            if refractory.any():
                how = "metadata of the node; NIR's equations have no refractory period (cell.tau_refrac=0 needs none)"
                graded.append(Graded(f"refractory period of {population.name}", Grade.APPROXIMATE, how))
        graded.append(Graded("initial state", Grade.APPROXIMATE, "initial_state.npz; NIR has none"))
        graded.append(Graded("synapses and weights", Grade.FAITHFUL, "Linear nodes; repeated pairs are summed"))
        graded.append(self._grade_delays(network))
        graded += grade_changes(network)
        need = sum(8.0 * _delays(each).size * _cells_in(network, each) for each in network.projections)
        if need > MOST_BYTES:
            how = f"its dense matrices would take {need / 1e9:.1f} GB, more than {MOST_BYTES / 1e9:g}"
            graded.append(Graded("size", Grade.REFUSED, how))
        if network.sources:
            how = "a node Input for each group, and the spikes in input_spikes.npz, since NIR holds no data"
            graded.append(Graded("input spikes", Grade.APPROXIMATE, how))
        graded += [
            Graded(f"current into {each.target}", Grade.REFUSED, "NIR has no current sources")
            for each in network.currents
        ]
        graded.append(Graded("time step and duration", Grade.APPROXIMATE, "metadata of the graph; NIR has none"))
        return graded

    @staticmethod
    def _grade_cells(population: Population) -> Graded:
        cell, what = population.cell, f"cells of {population.name}"
        stages = _STAGES.get(cell.synapse)
        if stages is None or not all(hasattr(cell, name) for name in _NEEDS) or set(cell.variables) != {"v"}:
            how = f"NIR has no node for {cell.model}; it has leaky integrate-and-fire cells with current synapses"
            return Graded(what, Grade.REFUSED, how)
        kinds = ("steps of v", "a node LI for each receptor", "two nodes LI for each receptor")
        return Graded(what, Grade.FAITHFUL, f"LIF, with {kinds[stages]}; i_offset is part of v_leak")

    @staticmethod
    def _grade_delays(network: Network) -> Graded:
        most = max(network.projections, key=lambda each: _delays(each).size, default=None)
        if most is not None and _delays(most).size > MOST_DELAYS:
            how = f"{most.name} has {_delays(most).size} different ones, and each needs a matrix; at most {MOST_DELAYS}"
            return Graded("delays", Grade.REFUSED, how)
        return Graded("delays", Grade.FAITHFUL, "a node Delay behind each matrix, in ms")

    def write(self, network: Network, folder: Path) -> None:
        import nir

        nodes: dict[str, Any] = {}
        edges: list[tuple[str, str]] = []
        for source in network.sources:
            nodes[source.name] = nir.Input(input_type={"input": np.array([source.size])})
        for population in network.populations:
            _add_cells(nodes, edges, population)
        for projection in network.projections:
            _add_synapses(nodes, edges, network, projection)
        metadata = {"dt_ms": network.dt_ms, "duration_ms": network.duration_ms, "network": network.hash}
        graph = nir.NIRGraph(nodes, edges, metadata={**metadata, **UNITS}, type_check=False)
        nir.write(str(folder / "network.nir"), graph)
        initial = {
            f"{each.name}.{name}": values for each in network.populations for name, values in each.initial.items()
        }
        np.savez_compressed(folder / "initial_state.npz", **initial)  # type: ignore[arg-type]
        if network.sources:
            np.savez_compressed(folder / "input_spikes.npz", **_spikes(network))  # type: ignore[arg-type]


def _values(population: Population, name: str) -> NDArray[np.float64]:
    """A parameter of each cell."""
    own = population.parameters.get(name)
    return np.full(population.size, getattr(population.cell, name), dtype=np.float64) if own is None else own


def _delays(projection: Projection) -> NDArray[np.int32]:
    return np.unique(projection.delay_steps)


def _cells_in(network: Network, projection: Projection) -> int:
    """Entries of a matrix of a projection."""
    sizes = {each.name: each.size for each in (*network.populations, *network.sources)}
    return sizes[projection.pre] * sizes[projection.post]


def _add_cells(nodes: dict[str, Any], edges: list[tuple[str, str]], population: Population) -> None:
    """Add the cells, and the synaptic currents of both receptors."""
    import nir

    name, cell = population.name, population.cell
    tau_m, stages = _values(population, "tau_m"), _STAGES[cell.synapse]
    resistance = tau_m / _values(population, "cm")
    metadata = {"cell": cell.model}
    if hasattr(cell, "tau_refrac"):
        metadata["tau_refrac_ms"] = _values(population, "tau_refrac").tolist()  # type: ignore[assignment]
    nodes[name] = nir.LIF(
        tau=tau_m,
        # A spike of weight 1 is an impulse: with r = tau it steps v by 1 mV.
        r=resistance if stages else tau_m,
        v_leak=_values(population, "v_rest") + resistance * _values(population, "i_offset"),
        v_threshold=_values(population, "v_thresh"),
        v_reset=_values(population, "v_reset"),
        metadata=metadata,
    )
    nodes[f"{name}_output"] = nir.Output(output_type={"output": np.array([population.size])})
    edges.append((name, f"{name}_output"))
    for receptor, tau_name in _RECEPTORS.items():
        into = name
        for stage in reversed(range(stages)):
            tau = _values(population, tau_name)
            # An impulse of weight 1 becomes a current that decays from 1 nA; or, by two, one that has its peak of 1 nA.
            scale = tau if stages == 1 else (tau * math.e if stage == 0 else np.ones_like(tau))
            nodes[f"{name}_{receptor}_{stage}"] = nir.LI(tau=tau, r=scale, v_leak=np.zeros_like(tau))
            edges.append((f"{name}_{receptor}_{stage}", into))
            into = f"{name}_{receptor}_{stage}"


def _add_synapses(
    nodes: dict[str, Any], edges: list[tuple[str, str]], network: Network, projection: Projection
) -> None:
    """Add a matrix and a delay for each delay of a projection; inhibitory weights are negative."""
    import nir

    sizes = {each.name: each.size for each in (*network.populations, *network.sources)}
    n_pre, n_post = sizes[projection.pre], sizes[projection.post]
    stages = _STAGES[network.population(projection.post).cell.synapse]
    into = f"{projection.post}_{projection.receptor}_0" if stages else projection.post
    sign = -1.0 if projection.receptor == "inhibitory" else 1.0
    for steps in _delays(projection).tolist():
        here = projection.delay_steps == steps
        weights = np.zeros((n_post, n_pre))
        np.add.at(weights, (projection.targets[here], projection.sources[here]), sign * projection.weights[here])
        linear, delay = f"{projection.name}_weights_{steps}", f"{projection.name}_delay_{steps}"
        nodes[linear] = nir.Linear(weight=weights)
        nodes[delay] = nir.Delay(delay=np.full(n_post, steps * network.dt_ms))
        edges += [(projection.pre, linear), (linear, delay), (delay, into)]


def _spikes(network: Network) -> dict[str, NDArray[Any]]:
    """Times in ms and ids of the spikes of each source; a source that fires n times in a step has n of them."""
    arrays: dict[str, NDArray[Any]] = {}
    for source in network.sources:
        counts = np.ones(len(source.steps), dtype=np.int64) if source.counts is None else source.counts
        arrays[f"{source.name}.times_ms"] = np.repeat(source.steps * network.dt_ms, counts)
        arrays[f"{source.name}.ids"] = np.repeat(source.sources, counts)
    return arrays
