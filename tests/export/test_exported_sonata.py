"""A network written as SONATA: read back by libsonata, by varesearch itself, and built from the files in NEST."""

import json
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from varesearch import simulation
from varesearch.backends.base import Workspace
from varesearch.backends.check import checked_backend
from varesearch.cli import main as varesearch
from varesearch.config.compose import compose
from varesearch.config.validation import validate
from varesearch.export.command import export
from varesearch.network import Network, draw
from varesearch.network.stored import save_network

DRAWN = "{distribution: uniform, low: 0.5, high: 2}"
NETWORKS = {
    "multapses": ("cell=if_curr_exp", "connectivity=fixed_total_number", "connectivity.synapses=300"),
    "conductances": ("cell=if_cond_exp", "connectivity=distance_dependent", "connectivity.velocity_mm_per_ms=0.1"),
    "izhikevich": ("connectivity.weight_exc=" + DRAWN,),
    "background": ("cell=izhikevich_delta", "stimulus=background_poisson"),
    "one step": ("cell=if_curr_alpha", "stimulus=step_current"),
    "cells that differ": ("cell=if_cond_exp", "cell.tau_m={distribution: uniform, low: 10, high: 30}"),
}


def drawn(words: Sequence[str]) -> Network:
    config = compose(["connectivity.n=60", *words]).config
    validate(config)
    return draw(config)


@pytest.fixture(scope="module", params=NETWORKS.values(), ids=list(NETWORKS))
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Network, Path]:
    """A network, and the folder that it was written to."""
    folder = tmp_path_factory.mktemp("export") / "network"
    words = ["connectivity.n=60", *request.param]
    assert export("sonata", folder, words, None, None) == 0
    return drawn(request.param), folder


def test_every_synapse_is_found_by_libsonata(exported: tuple[Network, Path]) -> None:
    import libsonata

    network, folder = exported
    storage = libsonata.EdgeStorage(str(folder / "edges.h5"))
    assert storage.population_names == {each.name for each in network.projections}
    for projection in network.projections:
        edges = storage.open_population(projection.name)
        every = edges.select_all()
        assert (edges.source, edges.target, edges.size) == (projection.pre, projection.post, projection.size)
        assert np.array_equal(edges.source_nodes(every), projection.sources)
        assert np.array_equal(edges.target_nodes(every), projection.targets)
        assert np.array_equal(edges.get_attribute("weight", every), projection.weights)
        assert np.array_equal(edges.get_attribute("delay", every), projection.delay_steps * network.dt_ms)
        sign = -1 if projection.receptor == "inhibitory" else 1
        assert (sign * edges.get_attribute("syn_weight", every) >= 0).all()
        # By the index: what reaches the first cell.
        first = edges.afferent_edges(0).flatten()
        assert sorted(first.tolist()) == np.flatnonzero(projection.targets == 0).tolist()


def test_nodes_and_spikes_are_found_by_libsonata(exported: tuple[Network, Path]) -> None:
    import libsonata

    network, folder = exported
    storage = libsonata.NodeStorage(str(folder / "nodes.h5"))
    assert storage.population_names == {each.name for each in (*network.populations, *network.sources)}
    for population in network.populations:
        nodes = storage.open_population(population.name)
        every, known = nodes.select_all(), nodes.dynamics_attribute_names
        assert nodes.size == population.size
        assert np.array_equal(
            nodes.get_dynamics_attribute("V_m" if "V_m" in known else "v", every), population.initial["v"]
        )
        if population.positions_mm is not None:
            assert np.allclose(nodes.get_attribute("x", every), 1000 * population.positions_mm[:, 0])
    for source in network.sources:
        spikes = libsonata.SpikeReader(str(folder / "inputs.h5"))[source.name].get()
        counts = np.ones(len(source.steps), int) if source.counts is None else source.counts
        assert [tuple(each) for each in spikes] == list(
            zip(
                np.repeat(source.sources, counts).tolist(),
                np.repeat(source.steps * network.dt_ms, counts).tolist(),
                strict=True,
            )
        )
    circuit = json.loads((folder / "circuit_config.json").read_text())
    assert circuit["networks"]["edges"][0]["edges_file"] == "$BASE_DIR/edges.h5"
    run = json.loads((folder / "simulation_config.json").read_text())["run"]
    assert (run["tstop"], run["dt"]) == (network.duration_ms, network.dt_ms)


def test_the_edges_are_a_list_that_gives_the_same_network(exported: tuple[Network, Path]) -> None:
    network, folder = exported
    first = network.populations[0].cell
    again = drawn([f"cell={first.model}", "connectivity=from_file", f"connectivity.file={folder / 'edges.h5'}"])
    by_name = {each.name: each for each in again.projections}
    for projection in network.projections:
        if projection.pre in {each.name for each in network.populations}:
            same = by_name[projection.name]
            assert np.array_equal(same.sources, projection.sources) and np.array_equal(same.targets, projection.targets)
            order = np.lexsort((projection.delay_steps, projection.weights, projection.targets, projection.sources))
            assert np.array_equal(same.weights, projection.weights[order])
            assert np.array_equal(same.delay_steps, projection.delay_steps[order])


ACT_AT_ONCE = ("iaf_psc_delta", "izhikevich")
"""NEST's other models act on a spike one step after its arrival; a delay in the file is until it acts."""


def from_files_in_nest(folder: Path) -> dict[str, set[tuple[int, int]]]:
    """The spikes (step, cell) of the network that the files describe, built in NEST from them alone."""
    import libsonata
    import pandas as pd

    nest: Any = import_module("nest")

    run = json.loads((folder / "simulation_config.json").read_text())
    dt = run["run"]["dt"]
    nest.ResetKernel()
    nest.set_verbosity("M_ERROR")
    nest.SetKernelStatus({"resolution": dt})
    storage = libsonata.NodeStorage(str(folder / "nodes.h5"))
    first: dict[str, int] = {}
    late: dict[str, float] = {}
    recorders: dict[str, Any] = {}
    for row in pd.read_csv(folder / "node_types.csv", sep=" ", keep_default_na=False).to_dict("records"):
        nodes = storage.open_population(row["pop_name"])
        every = nodes.select_all()
        if row["model_type"] == "virtual":
            cells = nest.Create("spike_generator", nodes.size)
            spikes = libsonata.SpikeReader(str(folder / "inputs.h5"))[row["pop_name"]].get()
            # A spike of NEST's generators is sent at the end of its step, ours at the start of it.
            cells.set(
                [{"spike_times": [round(t + dt, 6) for node, t in spikes if node == k]} for k in range(nodes.size)]
            )
        else:
            parameters = json.loads((folder / "components" / row["dynamics_params"]).read_text())
            model = row["model_template"].removeprefix("nest:")
            cells = nest.Create(model, nodes.size, parameters)
            late[row["pop_name"]] = 0.0 if model in ACT_AT_ONCE else dt
            for name in nodes.dynamics_attribute_names:
                cells.set({name: nodes.get_dynamics_attribute(name, every)})
            recorders[row["pop_name"]] = nest.Create("spike_recorder")
            nest.Connect(cells, recorders[row["pop_name"]])
        first[row["pop_name"]] = cells[0].global_id
    edges = libsonata.EdgeStorage(str(folder / "edges.h5"))
    for name in edges.population_names:
        found = edges.open_population(name)
        every = found.select_all()
        if found.size:
            nest.Connect(
                found.source_nodes(every).astype(np.int64) + first[found.source],
                found.target_nodes(every).astype(np.int64) + first[found.target],
                "one_to_one",
                {
                    "synapse_model": "static_synapse",
                    "weight": found.get_attribute("syn_weight", every),
                    "delay": found.get_attribute("delay", every) - late[found.target],
                },
            )
    nest.Simulate(run["run"]["tstop"])
    found = {}
    for name, recorder in recorders.items():
        events = recorder.get("events")
        steps = np.rint(events["times"] / dt).astype(int) - 1
        found[name] = set(zip(steps.tolist(), (events["senders"] - first[name]).tolist(), strict=True))
    return found


@pytest.mark.parametrize("cell", ["if_curr_exp", "if_curr_alpha", "if_curr_delta", "if_cond_exp", "izhikevich_delta"])
def test_nest_fires_the_same_spikes_from_the_files(cell: str, tmp_path: Path) -> None:
    """As from the network itself, by the back end for NEST: parameters, units, signs and times are right."""
    words = [f"cell={cell}", "connectivity=fixed_total_number", "connectivity.synapses=400", "connectivity.n=60"]
    words += ["simulation.duration_ms=120", "stimulus.p=0.5", "analysis.warmup_ms=0"]
    assert export("sonata", tmp_path / "network", words, None, None) == 0
    config = compose([*words, "backend=nest", "recording.signals=[]"]).config
    result = simulation.simulate(draw(config), checked_backend(config), Workspace(cache=tmp_path / "cache"))
    assert result.recording is not None
    expected = {
        name: set(zip(np.rint(each.spike_times_ms).astype(int).tolist(), each.spike_ids.tolist(), strict=True))
        for name, each in result.recording.populations.items()
        if name in ("exc", "inh")
    }
    found = from_files_in_nest(tmp_path / "network")
    assert sum(map(len, expected.values())) > 30
    # In the last step NEST's recorder has not got the spikes yet.
    for name, spikes in expected.items():
        assert {each for each in spikes if each[0] < 119} == {each for each in found[name] if each[0] < 119}


def test_a_stored_network_is_exported_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    network = drawn(["cell=if_curr_exp"])
    file = save_network(network, tmp_path / "network.npz")
    assert varesearch(["export", "--to", "sonata", str(tmp_path / "a"), "--network", str(file)]) == 0
    said = capsys.readouterr().out
    assert f"network {network.hash[:12]} written to {tmp_path / 'a'}" in said
    assert (tmp_path / "a" / "grades.md").read_text().partition("\n\n")[2].strip() in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "network.npz"]  # nothing half-written


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("--to=sonta",), "--to=sonta is unknown; choose one of nir, sonata; did you mean sonata?"),
        (("--to=sonata", "cell=nothing"), "cell=nothing"),
        (("--to=sonata", "stimulus=step_current"), "--to=sonata cannot hold current into exc: "),
        (("--to=sonata", "connectivity.draw=native"), "has no synapses to export; write connectivity.draw=host"),
        (("--to=sonata", "--network=nothing.npz"), "--network=nothing.npz: "),
        (("--to=sonata", "--network=nothing.npz", "seed=2"), "seed=2: --network is a drawn network already"),
        (("--to=sonata", "seed=1,2"), "seed"),
        (("--to=nir",), "--to=nir cannot hold cells of exc: NIR has no node for izhikevich; "),
        (("--to=nir", "cell=if_cond_exp"), "--to=nir cannot hold cells of exc: NIR has no node for if_cond_exp; "),
        (("--to=nir", "cell=if_curr_exp", "stimulus=step_current"), "NIR has no current sources"),
        (
            (
                "--to=nir",
                "cell=if_curr_exp",
                "simulation.dt_ms=0.1",
                "connectivity.delay_ms={distribution: uniform, low: 1, high: 9}",
            ),
            "--to=nir cannot hold delays: ",
        ),
        (("--to=nir", "cell=if_curr_exp", "connectivity.n=20000", "connectivity.p=0.001"), "GB, more than 2"),
    ],
)
def test_what_cannot_be_exported_is_one_line(
    arguments: tuple[str, ...], line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert varesearch(["export", str(tmp_path / "network"), *arguments]) == 2
    out, err = capsys.readouterr()
    assert line in err and err.count("\n") == 1 and not out
    assert not list(tmp_path.iterdir())


def test_nothing_is_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").write_text("kept")
    for folder in (tmp_path, tmp_path / "mine", tmp_path / "mine" / "below"):
        assert varesearch(["export", "--to", "sonata", str(folder), "connectivity.n=20"]) == 2
        assert capsys.readouterr().err.count("\n") == 1
    assert (tmp_path / "mine").read_text() == "kept"


def test_a_missing_library_says_how_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("varesearch.export.command.find_spec", lambda _name: None)
    for form, library in (("sonata", "h5py"), ("nir", "nir")):
        assert varesearch(["export", "--to", form, str(tmp_path / "network"), "cell=if_curr_exp"]) == 2
        said = capsys.readouterr().err
        assert f"needs {library}, which is not installed: pip install 'varesearch[{form}]'" in said
