"""NEST against itself, and what it leaves in the process."""

import gc
import importlib
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
from nest_runs import MODELS, config, equal, quiet, random_network, resting, simulate, source_at, stimulus
from small_networks import network
from small_runs import CACHE, result_of

from varesearch.backends.base import BackendUnavailableError, Workspace
from varesearch.backends.nest.backend import Nest
from varesearch.config.errors import ConfigurationError
from varesearch.config.values import Constant
from varesearch.model.cells.if_cond_alpha import IfCondAlpha
from varesearch.model.cells.if_cond_exp import IfCondExp
from varesearch.model.cells.if_curr_alpha import IfCurrAlpha
from varesearch.model.cells.if_curr_exp import IfCurrExp
from varesearch.model.cells.izhikevich import Izhikevich
from varesearch.model.cells.izhikevich_delta import IzhikevichDelta
from varesearch.simulation import probe


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


@pytest.mark.slow
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
    seen: list[float] = []
    result = result_of(drawn, Nest(config(drawn)), progress=seen.append)
    assert len(seen) > 1
    assert all(a < b for a, b in pairwise(seen))
    assert seen[-1] == drawn.duration_ms
    assert {"create", "connect", "simulate", "read"} == result.inner_s.keys()


def test_closing_empties_the_kernel_and_removes_the_temporary_folder():
    simulator: Any = importlib.import_module("nest")

    before = signal.getsignal(signal.SIGINT), sys.excepthook, sys.getdlopenflags(), list(sys.argv)
    drawn = random_network(IzhikevichDelta)
    with Nest(config(drawn)).build(drawn, Workspace()):
        assert simulator.network_size > 60
        folder = Path(simulator.data_path)
        assert folder.is_dir()
    assert simulator.network_size == 0
    assert not folder.exists()
    assert (signal.getsignal(signal.SIGINT), sys.excepthook, sys.getdlopenflags(), list(sys.argv)) == before


def test_a_build_that_fails_leaves_an_empty_kernel():
    broken = random_network(IzhikevichDelta)
    broken.populations[0].initial["v"] = np.full(3, -65.0)
    with pytest.raises(IndexError):
        result_of(broken, Nest(config(broken)))
    simulator: Any = importlib.import_module("nest")
    assert simulator.network_size == 0
    assert equal(simulate(random_network(IfCurrExp)), simulate(random_network(IfCurrExp)))


@pytest.mark.parametrize("model", [IfCondExp, IfCondAlpha, IfCurrExp, IfCurrAlpha])
def test_a_delay_that_nest_does_not_have_is_refused(model):
    drawn = network([resting(quiet(model))], 40, 1.0, [source_at(0)], [stimulus(0.1, 1)])
    settings = config(drawn)
    settings.connectivity.delay_ms = Constant(1.0)
    with pytest.raises(ConfigurationError, match=r"connectivity.delay_ms=1 .*at least 2 steps") as refused:
        Nest.check(settings)
    assert "\n" not in str(refused.value)
    with pytest.raises(ConfigurationError, match=r"stimulus_to_exc.delay_ms=1 "):
        simulate(drawn)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"threads": 0}, r"backend.threads=0: must be from 1 to 64;"),
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
from nest_runs import IfCurrExp, random_network, simulate
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
    with pytest.raises(BackendUnavailableError, match=r"not compile it \(cell.cpp:1: error: unknown language\)") as no:
        probe(backend, Workspace(cache=tmp_path / "cache"))
    assert "\n" not in str(no.value)


def test_the_cell_is_compiled_once():
    """A second back end takes the file as it is."""
    drawn = network([resting(Izhikevich())], 10, 1.0)
    simulate(drawn)
    files = {path: path.stat().st_mtime_ns for path in CACHE.rglob("*.so")}
    assert files
    workspace = Workspace(cache=CACHE)
    probe(Nest(config(drawn)), workspace)
    assert "compile" not in workspace.phases.times
    assert {path: path.stat().st_mtime_ns for path in CACHE.rglob("*.so")} == files


@pytest.mark.parametrize(("model", "scheme"), [(IfCondExp, "rkf45"), (IfCurrExp, "exact"), (IzhikevichDelta, "euler")])
def test_the_provenance_says_how_the_cell_was_integrated(model, scheme):
    drawn = network([resting(model())], 10, 1.0)
    assert result_of(drawn, Nest(config(drawn, threads=2))).provenance == {"threads": "2", "integrator": scheme}


def test_availability_names_the_installed_version():
    found = Nest.availability()
    assert found.usable
    assert found.version.startswith("3.")


@pytest.mark.parametrize(("code", "message"), [(1, "could not compile it"), (0, "wrote to standard error")])
def test_a_compilation_is_told_and_what_the_compiler_says_is_not_swallowed(monkeypatch, tmp_path, code, message):
    """A compiler that complains: with exit code 0, too, nothing is loaded."""
    compiler = tmp_path / "compiler"
    compiler.write_text(f"#!/bin/sh\ntest \"$1\" = --version || echo 'cc1plus: out of registers' >&2\nexit {code}\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("CXX", str(compiler))
    backend = Nest(config(network([resting(Izhikevich())], 10, 1.0)))
    told: list[str] = []
    with pytest.raises(ConfigurationError, match=message):
        probe(backend, Workspace(cache=tmp_path / "cache", tell=told.append))
    assert len(told) == 1 and "20 s" in told[0]
