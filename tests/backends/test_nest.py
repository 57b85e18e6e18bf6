"""NEST against the conventions of the network and the recording, and against itself."""

import gc
import importlib
import math
import os
import signal
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from small_networks import config as settings_for
from small_networks import network, population, projection, source

from varesearch.backends.base import BackendUnavailableError
from varesearch.backends.nest.backend import Nest
from varesearch.config.cells import (
    CellConfig,
    IfCondExp,
    IfCurrAlpha,
    IfCurrDelta,
    IfCurrExp,
    Izhikevich,
    IzhikevichDelta,
)
from varesearch.config.errors import ConfigurationError
from varesearch.config.schema import Config, NestBackend, RecordingConfig
from varesearch.network.model import CurrentStep, Network, Population, Projection, Receptor, SpikeSource
from varesearch.recording import Recording

REST = -65.0
"""Where every cell of :func:`quiet` stays if nothing arrives, in mV."""


def quiet(model: type[CellConfig]) -> CellConfig:
    """A cell that rests at :data:`REST` and does not fire of itself."""
    if model in (Izhikevich, IzhikevichDelta):
        # 0.04 v² + 5 v + 140 - u + i = 0 and u = b v at v = -65.
        return model(i_offset=-(0.04 * REST**2 + 5 * REST + 140 - 0.2 * REST))  # type: ignore[call-arg]
    cell = model()
    for name, value in {"v_rest": REST, "v_reset": -70.0, "v_thresh": -50.0, "tau_m": 20.0, "cm": 0.2}.items():
        setattr(cell, name, value)
    return cell


def first_psp(cell: CellConfig, receptor: str, weight: float, dt_ms: float) -> float:
    """How far v has moved from rest one update after the arrival, in closed form; if_cond_exp to first order in dt."""
    sign = 1.0 if receptor == "excitatory" else -1.0
    if isinstance(cell, IzhikevichDelta | IfCurrDelta):
        return sign * weight
    if isinstance(cell, Izhikevich):
        return sign * weight * dt_ms
    assert isinstance(cell, IfCurrExp | IfCurrAlpha | IfCondExp)
    tau = cell.tau_syn_E if receptor == "excitatory" else cell.tau_syn_I
    membrane, synapse = math.exp(-dt_ms / cell.tau_m), math.exp(-dt_ms / tau)
    # Response of cm dv/dt = -cm v/tau_m + i(t) from v = 0: with k = 1/tau - 1/tau_m,
    # i = w exp(-t/tau): w/cm (exp(-t/tau_m) - exp(-t/tau)) / k;
    # i = w e t/tau exp(-t/tau): the derivative of this with respect to -1/tau, times e/tau.
    k = 1 / tau - 1 / cell.tau_m
    if isinstance(cell, IfCurrExp):
        return sign * weight / cell.cm * (membrane - synapse) / k
    if isinstance(cell, IfCurrAlpha):
        return sign * weight * math.e / tau / cell.cm * ((membrane - synapse) / k**2 - dt_ms * synapse / k)
    drive = (cell.e_rev_E if receptor == "excitatory" else cell.e_rev_I) - REST
    return weight * drive / cell.cm * (membrane - synapse) / k


def resting(cell: CellConfig, v: float = REST, size: int = 1) -> Population:
    return population("exc", cell, [v] * size, 0.2 * REST)


def source_at(*steps: int) -> SpikeSource:
    return source("stimulus", [(step, 0) for step in steps], 1)


def stimulus(weight: float, delay: int, receptor: Receptor = "excitatory") -> Projection:
    """From the one source to cell 0."""
    return projection("stimulus", "exc", receptor, [(0, 0, weight, delay)], "stimulus_to_exc")


def config(drawn: Network, threads: int = 1, **recording) -> Config:
    return settings_for(drawn, NestBackend(threads=threads), RecordingConfig(**recording))


def simulate(drawn: Network, threads: int = 1, slice_s: float | None = None, **recording) -> Recording:
    nest = Nest(config(drawn, threads, **recording))
    if slice_s is not None:
        nest.slice_s = slice_s  # type: ignore[misc]
    try:
        nest.build(drawn)
        nest.run(lambda _ms: None)
        return nest.collect()
    finally:
        nest.close()


def equal(one: Recording, other: Recording) -> bool:
    """Equal to the last bit."""
    return one.populations.keys() == other.populations.keys() and all(
        np.array_equal(a.spike_ids, b.spike_ids)
        and np.array_equal(a.spike_times_ms, b.spike_times_ms)
        and a.signals.keys() == b.signals.keys()
        and all(np.array_equal(a.signals[name].values, b.signals[name].values) for name in a.signals)
        for a, b in ((one.populations[name], other.populations[name]) for name in one.populations)
    )


MODELS = (Izhikevich, IzhikevichDelta, IfCondExp, IfCurrExp, IfCurrAlpha, IfCurrDelta)
SMALL = {Izhikevich: 0.1, IzhikevichDelta: 1.0, IfCondExp: 1e-4, IfCurrExp: 0.01, IfCurrAlpha: 0.01, IfCurrDelta: 1.0}
"""A weight that moves v without a spike."""
LARGE = {
    Izhikevich: 100.0,
    IzhikevichDelta: 100.0,
    IfCondExp: 3.0,
    IfCurrExp: 40.0,
    IfCurrAlpha: 40.0,
    IfCurrDelta: 40.0,
}
"""A weight that makes the target fire in the step in which it acts."""


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("receptor", ["excitatory", "inhibitory"])
@pytest.mark.parametrize(("step", "delay"), [(0, 2), (0, 5), (7, 3)])
def test_a_spike_of_step_k_acts_after_its_delay_with_its_sign_and_size(model, receptor, step, delay):
    cell = quiet(model)
    dt_ms = 0.1 if model is IfCondExp else 1.0
    drawn = network([resting(cell)], 40, dt_ms, [source_at(step)], [stimulus(SMALL[model], delay, receptor)])
    v = simulate(drawn).populations["exc"].signals["v"].values[:, 0]
    arrival = step + delay
    assert np.abs(v[: arrival + 1] - REST).max() < 1e-9
    # The conductance's driving force falls by a ten-thousandth during the step.
    tolerance = 1e-3 if model is IfCondExp else 1e-9
    assert v[arrival + 1] - REST == pytest.approx(first_psp(cell, receptor, SMALL[model], dt_ms), rel=tolerance)


@pytest.mark.parametrize("model", [Izhikevich, IzhikevichDelta, IfCurrDelta])
def test_a_delay_of_one_step_where_nest_has_it(model):
    drawn = network([resting(quiet(model))], 40, 1.0, [source_at(0)], [stimulus(1.0, 1)])
    v = simulate(drawn).populations["exc"].signals["v"].values[:, 0]
    assert v[1] == pytest.approx(REST, abs=1e-9)
    assert v[2] == pytest.approx(REST + 1.0, abs=1e-9)


@pytest.mark.parametrize("model", MODELS)
def test_a_cells_own_spike_is_stamped_with_the_start_of_its_step_and_delayed_from_there(model):
    """Source -> first cell fires in step 4 + 3 = 7 -> second cell moves after step 7 + 2 = 9, so in sample 10."""
    cell = quiet(model)
    relay = projection("exc", "exc", "excitatory", [(0, 1, SMALL[model], 2)])
    drawn = network([resting(cell, size=2)], 40, 1.0, [source_at(4)], [stimulus(LARGE[model], 3), relay])
    recorded = simulate(drawn).populations["exc"]
    trains = recorded.spike_trains()
    assert trains[0][0] == 7.0
    assert len(trains[1]) == 0
    reset = cell.c if isinstance(cell, Izhikevich | IzhikevichDelta) else cell.v_reset  # type: ignore[attr-defined]
    assert recorded.signals["v"].values[8, 0] == pytest.approx(reset)
    moved = np.abs(recorded.signals["v"].values[:, 1] - REST) > 1e-9
    assert np.flatnonzero(moved)[0] == 10


def test_a_spike_of_the_last_step_is_recorded_and_none_after_it():
    cell = quiet(IfCurrDelta)
    assert isinstance(cell, IfCurrDelta)
    cell.tau_refrac = 1.0
    drawn = network([resting(cell)], 11, 1.0, [source_at(6, 9)], [stimulus(LARGE[IfCurrDelta], 1)])
    assert simulate(drawn).populations["exc"].spike_times_ms.tolist() == [7.0, 10.0]
    assert simulate(replace(drawn, n_steps=10)).populations["exc"].spike_times_ms.tolist() == [7.0]


def test_v_is_held_for_the_refractory_period():
    """A spike of step 5, tau_refrac 3 ms at 1 ms: v stays for the 3 updates of steps 6, 7, 8, and moves in step 9."""
    cell = IfCurrExp(v_rest=-40.0, v_reset=-70.0, v_thresh=-50.0, tau_refrac=3.0)
    v_init = -40.0 - (10.0 + 1e-6) * math.exp(5 / 20)
    recorded = simulate(network([resting(cell, v=v_init)], 40, 1.0)).populations["exc"]
    # v reaches -50 with the update of step 5: 5 updates bring it within 10 + 1e-6 of rest, the next over threshold.
    assert recorded.spike_times_ms[0] == 5.0
    v = recorded.signals["v"].values[:, 0]
    assert np.array_equal(v[6:10], np.full(4, -70.0))
    assert v[10] == pytest.approx(-40.0 - 30.0 * math.exp(-1 / 20))


@pytest.mark.parametrize("interval_steps", [1, 3, 7, 100])
def test_samples_start_with_the_initial_state_at_every_interval(interval_steps):
    cell = IzhikevichDelta()
    rng = np.random.default_rng(3)
    initial = {"v": rng.uniform(-65, -50, 9), "u": rng.uniform(-15, -12, 9)}
    drawn = network([Population("exc", 9, cell, initial)], 40, 1.0)
    every = simulate(drawn, signals=["v", "u"]).populations["exc"].signals
    some = simulate(drawn, signals=["v", "u"], cells=4, interval_ms=float(interval_steps)).populations["exc"].signals
    for name, unit in (("v", "mV"), ("u", "mV/ms")):
        assert every[name].values.shape == (40, 9)
        assert np.array_equal(every[name].values[0], drawn.populations[0].initial[name])
        assert some[name].unit == unit
        assert some[name].times_ms.tolist() == list(range(0, 40, interval_steps))
        assert some[name].ids.tolist() == [0, 3, 5, 8]
        assert np.array_equal(some[name].values, every[name].values[::interval_steps][:, [0, 3, 5, 8]])
    # Two Euler steps of Izhikevich (2003), eqs. 1 and 2, written out here.
    v, u = drawn.populations[0].initial["v"], drawn.populations[0].initial["u"]
    for step in (1, 2):
        v, u = v + 0.04 * v * v + 5 * v + 140 - u + cell.i_offset, u + cell.a * (cell.b * v - u)
        assert every["v"].values[step] == pytest.approx(v, rel=1e-12)
        assert every["u"].values[step] == pytest.approx(u, rel=1e-12)


def test_nothing_sampled_gives_spikes_only():
    recorded = simulate(network([resting(IzhikevichDelta())], 40, 1.0), signals=[]).populations["exc"]
    assert recorded.signals == {}
    assert len(recorded.spike_ids) > 0


@pytest.mark.parametrize("start", [0, 1, 13])
def test_a_current_acts_from_its_first_step_to_its_last_and_adds_up(start):
    """The closed form of a membrane at constant current, step by step."""
    cell = quiet(IfCurrExp)
    currents = [CurrentStep("exc", 0.05, start, 20), CurrentStep("exc", 0.02, 16, 25)]
    drawn = network([resting(cell)], 40, 1.0, currents=currents)
    v = simulate(drawn).populations["exc"].signals["v"].values[:, 0]
    expected = [REST]
    for step in range(39):
        drive = sum(c.amplitude for c in currents if c.start_step <= step < c.stop_step)
        steady = REST + drive * 20.0 / 0.2
        expected.append(steady + (expected[-1] - steady) * math.exp(-1 / 20))
    assert v == pytest.approx(np.array(expected), abs=1e-9)


def random_network(model: type[CellConfig], n: int = 60, n_steps: int = 300) -> Network:
    """Distributed weights and delays, a dense stimulus and a current: what could make a sum depend on its order."""
    rng = np.random.default_rng(5)
    cell = model()
    v_init = rng.uniform(-65, -50, n)
    initial = {"v": v_init, "u": np.full(n, -14.0)} if model in (Izhikevich, IzhikevichDelta) else {"v": v_init}

    def wired(pre: str, n_pre: int, receptor, scale: float) -> Projection:
        sources, targets = np.divmod(np.flatnonzero(rng.random(n_pre * n) < 0.2).astype(np.int32), n)
        weights = scale * rng.lognormal(0.0, 0.5, len(sources))
        delays = rng.integers(2, 9, len(sources), dtype=np.int32)
        return Projection(f"{pre}_to_exc_{receptor}", pre, "exc", receptor, sources, targets, weights, delays)

    flat = np.flatnonzero(rng.random(n_steps * 20) < 0.1)
    steps, sources = np.divmod(flat.astype(np.int32), 20)
    weight = float(cell.weight_exc)  # type: ignore[attr-defined]
    return network(
        [Population("exc", n, cell, initial)],
        n_steps,
        1.0,
        [SpikeSource("stimulus", 20, sources, steps)],
        [
            wired("exc", n, "excitatory", weight),
            wired("exc", n, "inhibitory", 0.3 * float(cell.weight_inh)),  # type: ignore[attr-defined]
            wired("stimulus", 20, "excitatory", 2 * weight),
        ],
        [CurrentStep("exc", 1.0 if "u" in initial else 0.2, 33, 101)],
    )


@pytest.mark.parametrize("model", MODELS)
def test_neither_threads_nor_slices_nor_the_order_of_a_list_change_a_bit(model):
    drawn = random_network(model)
    alone = simulate(drawn)
    assert len(alone.populations["exc"].spike_ids) > 100
    assert equal(alone, simulate(drawn, threads=2))
    assert equal(alone, simulate(drawn, threads=3))
    assert equal(alone, simulate(drawn, slice_s=0.0)), "slices of one step"
    assert equal(alone, simulate(drawn, slice_s=1e9)), "as few slices as there can be"
    order = np.random.default_rng(0).permutation(drawn.projections[0].size)
    first = drawn.projections[0]
    shuffled = replace(
        first,
        sources=first.sources[order],
        targets=first.targets[order],
        weights=first.weights[order],
        delay_steps=first.delay_steps[order],
    )
    assert equal(alone, simulate(replace(drawn, projections=(shuffled, *drawn.projections[1:]))))


def test_thirty_runs_in_a_process_are_equal_and_flat():
    drawn = random_network(Izhikevich)  # With the compiled cell, which NEST unloads and loads again each time.
    process, first, memory = psutil.Process(), simulate(drawn), []
    for _ in range(30):
        assert equal(first, simulate(drawn))
        gc.collect()
        memory.append(process.memory_info().rss)
    assert max(memory[-5:]) - max(memory[5:10]) < 8e6


def test_progress_rises_to_the_whole_run():
    drawn = random_network(IzhikevichDelta)
    nest, seen = Nest(config(drawn)), []
    try:
        nest.build(drawn)
        nest.run(seen.append)
    finally:
        nest.close()
    assert len(seen) > 1
    assert all(a < b for a, b in pairwise(seen))
    assert seen[-1] == drawn.duration_ms
    assert {"import", "create", "connect", "simulate"} <= nest.phase_seconds().keys()


def test_closing_empties_the_kernel_and_removes_the_temporary_folder():
    simulator: Any = importlib.import_module("nest")

    before = signal.getsignal(signal.SIGINT), sys.excepthook, sys.getdlopenflags(), list(sys.argv)
    drawn = random_network(IzhikevichDelta)
    backend = Nest(config(drawn))
    backend.build(drawn)
    assert simulator.network_size > 60
    folder = Path(simulator.data_path)
    assert folder.is_dir()
    backend.close()
    assert simulator.network_size == 0
    assert not folder.exists()
    assert (signal.getsignal(signal.SIGINT), sys.excepthook, sys.getdlopenflags(), list(sys.argv)) == before


def test_closing_after_a_failure_and_without_a_build():
    broken = random_network(IzhikevichDelta)
    Nest(config(broken)).close()
    backend = Nest(config(broken))
    broken.populations[0].initial["v"] = np.full(3, -65.0)
    with pytest.raises(IndexError):
        backend.build(broken)
    backend.close()
    assert equal(simulate(random_network(IfCurrExp)), simulate(random_network(IfCurrExp)))


@pytest.mark.parametrize("model", [IfCondExp, IfCurrExp, IfCurrAlpha])
def test_a_delay_that_nest_does_not_have_is_refused(model):
    drawn = network([resting(quiet(model))], 40, 1.0, [source_at(0)], [stimulus(0.1, 1)])
    settings = config(drawn)
    settings.connectivity.delay_ms = 1.0
    with pytest.raises(ConfigurationError, match=r"connectivity.delay_ms=1 .*at least 2 steps") as refused:
        Nest.check(settings)
    assert "\n" not in str(refused.value)
    with pytest.raises(ConfigurationError, match="stimulus_to_exc=1 ms"):
        simulate(drawn)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"threads": 0}, r"backend.threads=0: must be at least 1"),
        ({"dt_ms": 0.0005}, r"simulation.dt_ms=0.0005: NEST counts time in whole microseconds"),
        ({"dt_ms": 0.03125}, r"simulation.dt_ms=0.03125"),
    ],
)
def test_settings_that_nest_does_not_have_are_refused(change, message):
    drawn = network([resting(IzhikevichDelta())], 40, change.get("dt_ms", 1.0))
    settings = config(drawn, threads=change.get("threads", 1))
    with pytest.raises(ConfigurationError, match=message):
        Nest.check(settings)


def test_every_step_that_is_accepted_runs():
    for dt_ms in (0.001, 0.025, 0.1, 0.125, 1.0, 2.5):
        drawn = network([resting(IzhikevichDelta())], 33, dt_ms)
        Nest.check(config(drawn))
        v = simulate(drawn).populations["exc"].signals["v"]
        assert v.values.shape == (33, 1)
        assert v.times_ms == pytest.approx(np.arange(33) * dt_ms)


QUIET = """
import sys
sys.argv = ["varesearch", "--version", "--help", "--debug"]
sys.path.insert(0, {tests!r})
from test_nest import IfCurrExp, random_network, simulate
simulate(random_network(IfCurrExp), threads=2)
sys.stdout.write("the end")
"""


def test_nothing_is_printed_and_nothing_built_on_import(tmp_path):
    """Also with nest-config on the PATH, where pyNN.nest would build its extensions in the working folder."""
    scripts = Path(sys.executable).parent
    ran = subprocess.run(
        [sys.executable, "-c", QUIET.format(tests=str(Path(__file__).parent))],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{scripts}:{os.environ['PATH']}", "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (ran.stdout, ran.stderr) == ("the end", "")
    assert list(tmp_path.iterdir()) == []


CAUGHT = """
import ctypes, logging, os, sys, warnings
from varesearch.backends.nest.quiet import printed_to
logging.basicConfig(level="DEBUG", format="logged: %(message)s", stream=sys.stdout)
print("before")
try:
    with printed_to(logging.getLogger()):
        print("from Python")
        ctypes.CDLL(None).puts(b"from C")
        os.write(2, b"an error\\n")
        warnings.warn("a warning")
        raise KeyError
except KeyError:
    print("after")
"""


def test_what_is_printed_inside_goes_to_the_log():
    ran = subprocess.run([sys.executable, "-c", CAUGHT], capture_output=True, text=True, check=True)
    lines = ran.stdout.splitlines()
    assert (lines[0], lines[-1], ran.stderr) == ("before", "after", "")
    assert sorted(lines[1:-1]) == [
        "logged: UserWarning: a warning",
        "logged: an error",
        "logged: from C",
        "logged: from Python",
    ]


def test_exponential_currents_decay_exactly():
    """The same recursion, in Python: arrival, forward Euler, exact decay. Weights of both signs, three arrivals."""
    cell = quiet(Izhikevich)
    assert isinstance(cell, Izhikevich)
    cell.tau_syn_E, cell.tau_syn_I = 5.0, 11.0
    drawn = network([resting(cell)], 60, 1.0, [source_at(0, 4, 9)], [stimulus(0.3, 3), stimulus(0.2, 5, "inhibitory")])
    v, u, excitation, inhibition, expected = REST, 0.2 * REST, 0.0, 0.0, []
    for step in range(60):
        expected.append(v)
        excitation += 0.3 * (step - 3 in (0, 4, 9))
        inhibition += 0.2 * (step - 5 in (0, 4, 9))
        slope = 0.04 * v * v + 5 * v + 140 - u + cell.i_offset + excitation - inhibition
        v, u = v + slope, u + cell.a * (cell.b * v - u)
        excitation, inhibition = excitation * math.exp(-1 / 5), inhibition * math.exp(-1 / 11)
    recorded = simulate(drawn).populations["exc"].signals["v"].values[:, 0]
    assert recorded == pytest.approx(np.array(expected), abs=1e-9)


def test_without_a_compiler_the_cell_is_refused_in_one_line(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("CXX", raising=False)
    drawn = network([resting(Izhikevich())], 10, 1.0)
    with pytest.raises(
        ConfigurationError, match=r"cell=izhikevich on backend=nest.*install g\+\+.*backend=brian2"
    ) as no:
        Nest.check(config(drawn))
    assert "\n" not in str(no.value)
    Nest.check(config(network([resting(IzhikevichDelta())], 10, 1.0)))


def test_a_compiler_that_fails_is_said_in_one_line_before_anything_is_built(monkeypatch, tmp_path):
    broken = tmp_path / "compiler"
    broken.write_text("#!/bin/sh\necho 'cell.cpp:1: error: unknown language' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("CXX", str(broken))
    backend = Nest(config(network([resting(Izhikevich())], 10, 1.0)))
    backend.cache = tmp_path / "cache"
    with pytest.raises(BackendUnavailableError, match=r"not compile it \(cell.cpp:1: error: unknown language\)") as no:
        backend.probe()
    assert "\n" not in str(no.value)
    backend.close()


def test_the_cell_is_compiled_once():
    """A second back end takes the file as it is."""
    drawn = network([resting(Izhikevich())], 10, 1.0)
    simulate(drawn)
    assert Nest.cache is not None
    files = {path: path.stat().st_mtime_ns for path in Nest.cache.rglob("*.so")}
    assert len(files) == 1
    backend = Nest(config(drawn))
    backend.probe()
    backend.close()
    assert {path: path.stat().st_mtime_ns for path in Nest.cache.rglob("*.so")} == files


@pytest.mark.parametrize(("model", "scheme"), [(IfCondExp, "rkf45"), (IfCurrExp, "exact"), (IzhikevichDelta, "euler")])
def test_the_tags_say_how_the_cell_was_integrated(model, scheme):
    drawn = network([resting(model())], 10, 1.0)
    assert Nest(config(drawn, threads=2)).tags() == {"threads": "2", "integrator": scheme}


def test_availability_names_the_installed_version():
    found = Nest.availability()
    assert found.usable
    assert found.version.startswith("3.")
