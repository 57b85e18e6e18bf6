"""One task: a process that forks it, watches over it, and clears up whatever it leaves behind.

The supervisor adopts every process that comes of the task, so that a program that a task started cannot outlive it.
Memory is watched by sampling what is resident, not by limits of the kernel: RLIMIT_AS counts address space that is
only reserved, of which simulators and the software board take far more than they use, RLIMIT_RSS has had no effect
since Linux 2.4.30, and neither holds for the sum over several processes. Between two samples a task can take
some 100 MB more; the kernel is told to end a task first if the machine runs out of memory.
"""

import atexit
import contextlib
import faulthandler
import gc
import importlib
import io
import json
import os
import resource
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from varesearch.workers import processes
from varesearch.workers.ends import Limits

_SAMPLE_LIMITED_S, _SAMPLE_S = 0.05, 0.2
# Time for the fault handler to write to the log where the task was, before a signal that may end it there and then.
_WORDS_S = 0.1
# Programs that a task left behind (a board, a compiler) may end by themselves when their pipes close.
_LEFT_BEHIND_S = 1.0


@dataclass
class _State:
    """What happened to a task so far."""

    timed_out: bool = False
    out_of_memory: bool = False
    cancelled: bool = False
    peak_mb: float = 0.0
    kill_at: float | None = None


def supervise(channel: socket.socket, client: int, server: int) -> None:
    """Read a request from ``channel``, do it, answer. ``client`` is a pidfd, ``server`` the parent's id."""
    processes.die_with(server)
    processes.adopt_orphans()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    request = _read_request(channel)
    limits = Limits(**request["limits"])
    began = time.monotonic()
    try:
        pid = _start(request)
    except OSError as error:
        refuse(channel, error)
        return
    _answer(channel, {"started": pid})
    state = _watch(channel, client, pid, limits, began)
    _, status = os.waitpid(pid, 0)
    wall_s = time.monotonic() - began
    _clear_up()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    code = os.waitstatus_to_exitcode(status)
    _answer(
        channel,
        {
            "end": {
                "exit_code": code if code >= 0 else None,
                "signal": -code if code < 0 else None,
                "timed_out": state.timed_out,
                "out_of_memory": state.out_of_memory,
                "cancelled": state.cancelled,
                "pid": pid,
                "peak_memory_mb": max(state.peak_mb, used.ru_maxrss * 1024 / 1e6),
                "wall_s": wall_s,
                "cpu_s": used.ru_utime + used.ru_stime,
            }
        },
    )


def resolve(name: str) -> Callable[..., Any]:
    """The function that ``module:function`` names; its module is imported."""
    module, _, function = name.partition(":")
    return getattr(importlib.import_module(module), function)


def refuse(channel: socket.socket, error: OSError) -> None:
    """Answer that the task could not be started."""
    _answer(channel, {"end": {"exit_code": None, "lost": f"could not be started: {error}"}})


def _start(request: dict[str, Any]) -> int:
    """Fork the task; its process id. Raises OSError if its log cannot be opened or no process can be had."""
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    supervisor = os.getpid()
    pid = os.fork()
    if pid == 0:
        # The child keeps the channel: its other end closes only when nothing is left of the two.
        _work(request["target"], request["argument"], supervisor)
    return pid


def _read_request(channel: socket.socket) -> dict[str, Any]:
    data = b""
    while not data.endswith(b"\n"):
        part = channel.recv(1 << 16)
        if not part:
            os._exit(0)  # cancelled before it began
        data += part
    return json.loads(data)


def _answer(channel: socket.socket, message: dict[str, Any]) -> None:
    # Nobody may be there any more to hear it.
    with contextlib.suppress(OSError):
        channel.sendall(json.dumps(message).encode() + b"\n")


def _watch(channel: socket.socket, client: int, pid: int, limits: Limits, began: float) -> _State:
    """Wait for the end of ``pid``, and see to it that it comes."""
    state = _State()
    interval = _SAMPLE_S if limits.memory_mb is None else _SAMPLE_LIMITED_S
    deadline = None if limits.time_s is None else began + limits.time_s
    child = os.pidfd_open(pid)
    poll = select.poll()
    for descriptor in (child, client, channel.fileno()):
        poll.register(descriptor, select.POLLIN)
    while True:
        now = time.monotonic()
        due = [interval] + [at - now for at in (deadline, state.kill_at) if at is not None]
        ready = {descriptor for descriptor, _ in poll.poll(max(0.0, min(due)) * 1000)}
        now = time.monotonic()
        if child in ready:
            return state
        if client in ready:
            poll.unregister(client)
            _kill_all()
        if channel.fileno() in ready:
            # The client says nothing more after its request: it has shut its side to cancel.
            poll.unregister(channel.fileno())
            state.cancelled, state.kill_at, deadline = True, now + limits.grace_s, None
            os.kill(pid, signal.SIGTERM)
        state.peak_mb = max(state.peak_mb, _resident_mb())
        if limits.memory_mb is not None and state.peak_mb > limits.memory_mb:
            state.out_of_memory, deadline = True, None
            _kill_all()
        if deadline is not None and now >= deadline:
            state.timed_out, state.kill_at, deadline = True, now + limits.grace_s, None
            os.kill(pid, signal.SIGUSR1)
            time.sleep(_WORDS_S)
            os.kill(pid, signal.SIGTERM)
        if state.kill_at is not None and now >= state.kill_at:
            state.kill_at = None
            _kill_all()


def _resident_mb() -> float:
    return sum(processes.resident_mb(pid) for pid in processes.descendants(os.getpid()))


def _kill_all() -> None:
    for pid in list(processes.descendants(os.getpid())):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _clear_up() -> None:
    """Wait for what the task left behind; kill it if it stays."""
    kill_at = time.monotonic() + _LEFT_BEHIND_S
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            if time.monotonic() >= kill_at:
                _kill_all()
            time.sleep(0.005)


def _work(target: str, argument: Any, supervisor: int) -> None:
    """The task's own process; does not return."""
    code = 1
    try:
        processes.die_with(supervisor)
        os.setpgid(0, 0)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        _start_afresh()
        code = int(resolve(target)(argument) or 0)
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(BaseException):
            atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(code & 0xFF)


def _start_afresh() -> None:
    """Undo what is the server's own: its exit handlers, its signals, its random numbers."""
    atexit._clear()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # so that the log has the last words of a task that is killed
            stream.reconfigure(line_buffering=True)
    faulthandler.enable(file=2)
    faulthandler.register(signal.SIGUSR1, file=2)
    processes.offer_to_the_oom_killer()
    # A task is short: fewer, larger collections. What the server made is frozen and never looked at.
    gc.set_threshold(50_000, 20, 50)
    gc.enable()
    if "numpy" in sys.modules:
        # Every fork would draw the same numbers; Python's own generator sees to itself.
        sys.modules["numpy"].random.seed()
