"""The whole way to a result: sPyNNaker on the software board, against the conventions and closed forms."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from small_networks import config, network, population, projection, source
from small_runs import result_of

from varesearch.backends.spinnaker import SpinnakerSettings
from varesearch.backends.spinnaker.backend import SpiNNaker
from varesearch.config.cell import Cell
from varesearch.config.compose import compose
from varesearch.config.parts import parts
from varesearch.config.schema import RecordingConfig
from varesearch.model.cells.if_cond_exp import IfCondExp
from varesearch.model.cells.if_curr_alpha import IfCurrAlpha
from varesearch.model.cells.if_curr_delta import IfCurrDelta
from varesearch.model.cells.if_curr_exp import IfCurrExp
from varesearch.model.cells.izhikevich import Izhikevich
from varesearch.network import draw
from varesearch.network.model import CurrentInput, Network, Population
from varesearch.recording import Recording
from varesearch.result import Status

SOFTWARE = SpinnakerSettings(machine="software", version=3)
REST = -65.0
CELLS: dict[str, tuple[Cell, float]] = {
    "izhikevich": (Izhikevich(i_offset=0.0), 2.0),
    "cond_exp": (IfCondExp(v_rest=REST, v_reset=REST), 0.002),
    "curr_exp": (IfCurrExp(v_rest=REST, v_reset=REST), 0.1),
    "curr_alpha": (IfCurrAlpha(v_rest=REST, v_reset=REST), 0.1),
    "curr_delta": (IfCurrDelta(v_rest=REST, v_reset=REST), 3.0),
}
"""Name -> cell at rest, and the weight of a synapse."""

OTHERS: dict[str, tuple[Cell, float]] = {
    name: (cell(), cell().weight_exc.upper)
    for name, cell in parts(Cell).items()
    if SpiNNaker.integrators(cell) and cell not in {type(it) for it, _ in CELLS.values()}
}
"""The same for all other cells that the machine has; these need not rest."""


def starting(name: str, cell: Cell, size: int) -> Population:
    initial = {variable: np.full(size, getattr(cell, f"{variable}_init").lower) for variable in cell.variables}
    return Population(name, size, cell, initial)


def simulate(drawn: Network, recording: RecordingConfig | None = None, folder: Path | None = None) -> Recording:
    """What came back, nothing lost."""
    seen: list[float] = []
    result = result_of(drawn, SpiNNaker(config(drawn, SOFTWARE, recording)), folder, seen.append)
    assert result.recording is not None
    assert result.status is Status.FINISHED
    assert result.provenance["machine"] == "software"
    assert result.provenance["timing"].startswith("estimated")
    assert seen[-1] == drawn.duration_ms
    assert result.metrics["estimate.busiest_core_load"] > 0
    return result.recording


def at_rest(name: str, cell: Cell, size: int) -> list[Population]:
    return [population(name, cell, [-70.0 if isinstance(cell, Izhikevich) else REST] * size, u=-14.0)]


def v_of(result: Recording, name: str) -> NDArray[np.float64]:
    return result.populations[name].signals["v"].values.astype(np.float64)


@pytest.fixture(scope="module")
def every_cell() -> Recording:
    """Cell 0 gets an excitatory spike of step 5 after 3 steps, cell 1 an inhibitory one after 1, cell 2 none."""
    populations, projections = [], []
    for name, (cell, weight) in CELLS.items():
        populations += at_rest(name, cell, 3)
        projections.append(projection("src", name, "excitatory", [(0, 0, weight, 3)]))
        projections.append(projection("src", name, "inhibitory", [(0, 1, weight, 1)]))
    for name, (cell, weight) in OTHERS.items():
        populations.append(starting(name, cell, 3))
        projections.append(projection("src", name, "excitatory", [(0, 0, weight, 3)]))
        projections.append(projection("src", name, "inhibitory", [(0, 1, weight, 1)]))
    currents = [CurrentInput.step(name, 0.05, 200, 210) for name in CELLS if name != "izhikevich"]
    drawn = network(populations, 300, 1.0, [source("src", [(5, 0)], 1)], projections, currents)
    return simulate(drawn, RecordingConfig(signals=["v", "isyn_exc", "isyn_inh", "gsyn_exc", "gsyn_inh"]))


@pytest.mark.parametrize("name", CELLS | OTHERS)
def test_the_input_of_one_spike_is_that_of_its_weight_in_closed_form(name: str, every_cell: Recording) -> None:
    """Sampled with the arrivals of its step, without the factor by which the machine averages over a step."""
    cell, weight = (CELLS | OTHERS)[name]
    signals = every_cell.populations[name].signals
    assert list(signals) == ["v", *cell.synapse.input]
    for column, (signal, receptor, delay) in enumerate(zip(cell.synapse.input, "EI", (3, 1), strict=False)):
        sampled, tau_ms = signals[signal], getattr(cell, f"tau_syn_{receptor}")
        assert sampled.unit == cell.unit_of("weight_exc")
        expected = np.zeros((300, 3))
        t_ms = np.arange(300 - (5 + delay))
        rising = t_ms / tau_ms * np.e if "alpha" in cell.synapse.value else 1.0
        expected[5 + delay :, column] = weight * rising * np.exp(-t_ms / tau_ms)
        # A conductance is cut to steps of 2^-15 µS; the others lose a step in each multiplication, of which an alpha
        # current has two factors.
        steps = {"gsyn": 1.2, "isyn": 40.0 if "alpha" in cell.synapse.value else 10.0}[signal[:4]]
        np.testing.assert_allclose(sampled.values, expected, rtol=2e-3, atol=steps * 2**-15, err_msg=signal)


@pytest.mark.parametrize("name", CELLS)
def test_a_spike_acts_in_the_step_of_its_delay_and_in_the_direction_of_its_receptor(
    name: str, every_cell: Recording
) -> None:
    v = v_of(every_cell, name)
    change = v - v[:, 2:]
    late = name == "curr_alpha"  # an alpha current starts from zero
    assert np.flatnonzero(np.abs(change[:, 0]) > 1e-3)[0] == 5 + 3 + 1 + late
    assert np.flatnonzero(np.abs(change[:, 1]) > 1e-3)[0] == 5 + 1 + 1 + late
    assert change[9 + late, 0] > 0 > change[7 + late, 1]


def test_the_charge_of_a_current_is_that_of_its_weight(every_cell: Recording) -> None:
    for name, charge in (("curr_exp", 0.1 * 5.0), ("curr_alpha", 0.1 * np.e * 5.0)):
        v = v_of(every_cell, name)[:200]
        assert (v[:, 0] - v[:, 2]).sum() == pytest.approx(charge / 0.2 * 20.0, rel=0.01)  # mV ms


def test_a_voltage_step_is_its_weight(every_cell: Recording) -> None:
    v = v_of(every_cell, "curr_delta")
    assert v[9, 0] - v[9, 2] == pytest.approx(3.0, rel=1e-3)
    assert v[7, 1] - v[7, 2] == pytest.approx(-3.0, rel=1e-3)


def test_a_current_step_lasts_from_its_first_step_to_before_its_last(every_cell: Recording) -> None:
    v = v_of(every_cell, "curr_exp")[:, 2]
    assert v[200] == v[199]
    assert (np.diff(v[200:211]) > 0).all()
    assert v[211] < v[210]
    assert v[210] - REST == pytest.approx(0.05 * 20.0 / 0.2 * (1 - np.exp(-10 / 20)), rel=2e-3)


def test_every_drawn_synapse_arrives_also_repeats_self_connections_and_long_delays() -> None:
    delays = [1, 2, 16, 17, 32, 33, 63, 64]
    synapses = [(0, target, 0.5, delay) for target, delay in enumerate(delays)]
    synapses += [(0, 0, 0.5, 1), (1, 290, 0.5, 64)]  # a repeat, and a long delay from another source to another core
    drawn = network(
        at_rest("a", Izhikevich(i_offset=0.0), 300),
        250,
        1.0,
        [source("src", [(0, 0), (100, 1), (180, 2)], 3)],
        [
            projection("src", "a", "excitatory", synapses),
            projection("src", "a", "excitatory", [(2, 298, 15.0, 1), (2, 299, 15.0, 1)], name="kick"),
            projection("a", "a", "excitatory", [(299, 299, 1.0, 3)]),
        ],
    )
    result = simulate(drawn).populations["a"]
    v = result.signals["v"].values.astype(np.float64)
    change = np.abs(v - v[:, 295:296]) > 1e-3  # cell 295 gets nothing
    assert [np.flatnonzero(change[:, cell])[0] for cell in range(len(delays))] == [delay + 1 for delay in delays]
    assert np.flatnonzero(change[:, 290])[0] == 100 + 64 + 1
    assert v[2, 0] - v[2, 295] == pytest.approx(2 * (v[3, 1] - v[3, 295]), rel=0.02)
    fired = int(result.spike_times_ms[result.spike_ids == 299][0])
    assert np.flatnonzero(v[:, 299] != v[:, 298])[0] == fired + 3 + 1  # its twin has no synapse to itself


def test_samples_start_at_time_0_and_a_subset_keeps_its_cells() -> None:
    start = np.linspace(-70, -60, 5)
    drawn = network([population("a", Izhikevich(), start.tolist(), u=-14.0)], 20, 1.0)
    result = simulate(drawn, RecordingConfig(cells=3, interval_ms=5.0))
    v = result.populations["a"].signals["v"]
    assert v.ids.tolist() == [0, 2, 4]
    assert v.times_ms.tolist() == [0, 5, 10, 15]
    assert v.values[0] == pytest.approx(start[[0, 2, 4]], abs=2**-15)


def test_the_boards_log_is_kept_with_the_run(tmp_path: Path) -> None:
    simulate(network(at_rest("a", Izhikevich(), 2), 10, 1.0), folder=tmp_path)
    assert "booted" in (tmp_path / "spinnaker" / "board.log").read_text()


@pytest.mark.slow
@pytest.mark.parametrize("factor", [1, 5])
def test_the_seed_networks_start_is_degraded_at_factor_1_and_whole_at_5(factor: int) -> None:
    settings = compose(
        ["experiment=seed_izhikevich", "backend=spinnaker", "backend.machine=software", "backend.version=3",
         f"backend.time_scale_factor={factor}"]
    ).config  # fmt: skip
    result = result_of(draw(settings), SpiNNaker(settings))
    assert result.recording is not None
    if factor == 1:
        assert result.status is Status.DEGRADED
        assert "backend.time_scale_factor=4" in result.advice
        return
    assert result.status is Status.FINISHED
    populations = result.recording.populations.values()
    assert 53_089 <= sum(len(p.spike_ids) for p in populations) <= 64_798
    assert [p.signals["v"].values.shape for p in populations] == [(1000, 1200), (1000, 300)]
