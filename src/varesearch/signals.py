"""Ctrl-C, SIGTERM and SIGHUP as exceptions: from the first line of a command on, and unable to tear a run's record.

Nothing heavy is imported here, since a signal may arrive while the imports of a command go on.
"""

import importlib
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

from varesearch.encoding import standard_streams_never_fail

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Terminated(SystemExit):
    """The process was asked to end by SIGTERM or SIGHUP; exit code 128 + the signal's number, as a shell reports it."""

    def __init__(self, signum: int) -> None:
        super().__init__(128 + signum)
        self.signum = signum


def interruption(signum: int) -> BaseException:
    """The exception that stands for a signal."""
    return KeyboardInterrupt() if signum == signal.SIGINT else Terminated(signum)


def run_command(program: str, target: str) -> int:
    """Import and call a command, and end it well whenever a signal arrives.

    A signal is raised as KeyboardInterrupt or :class:`Terminated`, also while the command is being imported. What the
    command itself does not catch ends it in one line. After a signal no process that the command started (a compiler,
    a server) stays behind.

    Parameters
    ----------
    program
        The name that begins the line on standard error.
    target
        ``module:function``; the function takes no argument and returns the exit code.

    Returns
    -------
    int
        The exit code: the command's own, or 128 plus the signal's number.
    """

    def handle(signum: int, _frame: FrameType | None) -> None:
        raise interruption(signum)

    for signum in SIGNALS:
        if signal.getsignal(signum) not in (signal.SIG_IGN, None):
            signal.signal(signum, handle)
    standard_streams_never_fail()
    code = 1
    try:
        from varesearch.workers import processes

        processes.adopt_orphans()
        module, _, name = target.partition(":")
        code = getattr(importlib.import_module(module), name)()
    except (KeyboardInterrupt, Terminated) as error:
        signum = error.signum if isinstance(error, Terminated) else signal.SIGINT
        code = 128 + signum
        _complain(f"{program}: {'interrupted (Ctrl-C)' if signum == signal.SIGINT else f'ended by {_name(signum)}'}")
    finally:
        # What is left is the interpreter's end, in which an exception could only be printed.
        for signum in SIGNALS:
            if signal.getsignal(signum) is handle:
                signal.signal(signum, signal.SIG_DFL)
    # Python ends by a signal of its own if a KeyboardInterrupt has passed through an exec (dataclasses make theirs so
    # while they are imported), although it was caught. The next exec makes it forget that.
    exec("")
    if code in {128 + signum for signum in SIGNALS}:
        from varesearch.workers import processes

        processes.end_descendants()
    return code


def _complain(line: str) -> None:
    try:
        print(line, file=sys.stderr, flush=True)
    except OSError:
        # The terminal has gone, which may be why there is a signal.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def _name(signum: int) -> str:
    return signal.Signals(signum).name


class SignalGuard:
    """Turns signals into exceptions, except while one of the ``protected`` functions is running.

    A signal that arrives inside a protected function is kept in ``pending`` until :meth:`raise_pending`. The handler
    looks for the function on the stack, since a flag set in the function's first line would come a moment too late.
    Signals that the caller ignores (``nohup``, background jobs) stay ignored; outside the main thread, where Python
    delivers no signal, the guard does nothing.
    """

    def __init__(self, *protected: Callable[..., Any]) -> None:
        self._protected: frozenset[CodeType] = frozenset(function.__code__ for function in protected)
        self._before: dict[int, Any] = {}
        self.pending: int | None = None

    def install(self) -> None:
        """Begin to handle signals."""
        if threading.current_thread() is not threading.main_thread():
            return
        for signum in SIGNALS:
            # None: a handler that was not set from Python and could not be put back.
            if signal.getsignal(signum) not in (signal.SIG_IGN, None):
                self._before[signum] = signal.signal(signum, self._handle)

    def restore(self) -> None:
        """Put back the handlers that were there before, unless somebody else has replaced ours since."""
        while self._before:
            signum, before = self._before.popitem()
            if signal.getsignal(signum) == self._handle:
                signal.signal(signum, before)

    def raise_pending(self) -> None:
        """Raise the exception of a signal that was kept."""
        signum, self.pending = self.pending, None
        if signum is not None:
            raise interruption(signum)

    def _handle(self, signum: int, frame: FrameType | None) -> None:
        while frame is not None:
            if frame.f_code in self._protected:
                self.pending = signum
                return
            frame = frame.f_back
        raise interruption(signum)
