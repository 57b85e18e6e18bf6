"""Ctrl-C, SIGTERM and SIGHUP as exceptions, from the start of a command on, without damage to the record of a run.

This module imports nothing large, since a signal may arrive while a command is still importing.
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
    """Import and call a command, and end it cleanly whenever a signal arrives.

    A signal is raised as KeyboardInterrupt or :class:`Terminated`, even while the command is being imported. If the
    command does not catch it, the command ends with one line. No process that the command started (a compiler, a
    server) survives the signal.

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
        # From here on Python shuts down, where an exception could only be printed.
        for signum in SIGNALS:
            if signal.getsignal(signum) is handle:
                signal.signal(signum, signal.SIG_DFL)
    # If a KeyboardInterrupt passed through an exec (as in the creation of a dataclass), Python would later end with
    # SIGINT although the exception was caught. Another exec resets that state.
    exec("")
    if code in {128 + signum for signum in SIGNALS}:
        from varesearch.workers import processes

        processes.end_descendants()
    return code


def _complain(line: str) -> None:
    try:
        print(line, file=sys.stderr, flush=True)
    except OSError:
        # The terminal was closed, which may be the reason for the signal.
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
