"""Currents of any waveform: step by step on every simulator, and against closed forms."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
from nest_runs import REST, quiet, source_at
from small_networks import config, network, population, projection
from small_runs import sound_on

from varesearch.backends.brian2 import Brian2Settings
from varesearch.backends.nest import NestSettings
from varesearch.backends.spinnaker import SpinnakerSettings
from varesearch.backends.spinnaker.backend import SpiNNaker
from varesearch.config.compose import compose
from varesearch.config.errors import ConfigurationError
from varesearch.config.stimulus import CurrentInput
from varesearch.model.cells.if_cond_exp import IfCondExp
from varesearch.model.cells.if_curr_alpha import IfCurrAlpha
from varesearch.model.cells.if_curr_delta import IfCurrDelta
from varesearch.model.cells.if_curr_exp import IfCurrExp
from varesearch.model.cells.izhikevich import Izhikevich
from varesearch.model.cells.izhikevich_delta import IzhikevichDelta
from varesearch.network import draw
from varesearch.network.model import Network
from varesearch.recording import Recording

CELLS = {Izhikevich: 0.3, IzhikevichDelta: 0.3, IfCondExp: 0.05, IfCurrExp: 0.05, IfCurrAlpha: 0.05, IfCurrDelta: 0.05}
"""Cell -> a current that moves v by some mV without a spike."""
STEPS, SIZE = 80, 3
BOARD = SpinnakerSettings(machine="software", version=3)

KINDS = {
    "step": ("step_current", "start_ms=7", "duration_ms=20"),
    "step from the first step": ("step_current", "start_ms=0", "duration_ms=4"),
    "ramp": ("ramp_current", "start_ms=3", "duration_ms=40"),
    "sine": ("sine_current", "frequency_hz=50", "phase_deg=30", "mean=0.2"),
    "noise": ("noisy_current", "each_cell=false", "start_ms=1"),
    "noise of each cell": ("noisy_current", "interval_ms=2"),
    "pulses": ("pulse_current", "starts_ms=[0,5,10,40]", "width_ms=5", "amplitude=1"),
}


def inputs_of(kind: str) -> tuple[CurrentInput, ...]:
    """Of amplitude 1 into the population ``exc`` of 3 cells."""
    name, *settings = KINDS[kind]
    words = [f"stimulus={name}", "stimulus.targets=[exc]", *(f"stimulus.{word}" for word in settings)]
    run = [
        "connectivity.n=4",
        "connectivity.exc_inh_ratio=3",
        f"simulation.duration_ms={STEPS}",
        "analysis.warmup_ms=0",
    ]
    return draw(compose([*run, *words]).config).currents


def driven(kinds: Iterable[str], models: list[type], delay_steps: int = 2) -> Network:
    """Cells of each model with each kind of current.

    The shortest delay of the network is ``delay_steps``, which the delay of NEST's generators depends on.
    """
    populations, currents, projections = [], [], []
    for kind in kinds:
        inputs = inputs_of(kind)
        for model in models:
            name = f"{model.__name__} {kind}".replace(" ", "_")
            populations.append(population(name, quiet(model), [REST] * SIZE, 0.2 * REST))
            currents += [replace(each, target=name, amplitudes=CELLS[model] * each.amplitudes) for each in inputs]
            projections.append(projection("stimulus", name, "excitatory", [(0, 0, 0.0, delay_steps)]))
    return network(populations, STEPS, 1.0, [source_at(3)], projections, currents)


def v_of(recording: Recording) -> dict[str, np.ndarray]:
    return {name: it.signals["v"].values.astype(np.float64) for name, it in recording.populations.items()}


ALL = list(CELLS)


@pytest.mark.parametrize("delay_steps", [2, 6])
def test_nest_plays_what_brian2_plays(delay_steps: int) -> None:
    drawn = driven(KINDS, ALL, delay_steps)
    brian2, nest = (v_of(sound_on(drawn, settings)) for settings in (Brian2Settings(), NestSettings()))
    assert len(nest) == len(KINDS) * len(ALL)
    for name, v in nest.items():
        assert np.abs(v - REST).max() > 0.3, name
        # NEST integrates conductances by an adaptive rule, Brian2 by the exponential Euler rule.
        tolerance = 2e-3 if name.startswith("IfCondExp") else 1e-9
        np.testing.assert_allclose(v, brian2[name], rtol=0, atol=tolerance, err_msg=name)


@pytest.mark.parametrize(
    ("kinds", "models"),
    [
        pytest.param(list(KINDS), [IfCurrExp], id="every kind"),
        pytest.param(["noise of each cell"], [Izhikevich, IfCondExp, IfCurrExp, IfCurrAlpha, IfCurrDelta], id="cells"),
    ],
)
def test_the_board_plays_what_brian2_plays(kinds: list[str], models: list[type]) -> None:
    drawn = driven(kinds, models)
    own = {True: SpiNNaker.integrators(Izhikevich)[0], False: "auto"}
    same_scheme = replace(
        drawn,
        populations=tuple(
            replace(p, cell=replace(p.cell, integrator=own[isinstance(p.cell, Izhikevich)])) for p in drawn.populations
        ),
    )
    brian2, board = v_of(sound_on(same_scheme, Brian2Settings())), v_of(sound_on(drawn, BOARD))
    for name, v in board.items():
        assert np.abs(v - REST).max() > 0.3, name
        # In steps of 2^-15, which a linear membrane forgets and Izhikevich's does not.
        tolerance = 0.3 if name.startswith("Izhikevich") else 0.05
        np.testing.assert_allclose(v, brian2[name], rtol=0, atol=tolerance, err_msg=name)


def test_a_current_that_does_not_fit_into_a_core_is_refused_with_what_would() -> None:
    drawn = network(
        [population("exc", IfCurrExp(), [REST] * 64)],
        100,
        1.0,
        currents=[CurrentInput("exc", np.arange(100, dtype=np.int32), np.zeros((100, 64)), 100)],
    )
    refused = r"current into exc: 100 values for each of 64 cells .* kB.*set backend.neurons_per_core=32$"
    with pytest.raises(ConfigurationError, match=refused):
        SpiNNaker(config(drawn, BOARD)).check_network(drawn)
    fewer = SpinnakerSettings(machine="software", version=3, neurons_per_core=32)
    SpiNNaker(config(drawn, fewer)).check_network(drawn)


@pytest.mark.slow
@pytest.mark.parametrize("codegen", ["cython", "cpp_standalone"])
def test_compiled_code_plays_the_same(codegen: str) -> None:
    drawn = driven(["sine", "noise of each cell"], [Izhikevich, IfCurrExp, IfCurrDelta])
    plain, compiled = (v_of(sound_on(drawn, it)) for it in (Brian2Settings(), Brian2Settings(codegen=codegen)))
    for name, v in compiled.items():
        np.testing.assert_allclose(v, plain[name], rtol=0, atol=1e-9, err_msg=name)


def test_currents_of_several_inputs_add_up_whatever_their_shapes() -> None:
    def whole(each: list[CurrentInput]) -> dict[str, np.ndarray]:
        drawn = network([population("exc", quiet(IfCurrExp), [REST] * SIZE)], STEPS, 1.0, currents=each)
        found = [v_of(sound_on(drawn, settings)) for settings in (Brian2Settings(), NestSettings())]
        np.testing.assert_allclose(found[0]["exc"], found[1]["exc"], rtol=0, atol=1e-9)
        return found[0]

    scaled = [replace(it, amplitudes=0.02 * it.amplitudes) for kind in KINDS for it in inputs_of(kind)]
    together = whole(scaled)["exc"] - REST
    # A membrane below threshold is linear.
    apart = sum(whole([each])["exc"] - REST for each in scaled)
    np.testing.assert_allclose(together, apart, rtol=0, atol=1e-9)


@pytest.mark.parametrize("slice_steps", [1, 7])
def test_where_nest_is_cut_into_slices_does_not_matter(slice_steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from varesearch.backends.nest.backend import NestSimulation

    drawn = driven(["noise of each cell"], ALL)
    whole = v_of(sound_on(drawn, NestSettings()))
    monkeypatch.setattr(NestSimulation, "slice_s", 1e-9 * slice_steps)
    for name, v in v_of(sound_on(drawn, NestSettings(threads=2))).items():
        np.testing.assert_array_equal(v, whole[name], err_msg=name)


TAU_MS, CM = 20.0, 0.2


def membrane(current: str, *words: str, dt_ms: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    """Times (ms) and v - v_rest (mV) of a cell below threshold on NEST, which solves each step exactly."""
    run = ["cell=if_curr_exp", f"cell.tau_m={TAU_MS}", f"cell.cm={CM}", "cell.v_thresh=1000", "cell.v_rest=-65"]
    size = ["connectivity.n=2", "connectivity.exc_inh_ratio=1", "connectivity.p=0", "cell.v_init=-65"]
    time = [f"simulation.dt_ms={dt_ms}", "simulation.duration_ms=300", "analysis.warmup_ms=0"]
    settings = compose(["backend=nest", f"stimulus={current}", *run, *size, *time, *words]).config
    signal = sound_on(draw(settings), NestSettings()).populations["exc"].signals["v"]
    return signal.times_ms, signal.values[:, 0] + 65.0


def test_a_sine_below_threshold_in_closed_form() -> None:
    """The steady state of tau dv/dt = -v + R I sin(w t) is R I / sqrt(1 + (w tau)^2) sin(w t - atan(w tau))."""
    t, v = membrane("sine_current", "stimulus.amplitude=0.1", "stimulus.frequency_hz=20")
    w = 2 * np.pi * 20 / 1000
    resistance, phase = TAU_MS / CM, np.arctan(w * TAU_MS)
    steady = resistance * 0.1 / np.sqrt(1 + (w * TAU_MS) ** 2)
    # The value at the beginning of a step holds for the step, so that the current is half a step late.
    expected = steady * (np.sin(w * (t - 0.05) - phase) + np.sin(phase + w * 0.05) * np.exp(-t / TAU_MS))
    np.testing.assert_allclose(v, expected, rtol=0, atol=1e-3 * steady)


def test_a_ramp_below_threshold_in_closed_form() -> None:
    """tau dv/dt = -v + R k t has the solution R k (t - tau + tau exp(-t / tau))."""
    t, v = membrane("ramp_current", "stimulus.end_amplitude=0.2", "stimulus.start_ms=50", "stimulus.duration_ms=200")
    s = np.clip(t - 50 - 0.05, 0, None)
    expected = TAU_MS / CM * 0.2 / 200 * (s - TAU_MS + TAU_MS * np.exp(-s / TAU_MS))
    np.testing.assert_allclose(v[t < 250], expected[t < 250], rtol=0, atol=2e-3)


def test_a_step_below_threshold_in_closed_form() -> None:
    t, v = membrane("step_current", "stimulus.amplitude=0.1", "stimulus.start_ms=30", "stimulus.duration_ms=50")
    full = TAU_MS / CM * 0.1
    rise = full * -np.expm1(-np.clip(t - 30, 0, 50) / TAU_MS)
    expected = rise * np.exp(-np.clip(t - 80, 0, None) / TAU_MS)
    np.testing.assert_allclose(v, expected, rtol=0, atol=1e-9)


def test_noise_has_its_mean_its_spread_and_its_interval() -> None:
    words = ["stimulus=noisy_current", "stimulus.mean=2", "stimulus.std=3", "stimulus.interval_ms=2"]
    exc, inh = draw(compose(["connectivity.n=200", "stimulus.start_ms=100", *words]).config).currents
    assert (exc.target, inh.target) == ("exc", "inh")
    assert exc.steps.tolist() == list(range(100, 1000, 2))
    assert exc.amplitudes.shape == (450, 160)
    n = exc.amplitudes.size
    assert abs(exc.amplitudes.mean() - 2) < 5 * 3 / np.sqrt(n)
    assert abs(exc.amplitudes.std() - 3) < 5 * 3 / np.sqrt(2 * n)
    centred = (exc.amplitudes - 2) / 3
    assert abs((centred[1:] * centred[:-1]).mean()) < 5 / np.sqrt(n)
    assert abs((centred[:, 1:] * centred[:, :-1]).mean()) < 5 / np.sqrt(n)
    assert abs((centred[:, :40] * (inh.amplitudes - 2) / 3).mean()) < 5 / np.sqrt(450 * 40)


def test_one_noise_for_all_cells_is_the_same_in_every_population() -> None:
    exc, inh = draw(compose(["stimulus=noisy_current", "stimulus.each_cell=false"]).config).currents
    np.testing.assert_array_equal(exc.amplitudes, inh.amplitudes, strict=True)
    assert exc.amplitudes.shape == (1000,)
