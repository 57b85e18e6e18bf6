"""SONATA (Dai et al. 2020, PLoS Comput. Biol. 16:e1007696): nodes and edges in HDF5, types in CSV, settings in JSON.

Nodes are point neurons of NEST's models where NEST has the same equations, in NEST's units; edges have their weights in
the unit and with the sign that these models take (``syn_weight``), and once more as magnitudes in varesearch's unit
(``weight``), so that ``connectivity=from_file`` reads them back.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from varesearch.config.cell import Cell
from varesearch.export.format import Format, Grade, Graded, grade_changes
from varesearch.network.model import CurrentInput, Network, Population, Projection

_LIF = {"v_rest": "E_L", "v_reset": "V_reset", "v_thresh": "V_th", "tau_m": "tau_m", "tau_refrac": "t_ref"}
_SYNAPTIC = {"tau_syn_E": "tau_syn_ex", "tau_syn_I": "tau_syn_in"}
_REVERSAL = {"e_rev_E": "E_ex", "e_rev_I": "E_in"}
_PER_NANO = 1000.0
"""nF in pF, nA in pA, µS in nS."""


@dataclass(frozen=True)
class _Template:
    """A model of NEST: its parameters by ours, our parameters that are a thousandfold, and the scale of weights."""

    model: str
    names: Mapping[str, str]
    thousandfold: Mapping[str, str]
    weight: float


_CURRENT = {"cm": "C_m", "i_offset": "I_e"}
_TEMPLATES = {
    "if_curr_exp": _Template("iaf_psc_exp", _LIF | _SYNAPTIC, _CURRENT, _PER_NANO),
    "if_curr_alpha": _Template("iaf_psc_alpha", _LIF | _SYNAPTIC, _CURRENT, _PER_NANO),
    "if_curr_delta": _Template("iaf_psc_delta", _LIF, _CURRENT, 1.0),
    "if_cond_exp": _Template("iaf_cond_exp", _LIF | _SYNAPTIC | _REVERSAL, _CURRENT, _PER_NANO),
    "if_cond_alpha": _Template("iaf_cond_alpha", _LIF | _SYNAPTIC | _REVERSAL, _CURRENT, _PER_NANO),
    "izhikevich_delta": _Template("izhikevich", {"a": "a", "b": "b", "c": "c", "d": "d", "i_offset": "I_e"}, {}, 1.0),
}
_STATES = {"v": "V_m", "u": "U_m"}


class Sonata(Format):
    """Nodes, edges, input spikes and configurations of SONATA."""

    libraries: ClassVar[tuple[str, ...]] = ("h5py", "libsonata")

    def grade(self, network: Network) -> Sequence[Graded]:
        graded = [
            Graded("populations", Grade.FAITHFUL, "nodes.h5"),
            Graded("synapses", Grade.FAITHFUL, "edges.h5; a repeated pair is several edges"),
            Graded("weights", Grade.FAITHFUL, "syn_weight in the unit and with the sign of the model; weight as here"),
            Graded("delays", Grade.FAITHFUL, "delay, in ms, from the step of a spike to the step in which it acts"),
        ]
        graded += grade_changes(network)
        for population in network.populations:
            template = _TEMPLATES.get(population.cell.model)
            if template is None:
                how = f"varesearch:{population.cell.model}, a template that other programs do not know"
            else:
                how = f"nest:{template.model}, in NEST's units"
            grade = Grade.APPROXIMATE if template is None else Grade.FAITHFUL
            graded.append(Graded(f"cells of {population.name}", grade, how))
            if template is not None and population.parameters:
                names = ", ".join(population.parameters)
                graded.append(Graded(f"{names} of each cell of {population.name}", Grade.FAITHFUL, "dynamics_params"))
        graded.append(
            Graded("initial state", Grade.APPROXIMATE, "dynamics_params of each node; some readers ignore them")
        )
        if any(population.positions_mm is not None for population in network.populations):
            graded.append(Graded("positions", Grade.FAITHFUL, "x and y of each node, in µm"))
        if network.sources:
            graded.append(Graded("input spikes", Grade.FAITHFUL, "virtual nodes, and their spikes in inputs.h5"))
        graded += [self._grade_current(network, current) for current in network.currents]
        graded += [
            Graded("time step and duration", Grade.FAITHFUL, "run of simulation_config.json"),
            Graded("scheme of the time step", Grade.APPROXIMATE, "left to the simulator that reads the files"),
        ]
        return graded

    @staticmethod
    def _grade_current(network: Network, current: CurrentInput) -> Graded:
        what = f"current into {current.target}"
        if current.amplitudes.ndim > 1:
            return Graded(what, Grade.REFUSED, "SONATA's current clamps are the same for all cells of a population")
        if network.population(current.target).cell.unit_of("i_offset") != "nA":
            return Graded(what, Grade.REFUSED, "SONATA's current clamps are in nA, and these cells have no capacitance")
        return Graded(what, Grade.FAITHFUL, "a current_clamp for each constant part")

    def write(self, network: Network, folder: Path) -> None:
        import h5py
        import libsonata

        (folder / "components").mkdir()
        with h5py.File(folder / "nodes.h5", "w") as nodes:
            _mark(nodes)
            for type_id, population in enumerate(network.populations):
                _write_population(nodes, population, type_id)
            for type_id, source in enumerate(network.sources, len(network.populations)):
                _write_nodes(nodes, source.name, source.size, type_id)
        _write_types(network, folder)
        sizes = {each.name: each.size for each in (*network.populations, *network.sources)}
        with h5py.File(folder / "edges.h5", "w") as edges:
            _mark(edges)
            for projection in network.projections:
                _write_edges(edges, network, projection)
        for each in network.projections:
            libsonata.EdgePopulation.write_indices(
                str(folder / "edges.h5"), each.name, sizes[each.pre], sizes[each.post], False
            )
        if network.sources:
            _write_spikes(network, folder / "inputs.h5")
        _write_configurations(network, folder)


def _mark(file: Any) -> None:
    """The attributes by which a file of SONATA is recognised."""
    file.attrs["magic"] = np.uint32(0x0A7A)
    file.attrs["version"] = np.array([0, 1], dtype=np.uint32)


def _write_nodes(file: Any, name: str, size: int, type_id: int) -> Any:
    """Write a population of one type; return the group for what differs between its nodes."""
    group = file.create_group(f"nodes/{name}")
    group["node_id"] = np.arange(size, dtype=np.uint64)
    group["node_type_id"] = np.full(size, type_id, dtype=np.int64)
    group["node_group_id"] = np.zeros(size, dtype=np.uint64)
    group["node_group_index"] = np.arange(size, dtype=np.uint64)
    return group.create_group("0")


def _write_population(file: Any, population: Population, type_id: int) -> None:
    own = _write_nodes(file, population.name, population.size, type_id)
    template = _TEMPLATES.get(population.cell.model)
    if population.positions_mm is not None:
        own["x"], own["y"] = 1000.0 * population.positions_mm.T
    for variable, values in population.initial.items():
        own[f"dynamics_params/{variable if template is None else _STATES.get(variable, variable)}"] = values
    leaks = template is not None and _has_leak(template) and bool({"cm", "tau_m"} & set(population.parameters))
    if leaks:
        cm, tau_m = (population.parameters.get(name, getattr(population.cell, name)) for name in ("cm", "tau_m"))
        own["dynamics_params/g_L"] = _PER_NANO * np.asarray(cm / tau_m) * np.ones(population.size)
    for name, values in population.parameters.items():
        if not (leaks and name == "tau_m"):
            theirs, factor = _parameter(population.cell, name)
            own[f"dynamics_params/{theirs}"] = factor * values


def _has_leak(template: _Template) -> bool:
    """Whether the model has a leak conductance, in nS, instead of tau_m: NEST's conductance-based ones."""
    return "e_rev_E" in template.names


def _parameter(cell: Cell, name: str) -> tuple[str, float]:
    """The name of a parameter in the template, and the factor to its unit."""
    template = _TEMPLATES.get(cell.model)
    if template is None:
        return name, 1.0
    return (template.thousandfold[name], _PER_NANO) if name in template.thousandfold else (template.names[name], 1.0)


def _dynamics(population: Population) -> dict[str, float]:
    """The parameters that all cells of a population share."""
    cell, template = population.cell, _TEMPLATES.get(population.cell.model)
    named = cell.parameters() if template is None else (*template.names, *template.thousandfold)
    shared = [name for name in named if name not in population.parameters]
    values = {name: getattr(cell, name) for name in shared}
    found = {}
    for name, value in values.items():
        if isinstance(value, int | float):
            theirs, factor = _parameter(cell, name)
            found[theirs] = factor * value
    if template is not None and _has_leak(template):
        tau_m = found.pop("tau_m", None)
        if tau_m is not None and "C_m" in found:
            found["g_L"] = found["C_m"] / tau_m
    return found


def _write_types(network: Network, folder: Path) -> None:
    lines = ["node_type_id pop_name model_type model_template dynamics_params"]
    for type_id, population in enumerate(network.populations):
        template = _TEMPLATES.get(population.cell.model)
        model = f"varesearch:{population.cell.model}" if template is None else f"nest:{template.model}"
        lines.append(f"{type_id} {population.name} point_neuron {model} {population.name}.json")
        text = json.dumps(_dynamics(population), indent=2)
        (folder / "components" / f"{population.name}.json").write_text(text + "\n")
    for type_id, source in enumerate(network.sources, len(network.populations)):
        lines.append(f"{type_id} {source.name} virtual NULL NULL")
    (folder / "node_types.csv").write_text("\n".join(lines) + "\n")
    (folder / "edge_types.csv").write_text("edge_type_id model_template\n0 static_synapse\n")


def _write_edges(file: Any, network: Network, projection: Projection) -> None:
    cell = network.population(projection.post).cell
    group = file.create_group(f"edges/{projection.name}")
    for end, ids, population in (
        ("source", projection.sources, projection.pre),
        ("target", projection.targets, projection.post),
    ):
        group[f"{end}_node_id"] = ids.astype(np.uint64)
        group[f"{end}_node_id"].attrs["node_population"] = population
    group["edge_type_id"] = np.zeros(projection.size, dtype=np.int64)
    group["edge_group_id"] = np.zeros(projection.size, dtype=np.uint64)
    group["edge_group_index"] = np.arange(projection.size, dtype=np.uint64)
    template = _TEMPLATES.get(cell.model)
    scale = 1.0 if template is None else template.weight
    sign = -1.0 if projection.receptor == "inhibitory" else 1.0
    group["0/syn_weight"] = sign * scale * projection.weights
    group["0/weight"] = projection.weights
    group["0/delay"] = projection.delay_steps * network.dt_ms


def _write_spikes(network: Network, path: Path) -> None:
    """The spikes of all sources, sorted by time; a source that fires n times in a step has n spikes."""
    import h5py

    with h5py.File(path, "w") as file:
        _mark(file)
        for source in network.sources:
            counts = np.ones(len(source.steps), dtype=np.int64) if source.counts is None else source.counts
            group = file.create_group(f"spikes/{source.name}")
            sorting = h5py.enum_dtype({"none": 0, "by_id": 1, "by_time": 2}, basetype="u1")
            group.attrs.create("sorting", np.uint8(2), dtype=sorting)
            group["timestamps"] = np.repeat(source.steps * network.dt_ms, counts)
            group["timestamps"].attrs["units"] = "ms"
            group["node_ids"] = np.repeat(source.sources.astype(np.uint64), counts)


def _write_configurations(network: Network, folder: Path) -> None:
    circuit = {
        "manifest": {"$BASE_DIR": "."},
        "components": {"point_neuron_models_dir": "$BASE_DIR/components"},
        "networks": {
            "nodes": [{"nodes_file": "$BASE_DIR/nodes.h5", "node_types_file": "$BASE_DIR/node_types.csv"}],
            "edges": [{"edges_file": "$BASE_DIR/edges.h5", "edge_types_file": "$BASE_DIR/edge_types.csv"}],
        },
    }
    inputs: dict[str, Any] = {
        source.name: {
            "input_type": "spikes",
            "module": "sonata",
            "input_file": "$BASE_DIR/inputs.h5",
            "node_set": {"population": source.name},
        }
        for source in network.sources
    }
    for number, current in enumerate(network.currents):
        ends = [*current.steps[1:].tolist(), current.stop_step]
        for part, (start, end) in enumerate(zip(current.steps.tolist(), ends, strict=True)):
            inputs[f"current_{number}_{part}"] = {
                "input_type": "current_clamp",
                "module": "IClamp",
                "node_set": {"population": current.target},
                "amp": float(current.amplitudes[part]),
                "delay": start * network.dt_ms,
                "duration": (min(end, network.n_steps) - start) * network.dt_ms,
            }
    simulation = {
        "manifest": {"$BASE_DIR": "."},
        "run": {"tstart": 0.0, "tstop": network.duration_ms, "dt": network.dt_ms},
        "network": "$BASE_DIR/circuit_config.json",
        "inputs": inputs,
        "output": {"output_dir": "$BASE_DIR/output", "spikes_file": "spikes.h5"},
    }
    for name, text in (("circuit_config", circuit), ("simulation_config", simulation)):
        (folder / f"{name}.json").write_text(json.dumps(text, indent=2) + "\n")
