"""What a simulator or a compiler reports as an error, and values that cannot be, fail the run on every back end."""

import ctypes
import dataclasses
import logging
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_networks import config, network, population
from small_runs import CACHE

from varesearch.backends import backend_class
from varesearch.backends.base import Backend, Simulation, Workspace
from varesearch.backends.brian2 import Brian2Settings
from varesearch.backends.brian2.backend import Brian2
from varesearch.backends.faults import COMPILER_REMARKS, ErrorWatch, Harmless, SimulatorError, log_compiler_messages
from varesearch.backends.nest import NestSettings
from varesearch.backends.nest.backend import Nest
from varesearch.backends.nest.quiet import _MESSAGE, printed_to
from varesearch.backends.printed import printed
from varesearch.config.backend import BackendSettings
from varesearch.config.schema import RecordingConfig
from varesearch.model.cells.if_curr_delta import EXACT, IfCurrDelta
from varesearch.model.simulators import Steps
from varesearch.network.model import Network
from varesearch.recording import Recording, Signal, population_recording
from varesearch.result import Result
from varesearch.simulation import impossible_values, simulate
from varesearch.tracking.log import LogCapture

DRAWN = network([population("cells", IfCurrDelta(i_offset=1.0), [-65.0, -60.0])], 30, 1.0)


def brian2(codegen: str = "numpy", drawn: Network = DRAWN) -> Brian2:
    return Brian2(config(drawn, Brian2Settings(codegen=codegen), RecordingConfig(signals=["v"])))


def simulated(backend: Backend, drawn: Network = DRAWN, cache: Path = CACHE) -> Result:
    return simulate(drawn, backend, Workspace(cache=cache))


def also(backend: Backend, phase: str, then: Callable[[], object]) -> Backend:
    """The back end, in whose ``phase`` something happens besides."""
    original = backend.build

    @contextmanager
    def build(network: Network, workspace: Workspace) -> Iterator[Simulation]:
        if phase == "build":
            then()
        with original(network, workspace) as simulation:
            if phase != "build":
                method = getattr(simulation, phase)
                setattr(simulation, phase, lambda *arguments: (then(), method(*arguments))[1])
            yield simulation

    backend.build = build  # type: ignore[method-assign]
    return backend


@pytest.mark.parametrize("phase", ["build", "run", "collect"])
@pytest.mark.parametrize("speaker", ["brian2.codegen", "pyNN", "spynnaker.pyNN", "varesearch.backends.nest.backend"])
def test_an_error_that_is_logged_in_any_phase_is_a_fault_and_the_recording_is_kept(phase: str, speaker: str) -> None:
    backend = also(brian2(), phase, lambda: logging.getLogger(speaker).error("the core\n in %s is in RTE", "(0, 0)"))
    result = simulated(backend)
    assert result.recording is not None
    assert len(result.recording.populations["cells"].spike_ids) > 0
    assert result.faults == (f"{speaker} reported an error: the core in (0, 0) is in RTE",)
    with pytest.raises(SimulatorError, match="is in RTE"):
        result.require_sound()


@pytest.mark.parametrize("kind", [Brian2, Nest])
def test_a_sound_run_has_no_faults_and_a_warning_is_none(kind: type[Backend]) -> None:
    settings = Brian2Settings() if kind is Brian2 else NestSettings()
    backend = kind(config(DRAWN, settings, RecordingConfig(signals=["v"])))
    result = simulated(also(backend, "run", lambda: logging.getLogger("brian2").warning("a warning")))
    result.require_sound()
    assert result.faults == ()


def test_the_allow_list_takes_out_what_it_names_and_nothing_else() -> None:
    known = Harmless("simulator.reports", re.compile("no report"), "a report is no result")
    with ErrorWatch((known,)) as watch:
        logging.getLogger("simulator.reports").error("no report written")
        logging.getLogger("simulator.reports").error("no memory")
        logging.getLogger("simulator.core").error("no report written")
        logging.getLogger("simulator.core").error("no report written")
        logging.getLogger("varesearch.tracking").error("the store is slow")
    logging.getLogger("simulator.core").error("after the run")
    assert watch.faults == (
        "simulator.reports reported an error: no memory",
        "simulator.core reported an error: no report written",
    )


def test_code_that_cython_refuses_fails_the_run_with_its_text(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Brian2 itself goes on without the code object: the fault that once left every cell without its reset."""
    if shutil.which("g++") is None:
        pytest.fail("the tests need g++")
    broken = dataclasses.replace(EXACT, update=f"{EXACT.update}\nfree_from = 0.5*v")
    monkeypatch.setitem(IfCurrDelta.simulators, "brian2", Steps({"exact": broken}))
    backend = Brian2(config(DRAWN, Brian2Settings(codegen="cython"), RecordingConfig(signals=[])))
    with pytest.raises(SimulatorError, match=r"Cython did not build cells_cells_update.*\.pyx:.*Cannot assign type"):
        simulated(backend, cache=tmp_path)


def test_a_cxx_compiler_that_fails_is_told_in_its_own_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The program of C++ standalone, with a compiler that refuses every file."""
    compiler = tmp_path / "g++"
    compiler.write_text("#!/bin/sh\necho 'code.cpp:7:3: error: no room for this' >&2\nexit 1\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("CXX", str(compiler))
    with pytest.raises(SimulatorError, match=r"The C\+\+ compiler failed: .*error: no room for this"):
        simulated(brian2("cpp_standalone"))


def test_what_a_compiler_writes_is_an_error_unless_it_is_a_known_remark() -> None:
    log = logging.getLogger("varesearch.backends.compiler")
    remark = "In file included from a.cpp:1:\nb.h:3:7: warning: unused\n    3 |  int a;\n      |      ^\n"
    with ErrorWatch() as watch:
        log_compiler_messages(log, "g++", remark)
    assert watch.faults == ()
    with ErrorWatch() as watch:
        log_compiler_messages(log, "g++", remark + "ld: cannot find -lgsl\n")
    assert watch.faults == (
        "varesearch.backends.compiler reported an error: g++ wrote to standard error: ld: cannot find -lgsl",
    )
    assert all(reason for _pattern, reason in COMPILER_REMARKS)


@pytest.mark.parametrize("codegen", ["cython", pytest.param("cpp_standalone", marks=pytest.mark.slow)])
def test_a_first_compile_is_sound(codegen: str, tmp_path: Path) -> None:
    """With an empty cache and under the log of a run, to which setuptools logs each command of the compiler."""
    drawn = network([population("cells", IfCurrDelta(i_offset=1.0), [-65.0, -60.0, -55.0])], 30, 1.0)
    with LogCapture(tmp_path / "run.log"):
        result = simulated(brian2(codegen, drawn), drawn, tmp_path / "cache")
    assert result.faults == ()
    assert result.recording is not None and len(result.recording.populations["cells"].spike_ids) > 0
    if codegen == "cython":
        # The premise: that there was something to compile, and that setuptools logs it.
        assert "INFO    compilers.C.base: " in (tmp_path / "run.log").read_text()


def test_what_python_logs_is_not_what_a_program_printed(tmp_path: Path) -> None:
    with LogCapture(tmp_path / "run.log"):
        with printed() as said:
            logging.getLogger("compilers.C.base").info("g++ -c code.cpp")
            subprocess.run(["sh", "-c", "echo ld: no such file >&2"], check=True)
            logging.getLogger("compilers.C.base").warning("no such flag")
        logging.getLogger("compilers.C.base").info("later")
    assert (said.output, said.errors) == ("", "ld: no such file\n")
    lines = [line.split(" ", 2)[2] for line in (tmp_path / "run.log").read_text().splitlines()]
    assert lines == [
        "INFO    compilers.C.base: g++ -c code.cpp",
        "WARNING compilers.C.base: no such flag",
        "INFO    compilers.C.base: later",
    ]


@pytest.mark.parametrize(
    ("line", "harmless"),
    [
        ("make[1]: Entering directory '/x'", True),
        ("make: *** [makefile:5: main] Error 1", False),
        ("x86_64-linux-gnu-ar: creating libx.a", True),
        ("running build_ext", True),
        ("building 'x' extension", True),
        ("building: no space left", False),
        ("g++: fatal error: no input files", False),
        ("Traceback (most recent call last):", False),
    ],
)
def test_progress_of_a_build_tool_is_no_error(line: str, harmless: bool) -> None:
    assert (log_compiler_messages(logging.getLogger("varesearch.backends.compiler"), "g++", line) == "") == harmless


def test_memory_that_is_not_enough_is_said_in_one_plain_line() -> None:
    def too_much() -> None:
        raise MemoryError

    with pytest.raises(SimulatorError, match=r"^not enough memory for 2 cells, 0 synapses"):
        simulated(also(brian2(), "run", too_much))


def test_brian2_names_memory_where_its_own_exception_names_an_object(monkeypatch: pytest.MonkeyPatch) -> None:
    import brian2 as simulator

    def too_much(*_: object) -> None:
        raise MemoryError("Unable to allocate 40 GiB")

    monkeypatch.setattr(simulator.StateMonitor, "before_run", too_much)
    with pytest.raises(SimulatorError, match=r"^not enough memory"):
        simulated(brian2())


def test_nest_writes_its_messages_in_the_form_that_is_read() -> None:
    with Nest(config(DRAWN, NestSettings())).build(DRAWN, Workspace()):
        nest: Any = sys.modules["nest"]
        nest.ResetKernel()
        nest.verbosity = nest.VerbosityLevel.INFO
        with printed() as said:
            nest.set(resolution=0.2)
    messages = [line for line in (said.output + said.errors).splitlines() if line.strip()]
    assert messages
    assert _MESSAGE.match(messages[0]), messages


def test_an_error_that_nest_prints_is_a_fault() -> None:
    def complain() -> None:
        with printed_to(logging.getLogger("varesearch.backends.nest.backend")):
            ctypes.CDLL(None).puts(b"[WARNING] [2026-01-01 10:00:00] a delay was rounded\n")
            ctypes.CDLL(None).puts(b"[ERROR] [2026-01-01 10:00:00] the buffer of spikes\nis full\n")

    result = simulated(also(Nest(config(DRAWN, NestSettings())), "run", complain))
    assert result.faults == ("varesearch.backends.nest.backend reported an error: NEST: the buffer of spikes is full",)


def _recording(values: list[list[float]], ids: list[int], steps: list[int]) -> Recording:
    signal = Signal("v", "mV", np.array([0, 4]), 0.5 * np.arange(len(values), dtype=np.float64), np.array(values))
    cells = population_recording("inh", 5, np.array(ids), np.array(steps), 0.5, {"v": signal})
    return Recording(0.5, 10.0, {"inh": cells})


def test_a_signal_that_is_not_finite_is_told_with_population_signal_first_time_and_cell() -> None:
    assert impossible_values(_recording([[-65.0, -65.0], [-64.0, -60.0]], [4], [19])) == []
    (line,) = impossible_values(_recording([[-65.0, -65.0], [-64.0, np.nan], [np.inf, np.nan]], [4], [19]))
    assert line.startswith("v of inh is nan from 0.5 ms on (first in cell 4)")
    assert "simulation.dt_ms" in line
    assert "\n" not in line


DIVERGING = network(
    [
        population("sound", IfCurrDelta(v_rest=-65.0), [-65.0, -65.0]),
        population("diverging", IfCurrDelta(v_rest=-65.0, i_offset=-1e308, cm=1e-3), [-65.0, -65.0, -65.0]),
    ],
    30,
    1.0,
)


@pytest.mark.parametrize(
    "settings",
    [
        Brian2Settings(),
        NestSettings(),
        NestSettings(threads=2),
        pytest.param(Brian2Settings(codegen="cython"), marks=[pytest.mark.slow, pytest.mark.timeout(1800)]),
        pytest.param(Brian2Settings(codegen="cpp_standalone"), marks=[pytest.mark.slow, pytest.mark.timeout(1800)]),
    ],
    ids=str,
)
@pytest.mark.parametrize("signals", [[], ["v"]])
def test_a_network_that_diverged_is_not_taken_for_a_silent_one(settings: BackendSettings, signals: list[str]) -> None:
    kind = backend_class(type(settings))
    result = simulated(kind(config(DIVERGING, settings, RecordingConfig(signals=signals, cells=2))), DIVERGING)
    assert result.recording is not None
    (line,) = result.faults
    assert line.startswith("v of diverging is ")
    assert ("at the end of the run in 3 of 3 cells" in line) == (not signals)
    assert "simulation.dt_ms" in line
    with pytest.raises(SimulatorError):
        result.require_sound()


@pytest.mark.parametrize(("ids", "steps"), [([5], [3]), ([-1], [3]), ([2], [-4]), ([2], [21])])
def test_spikes_of_no_cell_or_outside_the_run_are_a_fault(ids: list[int], steps: list[int]) -> None:
    (line,) = impossible_values(_recording([[-65.0, -65.0]], ids, steps))
    assert line.startswith("inh: the simulator gave back spikes")
