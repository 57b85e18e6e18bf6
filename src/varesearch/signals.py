"""Ctrl-C, SIGTERM and SIGHUP as exceptions, from the start of a command on, without damage to the record of a run.

This module imports nothing large, since a signal may arrive while a command is still importing.
"""

import _thread
import importlib
import math
import os
import signal
import sys
import threading
import time
import weakref
from collections.abc import Callable
from types import FrameType
from typing import Any, NoReturn, TypeVar

from varesearch.causes import chain
from varesearch.encoding import standard_streams_never_fail

T = TypeVar("T")

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_LOST_AFTER_S = 0.3
"""If the exception of a signal has been gone for this time and :meth:`Deliveries.answer` was not called, the signal is
sent again."""

ONE_REQUEST_S = 1.0
"""Signals that arrive within this time count as one request to end."""


class Interrupted(KeyboardInterrupt):
    """The process was asked to end by SIGINT (Ctrl-C). Unlike KeyboardInterrupt, it can be referred to weakly."""


class Terminated(SystemExit):
    """The process was asked to end by SIGTERM or SIGHUP; exit code 128 + the signal's number, as a shell reports it."""

    def __init__(self, signum: int) -> None:
        super().__init__(128 + signum)
        self.signum = signum


def signal_behind(error: BaseException) -> int | None:
    """The number of the signal that an exception stands for or was raised because of; None if there is no such signal.

    Python wraps what is raised in ``__set_name__`` in a RuntimeError, and libraries wrap what they catch.
    """
    for link in chain(error):
        if isinstance(link, Terminated):
            return link.signum
        if isinstance(link, KeyboardInterrupt):
            return signal.SIGINT
    return None


class Deliveries:
    """Raises signals as exceptions, and sends a signal again if its exception got lost.

    An exception that a signal handler raises can be lost: in a ``__del__`` method or in the callback of a weak
    reference (the import system has one), Python prints and drops it, and some libraries catch every exception while
    they are imported. A signal that was lost in this way would leave a long simulation running. Therefore the exception
    is watched: if it no longer exists and :meth:`answer` was not called, its signal is sent to the process once more.
    """

    def __init__(self) -> None:
        self._answered = False

    def answer(self) -> None:
        """Send no signal again from now on, since the process, or its part that handles signals, is ending."""
        self._answered = True

    def deliver(self, signum: int) -> NoReturn:
        """Raise the exception of a signal. Call it from a signal handler.

        Raises
        ------
        Interrupted
            For SIGINT.
        Terminated
            For any other signal.
        """
        error = Interrupted() if signum == signal.SIGINT else Terminated(signum)
        # Not threading.Thread: the interrupted code may hold the lock that it needs.
        _thread.start_new_thread(self._watch, (signum, weakref.ref(error)))
        try:
            raise error
        finally:
            # The traceback refers to this frame, which would keep the exception alive.
            del error

    def _watch(self, signum: int, error: "weakref.ref[BaseException]") -> None:
        while error() is not None:
            time.sleep(_LOST_AFTER_S / 3)
        time.sleep(_LOST_AFTER_S)
        if not self._answered:
            # Python handles signals in the main thread, which may be waiting in a system call.
            signal.pthread_kill(threading.main_thread().ident or 0, signum)


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

    deliveries = Deliveries()

    def handle(signum: int, _frame: FrameType | None) -> None:
        deliveries.deliver(signum)

    for signum in SIGNALS:
        if signal.getsignal(signum) not in (signal.SIG_IGN, None):
            signal.signal(signum, handle)
    sys.unraisablehook = _print_unless_signal
    standard_streams_never_fail()
    code = 1
    try:
        from varesearch.workers import processes

        processes.adopt_orphans()
        module, _, name = target.partition(":")
        code = getattr(importlib.import_module(module), name)()
    except BaseException as error:
        deliveries.answer()
        signum = signal_behind(error)
        if signum is None:
            raise
        code = 128 + signum
        _complain(f"{program}: {in_words(signum)}")
    finally:
        # From here on Python shuts down, where an exception could only be printed.
        deliveries.answer()
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


def _print_unless_signal(lost: "sys.UnraisableHookArgs") -> None:
    # A signal that got lost in this way is sent again.
    if not isinstance(lost.exc_value, (Interrupted, Terminated)):
        sys.__unraisablehook__(lost)


def _complain(line: str) -> None:
    try:
        print(line, file=sys.stderr, flush=True)
    except OSError:
        # The terminal was closed, which may be the reason for the signal.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def in_words(signum: int) -> str:
    """Describe how a signal ended a command: ``interrupted (Ctrl-C)`` or ``ended by SIGTERM``."""
    return "interrupted (Ctrl-C)" if signum == signal.SIGINT else f"ended by {signal.Signals(signum).name}"


class SignalGuard:
    """Turns signals into exceptions while an action is running, and holds them back before and after it.

    The end of a run must be written even if a signal arrives meanwhile. The guard therefore has two states. While
    signals are released, as at the beginning, a signal raises its exception. While they are held, a signal is only
    remembered in ``pending`` until :meth:`raise_pending` or :meth:`release`.

    The exception of a first signal runs through ``finally`` blocks, in which a simulator is closed, for example. A
    second signal, such as another Ctrl-C, interrupts these blocks, too: the user does not want to wait for them. A
    signal that arrives within :data:`ONE_REQUEST_S` of the first is only remembered, since a terminal, make and a batch
    system may all pass on one request.

    Signals that the caller ignores (``nohup``, background jobs) stay ignored; outside the main thread, where Python
    delivers no signal, the guard does nothing.
    """

    def __init__(self) -> None:
        self._held = False
        self._before: dict[int, Any] = {}
        self._deliveries = Deliveries()
        self._raised_at = -math.inf
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
        self._deliveries.answer()
        while self._before:
            signum, before = self._before.popitem()
            if signal.getsignal(signum) == self._handle:
                signal.signal(signum, before)

    def hold(self) -> None:
        """Remember signals from now on."""
        self._held = True

    def release(self) -> None:
        """Raise signals from now on, beginning with the one that was remembered, if any."""
        self._held = False
        self.raise_pending()

    def raise_pending(self) -> None:
        """Raise the exception of the signal that was remembered, if any."""
        signum, self.pending = self.pending, None
        if signum is not None:
            self._deliveries.deliver(signum)

    def attempt(self, action: Callable[[], T]) -> tuple[T | None, BaseException | None]:
        """Call ``action``, and hold signals from its end on, however it ends.

        Returns
        -------
        tuple
            Its result, or None; and the exception that ended it, or None. A signal that arrives at the very moment
            when the action has ended counts as having ended it.
        """
        result, error = None, None
        try:
            try:
                result = action()
                self.hold()
            except BaseException as failure:
                # A signal may still arrive here, unless `failure` is already one.
                error = failure
                self.hold()
        except BaseException as late:
            error = late
            self.hold()
        return result, error

    def _handle(self, signum: int, _frame: FrameType | None) -> None:
        now, handled = time.monotonic(), sys.exception()
        unwinding = handled is not None and signal_behind(handled) is not None
        if self._held or (unwinding and now - self._raised_at < ONE_REQUEST_S):
            self.pending = signum
        else:
            self._raised_at = now
            self._deliveries.deliver(signum)
