"""Synaptic currents and conductances as they are sampled: their instant, size, sign and unit on Brian2 and NEST.

Every cell that there is takes part, with every signal that a back end samples of it. The board's are tested where it
runs, in ``test_spinnaker_software.py``.
"""

from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from small_networks import config, network, projection, source
from small_runs import sound_on

from varesearch.backends import backend_class, backends
from varesearch.backends.brian2 import Brian2Settings
from varesearch.backends.check import check_cells
from varesearch.backends.nest import NestSettings
from varesearch.backends.spinnaker import SpinnakerSettings
from varesearch.config.backend import BackendSettings
from varesearch.config.cell import Cell
from varesearch.config.errors import ConfigurationError
from varesearch.config.parts import parts
from varesearch.config.schema import RecordingConfig
from varesearch.network.model import Network, Population, Projection, Receptor, SpikeSource
from varesearch.recording import Recording, Signal

ALL = parts(Cell)
WITH_INPUT = {name: cell for name, cell in ALL.items() if cell.synapse.input}
EVERY_SIGNAL = list(dict.fromkeys(signal for cell in ALL.values() for signal in cell.recordables()))

PYTHON = Brian2Settings(codegen="numpy")
COMPILED = [Brian2Settings(codegen="cython"), Brian2Settings(codegen="cpp_standalone")]
NEST = NestSettings()
THREADED = NestSettings(threads=2)
BOARD = SpinnakerSettings(machine="software", version=3)


def on(settings: BackendSettings) -> list[str]:
    """The cells with synaptic input that a back end has."""
    return [name for name, cell in WITH_INPUT.items() if backends()[settings.name].integrators(cell)]


def starting(name: str, size: int) -> Population:
    cell = ALL[name]()
    rng = np.random.default_rng(3)
    initial = {variable: np.full(size, getattr(cell, f"{variable}_init").lower) for variable in cell.variables}
    return Population(name, size, cell, initial | {"v": rng.uniform(-65.0, -60.0, size)})


def weights(name: str) -> tuple[float, float]:
    cell = ALL[name]()
    return cell.weight_exc.upper, cell.weight_inh.upper


def shape(cell: Cell, receptor: str, weight: float, t_ms: NDArray[Any]) -> NDArray[Any]:
    """The response to one spike in closed form, from its arrival on."""
    tau_ms = getattr(cell, f"tau_syn_{receptor}")
    if "alpha" in cell.synapse.value:
        return weight * t_ms / tau_ms * np.exp(1.0 - t_ms / tau_ms)
    return weight * np.exp(-t_ms / tau_ms)


DT_MS, STEPS, FIRED, LATER = 0.05, 300, 4, (3, 5)
"""A source's spike in step 4; after 3 steps it excites cell 0 of each population, after 5 it inhibits cell 1."""


@cache
def one_spike(target: str) -> Recording:
    settings = NEST if target == "nest" else PYTHON
    names = on(settings)
    projections = []
    for name in names:
        exc, inh = weights(name)
        projections.append(projection("src", name, "excitatory", [(0, 0, exc, LATER[0])]))
        projections.append(projection("src", name, "inhibitory", [(0, 1, inh, LATER[1])]))
    cells = [starting(name, 3) for name in names]
    drawn = network(cells, STEPS, DT_MS, [source("src", [(FIRED, 0)], 1)], projections)
    return sound_on(drawn, settings, RecordingConfig(signals=EVERY_SIGNAL))


@pytest.mark.parametrize(
    ("target", "name"), [("brian2", name) for name in on(PYTHON)] + [("nest", name) for name in on(NEST)]
)
def test_one_spike_gives_its_weight_in_the_step_of_its_arrival_and_decays_in_closed_form(target: str, name: str):
    cell, signals = ALL[name](), one_spike(target).populations[name].signals
    for column, (signal, receptor, weight) in enumerate(zip(cell.synapse.input, "EI", weights(name), strict=True)):
        sampled = signals[signal]
        assert sampled.unit == cell.unit_of("weight_exc")
        expected = np.zeros((STEPS, 3))
        arrival = FIRED + LATER[column]
        expected[arrival:, column] = shape(cell, receptor, weight, np.arange(STEPS - arrival) * DT_MS)
        adaptive = "rkf45" in backends()[target].integrators(type(cell))  # NEST's solver keeps an error of 1e-3 a step
        relative, absolute = (2e-4, 1e-9) if adaptive else (1e-10, 1e-15)
        np.testing.assert_allclose(sampled.values, expected, rtol=relative, atol=absolute, err_msg=signal)
        assert not np.signbit(sampled.values).any()


def busy(names: list[str], recurrent: bool) -> Network:
    """Forty cells of each kind with drawn weights and delays, sources, and, if wanted, synapses among themselves."""
    # Hodgkin and Huxley's cell, whose schemes differ, needs a short step.
    dt_ms, rng, n, n_steps = 1.0 if recurrent else 0.05, np.random.default_rng(11), 40, 200
    steps, sources = np.divmod(np.flatnonzero(rng.random(n_steps * 20) < 0.1 * dt_ms).astype(np.int32), 20)
    projections = []
    for name in names:
        for pre, size in (("src", 20), (name, n)) if recurrent else (("src", 20),):
            exc, inh = weights(name)
            onto: tuple[tuple[Receptor, float], ...] = (("excitatory", 2.0 * exc), ("inhibitory", 0.1 * inh))
            for receptor, weight in onto:
                pres, posts = np.divmod(np.flatnonzero(rng.random(size * n) < 0.2).astype(np.int32), n)
                drawn = weight * rng.lognormal(0.0, 0.5, len(pres))
                delays = rng.integers(2, 9, len(pres), dtype=np.int32)
                label = f"{pre}_to_{name}_{receptor[:3]}"
                projections.append(Projection(label, pre, name, receptor, pres, posts, drawn, delays))
    populations = [starting(name, n) for name in names]
    return network(populations, n_steps, dt_ms, [SpikeSource("src", 20, sources, steps)], projections)


def both(name: str) -> bool:
    return all(backends()[each].integrators(ALL[name]) for each in ("brian2", "nest"))


def same_scheme(name: str) -> bool:
    first, second = (backends()[each].integrators(ALL[name])[0] for each in ("brian2", "nest"))
    return first == second


ON_BOTH = [name for name in ALL if both(name)]
ALIKE = [name for name in ON_BOTH if same_scheme(name)]
OTHERWISE = [name for name in ON_BOTH if not same_scheme(name) and ALL[name].synapse.input]


@cache
def recorded(settings_name: str, recurrent: bool) -> Recording:
    settings = {"nest": NEST, "threaded": THREADED, "numpy": PYTHON} | {each.codegen: each for each in COMPILED}
    drawn = busy(ALIKE if recurrent else OTHERWISE, recurrent)
    return sound_on(drawn, settings[settings_name], RecordingConfig(signals=EVERY_SIGNAL))


PAIRS = [(name, signal) for name in ALIKE for signal in ALL[name].recordables()]


def assert_alike(one: Signal, other: Signal, tolerance: float) -> None:
    assert (one.name, one.unit) == (other.name, other.unit)
    np.testing.assert_array_equal(one.times_ms, other.times_ms)
    scale = np.abs(one.values).max()
    assert scale > 0
    np.testing.assert_allclose(one.values, other.values, rtol=0, atol=tolerance * scale)


@pytest.mark.parametrize(("name", "signal"), PAIRS)
def test_a_network_has_the_same_samples_on_brian2_and_nest(name: str, signal: str):
    """Where both step a cell by the same scheme, in a network of such cells that fire."""
    one, other = (recorded(each, True).populations[name] for each in ("numpy", "nest"))
    assert len(one.spike_ids) > 50
    np.testing.assert_array_equal(one.spike_ids, other.spike_ids)
    # What rounding leaves; the quadratic upstroke of Izhikevich's cell magnifies it, in v and u.
    magnified = name.startswith("izhikevich") and signal in ("v", "u")
    assert_alike(one.signals[signal], other.signals[signal], 1e-4 if magnified else 1e-10)


@pytest.mark.parametrize("name", OTHERWISE)
def test_the_input_from_sources_is_the_same_whatever_the_scheme_of_the_cell(name: str):
    one, other = (recorded(each, False).populations[name] for each in ("numpy", "nest"))
    for signal in ALL[name].synapse.input:
        assert_alike(one.signals[signal], other.signals[signal], 1e-4)


@pytest.mark.slow
@pytest.mark.timeout(1800)  # Cython compiles each of some hundred pieces of code by itself
@pytest.mark.parametrize("other", ["threaded", "cython", "cpp_standalone"])
@pytest.mark.parametrize("recurrent", [True, False])
def test_threads_and_compiled_code_have_the_same_samples(recurrent: bool, other: str):
    same = recorded("nest" if other == "threaded" else "numpy", recurrent)
    for name, population in recorded(other, recurrent).populations.items():
        assert set(population.signals) == set(ALL[name].recordables())
        for signal in population.signals.values():
            assert_alike(signal, same.populations[name].signals[signal.name], 1e-10)


@pytest.mark.parametrize("settings", [PYTHON, THREADED], ids=["brian2", "nest"])
def test_fewer_samples_are_a_part_of_all_and_populations_may_be_left_out(settings: BackendSettings):
    """With an interval, some cells, and signals that only some of the populations have."""
    names = ["izhikevich", "if_curr_exp", "if_cond_exp"]
    drawn, signals = busy(names, True), ["gsyn_inh", "v", "isyn_exc", "u"]
    every = sound_on(drawn, settings, RecordingConfig(signals=signals))
    some = sound_on(
        drawn,
        settings,
        RecordingConfig(signals=signals, cells=3, interval_ms=7.0, populations=["izhikevich", "if_cond_exp"]),
    )
    assert {name: list(each.signals) for name, each in some.populations.items()} == {
        "izhikevich": ["v", "isyn_exc", "u"],
        "if_curr_exp": [],
        "if_cond_exp": ["gsyn_inh", "v"],
    }
    for name, population in some.populations.items():
        np.testing.assert_array_equal(population.spike_ids, every.populations[name].spike_ids)
        for signal in population.signals.values():
            whole = every.populations[name].signals[signal.name]
            assert signal.times_ms.tolist() == list(range(0, 200, 7))
            np.testing.assert_array_equal(signal.values, whole.values[::7][:, signal.ids])


@pytest.mark.parametrize(
    ("settings", "recording", "said"),
    [
        (PYTHON, {"signals": ["gsyn_exc"]}, "recording.signals=[gsyn_exc] holds gsyn_exc & v, u, isyn_exc, isyn_inh"),
        (PYTHON, {"populations": ["pyr"]}, "recording.populations=[pyr] holds pyr & choose from izhikevich"),
        (PYTHON, {"signals": ["u"], "populations": ["if_curr_exp"]}, "holds u & choose from v, isyn_exc, isyn_inh"),
        (BOARD, {"signals": ["u"]}, "u cannot be recorded from cell izhikevich of pop & choose from v, isyn_exc"),
    ],
)
def test_a_given_network_is_refused_what_nobody_has_or_the_back_end_cannot_sample(
    settings: BackendSettings, recording: dict[str, list[str]], said: str
):
    drawn = busy(["izhikevich", "if_curr_exp"], False)
    backend = backend_class(type(settings))(config(drawn, settings, RecordingConfig(**recording)))  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError) as refusal:
        check_cells(drawn, backend)
    assert all(part in str(refusal.value) for part in said.split(" & "))
    assert "\n" not in str(refusal.value)
