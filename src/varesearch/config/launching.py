"""What a launcher and a sweeper are: settings that are not part of the science, and what a sweep may ask of them.

A launcher is one module of :mod:`varesearch.sweeps.launchers`, a sweeper one of :mod:`varesearch.sweeps.sweepers`;
:func:`varesearch.config.parts.parts` finds them.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from omegaconf import MISSING

from varesearch.config import ranges
from varesearch.config.errors import ConfigurationError
from varesearch.config.parts import Part, parts
from varesearch.config.settings import definition_fault, quantity
from varesearch.config.wording import echoed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from varesearch.config.schema import Config
    from varesearch.sweeps.jobs import Compose, Evaluate, Job, Plan, Work
    from varesearch.sweeps.space import Space
    from varesearch.sweeps.table import Table

OF_SWEEPS = ("launcher", "sweeper", "fail", "rerun")
"""The settings that only a sweep has."""

NOT_SCIENCE = ("tracking", "verbose", "dry_run", *OF_SWEEPS)
"""The settings that do not determine a result: those of sweeps, and where and how a run is recorded and shown."""


def refuse_sweep_settings(words: Iterable[str], remedy: str) -> None:
    """Raise ConfigurationError for a setting of sweeps among the words of a single run."""
    for word in words:
        key = word.partition("=")[0]
        if key.split(".")[0] in OF_SWEEPS:
            raise ConfigurationError(f"{echoed(word)}: {key} is a setting of sweeps; {remedy}, or leave it out")


class _SweepPart(Part, ABC):
    key: ClassVar[str] = "name"

    def check_settings(self) -> None:
        """Raise ConfigurationError for settings that make no sense; single numbers are checked by their ranges."""

    @classmethod
    def definition_fault(cls) -> str:
        return definition_fault(cls)


@dataclass
class Launcher(_SweepPart):
    """How the children of a sweep are run, each in a process of its own."""

    group: ClassVar[str] = "launcher"
    package: ClassVar[str] = "varesearch.sweeps.launchers"

    name: str = MISSING
    time_limit_s: float | None = quantity(
        None, "s", "how long a child may take; null: as long as it likes", plausible=ranges.SECONDS
    )
    memory_limit_mb: float | None = quantity(
        None, "MB", "how much memory a child may take; null: all there is", plausible=ranges.MEGABYTES
    )

    addresses: ClassVar[tuple[str, ...]] = ()
    """Settings that name another machine; see ``BackendSettings.addresses``."""

    @property
    def workers_here(self) -> int:
        """How many children run at the same time on this machine; 0: they run elsewhere."""
        return 0

    @abstractmethod
    def check(self) -> None:
        """Raise ConfigurationError if it cannot be used here (extra not installed, no scheduler); start nothing."""

    @abstractmethod
    def started(self, preload: Collection[str]) -> AbstractContextManager[Callable[["Work"], None]]:
        """Start what the launcher needs, and release it at the end.

        Parameters
        ----------
        preload
            What the children's back ends import, ``module`` or ``module:function``, which can be paid in advance.

        Returns
        -------
        context manager
            It yields a function that runs all assignments of a :class:`~varesearch.sweeps.jobs.Work` and returns when
            the end of each that was taken has been reported. The function may be called several times, each time in a
            thread other than the main one, which receives the signals. What it raises ends the sweep as FAILED.

        Raises
        ------
        ConfigurationError
            What the launcher needs cannot be started or reached.
        """

    def batch_job(self, job_id: str) -> str:
        """A job of the batch system that the launcher submits to, as the tag of a run names it: ``slurm:1234``."""
        return f"{self.name}:{job_id}"

    @classmethod
    def jobs_that_may_live(cls, job_ids: Collection[str]) -> set[str]:
        """Those jobs of the batch system that wait or run, and those of which nothing can be learned."""
        return set()


def batch_jobs_that_may_live(batch_jobs: Iterable[str]) -> set[str]:
    """Those batch jobs (see :meth:`Launcher.batch_job`) that may wait or run; each launcher is asked once for its own.

    A job of a launcher that does not exist here does not count.
    """
    of: dict[str, set[str]] = {}
    for launcher, _, job_id in (each.partition(":") for each in batch_jobs):
        of.setdefault(launcher, set()).add(job_id)
    known = parts(Launcher) if of.keys() - {""} else {}
    return {
        f"{name}:{job_id}" for name in of.keys() & known.keys() for job_id in known[name].jobs_that_may_live(of[name])
    }


@dataclass
class Sweeper(_SweepPart):
    """Which points of the space that a command spans are run."""

    group: ClassVar[str] = "sweeper"
    package: ClassVar[str] = "varesearch.sweeps.sweepers"

    name: str = MISSING

    @abstractmethod
    def plan(self, space: "Space", config_dir: Path | None) -> "Plan":
        """What is known before anything has run.

        Raises ConfigurationError for a space or settings that it cannot use, or if an extra is not installed.
        """

    def check_runs(self, space: "Space", config_dir: Path | None, first: "Config") -> None:
        """Raise ConfigurationError for settings that do not fit the runs, of which ``first`` is the first one's."""

    @abstractmethod
    def identity(self, space: "Space", jobs: Sequence["Job"]) -> str:
        """The hash by which a sweep is recognised when it is started again; ``jobs`` are those of the plan."""

    @abstractmethod
    def search(
        self, space: "Space", jobs: Sequence["Job"], compose: "Compose", evaluate: "Evaluate", folder: Path
    ) -> Mapping[str, str]:
        """Run the sweep.

        Parameters
        ----------
        space
            What the words of the command span.
        jobs
            The jobs of the plan's points.
        compose
            Makes jobs of further points.
        evaluate
            Runs jobs; it may be called several times. Outcomes may be SKIPPED when the sweep is stopping: then return.
        folder
            The folder of the sweep's run. A file that is kept there is found again when the sweep is resumed.

        Returns
        -------
        Mapping
            Tags of the sweep's run, such as its best trial.
        """

    def draw_search(self) -> "Callable[[Table, str], Figure] | None":
        """A function that draws the search, given the results and a title; None if the points are not searched for."""
        return None
