"""Deliberate faults that the verdict must catch, and differences that it must not flag.

The network is the seed's with weights spread by a lognormal distribution, so that quantising them does something. Every
fault is planted behind the drawing, as a back end's mistake would be: the configuration and its hash stay the same.
"""

import dataclasses
import math
from collections.abc import Callable

import numpy as np
import pytest

from varesearch import simulation as engine
from varesearch.backends import backends
from varesearch.comparison import Answer, NaturalSpread, State, judge, measure_spread
from varesearch.comparison.spread import perturbed
from varesearch.config.compose import compose
from varesearch.config.schema import Config
from varesearch.model.cells.izhikevich import Izhikevich
from varesearch.network import Network, Projection, draw
from varesearch.recording import Recording

CONFIG = compose(
    [
        "connectivity.n=1000",
        "connectivity.exc_inh_ratio=4",
        "connectivity.p=0.03",
        "connectivity.weight_exc={distribution: lognormal, mean: 1.0, std: 0.3}",
        "connectivity.weight_inh={distribution: lognormal, mean: 2.5, std: 0.7}",
        "simulation.duration_ms=600",
        "recording.cells=100",
    ]
).config
NETWORK = draw(CONFIG)


def simulate(config: Config, network: Network) -> Recording:
    result = engine.simulate(network, backends()["brian2"](config))
    result.require_sound()
    recording = result.recording
    assert recording is not None
    return recording


@pytest.fixture(scope="module")
def reference() -> Recording:
    return simulate(CONFIG, NETWORK)


@pytest.fixture(scope="module")
def spread() -> NaturalSpread:
    return measure_spread(CONFIG, simulate)


def with_projections(network: Network, change: Callable[[Projection], Projection]) -> Network:
    return dataclasses.replace(network, projections=tuple(change(p) for p in network.projections))


def wrong_sign(network: Network) -> Network:
    return with_projections(
        network, lambda p: dataclasses.replace(p, receptor="excitatory") if p.name == "inh_to_exc" else p
    )


def unit_off_by_1000(network: Network) -> Network:
    return with_projections(network, lambda p: dataclasses.replace(p, weights=p.weights / 1000))


def delay_one_step_longer(network: Network) -> Network:
    return with_projections(network, lambda p: dataclasses.replace(p, delay_steps=p.delay_steps + 1))


def shared_stream(network: Network) -> Network:
    """What one generator for all projections does: inhibitory cells become twins of excitatory ones."""
    wired = {p.name: p for p in network.projections}
    n_inh = network.population("inh").size

    def twin(projection: Projection) -> Projection:
        if projection.post != "inh" or projection.pre not in ("exc", "inh"):
            return projection
        onto_exc = wired[f"{projection.pre}_to_exc"]
        kept = onto_exc.targets < n_inh
        fields = ("sources", "targets", "weights", "delay_steps")
        return dataclasses.replace(projection, **{name: getattr(onto_exc, name)[kept] for name in fields})

    return with_projections(network, twin)


def euler_decay(network: Network) -> Network:
    """exp(-dt/tau) replaced by 1 - dt/tau: the same as an exact decay with this shorter tau."""

    def shorter(tau_ms: float) -> float:
        return -network.dt_ms / math.log(1 - network.dt_ms / tau_ms)

    cell = NETWORK.populations[0].cell
    assert isinstance(cell, Izhikevich)
    mistaken = dataclasses.replace(cell, tau_syn_E=shorter(cell.tau_syn_E), tau_syn_I=shorter(cell.tau_syn_I))
    populations = tuple(dataclasses.replace(population, cell=mistaken) for population in network.populations)
    return dataclasses.replace(network, populations=populations)


def weights_of_4_bits(network: Network) -> Network:
    def quantised(projection: Projection) -> Projection:
        unit = projection.weights.max() / 15
        return dataclasses.replace(projection, weights=np.round(projection.weights / unit) * unit)

    return with_projections(network, quantised)


@pytest.mark.parametrize(
    "fault", [wrong_sign, unit_off_by_1000, delay_one_step_longer, shared_stream, euler_decay, weights_of_4_bits]
)
def test_the_verdict_catches(fault, reference, spread):
    verdict = judge(reference, simulate(CONFIG, fault(NETWORK)), CONFIG.analysis, spread)
    assert verdict.answer is Answer.DIFFERENT
    assert verdict.judged[0].state is State.BEYOND
    assert verdict.judged[0].metric in verdict.reason


def test_the_verdict_catches_swapped_populations(reference, spread):
    swapped = dict(zip(reference.populations, reversed(reference.populations.values()), strict=True))
    verdict = judge(reference, dataclasses.replace(reference, populations=swapped), CONFIG.analysis, spread)
    assert verdict.answer is Answer.DIFFERENT
    assert "populations" in verdict.reason


def test_swapped_populations_of_one_size_are_caught_too(spread):
    """With as many inhibitory as excitatory cells only the trains themselves tell."""
    config = dataclasses.replace(
        CONFIG, connectivity=dataclasses.replace(CONFIG.connectivity, exc_inh_ratio=1.0, p=0.01)
    )
    recording = simulate(config, draw(config))
    exc, inh = recording.populations.values()
    swapped = dataclasses.replace(recording, populations={"exc": inh, "inh": exc})
    assert judge(recording, swapped, config.analysis, spread).answer is Answer.DIFFERENT


def test_another_order_of_the_same_lists_is_not_flagged(reference, spread):
    def shuffled(projection: Projection) -> Projection:
        order = np.random.default_rng(0).permutation(projection.size)
        fields = ("sources", "targets", "weights", "delay_steps")
        return dataclasses.replace(projection, **{name: getattr(projection, name)[order] for name in fields})

    verdict = judge(reference, simulate(CONFIG, with_projections(NETWORK, shuffled)), CONFIG.analysis, spread)
    assert verdict.answer in (Answer.IDENTICAL, Answer.EQUIVALENT)


@pytest.mark.parametrize("seed", [101, 102, 103])
def test_another_seed_is_not_flagged(seed, reference, spread):
    other = dataclasses.replace(CONFIG, seed=seed)
    verdict = judge(reference, simulate(other, draw(other)), CONFIG.analysis, spread, paired=False)
    assert verdict.answer is Answer.EQUIVALENT
    assert verdict.divergence is None


def test_a_start_perturbed_in_its_last_digits_is_not_flagged(reference, spread):
    moved = perturbed(dataclasses.replace(NETWORK, seed=12345), 0.003)
    verdict = judge(reference, simulate(CONFIG, moved), CONFIG.analysis, spread)
    assert verdict.answer in (Answer.IDENTICAL, Answer.EQUIVALENT)


def test_the_same_run_twice_is_identical(reference):
    verdict = judge(reference, simulate(CONFIG, NETWORK), CONFIG.analysis, spread=None)
    assert verdict.answer is Answer.IDENTICAL
    assert verdict.divergence is not None and verdict.divergence.first_ms is None
