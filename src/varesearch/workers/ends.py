"""The limits of a task, and how it ended."""

import signal
from dataclasses import dataclass


class WorkerError(RuntimeError):
    """No task can be started: a module to preload fails, or the server was stopped. The message is one line."""


@dataclass(frozen=True)
class Limits:
    """The time and memory that one task may use; None: no limit.

    ``time_s``: wall time, after which the task gets SIGTERM and, if it still runs ``grace_s`` later, SIGKILL.
    ``memory_mb`` (10^6 bytes): resident memory of the task and all processes that it started, summed; if they exceed
    it, they get SIGKILL. Raises ValueError for a limit that is not positive.
    """

    time_s: float | None = None
    memory_mb: float | None = None
    grace_s: float = 10.0

    def __post_init__(self) -> None:
        for name in ("time_s", "memory_mb", "grace_s"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f"{name}={value}: a limit must be greater than 0, or None for no limit")


UNLIMITED = Limits()


@dataclass(frozen=True)
class WorkerEnd:
    """How a task ended.

    Attributes
    ----------
    exit_code
        None if a signal ended the task, or if it is not known how it ended.
    signal
        The number of the signal that ended it.
    timed_out, out_of_memory, cancelled
        Why this package ended it.
    lost
        Why it is not known how the task ended, or ``""``. None of its processes is left in this case.
    peak_memory_mb
        In MB of 10^6 bytes, the larger of two numbers: the highest resident memory of a single process (``getrusage``,
        exact) and that of the sum of all processes (sampled). Memory that is shared with the server counts.
    wall_s, cpu_s
        Elapsed time, and user and system time of all its processes, in s.
    """

    exit_code: int | None
    signal: int | None = None
    timed_out: bool = False
    out_of_memory: bool = False
    cancelled: bool = False
    lost: str = ""
    pid: int | None = None
    peak_memory_mb: float = 0.0
    wall_s: float = 0.0
    cpu_s: float = 0.0
    limits: Limits = UNLIMITED

    @property
    def ok(self) -> bool:
        """Whether the task returned by itself with exit code 0."""
        return self.exit_code == 0 and not (self.timed_out or self.out_of_memory or self.cancelled)

    @property
    def reason(self) -> str:
        """How the task ended, in one line; ``""`` if it is :attr:`ok`."""
        if self.ok:
            return ""
        if self.lost:
            return self.lost
        if self.out_of_memory:
            return f"took {self.peak_memory_mb:.0f} MB of memory, and {self.limits.memory_mb:g} MB are allowed: killed"
        if self.timed_out:
            return f"was not done after {self.limits.time_s:g} s, the time allowed: ended"
        if self.cancelled:
            return "was cancelled"
        if self.signal is not None:
            return f"ended by {_name(self.signal)}{_MEANING.get(self.signal, '')}"
        return f"ended with exit code {self.exit_code}"


_MEANING: dict[int, str] = {
    signal.SIGSEGV: ", a segmentation fault",
    signal.SIGBUS: ", a bus error",
    signal.SIGABRT: ", abort() called by itself",
    signal.SIGFPE: ", an arithmetic fault",
    signal.SIGILL: ", an illegal instruction",
    signal.SIGKILL: " from outside: by hand, or by the kernel for want of memory",
}


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
