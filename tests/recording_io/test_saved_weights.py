"""Weights that learned, and networks whose synapses learn, are the same after they were saved."""

from dataclasses import replace

import numpy as np
import pytest

from varesearch.config.compose import compose
from varesearch.config.errors import ConfigurationError
from varesearch.network import draw
from varesearch.network.consistency import check_network
from varesearch.network.stored import load_network, save_network
from varesearch.recording import ProjectionWeights, Recording, population_recording
from varesearch.recording_io import load_npz, save_npz


def recorded(weights: dict[str, ProjectionWeights]) -> Recording:
    spikes = np.array([0, 3])
    return Recording(0.5, 10.0, {"exc": population_recording("exc", 4, spikes, spikes, 0.5)}, {}, weights)


def learned() -> ProjectionWeights:
    pairs = np.array([0, 1, 3], np.int32), np.array([2, 2, 0], np.int32)
    return ProjectionWeights("a_to_b", "µS", *pairs, np.full(3, 0.1), np.array([0.0, 0.1, 0.2]), 0.0, 0.2)


def test_weights_are_the_same_after_loading(tmp_path):
    kept = load_npz(save_npz(recorded({"a_to_b": learned()}), tmp_path / "recording.npz")).weights["a_to_b"]
    for name, value in vars(learned()).items():
        assert np.array_equal(getattr(kept, name), value), name
        assert getattr(getattr(kept, name), "dtype", None) == getattr(value, "dtype", None), name


def test_a_recording_without_them_has_none(tmp_path):
    assert load_npz(save_npz(recorded({}), tmp_path / "recording.npz")).weights == {}


def test_damaged_weights_are_refused(tmp_path):
    damaged = replace(learned(), final=np.zeros(2))
    with pytest.raises(ValueError, match="the weights of a_to_b do not have one value for each synapse"):
        load_npz(save_npz(recorded({"a_to_b": damaged}), tmp_path / "recording.npz"))


def test_a_network_that_learns_is_the_same_after_loading(tmp_path):
    network = draw(compose(["connectivity.n=50", "synapse=stdp", "synapse.pairing=nearest"]).config)
    check_network(network)
    kept = load_network(save_network(network, tmp_path / "network.npz"))
    assert kept.hash == network.hash
    assert [it.synapse for it in kept.projections] == [it.synapse for it in network.projections]


def test_weights_that_a_program_puts_outside_of_the_bounds_are_refused():
    network = draw(compose(["connectivity.n=50", "synapse=stdp"]).config)
    first = network.projections[0]
    outside = replace(first, weights=first.weights * 3)
    with pytest.raises(ConfigurationError, match="exc_to_exc: weights from 3 to 3; synapse=stdp wants them from"):
        check_network(replace(network, projections=(outside, *network.projections[1:])))


def test_synapses_from_a_source_are_static():
    network = draw(compose(["connectivity.n=50", "synapse=stdp"]).config)
    last = replace(network.projections[-1], synapse=network.projections[0].synapse)
    with pytest.raises(ConfigurationError, match="synapses from the spike source thalamus are static"):
        check_network(replace(network, projections=(*network.projections[:-1], last)))
