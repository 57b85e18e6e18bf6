"""Wiring rules on the back ends: repeated pairs of cells on all of them, and the draws of the machine itself."""

import numpy as np
import pytest
from small_networks import network, population, projection, source
from small_runs import result_of, sound_on, sound_with

from varesearch.backends.brian2 import Brian2Settings
from varesearch.backends.nest import NestSettings
from varesearch.backends.spinnaker import SpinnakerSettings
from varesearch.backends.spinnaker.backend import SpiNNaker
from varesearch.config.backend import BackendSettings
from varesearch.config.compose import compose
from varesearch.config.errors import ConfigurationError
from varesearch.config.schema import Config
from varesearch.config.validation import validate
from varesearch.model.cells.if_curr_exp import IfCurrExp
from varesearch.network import draw
from varesearch.network.model import Network

SOFTWARE = SpinnakerSettings(machine="software", version=3)


@pytest.mark.parametrize("settings", [Brian2Settings(), NestSettings(), SOFTWARE], ids=lambda each: type(each).__name__)
def test_each_of_repeated_synapses_acts(settings: BackendSettings) -> None:
    """Two synapses of one pair with one delay act as one with the sum of their weights, and a third by itself."""

    def wired(synapses: list[tuple[int, int, float, int]]) -> Network:
        cells = [population("cells", IfCurrExp(v_rest=-65.0, v_reset=-65.0), [-65.0, -65.0])]
        wires = [projection("src", "cells", "excitatory", synapses)]
        return network(cells, 40, 1.0, [source("src", [(3, 0)], 1)], wires)

    repeated = wired([(0, 0, 0.25, 2), (0, 0, 0.5, 2), (0, 0, 0.25, 6), (0, 1, 0.25, 2)])
    summed = wired([(0, 0, 0.75, 2), (0, 0, 0.25, 6), (0, 1, 0.25, 2)])
    v, expected = (
        sound_on(each, settings).populations["cells"].signals["v"].values.astype(np.float64)
        for each in (repeated, summed)
    )
    assert np.ptp(expected[:, 0]) > 2 * np.ptp(expected[:, 1]) > 0.1
    np.testing.assert_allclose(v, expected, rtol=0, atol=1e-9)


def test_more_repeated_synapses_than_a_row_of_spinnaker_holds_are_refused() -> None:
    words = ["backend=spinnaker", "backend.machine=mapping", "connectivity=fixed_total_number", "connectivity.n=20"]
    settings = compose([*words, "connectivity.synapses=8000"]).config
    with pytest.raises(
        ConfigurationError,
        match=r"^projection exc_to_exc: a cell of exc has \d+ synapses onto 16 .* set backend.neurons_per_core=4$",
    ):
        SpiNNaker(settings).check_network(draw(settings))
    fewer = compose([*words, "connectivity.synapses=800"]).config
    SpiNNaker(fewer).check_network(draw(fewer))
    result_of(draw(fewer), SpiNNaker(fewer))  # sPyNNaker agrees


def on_board(*overrides: str) -> Config:
    """Forty cells on the software board; ``overrides`` say how they are wired."""
    settings = compose(
        [
            "backend=spinnaker",
            "backend.machine=software",
            "connectivity.n=40",
            "connectivity.exc_inh_ratio=1",
            "stimulus.p=0.3",
            "stimulus.weight=1",
            "simulation.duration_ms=100",
            "recording.signals=[]",
            "analysis.warmup_ms=0",
            *overrides,
        ]
    ).config
    validate(settings)
    SpiNNaker.check(settings)
    return settings


def trains(settings: Config) -> dict[str, list[tuple[float, int]]]:
    recording = sound_with(draw(settings), settings)
    return {
        name: sorted(zip(each.spike_times_ms.tolist(), each.spike_ids.tolist(), strict=True))
        for name, each in recording.populations.items()
    }


@pytest.mark.parametrize(
    "rule",
    [
        ("connectivity=all_to_all",),
        ("connectivity=all_to_all", "connectivity.allow_self_connections=false"),
        ("connectivity=one_to_one", "connectivity.weight_exc=8"),
    ],
)
def test_what_is_not_random_is_the_same_drawn_by_the_machine(rule: tuple[str, ...]) -> None:
    here, there = trains(on_board(*rule)), trains(on_board(*rule, "connectivity.draw=native"))
    assert here == there and sum(map(len, here.values())) > 80


@pytest.mark.parametrize("replacement", ["true", "false"])
def test_the_machine_draws_the_number_of_synapses_that_is_asked_for(replacement: str) -> None:
    """A total of one synapse for each pair is all-to-all if none is repeated, and another network if some are."""
    total = ("connectivity=fixed_total_number", "connectivity.synapses=400", "connectivity.draw=native")
    drawn = trains(on_board(*total, f"connectivity.with_replacement={replacement}"))
    assert (drawn == trains(on_board("connectivity=all_to_all"))) == (replacement == "false")


def test_nothing_to_draw_is_not_left_to_the_machine() -> None:
    for words in (
        ("connectivity=fixed_total_number", "connectivity.synapses=0"),
        ("connectivity=one_to_one", "connectivity.allow_self_connections=false"),
    ):
        with pytest.raises(ConfigurationError, match=r"; write connectivity.draw=host$"):
            on_board(*words, "connectivity.draw=native")


def test_a_rule_that_the_machine_lacks_names_those_that_it_has() -> None:
    with pytest.raises(ConfigurationError, match=r"all_to_all and .* and fixed_total_number and one_to_one itself"):
        on_board("connectivity=small_world", "connectivity.k=4", "connectivity.draw=native")
