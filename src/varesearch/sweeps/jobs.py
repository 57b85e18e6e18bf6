"""What travels in a sweep: what is planned, the runs, how each ended, and what a launcher and a sweeper are given."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from varesearch.config.compose import Composed

SEED = "seed"
"""The setting whose values are repetitions of a run."""

FINISHED, FAILED, KILLED, SKIPPED = "FINISHED", "FAILED", "KILLED", "SKIPPED"

State = Literal["FINISHED", "FAILED", "KILLED", "SKIPPED"]
"""How a child ended. SKIPPED: it was never begun (after Ctrl-C, or after a failure with ``fail=fast``)."""


@dataclass(frozen=True)
class Job:
    """One run of the sweep, composed and validated.

    ``index`` counts from 0 in the order of the expansion; ``words`` are its overrides, as for a single run; ``varied``
    is key -> value of what varies in the sweep, ``seed`` included; ``identity`` is the hash of all that determines its
    result.
    """

    index: int
    words: tuple[str, ...]
    composed: "Composed"
    varied: Mapping[str, Any]
    identity: str


@dataclass(frozen=True)
class Assignment:
    """A job that is to be run now. Its run is in the tracking store; whoever does it needs only the ``folder``.

    ``folder`` holds the assignment file that ``varesearch.sweeps.child`` reads, and takes all files of the run.
    """

    job: Job
    run_id: str
    name: str
    folder: Path

    @property
    def config_dir(self) -> str | None:
        """The folder of the user's own parts, as seen from any working folder; None if there is none."""
        chosen = self.job.composed.config_dir
        return None if chosen is None else str(chosen.resolve())


@dataclass(frozen=True)
class ChildEnd:
    """How the process of a child ended, as its launcher saw it.

    ``reason``: one line, ``""`` if the process ended by itself; ``killed`` says that the launcher ended it because the
    sweep was stopping; ``exit_code`` and ``signal`` (a number) are None where they are not known. Peak memory is that
    of the process and its children, in MB of 10^6 bytes. Whether the run is FINISHED says the record that it left in
    its folder, not this.
    """

    reason: str = ""
    killed: bool = False
    exit_code: int | None = None
    signal: int | None = None
    peak_memory_mb: float | None = None
    wall_s: float | None = None
    cpu_s: float | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of a job.

    ``run_id`` is None for a child that was never begun; ``taken_over``: an earlier run of the same identity stands for
    it; ``folder`` is None where there are no files on this machine. ``reason`` is why it is not FINISHED, ``degraded``
    what is wrong with its result, each in one line.
    """

    job: Job
    state: State
    run_id: str | None = None
    name: str = ""
    folder: Path | None = None
    taken_over: bool = False
    reason: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    network_hash: str | None = None
    degraded: str = ""


@dataclass(frozen=True)
class Plan:
    """What a sweeper knows before anything has run.

    ``points`` are run (each the whole list of words of a run); none for a search, which chooses them as it goes on.
    ``corners`` are not run, but must be valid: the ends of what a search may choose. ``size`` is the largest number of
    runs.
    """

    points: list[tuple[str, ...]]
    corners: list[tuple[str, ...]]
    size: int


Compose = Callable[[Sequence[tuple[str, ...]]], list[Job]]
"""Makes jobs of points, in their order. Raises ConfigurationError, naming the point that is wrong."""

Evaluate = Callable[[Sequence[Job]], list[Outcome]]
"""Runs jobs and returns their outcomes, in the same order, when all have ended; earlier results are taken over."""


class Work(Protocol):
    """What a launcher is to do. Every method may be called from any thread.

    The sweep's process is the only one that writes to the tracking store; it does so in these methods.
    """

    stopping: threading.Event
    """Set on Ctrl-C, on SIGTERM, and after a failure with ``fail=fast``: nothing further may be begun."""

    interrupted: threading.Event
    """Set on Ctrl-C and SIGTERM: what runs must be ended now, and reported with ``killed=True``."""

    def assignments(self) -> Iterator[Assignment]:
        """The next assignments. Several threads may iterate; each gets its own, and none once ``stopping`` is set.

        Taking one opens its run in the store: take it when it can be started or queued, not before.
        """
        ...

    def begun(self, assignment: Assignment, tags: Mapping[str, str]) -> None:
        """Add tags to the run, such as the batch job that carries it out. Optional."""
        ...

    def ended(self, assignment: Assignment, end: ChildEnd) -> None:
        """Report the end, exactly once for every assignment that was taken."""
        ...
