"""Whether the process of a run is still there: by boot, PID namespace, id and start tick, never by the wall clock."""

import ctypes
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from varesearch.tracking.process import Process
from varesearch.workers.client import ENVIRONMENT

HERE = Path(__file__).parent


@pytest.mark.parametrize("seconds", [90, -86400])
def test_a_live_run_stays_running_when_the_clock_jumps(tmp_path: Path, seconds: int) -> None:
    done = subprocess.run(
        [sys.executable, str(HERE / "clock_jump.py"), str(tmp_path), str(seconds)],
        capture_output=True,
        text=True,
        env={**os.environ, **ENVIRONMENT, "PYTHONPATH": str(HERE)},
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == ["RUNNING", "FINISHED"]


def test_this_process_is_here_and_alive_and_survives_being_written_as_tags() -> None:
    process = Process.current()
    assert process.is_here() and process.is_alive()
    assert Process.from_tags(process.tags()) == process
    assert Process.from_tags({}) is None


def test_another_process_of_the_same_id_is_not_the_one_that_wrote_the_run() -> None:
    assert not replace(Process.current(), started=Process.current().started - 1).is_alive()


def test_a_process_that_ended_is_gone_even_before_it_is_waited_for() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        process = replace(Process.current(), pid=child.pid, started=_started(child.pid))
        assert process.is_alive()
        child.communicate(b"\n")
        assert not process.is_alive()
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    zombie = replace(process, pid=pid, started=_started(pid))
    while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
        time.sleep(0.01)
    assert not zombie.is_alive()
    os.waitpid(pid, 0)


def test_after_a_reboot_all_processes_of_this_machine_are_gone() -> None:
    before = replace(Process.current(), boot="00000000-0000-0000-0000-000000000000")
    assert before.is_here() and not before.is_alive()


def test_of_another_machine_of_the_same_name_nothing_is_known() -> None:
    other = replace(Process.current(), boot="00000000-0000-0000-0000-000000000000", machine="another")
    assert not other.is_here()


def test_of_another_container_of_this_machine_nothing_is_known() -> None:
    """A real PID namespace: there the process is number 1, which here is another."""
    begun = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            assert ctypes.CDLL(None).unshare(0x10000000 | 0x20000000) == 0  # CLONE_NEWUSER, CLONE_NEWPID
            inner = os.fork()
            if inner == 0:
                os.write(begun[1], json.dumps(Process.current().tags()).encode())
            else:
                os.waitpid(inner, 0)
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    process = Process.from_tags(json.loads(os.read(begun[0], 4096)))
    assert process is not None
    assert process.boot == Process.current().boot
    assert process.pid == 1
    assert not process.is_here()


def _started(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
