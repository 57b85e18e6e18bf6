"""Sweeps without simulations: a launcher that leaves what a child would leave, as a test wants it."""

import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from varesearch.config.launching import Launcher
from varesearch.report import write_report
from varesearch.sweeps import command
from varesearch.sweeps.jobs import Assignment, ChildEnd, Work
from varesearch.tracking.ending import RunEnd
from varesearch.tracking.files import ENDED, RECORDING_FILE

END_MS = 1_700_000_000_000
Plant = Callable[[Assignment, Work], ChildEnd]


def finish(assignment: Assignment, _: Work) -> ChildEnd:
    """A child that does well: its rate is its seed."""
    (assignment.folder / RECORDING_FILE).write_bytes(b"spikes")
    rate = float(assignment.job.composed.config.seed)
    RunEnd(assignment.run_id, "FINISHED", END_MS, metrics={"exc.rate_hz": rate}).write(assignment.folder)
    return ChildEnd(exit_code=0, peak_memory_mb=50.0, wall_s=2.0, cpu_s=1.0)


def fail(assignment: Assignment, _: Work) -> ChildEnd:
    """A child that says itself why it failed."""
    RunEnd(assignment.run_id, "FAILED", END_MS, tags={ENDED: "ValueError: planted"}).write(assignment.folder)
    return ChildEnd("ended with exit code 1", exit_code=1)


def crash(assignment: Assignment, _: Work) -> ChildEnd:
    """A child that leaves no record."""
    (assignment.folder / "run.log").write_text("the last thing it said\n")
    return ChildEnd("ended by SIGSEGV, a segmentation fault", signal=11, peak_memory_mb=123.4)


def by_seed(**plants: Plant) -> Plant:
    """``s2=crash``: the child of seed 2 crashes; all others finish."""

    def choose(assignment: Assignment, work: Work) -> ChildEnd:
        return plants.get(f"s{assignment.job.composed.config.seed}", finish)(assignment, work)

    return choose


class PlantedLauncher(Launcher):
    """One child after another, in the thread of the launcher."""

    def __init__(self, plant: Plant) -> None:
        super().__init__()
        self.plant = plant
        self.begun: list[int] = []

    def check(self) -> None:
        """It can always be used."""

    @contextmanager
    def started(self, preload: Collection[str]) -> Iterator[Callable[[Work], None]]:
        yield self.launch

    def launch(self, work: Work) -> None:
        for assignment in work.assignments():
            self.begun.append(assignment.job.composed.config.seed)
            work.ended(assignment, self.plant(assignment, work))


def _no_report(*_: object) -> None:
    pass


class Sweeps:
    """Commands in a project folder of their own."""

    def __init__(self, root: Path, patch: pytest.MonkeyPatch) -> None:
        self.root = root
        self._patch = patch

    def run(
        self, *words: str, plant: Plant = finish, pages: bool = False, report: command.Report = write_report
    ) -> tuple[int, list[int]]:
        """The exit code, and the seeds of the children that were begun; figures and report only with ``pages``."""
        launcher = PlantedLauncher(plant)
        with self._patch.context() as patch:
            if not pages:
                # They take most of the time of a sweep without simulations, and have tests of their own.
                patch.setattr("varesearch.sweeps.figures.write_sweep_figures", lambda *_: [])
                report = _no_report
            code = command.run_sweep(replace(command.prepare(words), launcher=launcher), report)
        return code, launcher.begun

    def runs(self) -> list["Row"]:
        """What the store holds, the oldest first."""
        with sqlite3.connect(f"file:{self.root}/mlruns/mlflow.db?mode=ro", uri=True) as store:
            found = store.execute("SELECT run_uuid, name, status, artifact_uri FROM runs ORDER BY start_time, rowid")
            return [Row(store, *row) for row in found.fetchall()]

    def parents(self) -> list["Row"]:
        """The runs of sweeps."""
        return [row for row in self.runs() if row.tags.get("varesearch.kind") == "sweep"]

    def children(self, parent: "Row | None" = None) -> list["Row"]:
        """The runs nested under a parent (None: the only one)."""
        (of,) = [parent] if parent else self.parents()
        return [row for row in self.runs() if row.tags.get("mlflow.parentRunId") == of.run_id]


class Row:
    """A run as the tables of the store hold it."""

    def __init__(self, store: sqlite3.Connection, run_id: str, name: str, status: str, artifacts: str) -> None:
        self.run_id, self.name, self.status = run_id, name, status
        self.folder = Path(artifacts.removeprefix("file://"))
        self.tags = self._read(store, "tags")
        self.params = self._read(store, "params")
        self.metrics = self._read(store, "latest_metrics")

    def _read(self, store: sqlite3.Connection, table: str) -> dict[str, Any]:
        return dict(store.execute(f"SELECT key, value FROM {table} WHERE run_uuid = ?", [self.run_id]))


def statuses(rows: Sequence[Row]) -> dict[str, int]:
    """Status -> how many."""
    return {status: [row.status for row in rows].count(status) for status in {row.status for row in rows}}
