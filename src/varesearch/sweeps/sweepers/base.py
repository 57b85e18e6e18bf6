"""What a sweeper is: it chooses the points of the space that the words span, and may look at results to do so."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from varesearch.sweeps.jobs import Job, Outcome

Compose = Callable[[Sequence[tuple[str, ...]]], list[Job]]
"""Points (each the whole list of words of a run) -> jobs. Raises ConfigurationError, naming the point that is wrong."""

Evaluate = Callable[[Sequence[Job]], list[Outcome]]
"""Runs the jobs (those of known identity are taken over) and returns their outcomes in the same order, at the end."""


@dataclass(frozen=True)
class Objective:
    """The objective of a search: the largest or the smallest value of ``metric``, averaged over the seeds."""

    metric: str
    largest: bool

    @property
    def words(self) -> str:
        """The objective in words."""
        return f"{'largest' if self.largest else 'smallest'} {self.metric}"


class Sweeper(Protocol):
    """Made from ``config.sweeper`` and the space. May be used once."""

    def check(self, config_dir: Path | None) -> None:
        """Raise ConfigurationError for a space or settings that it cannot take, or an extra that is missing."""
        ...

    def plan(self) -> list[tuple[str, ...]]:
        """The points that are known before anything has run: all of a grid; for a search [] will do."""
        ...

    def corners(self) -> list[tuple[str, ...]]:
        """Points that are not run, but must be valid before anything is: the ends of what a search may choose."""
        ...

    def size(self) -> int:
        """How many runs there are to be, at most."""
        ...

    def objective(self) -> Objective | None:
        """What is searched for; None if all points are run."""
        ...

    def identity(self, jobs: Sequence[Job]) -> str:
        """What makes this sweep the same sweep when it is started again; ``jobs`` are its points and corners."""
        ...

    def search(self, jobs: Sequence[Job], compose: Compose, evaluate: Evaluate, folder: Path) -> Mapping[str, str]:
        """Do it all: ``evaluate`` once or again and again; the tags (best trial) of the parent run.

        ``folder`` is the parent run's: what is kept there (a study) is found there again when the sweep is resumed.
        Jobs get their index from the order in which ``compose`` made them. Outcomes may be SKIPPED once the sweep is
        stopping: then return.
        """
        ...
