"""Networks without spikes or synapses on SpiNNaker: sources that never fire, one cell, no projection at all."""

import numpy as np
import pytest
from small_networks import config, network, population, projection, source
from small_runs import result_of

from varesearch.backends.spinnaker import SpinnakerSettings
from varesearch.backends.spinnaker.backend import SpiNNaker
from varesearch.config.schema import RecordingConfig
from varesearch.model.cells.if_curr_exp import IfCurrExp
from varesearch.network.model import Network, Projection, Receptor
from varesearch.recording import Recording
from varesearch.result import Status

REST = -65.0
CELL = IfCurrExp(v_rest=REST, v_reset=REST)
EMPTY = np.zeros(0, np.int32)


def simulated(drawn: Network) -> Recording:
    settings = SpinnakerSettings(machine="software", version=3)
    result = result_of(drawn, SpiNNaker(config(drawn, settings, RecordingConfig(signals=["v"]))))
    result.require_sound()
    assert result.recording is not None
    assert result.status is Status.FINISHED
    return result.recording


def empty(pre: str, post: str, receptor: Receptor) -> Projection:
    return Projection(f"{pre}_to_{post}_none", pre, post, receptor, EMPTY, EMPTY, np.zeros(0), EMPTY)


@pytest.fixture(scope="module")
def driven() -> Recording:
    """One network, hence one board: each population has a silent source of another kind."""
    onto_all = [(0, 0, 0.1, 2), (0, 1, 0.1, 2)]
    return simulated(
        network(
            [population(name, CELL, [REST, REST]) for name in ("only_silent", "one_of_two", "empty", "free")]
            + [population("one_cell", CELL, [REST])],
            40,
            1.0,
            [source("silent", [], 1), source("two", [(5, 1)], 2), source("active", [(5, 0)], 1)],
            [
                projection("silent", "only_silent", "excitatory", onto_all),
                projection("two", "one_of_two", "excitatory", [(0, 0, 0.1, 2), (1, 1, 0.1, 2)]),
                projection("active", "one_cell", "excitatory", [(0, 0, 0.1, 2)]),
                empty("active", "empty", "excitatory"),
                empty("silent", "empty", "inhibitory"),
            ],
        )
    )


def moved(recording: Recording, name: str) -> list[bool]:
    v = recording.populations[name].signals["v"].values
    assert len(v) == 40
    return [bool((np.abs(cell - REST) > 1e-3).any()) for cell in v.T]


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("only_silent", [False, False]),
        ("one_of_two", [False, True]),
        ("one_cell", [True]),
        ("empty", [False, False]),
        ("free", [False, False]),
    ],
)
def test_what_a_source_without_spikes_or_synapses_leaves_alone(name: str, cells: list[bool], driven: Recording) -> None:
    assert moved(driven, name) == cells
    assert len(driven.populations[name].spike_ids) == 0


def test_a_network_whose_only_source_is_silent_and_has_no_other_synapse() -> None:
    drawn = network(
        [population("cell", IfCurrExp(v_rest=REST, v_reset=REST, i_offset=0.2), [REST])],
        40,
        1.0,
        [source("silent", [], 3)],
        [projection("silent", "cell", "excitatory", [(2, 0, 0.1, 2)])],
    )
    trains = simulated(drawn).populations["cell"]
    assert len(trains.spike_ids) > 0
