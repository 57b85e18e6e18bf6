"""Ctrl-C, SIGTERM and SIGHUP as exceptions that cannot tear the record of a run."""

import signal
import threading
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any


class Terminated(SystemExit):
    """The process was asked to end by SIGTERM or SIGHUP; exit code 128 + the signal's number, as a shell reports it."""

    def __init__(self, signum: int) -> None:
        super().__init__(128 + signum)
        self.signum = signum


def interruption(signum: int) -> BaseException:
    """The exception that stands for a signal."""
    return KeyboardInterrupt() if signum == signal.SIGINT else Terminated(signum)


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
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
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
