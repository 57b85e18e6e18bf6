"""A network written as NIR: the graph is read back, and integrated without varesearch."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from varesearch import simulation
from varesearch.backends.base import Workspace
from varesearch.backends.check import checked_backend
from varesearch.config.compose import compose
from varesearch.export.command import export
from varesearch.network import Network, draw


def written(folder: Path, *words: str) -> tuple[Network, Any]:
    """A network, and the graph that was written for it."""
    import nir

    assert export("nir", folder, words, None, None) == 0
    return draw(compose(words).config), nir.read(folder / "network.nir")


def test_the_graph_holds_every_synapse(tmp_path: Path) -> None:
    """The sum over the delays of a projection is its matrix, in which repeated pairs are added."""
    words = ("cell=if_curr_exp", "connectivity=fixed_total_number", "connectivity.n=40", "connectivity.synapses=200")
    spread = "{distribution: uniform, low: 1, high: 4}"
    network, graph = written(
        tmp_path / "n", *words, f"connectivity.delay_ms={spread}", f"connectivity.weight_exc={spread}"
    )
    sizes = {each.name: each.size for each in (*network.populations, *network.sources)}
    for projection in network.projections:
        sign = -1 if projection.receptor == "inhibitory" else 1
        expected: dict[float, Any] = {}
        for source, target, weight, steps in zip(
            projection.sources, projection.targets, projection.weights, projection.delay_steps, strict=True
        ):
            matrix = expected.setdefault(float(steps), np.zeros((sizes[projection.post], sizes[projection.pre])))
            matrix[target, source] += sign * weight
        found = {}
        for start, linear in graph.edges:
            if start == projection.pre and linear.startswith(f"{projection.name}_weights"):
                (delay,) = [end for begin, end in graph.edges if begin == linear]
                (into,) = [end for begin, end in graph.edges if begin == delay]
                assert into == f"{projection.post}_{projection.receptor}_0"
                (value,) = np.unique(graph.nodes[delay].delay)
                found[float(value)] = graph.nodes[linear].weight
        assert found.keys() == expected.keys()
        assert all(np.allclose(found[delay], expected[delay], rtol=1e-6) for delay in found)


def test_what_nir_cannot_say_is_beside_it(tmp_path: Path) -> None:
    network, graph = written(tmp_path / "n", "cell=if_curr_exp", "connectivity.n=40", "simulation.dt_ms=0.5")
    spikes, initial = np.load(tmp_path / "n" / "input_spikes.npz"), np.load(tmp_path / "n" / "initial_state.npz")
    (source,) = network.sources
    assert np.array_equal(spikes[f"{source.name}.times_ms"], 0.5 * source.steps)
    assert np.array_equal(spikes[f"{source.name}.ids"], source.sources)
    assert np.array_equal(initial["exc.v"], network.population("exc").initial["v"])
    assert np.all(np.asarray(graph.nodes["exc"].metadata["tau_refrac_ms"]) == 5.0)
    assert graph.metadata["dt_ms"] == 0.5 and graph.metadata["network"] == network.hash
    grades = (tmp_path / "n" / "grades.md").read_text()
    assert "refractory period of exc | approximate" in grades and network.hash in grades


def integrated(graph: Any, pre: str, post: str, cell: int, spike_ms: float, duration_ms: float) -> np.ndarray:
    """v of a cell, every 0.1 ms, with one spike of each source of ``pre``: Euler's method in steps of 1 µs."""
    dt, nodes = 0.001, graph.nodes
    edges = [(a, b) for a, b in graph.edges]
    impulses: dict[str, list[tuple[int, float]]] = {}
    for linear in (end for begin, end in edges if begin == pre):
        (delay,) = [end for begin, end in edges if begin == linear]
        (into,) = [end for begin, end in edges if begin == delay]
        if into.startswith(post):
            when = round((spike_ms + float(nodes[delay].delay[cell])) / dt)
            impulses.setdefault(into, []).append((when, float(nodes[linear].weight[cell].sum())))
    chain = [name for name in nodes if name.startswith(f"{post}_excitatory")]
    stages = [*sorted(chain), post]
    state = [float(nodes[name].v_leak[cell]) for name in stages]
    trace = []
    for step in range(round(duration_ms / dt)):
        if step % 100 == 0:
            trace.append(state[-1])
        before, arriving = list(state), {k: w for k, w in impulses.get(stages[0], []) if k == step}
        for k, name in enumerate(stages):
            node = nodes[name]
            tau = float((node.tau)[cell])
            drive = 0.0 if k == 0 else before[k - 1]
            state[k] += dt / tau * (float(node.v_leak[cell]) - before[k] + float(node.r[cell]) * drive)
            if k == 0:  # an impulse: the integral of the input is its weight
                state[k] += float(node.r[cell]) / tau * sum(arriving.values())
    return np.array(trace)


@pytest.mark.parametrize("cell", ["if_curr_exp", "if_curr_alpha", "if_curr_delta"])
def test_an_input_acts_in_the_graph_as_in_the_simulator(cell: str, tmp_path: Path) -> None:
    words = [
        f"cell={cell}",
        "cell.v_rest=-65",
        "cell.v_init=-65",
        "cell.i_offset=0.01",
        "cell.tau_refrac=0",
        "connectivity.n=10",
        "connectivity.p=0",
        "stimulus=spike_list",
        "stimulus.times_ms=[[3]]",
        "stimulus.p=1",
        "simulation.dt_ms=0.1",
        "simulation.duration_ms=40",
        "analysis.warmup_ms=0",
        "analysis.fano_window_ms=10",
    ]
    network, graph = written(tmp_path / "n", *words)
    config = compose(words).config
    result = simulation.simulate(network, checked_backend(config), Workspace(cache=tmp_path / "cache"))
    assert result.recording is not None
    v = result.recording.populations["exc"].signals["v"].values[:, 0].astype(np.float64)
    source = network.sources[0].name
    found = integrated(graph, source, "exc", 0, 3.0, 40.0)
    # The graph starts at its leak, to which i_offset belongs; the difference to that start decays with tau_m.
    node = graph.nodes["exc"]
    start = (-65.0 - float(node.v_leak[0])) * np.exp(-0.1 * np.arange(400) / float(node.tau[0]))
    rise = np.ptp(v - (float(node.v_leak[0]) + start))
    assert rise > 0.5
    np.testing.assert_allclose(found + start, v[:400], atol=0.03 * rise)
