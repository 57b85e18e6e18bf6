"""The refractory time of the integrate-and-fire cells, on every code generation target."""

import numpy as np
import pytest
from small_networks import network, population, projection, source
from small_runs import sound_on

from varesearch.backends.brian2 import Brian2Settings
from varesearch.config.schema import RecordingConfig
from varesearch.model.cells.if_cond_alpha import IfCondAlpha
from varesearch.model.cells.if_cond_exp import IfCondExp
from varesearch.model.cells.if_curr_alpha import IfCurrAlpha
from varesearch.model.cells.if_curr_delta import IfCurrDelta
from varesearch.model.cells.if_curr_exp import IfCurrExp
from varesearch.network.model import Network
from varesearch.recording import Recording

IntegrateAndFire = IfCondExp | IfCondAlpha | IfCurrExp | IfCurrAlpha | IfCurrDelta
CELLS: tuple[type[IntegrateAndFire], ...] = (IfCondExp, IfCondAlpha, IfCurrExp, IfCurrAlpha, IfCurrDelta)
DT_MS = 0.5
# Beyond 32 bits (and to nearly nothing, if cut to them), half a step, a part of a step, many steps.
REFRACTORY_STEPS = [2**32 + 1, 0, 3, 40]


def _simulate(drawn: Network, codegen: str = "numpy") -> Recording:
    return sound_on(drawn, Brian2Settings(codegen=codegen), RecordingConfig(signals=[]))


def _cell(cell: type[IntegrateAndFire], steps: int, i_offset: float) -> IntegrateAndFire:
    return cell(
        tau_refrac=steps * DT_MS, i_offset=i_offset, tau_m=20.0, cm=1.0, v_rest=-65.0, v_reset=-65.0, v_thresh=-50.0
    )


@pytest.mark.parametrize("cell", CELLS)
def test_a_constant_current_gives_the_trains_of_the_closed_form(cell: type[IntegrateAndFire]) -> None:
    """Under a constant current v is known at every time, for all five cells: so are the steps of the spikes."""
    n_steps, current = 400, 1.0
    populations = [
        population(f"p{k}", _cell(cell, steps, current), [-65.0]) for k, steps in enumerate(REFRACTORY_STEPS)
    ]
    recording = _simulate(network(populations, n_steps, DT_MS))
    # v(t) = v_rest + R I (1 - exp(-t / tau)), with R I = 20 mV, meets the threshold 15 mV above rest.
    updates = int(np.ceil(20.0 * np.log(20.0 / (20.0 - 15.0)) / DT_MS))
    for k, steps in enumerate(REFRACTORY_STEPS):
        expected = np.arange(updates - 1, n_steps, updates + steps) * DT_MS
        np.testing.assert_allclose(recording.populations[f"p{k}"].spike_times_ms, expected, atol=1e-9)
    assert len(recording.populations["p0"].spike_times_ms) == 1
    assert len(recording.populations["p1"].spike_times_ms) > 5


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("codegen", ["cython", "cpp_standalone"])
def test_every_target_gives_the_same_trains_for_every_cell(codegen: str) -> None:
    """Input and inhibition meet free and refractory cells; numpy, Cython and C++ part nowhere."""
    rng = np.random.default_rng(11)
    weight = {
        "if_cond_exp": 0.02,
        "if_cond_alpha": 0.01,
        "if_curr_exp": 1.5,
        "if_curr_alpha": 0.8,
        "if_curr_delta": 4.0,
    }
    cells = [_cell(cell, 3, 0.3) for cell in CELLS] + [_cell(IfCurrExp, 2**32 + 1, 0.3)]
    populations = [population(f"p{k}", cell, list(rng.uniform(-65, -50, 6))) for k, cell in enumerate(cells)]
    pairs = [(s, t) for s in range(6) for t in range(6)]
    projections = [
        projection(
            "input",
            target.name,
            "excitatory",
            [(s, t, float(weight[target.cell.model] * rng.uniform(0.5, 1.5)), 2) for s, t in pairs],
        )
        for target in populations
    ]
    steps, sources = np.nonzero(rng.random((300, 6)) < 0.05)
    spikes = [(int(step), int(cell)) for step, cell in zip(steps, sources, strict=True)]
    drawn = network(populations, 300, DT_MS, [source("input", spikes, 6)], projections)
    runs = {target: _simulate(drawn, target) for target in ("numpy", codegen)}
    for name, trains in runs["numpy"].populations.items():
        held_for_good = name == "p4"
        assert held_for_good == (np.bincount(trains.spike_ids).max() == 1), name
        other = runs[codegen].populations[name]
        np.testing.assert_array_equal(other.spike_ids, trains.spike_ids, f"{codegen} {name}")
        np.testing.assert_array_equal(other.spike_times_ms, trains.spike_times_ms, f"{codegen} {name}")
