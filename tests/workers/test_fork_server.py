"""The fork server: what a task is given, how its end is told, and that nothing of it stays."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from varesearch.workers.client import ForkServer
from varesearch.workers.ends import Limits, WorkerError

TASKS = "worker_tasks"


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    with ForkServer([TASKS, f"{TASKS}:at_import"]) as server:
        yield server


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "task.log"


def _gone(*pids: int) -> bool:
    """Are they gone, within some seconds? What is killed takes a moment to be cleared away."""
    for _ in range(500):
        if not any(_lives(pid) for pid in pids):
            return True
        time.sleep(0.01)
    return False


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:  # it may go at any moment, also between two questions
        return False


def _meet(barrier: threading.Barrier) -> Callable[[int], None]:
    def meet(_: int) -> None:
        barrier.wait()

    return meet


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(argument=JSON)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_argument_arrives_as_it_is(server: ForkServer, log: Path, argument: Any) -> None:
    log.unlink(missing_ok=True)
    assert server.run(f"{TASKS}:echo", argument, log).ok
    assert _read(log) == argument


def test_what_a_task_finds(server: ForkServer, log: Path, tmp_path: Path) -> None:
    ends = [server.run(f"{TASKS}:circumstances", str(tmp_path / name), log) for name in "ab"]
    first, second = _read(tmp_path / "a"), _read(tmp_path / "b")
    assert [end.pid for end in ends] == [first["pid"], second["pid"]]
    assert first["group"] == first["pid"]
    assert first["session"] == server.pid != os.getsid(0)
    assert first["folder"] == str(Path.cwd())
    assert first["threads"] == "1"
    assert first["imported_by"] == second["imported_by"] == server.pid
    assert first["input"] == ""
    assert first["files"] == second["files"]
    assert first["numpy"] != second["numpy"]
    assert first["python"] != second["python"]
    assert log.read_text() == "the task's handler\n" * 2
    assert all(end.ok and end.reason == "" and end.peak_memory_mb > 5 and end.cpu_s > 0 for end in ends)


def test_exit_codes(server: ForkServer, log: Path) -> None:
    for code in (0, 3, 255):
        end = server.run(f"{TASKS}:end", code, log)
        assert (end.exit_code, end.signal, end.ok) == (code, None, code == 0)
    assert end.reason == "ended with exit code 255"
    assert [server.run(f"{TASKS}:leave", code, log).exit_code for code in (None, 7, "words")] == [0, 7, 1]


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (f"{TASKS}:fail", "ValueError: what"),
        (f"{TASKS}:nothing", f"AttributeError: module '{TASKS}' has no attribute 'nothing'"),
        ("no_such_module:f", "ModuleNotFoundError: No module named 'no_such_module'"),
    ],
)
def test_exception_ends_in_the_log(server: ForkServer, log: Path, target: str, said: str) -> None:
    log.write_text("of another task\n")
    end = server.run(target, "what", log)
    before, trace, *_, last = log.read_text().splitlines()
    assert (end.exit_code, last) == (1, said)
    assert (before, trace) == ("of another task", "Traceback (most recent call last):")


def test_segmentation_fault_leaves_its_stack(server: ForkServer, log: Path) -> None:
    end = server.run(f"{TASKS}:crash", None, log)
    assert (end.exit_code, end.signal, end.ok) == (None, signal.SIGSEGV, False)
    assert end.reason == "ended by SIGSEGV, a segmentation fault"
    assert "in crash" in log.read_text()
    assert log.read_text().startswith("Fatal Python error: Segmentation fault")


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (signal.SIGKILL, "ended by SIGKILL from outside: by hand, or by the kernel for want of memory"),
        (signal.SIGABRT, "ended by SIGABRT, abort() called by itself"),
        (signal.SIGTERM, "ended by SIGTERM"),
        (signal.SIGRTMIN + 1, "ended by signal 35"),
    ],
)
def test_signal_is_named(server: ForkServer, log: Path, number: int, reason: str) -> None:
    end = server.run(f"{TASKS}:strike", number, log)
    assert (end.signal, end.reason) == (number, reason)
    assert log.read_text().startswith("the last word\n")


def test_memory_of_a_task_and_its_programs(server: ForkServer, log: Path) -> None:
    """The sum counts, whoever holds it."""
    limits = Limits(memory_mb=400)
    within = server.run(f"{TASKS}:use_memory", (100, 0, 1.0), log, limits)
    assert within.ok
    assert 100 < within.peak_memory_mb < 400
    for here, there in ((450, 0), (150, 150)):
        end = server.run(f"{TASKS}:use_memory", (here, there, 60.0), log, limits)
        assert end.out_of_memory
        assert (end.exit_code, end.signal) == (None, signal.SIGKILL)
        assert end.peak_memory_mb > 400
        assert end.reason == f"took {end.peak_memory_mb:.0f} MB of memory, and 400 MB are allowed: killed"


def test_time_limit(server: ForkServer, log: Path, tmp_path: Path) -> None:
    """SIGTERM, which a task may use to tidy up, then SIGKILL; and the log says where it was."""
    deaf = server.run(f"{TASKS}:hang", None, log, Limits(time_s=3, grace_s=0.2))
    assert (deaf.timed_out, deaf.exit_code, deaf.signal) == (True, None, signal.SIGKILL)
    assert deaf.reason == "was not done after 3 s, the time allowed: ended"
    assert "in hang" in log.read_text()
    tidy = server.run(f"{TASKS}:tidy", str(tmp_path / "word"), log, Limits(time_s=3))
    assert (tidy.timed_out, tidy.exit_code, tidy.ok) == (True, 143, False)
    assert (tmp_path / "word").read_text() == "tidied up"


@pytest.mark.parametrize("name", ["returns", "dies"])
def test_programs_left_behind_are_ended(server: ForkServer, log: Path, tmp_path: Path, name: str) -> None:
    server.run(f"{TASKS}:leave_programs", str(tmp_path / name), log)
    left = [int(line) for line in (tmp_path / name).read_text().split()]
    assert len(left) == 2
    assert not any(psutil.pid_exists(pid) for pid in left)


def test_kill_9_of_the_supervisor(server: ForkServer, log: Path) -> None:
    pids: list[int] = []

    def strike(pid: int) -> None:
        pids.append(pid)
        psutil.Process(pid).parent().kill()  # pyright: ignore[reportOptionalMemberAccess]

    end = server.run(f"{TASKS}:sleep", 60, log, on_start=strike)
    assert (end.exit_code, end.signal, end.ok, end.pid) == (None, None, False, pids[0])
    assert end.reason == "its supervisor was killed, and the task with it"
    assert _gone(*pids)


def test_kill_9_of_the_server(log: Path) -> None:
    """What ran ends with it, and the next task has a new one."""
    with ForkServer([TASKS]) as server, ThreadPoolExecutor(2) as pool:
        started, first = threading.Barrier(3), server.pid
        ends = [pool.submit(server.run, f"{TASKS}:sleep", 60, log, Limits(), _meet(started)) for _ in range(2)]
        started.wait()
        os.kill(first, signal.SIGKILL)
        lost = [end.result() for end in ends]
        assert [end.reason for end in lost] == ["its supervisor was killed, and the task with it"] * 2
        assert _gone(*(end.pid for end in lost if end.pid is not None))
        assert server.run(f"{TASKS}:end", 0, log).ok
        assert server.pid != first


def test_kill_9_of_the_client(log: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from varesearch.workers.client import ForkServer\n"
        f"server = ForkServer(['{TASKS}'])\n"
        f"server.run('{TASKS}:hang', None, Path(sys.argv[1]), on_start=lambda pid: print(server.pid, pid, flush=True))"
    )
    folder = str(Path(__file__).parent)
    environment = {**os.environ, "PYTHONPATH": folder}
    with subprocess.Popen(
        [sys.executable, "-c", program, str(log)], env=environment, stdout=subprocess.PIPE, text=True
    ) as client:
        assert client.stdout is not None
        pids = [int(word) for word in client.stdout.readline().split()]
        watching = psutil.Process(pids[1]).ppid()
        client.kill()
    assert len(pids) == 2
    assert _gone(*pids, watching)


def test_interruption_of_the_waiting_thread(server: ForkServer, log: Path, tmp_path: Path) -> None:
    """The task gets its SIGTERM and its time to tidy up before the exception goes on."""

    def interrupt(_: int) -> None:
        while not (tmp_path / "word").exists():
            time.sleep(0.01)
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        server.run(f"{TASKS}:tidy", str(tmp_path / "word"), log, on_start=interrupt)
    assert (tmp_path / "word").read_text() == "tidied up"


def test_cancel_and_stop(log: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        server = ForkServer([TASKS])
        started = threading.Barrier(3)
        tasks = [
            pool.submit(server.run, f"{TASKS}:{name}", argument, log, Limits(grace_s=0.2), _meet(started))
            for name, argument in (("sleep", 60), ("hang", None))
        ]
        started.wait()
        while "deaf" not in log.read_text():
            time.sleep(0.01)
        server.cancel()
        ends = [task.result() for task in tasks]
        assert [(end.cancelled, end.signal) for end in ends] == [(True, signal.SIGTERM), (True, signal.SIGKILL)]
        assert ends[0].reason == "was cancelled"
        begun = threading.Event()
        last = pool.submit(server.run, f"{TASKS}:sleep", 60, log, on_start=lambda _: begun.set())
        begun.wait()
        server.stop()
        assert last.result().cancelled
        assert _gone(server.pid)
        with pytest.raises(WorkerError, match="the fork server was stopped; no task can be started"):
            server.run(f"{TASKS}:end", 0, log)


@pytest.mark.parametrize(
    ("preload", "said"),
    [
        ("no_such_module", "no_such_module cannot be loaded before the fork: ModuleNotFoundError: No module named"),
        (f"{TASKS}:leave_a_thread", "RuntimeError: it leaves 1 threads running, and a fork is not safe then"),
        (f"{TASKS}:vanish", "the fork server: it ended while it started: cannot go on"),
    ],
)
def test_preload_that_fails_is_one_line(log: Path, preload: str, said: str) -> None:
    with ForkServer([preload]) as server:
        for _ in range(2):
            with pytest.raises(WorkerError, match=said) as caught:
                server.run(f"{TASKS}:end", 0, log)
            assert "\n" not in str(caught.value)


def test_log_that_cannot_be_written(server: ForkServer, tmp_path: Path) -> None:
    end = server.run(f"{TASKS}:end", 0, tmp_path / "no" / "task.log")
    assert (end.exit_code, end.ok) == (None, False)
    assert end.reason.startswith("could not be started: [Errno 2] No such file or directory")
    # A full disk: what the task writes is lost, its end is not.
    assert server.run(f"{TASKS}:fail", "unheard", Path("/dev/full")).exit_code == 1
    assert server.run(f"{TASKS}:end", 3, Path("/dev/full")).exit_code == 3


@pytest.mark.parametrize("limit", [{"time_s": 0}, {"memory_mb": -1}, {"grace_s": float("nan")}])
def test_limits_are_positive(limit: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"a limit must be greater than 0"):
        Limits(**limit)


def test_many_at_once_leave_nothing_behind(server: ForkServer, tmp_path: Path) -> None:
    server.run(f"{TASKS}:end", 0, tmp_path / "first")
    files = len(list(Path("/proc/self/fd").iterdir()))
    process = psutil.Process(server.pid)
    before = process.num_fds()
    with ThreadPoolExecutor(8) as pool:
        codes = range(64)
        ends = pool.map(lambda code: server.run(f"{TASKS}:end", code, tmp_path / f"{code}"), codes)
        assert [end.exit_code for end in ends] == list(codes)
    assert len(list(Path("/proc/self/fd").iterdir())) == files
    assert process.num_fds() == before
    assert _gone(*(child.pid for child in process.children()))
    assert process.num_threads() == 1
