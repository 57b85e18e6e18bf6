"""The trap of the shared generator: what PyNN does with one, and ``connectivity.streams=shared``, which repeats it."""

import numpy as np
import pytest
from numpy.typing import NDArray

from varesearch.config.compose import compose
from varesearch.config.errors import ConfigurationError
from varesearch.config.validation import validate
from varesearch.network import Network, draw

SIZES = {"exc": 80, "inh": 20, "thalamus": 20}
RECURRENT = ("exc_to_exc", "exc_to_inh", "inh_to_exc", "inh_to_inh")
STIMULUS = ("thalamus_to_exc", "thalamus_to_inh")

Matrices = dict[str, NDArray[np.bool_]]


def drawn(*overrides: str) -> Network:
    composed = compose(
        ["experiment=seed_izhikevich", "connectivity.n=100", "connectivity.p=0.1", "stimulus.p=0.1", *overrides]
    )
    validate(composed.config)
    return draw(composed.config)


def matrices(network: Network) -> Matrices:
    found = {}
    for projection in network.projections:
        found[projection.name] = np.zeros((SIZES[projection.pre], SIZES[projection.post]), dtype=bool)
        found[projection.name][projection.sources, projection.targets] = True
    return found


def pynn() -> tuple[Matrices, dict[str, NDArray[np.float64]]]:
    """Draw as the original notebook does in PyNN: one generator for connectors and initial values."""
    import brian2
    import pyNN.brian2 as sim
    from pyNN.random import NumpyRNG, RandomDistribution

    brian2.prefs.codegen.target = "numpy"  # as our back end has it; compiling would take a minute
    sim.setup(timestep=1.0, min_delay=2.0, max_delay=2.0)  # pyright: ignore[reportArgumentType]
    rng = NumpyRNG(seed=1, parallel_safe=True)
    cells = {name: sim.Population(SIZES[name], sim.IF_cond_exp()) for name in ("exc", "inh")}
    start = RandomDistribution("uniform", [-65.0, -14.0], rng=rng)
    for population in cells.values():
        population.initialize(v=start)
    v = {name: np.asarray(population.brian2_group.v) * 1e3 for name, population in cells.items()}
    connectors = {pre: sim.FixedProbabilityConnector(0.1, rng=rng) for pre in ("exc", "inh")}
    cells["thalamus"] = sim.Population(SIZES["thalamus"], sim.SpikeSourcePoisson(rate=100.0))
    connectors["thalamus"] = sim.FixedProbabilityConnector(0.1)
    found = {}
    for name in (*RECURRENT, *STIMULUS):
        pre, post = name.split("_to_")
        receptor = "inhibitory" if pre == "inh" else "excitatory"
        synapse = sim.StaticSynapse(weight=0.1, delay=2.0)
        made = sim.Projection(cells[pre], cells[post], connectors[pre], synapse, receptor_type=receptor)
        found[name] = ~np.isnan(np.asarray(made.get("weight", format="array")))
    sim.end()
    return found, v


def is_the_trap(wired: Matrices, v: dict[str, NDArray[np.float64]]) -> bool:
    """Inhibitory cell j has the sources and the start of excitatory cell j, and all matrices are cut from one row."""
    n_inh = SIZES["inh"]
    twins = all(np.array_equal(wired[f"{pre}_to_exc"][:, :n_inh], wired[f"{pre}_to_inh"]) for pre in SIZES)
    one, other = wired["exc_to_exc"].T.ravel(), wired["inh_to_exc"].T.ravel()
    return twins and np.array_equal(one[: len(other)], other) and np.array_equal(v["exc"][:n_inh], v["inh"])


def test_pynn_falls_into_it_and_shared_streams_repeat_it() -> None:
    assert is_the_trap(*pynn())
    network = drawn("connectivity.streams=shared")
    assert is_the_trap(matrices(network), {p.name: p.initial["v"] for p in network.populations})


def test_our_own_streams_are_not_it() -> None:
    network = drawn()
    wired = matrices(network)
    v = {p.name: p.initial["v"] for p in network.populations}
    assert not is_the_trap(wired, v)
    assert not np.array_equal(v["exc"][: SIZES["inh"]], v["inh"])
    for pre in SIZES:
        assert not np.array_equal(wired[f"{pre}_to_exc"][:, : SIZES["inh"]], wired[f"{pre}_to_inh"])


def test_shared_streams_change_what_is_drawn_and_not_how_much() -> None:
    """Each synapse has the probability p still; arrays keep the order that back ends are promised."""
    p, pairs, found = 0.1, 0, 0
    for seed in range(5):
        for projection in drawn("connectivity.streams=shared", f"seed={seed}").projections:
            code = projection.sources.astype(np.int64) * SIZES[projection.post] + projection.targets
            assert (np.diff(code) > 0).all()
            if projection.name == "exc_to_exc":
                pairs, found = pairs + SIZES["exc"] ** 2, found + projection.size
    assert abs(found - p * pairs) < 5 * np.sqrt(p * (1 - p) * pairs)


def test_without_self_connections_only_those_are_left_out() -> None:
    with_self = matrices(drawn("connectivity.streams=shared"))
    without = matrices(drawn("connectivity.streams=shared", "connectivity.allow_self_connections=false"))
    np.fill_diagonal(with_self["exc_to_exc"], False)
    np.fill_diagonal(with_self["inh_to_inh"], False)
    assert all(np.array_equal(without[name], with_self[name]) for name in with_self)


def test_the_machine_cannot_be_asked_to_fall_into_it() -> None:
    with pytest.raises(ConfigurationError, match=r"^connectivity.streams=shared .* connectivity.draw=host"):
        drawn("connectivity.streams=shared", "connectivity.draw=native", "backend=spinnaker")
