"""The integer model against the shipped binaries on the software board: networks, every spike and sample of v."""

import numpy as np
import pytest
from izhikevich_integer import IntegerNetwork, Result, exponential

from varesearch.backends.spinnaker import SpinnakerSettings
from varesearch.backends.spinnaker.backend import SpiNNaker
from varesearch.config.compose import compose
from varesearch.config.schema import Config, SimulationConfig
from varesearch.config.values import Constant
from varesearch.model.cells.izhikevich import Izhikevich
from varesearch.model.rules.fixed_probability import FixedProbability
from varesearch.model.stimuli.none import NoStimulus
from varesearch.network import draw
from varesearch.network.model import Network, Population, Projection, Receptor, SpikeSource
from varesearch.recording import Recording
from varesearch.result import Status
from varesearch.simulation import simulate

STEPS = 300
SIZES = {"exc": 300, "inh": 80, "src": 40}


def on_the_board(network: Network, config: Config) -> Recording:
    result = simulate(network, SpiNNaker(config))
    assert result.status is Status.FINISHED
    assert result.recording is not None
    return result.recording


def recurrent_network(cell: Izhikevich) -> Network:
    """Populations on three cores, delays of 1 to 16 steps, several inputs in a step, driven by a source."""
    rng = np.random.default_rng(5)

    def projection(pre: str, post: str, receptor: Receptor, p: float, heaviest: int) -> Projection:
        sources, targets = np.nonzero(rng.random((SIZES[pre], SIZES[post])) < p)
        weights = (rng.integers(1, heaviest, len(sources)) * 0.25).astype(np.float64)
        delays = rng.integers(1, 17, len(sources))
        ids = (sources.astype(np.int32), targets.astype(np.int32))
        return Projection(f"{pre}_to_{post}", pre, post, receptor, *ids, weights, delays.astype(np.int32))

    populations = tuple(
        Population(name, size, cell, {"v": rng.uniform(-70, -50, size), "u": np.full(size, -14.0)})
        for name, size in SIZES.items()
        if name != "src"
    )
    steps = np.sort(rng.choice(STEPS, 200)).astype(np.int32)
    fired = np.unique(np.stack([steps, rng.integers(0, SIZES["src"], 200, dtype=np.int32)]), axis=1)
    projections = (
        projection("exc", "exc", "excitatory", 0.05, 4),
        projection("exc", "inh", "excitatory", 0.05, 4),
        projection("inh", "exc", "inhibitory", 0.05, 8),
        projection("inh", "inh", "inhibitory", 0.05, 8),
        projection("src", "exc", "excitatory", 0.1, 8),
    )
    return Network(1.0, STEPS, 0, populations, (SpikeSource("src", SIZES["src"], fired[1], fired[0]),), projections, ())


def assert_equal(recording: Recording, model: Result) -> None:
    """The same spikes, and the same v in every cell and step."""
    first, ids, steps, v = 0, [], [], []
    for population in recording.populations.values():
        ids.append(population.spike_ids + first)
        steps.append(np.rint(population.spike_times_ms).astype(int))
        v.append(population.signals["v"].values.astype(np.float64))
        first += population.size
    assert np.array_equal(np.concatenate(v, axis=1), model.v)
    spikes = np.stack([np.concatenate(steps), np.concatenate(ids)])
    assert np.array_equal(spikes[:, np.lexsort(spikes[::-1])], np.stack([model.steps, model.ids]))


def test_the_machines_exponential_is_within_2e_6_of_the_true_one() -> None:
    for x in range(-5 * 2**15, 0, 97):
        assert exponential(x) / 2**32 == pytest.approx(np.exp(x / 2**15), rel=2e-6)


@pytest.mark.parametrize("taus", [(5.0, 5.0), (3.3, 7.77)])
def test_a_recurrent_network_follows_the_integers_bit_for_bit(taus: tuple[float, float]) -> None:
    cell = Izhikevich(i_offset=3.0, tau_syn_E=taus[0], tau_syn_I=taus[1])
    network = recurrent_network(cell)
    config = Config(
        cell=cell,
        connectivity=FixedProbability(weight_exc=Constant(1.0), weight_inh=Constant(1.0)),
        stimulus=NoStimulus(),
        backend=SpinnakerSettings(machine="software"),
        simulation=SimulationConfig(duration_ms=network.duration_ms, dt_ms=1.0),
    )
    model = IntegerNetwork(network).run()
    assert model.saturated == 0
    assert len(model.ids) > 500
    assert_equal(on_the_board(network, config), model)


@pytest.mark.slow
def test_the_seed_network_follows_the_integers_bit_for_bit_for_a_second() -> None:
    config = compose(["experiment=seed_izhikevich", "backend=spinnaker", "backend.machine=software"]).config
    network = draw(config)
    model = IntegerNetwork(network).run()
    assert 53_089 <= len(model.ids) <= 64_798  # what eight draws of an earlier model of the same arithmetic gave
    assert_equal(on_the_board(network, config), model)
