"""The plain command on the software board: a subprocess, then the store and the files; and what its end leaves."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from spinnaker_board.process import Board
from varesearch.tracking import RunRecord, load_run, runs

SOFTWARE = ["cell=izhikevich", "backend=spinnaker"]
SMALL = [*SOFTWARE, "connectivity.n=50", "connectivity.p=0.1", "analysis.warmup_ms=50"]
SHORT = [*SMALL, "simulation.duration_ms=200"]
LONG = [*SMALL, "simulation.duration_ms=60000", "recording.cells=1"]
NEXT = ["connectivity.n=50", "connectivity.p=0.1", "simulation.duration_ms=200", "analysis.warmup_ms=50"]
PATIENCE_S = 120.0


def start(root: Path, words: list[str]) -> subprocess.Popen[str]:
    """The command in an empty project and an empty home."""
    root.mkdir(exist_ok=True)
    home = root.with_name(f"{root.name}.home")
    home.mkdir(exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("XDG_CONFIG")}
    environment |= {"VARESEARCH_ROOT": str(root), "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "varesearch", *words],
        cwd=root,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str], root: Path) -> tuple[str, RunRecord]:
    out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, err) == (0, "")
    (run_id,) = [line.split()[1] for line in out.splitlines() if line.startswith("run ")]
    return out, load_run(run_id, root=root)


def wait_for(what: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < end
        time.sleep(0.1)


def boards_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    found = []
    for child in psutil.Process(process.pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess, FileNotFoundError):  # a short-lived one that has just ended
            if "spinnaker_board" in child.cmdline():
                found.append(child)
    return found


@pytest.fixture(scope="module")
def held_address() -> Iterator[str]:
    """The address of a board that stays in use all the while."""
    with Board(version=3) as board:
        yield board.address


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, held_address: str) -> list[tuple[str, RunRecord]]:
    """Two runs of one network at the same time, each with a board of its own."""
    roots = [tmp_path_factory.mktemp("pair") / name for name in "ab"]
    processes = [start(root, SHORT) for root in roots]
    return [finish(process, root) for process, root in zip(processes, roots, strict=True)]


def test_boards_side_by_side_do_not_disturb_each_other(pair: list[tuple[str, RunRecord]], held_address: str) -> None:
    (_, one), (_, other) = pair
    for population in ("exc", "inh"):
        a, b = (run.recording().populations[population] for run in (one, other))
        assert len(a.spike_ids) > 20
        assert a.spike_ids.tolist() == b.spike_ids.tolist()
        assert a.spike_times_ms.tolist() == b.spike_times_ms.tolist()
        assert (a.signals["v"].values == b.signals["v"].values).all()
    logs = [path.read_text() for _, run in pair for path in run.artifacts() if path.name == "board.log"]
    addresses = [found for log in logs for found in re.findall(r" at (127\.0\.0\.\d+)", log)]
    assert len(addresses) == 2
    assert held_address not in addresses


def test_the_run_says_what_it_ran_on_and_what_is_an_estimate(pair: list[tuple[str, RunRecord]]) -> None:
    out, run = pair[0]
    assert run.status == "FINISHED"
    assert run.tags["machine"] == "software"
    assert f"timing: {run.timing}" in out.splitlines() and run.timing.startswith("estimated")
    assert "degraded" not in run.tags
    (line,) = [line for line in out.splitlines() if line.startswith("would hold real time: ")]
    assert line == f"would hold real time: {run.tags['would hold real time']}"
    load = run.metrics["backend.estimate.busiest_core_load"]
    assert 0.0 < load < 1.0
    assert line == f"would hold real time: yes, busiest core at {load:.0%} of its tick (estimate)"
    assert run.metrics["backend.estimate.core_overruns"] == 0
    assert run.metrics["backend.board.packets"] > 0
    assert run.metrics["backend.time_scale_factor"] == 1


def test_figures_and_the_boards_log_are_kept(pair: list[tuple[str, RunRecord]]) -> None:
    _, run = pair[0]
    names = {path.name for path in run.artifacts()}
    assert {"board.log", "raster.png", "v_histogram.png", "recording.npz"} <= names


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_the_end_of_a_run_is_the_end_of_its_board(sent: signal.Signals, code: int, tmp_path: Path) -> None:
    root = tmp_path / "root"
    process = start(root, LONG)
    wait_for(lambda: boards_of(process) or process.poll() is not None)
    (board,) = boards_of(process)
    log = root / "mlruns"
    wait_for(lambda: any("*** Running simulation" in path.read_text() for path in log.rglob("run.log")))
    process.send_signal(sent)
    process.communicate(timeout=PATIENCE_S)
    assert process.returncode == code
    wait_for(lambda: not board.is_running() or board.status() == psutil.STATUS_ZOMBIE)
    if sent == signal.SIGKILL:  # nobody was left to say it: the next run of the project does
        finish(start(root, NEXT), root)
    ended = ["KILLED", "FINISHED"] if sent == signal.SIGKILL else ["KILLED"]
    assert sorted(run.status for run in runs(root=root)) == sorted(ended)


@pytest.mark.slow
def test_the_seed_network_comes_back_whole_from_the_plain_command(tmp_path: Path) -> None:
    root = tmp_path / "root"
    out, run = finish(start(root, ["experiment=seed_izhikevich", "backend=spinnaker"]), root)
    assert run.status == "FINISHED"
    assert "degraded" not in run.tags
    assert run.metrics["backend.time_scale_factor"] == 4
    assert "time scale factor: 4, since 674 cells fire in one of the first steps" in out
    populations = run.recording().populations
    assert 53_089 <= sum(len(population.spike_ids) for population in populations.values()) <= 64_798
    assert [p.signals["v"].values.shape for p in populations.values()] == [(1000, 1200), (1000, 300)]
