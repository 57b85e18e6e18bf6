"""What a run on Brian2 does to the process and the machine around it, and the three code generation targets."""

import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import psutil
import pytest
from small_networks import config, network, population, projection, source
from small_runs import result_of, sound

from varesearch.backends import backends
from varesearch.backends.brian2 import Brian2Settings
from varesearch.backends.brian2.backend import Brian2
from varesearch.config.compose import compose
from varesearch.config.errors import ConfigurationError
from varesearch.config.schema import RecordingConfig
from varesearch.model.cells.if_cond_exp import IfCondExp
from varesearch.model.cells.if_curr_delta import IfCurrDelta
from varesearch.model.cells.izhikevich import Izhikevich
from varesearch.network import draw
from varesearch.network.model import CurrentInput, Network
from varesearch.recording import Recording


def small(n_steps: int = 60) -> Network:
    """Two populations, a source, both receptors, equal and unequal weights and delays, a current step."""
    cell = Izhikevich()
    rng = np.random.default_rng(5)
    return network(
        [
            population("exc", cell, list(rng.uniform(-65, -40, 8)), -14.0),
            population("inh", cell, list(rng.uniform(-65, -40, 3)), -14.0),
        ],
        n_steps,
        1.0,
        [source("input", [(0, 0), (3, 1), (9, 0)], 2)],
        [
            projection("exc", "inh", "excitatory", [(k, k % 3, 1.0, 2) for k in range(8)]),
            projection("inh", "exc", "inhibitory", [(k % 3, k, 1.0 + k / 8, 1 + k % 4) for k in range(8)]),
            projection("input", "exc", "excitatory", [(0, 0, 2.0, 1), (1, 5, 2.0, 3)]),
        ],
        [CurrentInput.step("exc", 2.0, 20, 40)],
    )


def simulate(drawn: Network, codegen: str = "numpy") -> tuple[Recording, list[float]]:
    signals = list(drawn.populations[0].cell.variables)
    backend = Brian2(config(drawn, Brian2Settings(codegen=codegen), RecordingConfig(signals=signals)))
    seen: list[float] = []
    return sound(drawn, backend, seen.append), seen


def assert_equal(a: Recording, b: Recording, tolerance: float = 0.0) -> None:
    for name, one in a.populations.items():
        other = b.populations[name]
        np.testing.assert_array_equal(one.spike_ids, other.spike_ids)
        np.testing.assert_array_equal(one.spike_times_ms, other.spike_times_ms)
        for signal_name, one_signal in one.signals.items():
            np.testing.assert_allclose(
                one_signal.values, other.signals[signal_name].values, rtol=0, atol=tolerance, err_msg=signal_name
            )


def test_the_registry_finds_it_and_it_is_usable() -> None:
    assert backends()["brian2"] is Brian2
    available = Brian2.availability()
    assert available.usable
    assert available.version.startswith("2.")
    assert Brian2.integrators(Izhikevich) == ("euler", "spinnaker", "substeps")


@pytest.mark.parametrize(("codegen", "tool"), [("cython", "g++"), ("cpp_standalone", "g++")])
def test_a_target_without_its_compiler_is_refused_in_one_line(
    codegen: str, tool: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError) as refusal:
        Brian2.check(config(small(), Brian2Settings(codegen=codegen)))
    message = str(refusal.value)
    assert f"backend.codegen={codegen}" in message
    assert tool in message
    assert "backend.codegen=numpy" in message
    assert "\n" not in message
    Brian2.check(config(small(), Brian2Settings()))


def test_progress_rises_to_the_end_of_the_run() -> None:
    _, seen = simulate(small())
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(60.0)


def test_an_empty_projection_and_a_silent_source_are_no_trouble() -> None:
    cell = IfCurrDelta()
    drawn = small(20)
    empty = projection("inh", "inh", "inhibitory", [(0, 0, 1.0, 1)])
    nothing = np.zeros(0, dtype=np.int32)
    empty = type(empty)("none", "inh", "inh", "inhibitory", nothing, nothing, np.zeros(0), nothing)
    drawn = type(drawn)(
        drawn.dt_ms,
        drawn.n_steps,
        0,
        drawn.populations,
        (*drawn.sources, source("silent", [], 2)),
        (*drawn.projections, empty, projection("silent", "exc", "excitatory", [(0, 0, 1.0, 1)])),
        drawn.currents,
    )
    assert_equal(simulate(drawn)[0], simulate(small(20))[0])
    quiet = network([population("cells", cell, [-60.0])], 5, 1.0)
    assert len(simulate(quiet)[0].populations["cells"].spike_ids) == 0


def test_runs_of_different_networks_in_turn_give_the_same_bits() -> None:
    other = network([population("cells", IfCondExp(), [-60.0, -55.0])], 10, 0.1)
    first, others = simulate(small())[0], simulate(other)[0]
    assert_equal(simulate(small())[0], first)
    assert_equal(simulate(other)[0], others)


@pytest.mark.slow
def test_thirty_runs_in_one_process_give_the_same_bits_and_keep_no_memory() -> None:
    drawn = draw(compose(["connectivity.n=300", "connectivity.p=0.3", "simulation.duration_ms=20"]).config)
    first, _ = simulate(drawn)
    process = psutil.Process()
    other = network([population("cells", IfCondExp(), [-60.0, -55.0])], 10, 0.1)
    resident = []
    for k in range(30):
        simulate(other)
        again, _ = simulate(drawn)
        assert_equal(again, first)
        if k in (9, 29):
            gc.collect()
            resident.append(process.memory_info().rss)
    assert resident[1] - resident[0] < 20e6


def test_the_process_and_the_disk_are_left_as_they_were(tmp_path: Path) -> None:
    script = """
import json, logging, os, signal, sys, tempfile
sys.path.insert(0, sys.argv[1])
before = {"hook": sys.excepthook, "interrupt": signal.getsignal(signal.SIGINT), "environment": dict(os.environ),
          "folder": os.getcwd(), "handlers": list(logging.getLogger().handlers), "level": logging.getLogger().level}
from test_brian2_session import simulate, small
simulate(small())
import brian2
after = {"hook": sys.excepthook, "interrupt": signal.getsignal(signal.SIGINT), "environment": dict(os.environ),
         "folder": os.getcwd(), "handlers": list(logging.getLogger().handlers), "level": logging.getLogger().level}
changed = [name for name in before if before[name] != after[name]]
print(json.dumps([changed, brian2.prefs.codegen.target, type(brian2.get_device()).__name__,
                  logging.getLogger("brian2").handlers == []]))
"""
    files = tmp_path / "temporary"
    files.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", script, str(Path(__file__).parent)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"TMPDIR": str(files), "HOME": str(tmp_path / "home")},
        check=True,
    )
    assert json.loads(done.stdout) == [[], "auto", "RuntimeDevice", True]
    assert done.stderr == ""
    assert [path for path in files.rglob("*") if path.is_file()] == []


def test_an_interrupt_ends_the_run_as_an_interrupt() -> None:
    drawn = small(20_000)
    backend = Brian2(config(drawn, Brian2Settings(), RecordingConfig(signals=[])))
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)

    def interrupt(simulated_ms: float) -> None:
        if simulated_ms > 0:
            os.kill(os.getpid(), signal.SIGINT)

    try:
        with pytest.raises(KeyboardInterrupt):
            result_of(drawn, backend, progress=interrupt)
    finally:
        signal.signal(signal.SIGINT, previous)
    assert_equal(simulate(small())[0], simulate(small())[0])


def test_a_build_that_fails_gives_everything_back() -> None:
    drawn = small()
    broken = type(drawn)(
        drawn.dt_ms,
        drawn.n_steps,
        0,
        drawn.populations,
        drawn.sources,
        (projection("exc", "exc", "excitatory", [(0, 99, 1.0, 1)]),),
        (),
    )
    import brian2  # not above: a test looks at what its first import changes

    before = dict(brian2.prefs.items())
    with pytest.raises(IndexError):
        result_of(broken, Brian2(config(broken, Brian2Settings())))
    assert dict(brian2.prefs.items()) == before
    assert_equal(simulate(small())[0], simulate(small())[0])


@pytest.mark.slow
@pytest.mark.timeout(1800)  # two dozen modules for cython to compile, where its cache is empty
@pytest.mark.parametrize("codegen", ["cython", "cpp_standalone"])
def test_compiled_code_gives_the_same_spikes(codegen: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    interpreted, _ = simulate(small())
    for _ in range(2):
        compiled, seen = simulate(small(), codegen)
        assert_equal(compiled, interpreted, tolerance=1e-9)
        assert seen[-1] == pytest.approx(60.0)
    assert_equal(simulate(small())[0], interpreted)
    assert not list(tmp_path.glob("varesearch_brian2_*"))
