"""What a launcher is: it takes assignments, has each done in a process of its own, and says how that ended."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping
from typing import Protocol

from varesearch.sweeps.jobs import Assignment, ChildEnd


class Work(Protocol):
    """What is to be done, seen from a launcher. Every method may be called from any thread.

    The sweep's process is the only one that speaks to the tracking store: it does so in these methods.
    """

    stopping: threading.Event
    """Set on Ctrl-C, SIGTERM, and after a failure with ``fail=fast`` (then only what has not begun is given up)."""

    interrupted: threading.Event
    """Set on Ctrl-C and SIGTERM: what runs is to be ended now."""

    def assignments(self) -> Iterator[Assignment]:
        """The next assignments. Several threads may iterate; each gets its own, and none once ``stopping`` is set.

        Taking one opens its run in the store: take it when it can be started or queued, not before.
        """
        ...

    def begun(self, assignment: Assignment, tags: Mapping[str, str]) -> None:
        """Optional: further tags of the run, such as ``varesearch.batch_job`` = ``slurm:1234``."""
        ...

    def ended(self, assignment: Assignment, end: ChildEnd) -> None:
        """To be called exactly once for every assignment that was taken."""
        ...


class Launcher(ABC):
    """One way to have children done, made from ``config.launcher``: check, prepare, launch (once or more), close."""

    workers_here: int = 0
    """How many children run at the same time on this machine; 0: they run elsewhere."""

    @abstractmethod
    def check(self) -> None:
        """Raise ConfigurationError if it cannot be used here (extra not installed, no scheduler); nothing is begun."""

    def prepare(self, backends: Collection[str]) -> None:  # noqa: B027 (most have nothing to prepare)
        """Begin, without waiting, what takes a while (a fork server), for children on these back ends."""

    @abstractmethod
    def launch(self, work: Work) -> None:
        """Do all assignments; returns when every one that was taken has been told to ``work.ended``.

        Called in a thread of its own: signals are the main thread's. Once ``work.interrupted`` is set it ends what
        runs and tells it with ``killed=True``. What it raises ends the sweep as failed.
        """

    def close(self) -> None:  # noqa: B027 (most hold nothing)
        """Give back what it holds, after the last launch. Called whatever happened."""
