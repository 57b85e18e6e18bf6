"""Networks that a program made: simulated, tracked and run again like drawn ones, on every simulator; or refused."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import varesearch as va
from varesearch.config.compose import compose
from varesearch.network import draw
from varesearch.network.model import CurrentInput, Network, Population, Projection
from varesearch.network.stored import load_network, save_network
from varesearch.rerun import rerun
from varesearch.result import Status
from varesearch.tracking.log import LogCapture

DRAWN = draw(
    compose(
        ["connectivity.n=100", "connectivity.p=0.1", "connectivity.delay_ms=2", "simulation.duration_ms=300"]
    ).config
)
BRIAN2, NEST, BOARD = ("backend=brian2",), ("backend=nest",), ("backend=spinnaker", "backend.machine=software")


def altered() -> Network:
    """Regular-spiking and fast-spiking cells, a third population that inhibits the first, and 49 current steps."""
    exc, inh = DRAWN.populations
    fast = replace(inh, cell=replace(inh.cell, a=0.1, d=2.0))
    slow = replace(exc, cell=replace(exc.cell, d=8.0))
    rng = np.random.default_rng(3)
    som = Population("som", 20, replace(inh.cell, b=0.25), {"v": rng.uniform(-65, -50, 20), "u": np.full(20, -14.0)})
    sources, targets = np.nonzero(rng.random((20, exc.size)) < 0.2)
    onto_exc = Projection(
        name="som_to_exc",
        pre="som",
        post="exc",
        receptor="inhibitory",
        sources=sources.astype(np.int32),
        targets=targets.astype(np.int32),
        weights=np.full(len(sources), 1.5),
        delay_steps=np.full(len(sources), 3, np.int32),
    )
    steps = tuple(CurrentInput.step("som", 0.1 * k, 5 * k, 5 * k + 5) for k in range(1, 50))
    return replace(
        DRAWN,
        populations=(slow, fast, som),
        projections=(*DRAWN.projections, onto_exc),
        currents=steps,
    )


NETWORK = altered()


def simulated(on: tuple[str, ...]) -> va.Run:
    return va.simulate(NETWORK, *on, analysis={"warmup_ms": 50}, recording={"signals": ["v"]})


@pytest.fixture(scope="module")
def on_brian2(root: Path) -> va.Run:
    return simulated(BRIAN2)


def test_an_altered_network_is_tracked_with_its_arrays(on_brian2: va.Run) -> None:
    assert on_brian2.status is Status.FINISHED
    assert on_brian2.network_hash == NETWORK.hash != DRAWN.hash
    assert on_brian2.record.tags["varesearch.given_network"] == NETWORK.hash
    assert load_network(on_brian2.folder / "network.npz").hash == NETWORK.hash
    assert set(on_brian2.spikes) == {"exc", "inh", "som"}
    assert on_brian2.metrics["som.rate_hz"] > 0
    assert on_brian2.name == f"given network {NETWORK.hash[:12]}"
    assert f"varesearch rerun '{on_brian2.name}'" in on_brian2.record.tags["mlflow.note.content"]


def test_nest_gives_the_spikes_of_brian2(on_brian2: va.Run) -> None:
    on_nest = simulated(NEST)
    for name, spikes in on_brian2.spikes.items():
        np.testing.assert_array_equal(on_nest.spikes[name].ids, spikes.ids)
        np.testing.assert_array_equal(on_nest.spikes[name].times_ms, spikes.times_ms)


@pytest.mark.timeout(600)
def test_the_board_gives_nearly_the_same_rates(on_brian2: va.Run) -> None:
    on_board = simulated(BOARD)
    assert on_board.status is Status.FINISHED
    assert on_board.network_hash == NETWORK.hash
    for name in on_brian2.spikes:
        assert on_board.metrics[f"{name}.rate_hz"] == pytest.approx(on_brian2.metrics[f"{name}.rate_hz"], rel=0.25)


def test_it_is_run_again_from_its_arrays_bit_for_bit(on_brian2: va.Run) -> None:
    with LogCapture() as capture:
        found = rerun(on_brian2.record, capture)
    assert found.identical, found
    again = va.runs()[0]
    assert again.record.tags["varesearch.rerun_of"] == on_brian2.id
    assert again.network_hash == NETWORK.hash


def test_a_rerun_of_arrays_that_were_changed_is_refused(root: Path) -> None:
    made = va.simulate(DRAWN, *BRIAN2, analysis={"warmup_ms": 50})
    save_network(NETWORK, made.folder / "network.npz")
    with LogCapture() as capture, pytest.raises(va.ConfigurationError, match="another network than the run had"):
        rerun(made.record, capture)
    (made.folder / "network.npz").write_bytes(b"no archive")
    with LogCapture() as capture, pytest.raises(va.ConfigurationError, match=r"network.npz cannot be read"):
        rerun(made.record, capture)


def test_a_sweep_does_not_take_it_for_the_run_of_its_settings(root: Path) -> None:
    made = va.simulate(DRAWN, *BRIAN2, analysis={"warmup_ms": 50})
    same = va.run(
        *BRIAN2, connectivity={"p": 0.1, "n": 100}, simulation={"duration_ms": 300}, analysis={"warmup_ms": 50}
    )
    assert made.network_hash == same.network_hash
    for name, spikes in same.spikes.items():
        np.testing.assert_array_equal(made.spikes[name].ids, spikes.ids)
    assert made.record.tags["varesearch.identity"] != same.record.tags["varesearch.identity"]


def first(network: Network, **changes: object) -> Network:
    return replace(network, projections=(replace(network.projections[0], **changes), *network.projections[1:]))


WRONG: dict[str, tuple[Callable[[Network], Network], str]] = {
    "a target that does not exist": (
        lambda n: first(n, targets=n.projections[0].targets + 1000),
        "projection exc_to_exc: targets from .* allowed are 0 to 79",
    ),
    "arrays of two lengths": (lambda n: first(n, weights=np.ones(3)), "exc_to_exc: its arrays must have one shape"),
    "a negative weight": (
        lambda n: first(n, weights=-n.projections[0].weights),
        "weights must be finite and not below 0",
    ),
    "no delay": (lambda n: first(n, delay_steps=n.projections[0].delay_steps * 0), "a delay of 0 steps"),
    "an unknown population": (lambda n: first(n, post="pv"), "from exc to pv; it must go"),
    "one name twice": (
        lambda n: replace(n, populations=(n.populations[0], n.populations[0])),
        "two parts .* this name",
    ),
    "no population": (lambda n: replace(n, populations=()), "no population"),
    "a start that is not finite": (
        lambda n: replace(
            n,
            populations=(
                replace(n.populations[0], initial={"v": np.full(80, np.nan), "u": np.zeros(80)}),
                n.populations[1],
            ),
        ),
        "population exc: initial v must be 80 finite numbers",
    ),
    "a current into nothing": (
        lambda n: replace(n, currents=(CurrentInput.step("pv", 1.0, 0, 5),)),
        "no such population",
    ),
    "wiring that the machine draws": (lambda n: replace(n, native_wiring="rule"), "has no synapses"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_network_that_cannot_be_is_refused_in_one_line_and_nothing_is_tracked(root: Path, wrong: str) -> None:
    change, line = WRONG[wrong]
    before = len(va.runs())
    with pytest.raises(va.ConfigurationError, match=line) as refused:
        va.simulate(change(DRAWN), *BRIAN2)
    assert "\n" not in str(refused.value)
    assert len(va.runs()) == before


@pytest.mark.parametrize(
    ("on", "steps", "line"),
    [(NEST, 1, "exc_to_exc.* too short: in NEST"), (BOARD, 3000, "exc_to_exc.* longer than SpiNNaker can deliver")],
)
def test_a_delay_that_a_simulator_lacks_is_refused_and_nothing_is_tracked(
    root: Path, on: tuple[str, ...], steps: int, line: str
) -> None:
    cond = draw(compose(["cell=if_cond_exp", "connectivity.n=100", "simulation.duration_ms=300"]).config)
    before = len(va.runs())
    with pytest.raises(va.ConfigurationError, match=line):
        va.simulate(first(cond, delay_steps=np.full_like(cond.projections[0].delay_steps, steps)), *on)
    assert len(va.runs()) == before


def test_what_a_simulator_lacks_is_refused_in_one_line(root: Path) -> None:
    delta = draw(compose(["cell=izhikevich_delta", "connectivity.n=100", "simulation.duration_ms=300"]).config)
    mixed = replace(DRAWN, populations=(DRAWN.populations[0], delta.populations[1]))
    with pytest.raises(
        va.ConfigurationError, match=r"^cell izhikevich_delta of population inh does not exist on backend=sp"
    ):
        va.simulate(mixed, *BOARD)
    with pytest.raises(va.ConfigurationError, match=r"^cell.d=8: the network is given"):
        va.simulate(DRAWN, "cell.d=8")
