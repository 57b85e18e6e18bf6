"""The client's side: a server is started, tasks are handed to it, and their ends come back."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

from varesearch.workers.ends import UNLIMITED, Limits, WorkerEnd, WorkerError

ENVIRONMENT = {
    **{f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "BLIS", "NUMEXPR", "NUMBA")},
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}
"""The environment of a server: it holds the numeric libraries to one thread, and keeps the memory allocator that
comes with pyarrow (which pandas, and so nest and mlflow import) from starting a thread. It counts at the import."""

_ATTEMPTS = 3
_LINES, _TAIL_BYTES = 20, 8192
_PROGRAM = (
    "import json, sys; arguments = json.loads(sys.argv[1]); sys.path[:] = arguments.pop('path'); "
    "from varesearch.workers.server import main; main(**arguments)"
)


class ForkServer:
    """A process that imports once and forks for every task.

    ``preload``: modules to import before the first fork, or ``module:function`` to call. ``environment`` is added to
    this process's own, after :data:`ENVIRONMENT`. The server is started at once, in a session of its own, so that
    Ctrl-C on the terminal reaches this process alone, and gets ready while this process goes on. A server that dies
    is replaced at the next task. Whatever becomes of this process, server and tasks end with it, at once.

    All methods may be called from any thread, and :meth:`run` from many at a time.

    What may be preloaded was found by experiment: the threads that are alive after an import, then simulations of a
    network of 100 cells in forks, two at a time, each compared bit for bit with one in a fresh process.

    * numpy with OpenBLAS at one thread, scipy, matplotlib (Agg), neo: no thread; safe.
    * brian2 with PyNN: no thread, 50 of 50 forks the same (numpy), 6 of 6 with Cython, and a standalone program. Its
      import opens a log file and takes SIGINT over; ``varesearch.backends.brian2.session:load`` undoes that.
    * nest with PyNN: 30 of 30 the same, 10 of 10 with two threads. The one thread that its import starts is not its
      own: pandas imports pyarrow, whose allocator (jemalloc) starts it, unless :data:`ENVIRONMENT` is set before.
    * sPyNNaker: no thread, 6 of 6 the same on software boards, two at once.
    * mlflow: that allocator's thread too, otherwise safe to import; a connection to a store is not to be forked.
    """

    def __init__(self, preload: Sequence[str] = (), environment: Mapping[str, str] | None = None) -> None:
        self._preload = tuple(preload)
        self._environment = {**os.environ, **ENVIRONMENT, **(environment or {})}
        self._lock = threading.Lock()
        self._tasks: set[_Task] = set()
        self._idle = threading.Condition()
        self._stopped = False
        self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The process id of the server."""
        return self._process.pid

    def run(
        self,
        target: str,
        argument: Any,
        log: Path,
        limits: Limits = UNLIMITED,
        on_start: Callable[[int], None] | None = None,
    ) -> WorkerEnd:
        """Call ``target`` (``module:function``) with ``argument`` in a process of its own, and wait for its end.

        ``argument`` is what JSON can say. The function's return value is the exit code (None: 0); an exception is 1,
        its traceback in the log. What the task and its programs write to standard output and error is added to the
        file ``log``; after a crash the stack is there too (:mod:`faulthandler`), and after ``limits.time_s`` where it
        was. When the function has returned, handlers of :mod:`atexit` that it registered run; its threads are not
        waited for, and programs that it left behind get one second to end. ``on_start`` is called with the task's
        process id.

        Raises WorkerError if the server cannot start (a preload fails) or was stopped. An exception that hits this
        thread meanwhile (Ctrl-C) cancels the task, waits for its end and goes on.
        """
        request = {"target": target, "argument": argument, "log": str(log.absolute()), "limits": asdict(limits)}
        message = json.dumps(request).encode() + b"\n"
        before = log.stat().st_size if log.exists() else 0
        for _ in range(_ATTEMPTS):
            with self._task() as task:
                end = self._attempt(task, message, on_start)
            if end is not None:
                return WorkerEnd(**end, limits=limits, last_lines=_last_lines(log, before))
        return WorkerEnd(None, lost=f"could not be started: the fork server died {_ATTEMPTS} times", limits=limits)

    def cancel(self) -> None:
        """End the tasks that run now: SIGTERM and, ``limits.grace_s`` later, SIGKILL. Does not wait."""
        with self._idle:
            for task in self._tasks:
                task.cancel()
            if self._tasks and not self._ready:
                self._kill_starting()

    def stop(self) -> None:
        """Cancel what runs, wait for it, end the server. Later tasks are refused."""
        self._stopped = True
        self.cancel()
        with self._idle:
            self._idle.wait_for(lambda: not self._tasks)
        self._discard_server()

    @contextlib.contextmanager
    def _task(self) -> Iterator["_Task"]:
        task = _Task()
        with self._idle:
            self._tasks.add(task)
        try:
            yield task
        finally:
            task.close()
            with self._idle:
                self._tasks.discard(task)
                self._idle.notify_all()

    def _attempt(self, task: "_Task", message: bytes, on_start: Callable[[int], None] | None) -> dict[str, Any] | None:
        """The fields of the task's end; None if the server died with the task untouched."""
        try:
            try:
                self._hand_over(task)
            except WorkerError:
                if task.cancelled:
                    return {"exit_code": None, "cancelled": True}
                raise
            try:
                task.ours.sendall(message)
            except ConnectionError:
                return {"exit_code": None, "cancelled": True} if task.cancelled else None
            started, end = task.wait(on_start)
        except BaseException:
            task.cancel()
            task.theirs.close()
            task.wait(None)
            raise
        if end is None and task.cancelled:
            return {"exit_code": None, "cancelled": True, "pid": started}
        if end is None and started is not None:
            return {
                "exit_code": None,
                "lost": "the process that watched over it was killed, and it too",
                "pid": started,
            }
        return end

    def _hand_over(self, task: "_Task") -> None:
        """Give the server the other end of the task's channel."""
        with self._lock:
            while True:
                if self._stopped:
                    raise WorkerError("the fork server was stopped; no task can be started")
                if self._process.poll() is not None:
                    self._discard_server()
                    self._start()
                self._wait_until_ready()
                try:
                    socket.send_fds(self._control, [b"t"], [task.theirs.fileno()])
                except ConnectionError:
                    self._process.wait()
                    continue
                task.theirs.close()
                return

    def _discard_server(self) -> None:
        self._control.close()
        if not self._ready:
            self._kill_starting()
        self._process.wait()
        self._output.close()

    def _kill_starting(self) -> None:
        # While it imports, for seconds, it does not react to messages. Its child processes are in its process group.
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def _start(self) -> None:
        self._ready, self._greeting = False, b""
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 (open for as long as the server lives)
        self._control, theirs = socket.socketpair()
        arguments = {
            "path": sys.path,
            "control_fd": theirs.fileno(),
            "client_pid": os.getpid(),
            "preload": self._preload,
        }
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _PROGRAM, json.dumps(arguments)],
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=subprocess.STDOUT,
                env=self._environment,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    def _wait_until_ready(self) -> None:
        if self._ready:
            return
        # Kept, for an interruption may come between two parts.
        while not self._greeting.endswith(b"\n"):
            part = self._control.recv(1 << 16)
            if not part:
                break
            self._greeting += part
        greeting = self._greeting or json.dumps({"error": f"it ended while it started: {self._last_words()}"}).encode()
        message = json.loads(greeting)
        if "error" in message:
            raise WorkerError(" ".join(f"the fork server: {message['error']}".split()))
        self._ready = True

    def _last_words(self) -> str:
        self._process.wait()
        self._output.seek(0)
        lines = self._output.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"exit code {self._process.returncode}"


class _Task:
    """A task's channel: the request goes out, its start and end come in."""

    def __init__(self) -> None:
        self.ours, self.theirs = socket.socketpair()
        self.cancelled = False

    def cancel(self) -> None:
        """Shut this side, which the supervisor takes as the word to end the task."""
        self.cancelled = True
        with contextlib.suppress(OSError):
            self.ours.shutdown(socket.SHUT_WR)

    def wait(self, on_start: Callable[[int], None] | None) -> tuple[int | None, dict[str, Any] | None]:
        """The task's process id and its end, each None if it did not come to that."""
        started, end, data = None, None, b""
        while end is None:
            try:
                part = self.ours.recv(1 << 16)
            except ConnectionError:
                break
            if not part:
                break
            *lines, data = (data + part).split(b"\n")
            for line in lines:
                message = json.loads(line)
                end = message.get("end")
                if "started" in message:
                    started = message["started"]
                    if on_start is not None:
                        on_start(started)
        return started, end

    def close(self) -> None:
        """Give the channel back."""
        self.ours.close()
        self.theirs.close()


def _last_lines(log: Path, start: int) -> tuple[str, ...]:
    """The end of what was added to the log after its first ``start`` bytes."""
    try:
        with log.open("rb") as file:
            file.seek(max(start, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
            text = file.read(_TAIL_BYTES).decode(errors="replace")
    except OSError:
        return ()
    return tuple(text.splitlines()[-_LINES:])
