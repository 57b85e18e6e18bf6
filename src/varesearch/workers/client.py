"""The client's side: start a fork server, give it tasks, and learn how they ended."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

from varesearch.workers.ends import UNLIMITED, Limits, WorkerEnd, WorkerError
from varesearch.workers.messages import channel, receive, send

ENVIRONMENT = {
    **{f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "BLIS", "NUMEXPR", "NUMBA")},
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}
"""The environment of a server: it limits the numeric libraries to one thread, and prevents the memory allocator of
pyarrow (which pandas imports, and so nest and mlflow) from starting a thread. The libraries read it at their import."""

_ATTEMPTS = 3
_PROGRAM = (
    "import json, sys; arguments = json.loads(sys.argv[1]); sys.path[:] = arguments.pop('path'); "
    "from varesearch.workers.server import main; main(**arguments)"
)


class ForkServer:
    """A process that imports modules once, and forks for every task.

    The server is started at once, in a session of its own, so that Ctrl-C on the terminal reaches only this process. It
    becomes ready while this process goes on, and is replaced at the next task if it ends. However this process ends,
    the server and its tasks end at the same time. All methods may be called from any thread, and :meth:`run` from
    several at a time.

    Parameters
    ----------
    preload
        Modules to import before the first fork, or ``module:function`` to call.

    Notes
    -----
    Experiments showed what may be preloaded. They counted the threads that are alive after an import, and compared
    simulations of a network of 100 cells in forks, two at a time, bit for bit with one in a fresh process.

    * numpy with OpenBLAS at one thread, scipy, matplotlib (Agg), neo: no thread; safe.
    * brian2 with PyNN: no thread, 50 of 50 forks the same (numpy), 6 of 6 with Cython, and a standalone program. Its
      import opens a log file and replaces the handler of SIGINT; ``varesearch.backends.brian2.session:load`` undoes
      that.
    * nest with PyNN: 30 of 30 the same, 10 of 10 with two threads. The one thread that its import starts comes
      from pyarrow, which pandas imports: its allocator (jemalloc) starts it, unless :data:`ENVIRONMENT` is set before.
    * sPyNNaker: no thread, 6 of 6 the same on software boards, two at once.
    * mlflow: the same thread, otherwise safe to import; a connection to a store must not be forked.
    """

    def __init__(self, preload: Sequence[str] = ()) -> None:
        self._preload = tuple(preload)
        self._handing_over = threading.Lock()
        self._tasks: set[_Task] = set()
        self._tasks_changed = threading.Condition()
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
        """Call a function in a process of its own, and wait for its end.

        An exception in this thread meanwhile (Ctrl-C) cancels the task; it is raised again when the task has ended.

        Parameters
        ----------
        target
            The function, ``module:function``. Its return value is the exit code (None: 0). After an exception it is 1,
            and the traceback is in the log. When the function has returned, the handlers that it registered with
            :mod:`atexit` are called; its threads are not waited for, and programs that it left running get one second
            to end.
        argument
            Its argument, which must be expressible in JSON with up to 100 kB.
        log
            The file to which the standard output and error of the task and its programs are appended. After a crash
            or a time limit it also has the stack (:mod:`faulthandler`).
        limits
            How much time and memory the task may use.
        on_start
            Called with the process id of the task.

        Raises
        ------
        WorkerError
            The server cannot start (a preload fails) or was stopped.
        """
        request = {"target": target, "argument": argument, "log": str(log.absolute()), "limits": asdict(limits)}
        for _ in range(_ATTEMPTS):
            with self._task() as task:
                end = self._attempt(task, request, on_start)
            if end is not None:
                return WorkerEnd(**end, limits=limits)
        return WorkerEnd(None, lost=f"could not be started: the fork server died {_ATTEMPTS} times", limits=limits)

    def cancel(self) -> None:
        """End the running tasks with SIGTERM and, ``limits.grace_s`` later, SIGKILL. Do not wait for their end."""
        with self._tasks_changed:
            for task in self._tasks:
                task.cancel()
            if self._tasks and "ready" not in self._greeting:
                self._kill_starting()

    def stop(self) -> None:
        """Cancel the running tasks, wait for their end, and end the server. Later tasks are refused."""
        self._stopped = True
        self.cancel()
        with self._tasks_changed:
            self._tasks_changed.wait_for(lambda: not self._tasks)
        self._discard()

    @contextlib.contextmanager
    def _task(self) -> Iterator["_Task"]:
        task = _Task()
        with self._tasks_changed:
            self._tasks.add(task)
        try:
            yield task
        finally:
            task.close()
            with self._tasks_changed:
                self._tasks.discard(task)
                self._tasks_changed.notify_all()

    def _attempt(
        self, task: "_Task", request: dict[str, Any], on_start: Callable[[int], None] | None
    ) -> dict[str, Any] | None:
        """The fields of the task's end; None if the server died before the task began."""
        pid, end = None, None
        try:
            with contextlib.suppress(ConnectionError):
                self._hand_over(task)
                send(task.ours, request)
                pid, end = task.wait(on_start)
        except WorkerError:
            if not task.cancelled:
                raise
        except BaseException:
            task.cancel()
            task.theirs.close()
            task.wait(None)
            raise
        if end is None and task.cancelled:
            return {"exit_code": None, "cancelled": True, "pid": pid}
        if end is None and pid is not None:
            return {
                "exit_code": None,
                "lost": "its supervisor was killed, and the task with it",
                "pid": pid,
            }
        return end

    def _hand_over(self, task: "_Task") -> None:
        """Give the server the other end of the task's channel."""
        with self._handing_over:
            while True:
                if self._stopped:
                    raise WorkerError("the fork server was stopped; no task can be started")
                if self._process.poll() is not None:
                    self._discard()
                    self._start()
                self._wait_until_ready()
                try:
                    socket.send_fds(self._control, [b"t"], [task.theirs.fileno()])
                except ConnectionError:
                    self._process.wait()
                    continue
                task.theirs.close()
                return

    def _start(self) -> None:
        self._greeting: dict[str, Any] = {}
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 (open for as long as the server lives)
        self._control, theirs = channel()
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
                env={**os.environ, **ENVIRONMENT},
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    def _wait_until_ready(self) -> None:
        if not self._greeting:
            self._greeting = receive(self._control) or {"error": f"it ended while it started: {self._last_line()}"}
        if "error" in self._greeting:
            raise WorkerError(" ".join(f"the fork server: {self._greeting['error']}".split()))

    def _last_line(self) -> str:
        self._process.wait()
        self._output.seek(0)
        lines = self._output.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"exit code {self._process.returncode}"

    def _discard(self) -> None:
        self._control.close()
        if "ready" not in self._greeting:
            self._kill_starting()
        self._process.wait()
        self._output.close()

    def _kill_starting(self) -> None:
        # During its imports, which take seconds, the server does not react to messages. Its children are in its group.
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)


class _Task:
    """The channel of a task: the request goes out, its start and end come in."""

    def __init__(self) -> None:
        self.ours, self.theirs = channel()
        self.cancelled = False

    def cancel(self) -> None:
        """Close this direction of the channel, by which the supervisor learns that it is to end the task."""
        self.cancelled = True
        with contextlib.suppress(OSError):
            self.ours.shutdown(socket.SHUT_WR)

    def wait(self, on_start: Callable[[int], None] | None) -> tuple[int | None, dict[str, Any] | None]:
        """Return the process id of the task and how it ended; each is None if the task did not get so far."""
        pid = None
        with contextlib.suppress(ConnectionError):
            while (message := receive(self.ours)) is not None:
                if "end" in message:
                    return pid, message["end"]
                pid = message["started"]
                if on_start is not None:
                    on_start(pid)
        return pid, None

    def close(self) -> None:
        """Close both ends of the channel."""
        self.ours.close()
        self.theirs.close()
