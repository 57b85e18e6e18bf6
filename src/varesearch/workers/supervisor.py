"""The process that forks a task, supervises it, and ends the processes that it leaves behind.

The supervisor adopts every descendant of the task, so that a program that a task started cannot outlive it.
Memory is watched by sampling what is resident, not by limits of the kernel: RLIMIT_AS counts address space that is
only reserved, of which simulators and the software board take far more than they use, RLIMIT_RSS has had no effect
since Linux 2.4.30, and neither holds for the sum over several processes. Between two samples a task can take
some 100 MB more; if the machine runs out of memory, the kernel ends a task first.
"""

import atexit
import contextlib
import faulthandler
import gc
import io
import math
import os
import pkgutil
import resource
import select
import signal
import socket
import sys
import time
import traceback
from typing import Any

from varesearch.workers import processes
from varesearch.workers.ends import Limits
from varesearch.workers.messages import receive, send

_SAMPLE_LIMITED_S, _SAMPLE_S = 0.05, 0.2
"""How often memory is measured, with and without a limit."""
_STACK_S = 0.1
"""Time for the fault handler to write to the log where the task was, before a signal that may end it at once."""
_LEFT_BEHIND_S = 1.0
"""Programs that a task left behind (a board, a compiler) may end by themselves when their pipes close."""


def supervise(channel: socket.socket, client: int, server: int) -> None:
    """Receive a request, run the task, and send its end.

    Parameters
    ----------
    channel
        The channel of the task.
    client
        A file descriptor (pidfd) of the client's process, with which the task ends.
    server
        The process id of the server, which is the parent of this process.
    """
    processes.die_with(server)
    processes.adopt_orphans()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    request = receive(channel)
    if request is None:
        return  # cancelled before it began
    began = time.monotonic()
    try:
        pid = _start(request)
    except OSError as error:
        refuse(channel, error)
        return
    _answer(channel, {"started": pid})
    end, peak_mb = _watch(channel, client, pid, Limits(**request["limits"]))
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    wall_s = time.monotonic() - began
    processes.end_descendants(_LEFT_BEHIND_S)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    end |= {"exit_code": code, "signal": None} if code >= 0 else {"exit_code": None, "signal": -code}
    end |= {"pid": pid, "wall_s": wall_s, "cpu_s": used.ru_utime + used.ru_stime}
    end["peak_memory_mb"] = max(peak_mb, used.ru_maxrss * 1024 / 1e6)
    _answer(channel, {"end": end})


def refuse(channel: socket.socket, error: OSError) -> None:
    """Answer that the task could not be started."""
    _answer(channel, {"end": {"exit_code": None, "lost": f"could not be started: {error}"}})


def _start(request: dict[str, Any]) -> int:
    """Fork the task and return its process id. Raises OSError if its log cannot be opened or the fork fails."""
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


def _answer(channel: socket.socket, message: dict[str, Any]) -> None:
    # The client may be gone.
    with contextlib.suppress(OSError):
        send(channel, message)


def _watch(channel: socket.socket, client: int, pid: int, limits: Limits) -> tuple[dict[str, Any], float]:
    """Wait until the task ends, and enforce its limits; return why it was ended here, and its peak memory in MB."""
    end: dict[str, Any] = {}
    peak_mb, kill_at = 0.0, math.inf
    interval = _SAMPLE_S if limits.memory_mb is None else _SAMPLE_LIMITED_S
    deadline = math.inf if limits.time_s is None else time.monotonic() + limits.time_s
    child = os.pidfd_open(pid)
    poll = select.poll()
    for descriptor in (child, client, channel.fileno()):
        poll.register(descriptor, select.POLLIN)
    while True:
        wait_s = min(interval, min(deadline, kill_at) - time.monotonic())
        ready = {descriptor for descriptor, _ in poll.poll(max(0.0, wait_s) * 1000)}
        now = time.monotonic()
        if child in ready:
            return end, peak_mb
        if client in ready:
            poll.unregister(client)
            processes.kill_descendants()
        if channel.fileno() in ready:
            # After its request the client sends nothing more: it has closed its direction to cancel the task.
            poll.unregister(channel.fileno())
            end["cancelled"], kill_at, deadline = True, now + limits.grace_s, math.inf
            os.kill(pid, signal.SIGTERM)
        peak_mb = max(peak_mb, sum(map(processes.resident_mb, processes.descendants(os.getpid()))))
        if limits.memory_mb is not None and peak_mb > limits.memory_mb:
            end["out_of_memory"], deadline = True, math.inf
            processes.kill_descendants()
        if now >= deadline:
            end["timed_out"], kill_at, deadline = True, now + limits.grace_s, math.inf
            os.kill(pid, signal.SIGUSR1)
            time.sleep(_STACK_S)
            os.kill(pid, signal.SIGTERM)
        if now >= kill_at:
            kill_at = math.inf
            processes.kill_descendants()


def _work(target: str, argument: Any, supervisor: int) -> None:
    """Run the task in its own process; does not return."""
    code = 1
    try:
        processes.die_with(supervisor)
        os.setpgid(0, 0)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        _start_afresh()
        code = int(pkgutil.resolve_name(target)(argument) or 0)
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
    """Undo what the fork inherits from the server: exit handlers, signal handlers, random numbers."""
    atexit._clear()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # so that the log is complete when a task is killed
            stream.reconfigure(line_buffering=True)
    faulthandler.enable(file=2)
    faulthandler.register(signal.SIGUSR1, file=2)
    processes.offer_to_the_oom_killer()
    # A task is short, so the garbage collector runs less often. Objects of the server are frozen and never visited.
    gc.set_threshold(50_000, 20, 50)
    gc.enable()
    if "numpy" in sys.modules:
        # Otherwise every fork would draw the same numbers; Python's own generator is reseeded by Python.
        sys.modules["numpy"].random.seed()
