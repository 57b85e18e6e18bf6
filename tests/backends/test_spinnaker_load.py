"""The load of the first steps: known from the drawn state, and what it makes of the time scale factor."""

from dataclasses import replace

import numpy as np
import pytest
from small_networks import network, population, projection, source

from varesearch.backends.spinnaker.load import (
    StartLoad,
    cores_of,
    first_spikes,
    start_load,
)
from varesearch.backends.spinnaker.machines import Size
from varesearch.backends.spinnaker.machines.software import SMALL_CORES, SMALL_SDRAM_MB, Software
from varesearch.config.compose import compose
from varesearch.model.cells.if_curr_exp import IfCurrExp
from varesearch.model.cells.izhikevich import Izhikevich
from varesearch.network import draw
from varesearch.network.model import CurrentInput, Network

FIRES = -20.0
"""From this v, with u = -14 and i_offset = 5, a cell fires in the first step."""

RESTS = -70.0


def test_the_first_spikes_are_those_of_brian2_and_the_integer_model() -> None:
    """Step 0 and 1 of the seed network, where the delay is 2: 674 and 387 spikes on the board at factors that hold."""
    drawn = draw(compose(["experiment=seed_izhikevich"]).config)
    fired = [first_spikes(p, drawn, 2).sum(axis=1) for p in drawn.populations]
    assert np.sum(fired, axis=0).tolist() == [674, 387]


def test_a_leaky_cell_fires_where_its_closed_form_crosses_the_threshold_and_then_rests() -> None:
    cell = IfCurrExp(v_rest=-65.0, v_reset=-65.0, v_thresh=-50.0, tau_m=20.0, cm=0.2, tau_refrac=2.0, i_offset=0.0)
    cells = population("a", cell, [-65.0, -50.2])
    current = CurrentInput.step("a", 0.2, 0, 100)  # towards -45 mV: -65 + 20 (1 - exp(-t/20)) passes -50 after 27.7 ms
    drawn = network([cells], 100, 1.0, currents=[current])
    fired = first_spikes(cells, drawn, 100)
    first, second = np.flatnonzero(fired[:, 0])[:2]
    assert first == 27
    assert second == first + 2 + 28
    assert np.flatnonzero(fired[:, 1])[0] == 0


def meeting(*synapses: tuple[int, int], fired_later: bool = False) -> Network:
    """Two firing cells and a resting one, "a", their ``synapses`` onto ten cells "b", and a source of two spikes."""
    return network(
        [
            population("a", Izhikevich(), [FIRES, FIRES, RESTS], u=-14.0),
            population("b", Izhikevich(), [RESTS] * 10, u=-14.0),
        ],
        10,
        1.0,
        [source("src", [(0, 0), (1, 1)] if not fired_later else [(0, 5), (1, 5)], 2)],
        [
            projection("a", "b", "excitatory", [(*pair, 1.0, 3) for pair in synapses]),
            projection("src", "b", "excitatory", [(0, 0, 1.0, 1), (1, 9, 1.0, 1)]),
        ],
    )


def test_the_busiest_core_takes_every_packet_and_its_own_synapses() -> None:
    load = {count: start_load(meeting((0, 1), (0, 9), (2, 1)), count) for count in (None, 5)}
    # The shortest delay is one step, so only step 0 is known, in which two cells of "a" fire.
    assert load[None].spikes == load[5].spikes == 2
    # With five cells on a core, each core has fewer cells and fewer of the synapses that are met.
    assert load[5].cycles < load[None].cycles
    assert (cores_of(meeting((0, 1)), None), cores_of(meeting((0, 1)), 5)) == (3, 4)
    # A synapse of a cell that fires costs something; that of a cell at rest does not.
    fewer, more, idle = (start_load(meeting(*pairs), None) for pairs in ([(0, 1)], [(0, 1), (0, 9)], [(0, 1), (2, 9)]))
    assert more.cycles > fewer.cycles == idle.cycles
    # A spike of a source that comes later is not part of the first steps.
    assert start_load(meeting((0, 1), fired_later=True), None).cycles < fewer.cycles


def test_a_network_without_synapses_has_the_load_of_its_cells() -> None:
    """A core holds 256 cells: more than that do not make the busiest one busier."""
    load = {
        size: start_load(network([population("a", Izhikevich(), [RESTS] * size, u=-14.0)], 10, 1.0), None)
        for size in (64, 128, 256, 300)
    }
    assert {each.spikes for each in load.values()} == {0}
    assert load[64].cycles * 4 == load[128].cycles * 2 == load[256].cycles == load[300].cycles > 0
    drawn = network([population("a", Izhikevich(), [RESTS] * 300, u=-14.0)], 10, 1.0)
    assert start_load(replace(drawn, native_wiring="rule"), None) == load[300]


@pytest.mark.parametrize(
    ("cycles", "dt_ms", "factor"),
    [(0, 1.0, 1), (200_000, 1.0, 1), (200_001, 1.0, 2), (772_764, 1.0, 4), (30_000, 0.1, 2)],
)
def test_the_factor_is_the_smallest_that_gives_the_tick_room(cycles: float, dt_ms: float, factor: int) -> None:
    assert StartLoad(0, cycles).factor(dt_ms) == factor


def test_the_software_board_is_no_larger_than_the_network_needs_unless_it_is_told() -> None:
    for cores, memory, version in ((8, 10.0, 3), (SMALL_CORES + 1, 10.0, 5), (8, SMALL_SDRAM_MB + 1, 5)):
        free, told = Software(5, smallest=True), Software(5)
        size = Size(cores, memory)
        assert (free.version_for(size), told.version_for(size)) == (version, 5)
