"""What the tests of launchers hand to them: assignments of small real runs, and a sweep that writes down what it hears.

``python launches.py WORDS ROOT FOLDER...``, the words separated by semicolons, launches the assignments of folders that
:func:`assign` has made, in a process that can be killed.
"""

import json
import os
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from varesearch.backends import backends
from varesearch.config.compose import compose
from varesearch.sweeps.assignment import AssignmentFile
from varesearch.sweeps.jobs import Assignment, ChildEnd, Job
from varesearch.tracking.ending import RunEnd
from varesearch.tracking.location import ROOT_VARIABLE
from varesearch.tracking.provenance import describe

SMALL = ("connectivity.n=100", "recording=spikes")
ENDLESS = ("connectivity.n=1000", "simulation.duration_ms=10000000", "recording=spikes")


def assign(root: Path, runs: Sequence[Sequence[str]]) -> list[Assignment]:
    """An assignment for each list of words, in a folder below ``root``."""
    assignments = []
    for index, words in enumerate(runs):
        composed, run_id = compose([*words, f"seed={index + 1}"]), uuid.uuid4().hex
        folder = root / "runs" / run_id
        folder.mkdir(parents=True)
        about = describe(composed)
        AssignmentFile(run_id, about, {}, str(root)).write(folder)
        assignments.append(_assignment(index, folder))
    return assignments


def status(assignment: Assignment) -> str | None:
    """What the record says that the child left; None without one."""
    record = RunEnd.read(assignment.folder)
    return None if record is None else record.status


class Heard:
    """The sweep, as a launcher sees it. ``ends`` in the order of the assignments, None for one that was not taken."""

    def __init__(self, assignments: Sequence[Assignment]) -> None:
        self.stopping, self.interrupted = threading.Event(), threading.Event()
        self.tags: dict[str, Mapping[str, str]] = {}
        self._all = list(assignments)
        self._ends: dict[str, list[ChildEnd]] = {}
        self._rest = iter(self._all)
        self._lock = threading.Lock()

    def assignments(self) -> Iterator[Assignment]:
        while not self.stopping.is_set():
            with self._lock:
                assignment = next(self._rest, None)
            if assignment is None:
                return
            yield assignment

    def begun(self, assignment: Assignment, tags: Mapping[str, str]) -> None:
        self.tags[assignment.run_id] = tags

    def ended(self, assignment: Assignment, end: ChildEnd) -> None:
        self._ends.setdefault(assignment.run_id, []).append(end)

    @property
    def ends(self) -> list[ChildEnd | None]:
        told = [self._ends.get(assignment.run_id, []) for assignment in self._all]
        assert all(len(ends) <= 1 for ends in told), "an end is told once"
        return [ends[0] if ends else None for ends in told]

    def interrupt(self) -> None:
        """Ctrl-C."""
        self.stopping.set()
        self.interrupted.set()


def launch(
    words: Sequence[str], heard: Heard, meanwhile: Callable[[], None] | None = None, timeout_s: float = 240.0
) -> None:
    """Check, prepare and launch as the sweep does; ``meanwhile`` is called once the launch is under way."""
    launcher = compose(words).config.launcher
    launcher.check()
    with launcher.started(backends()["brian2"].imports()) as start:
        thread = threading.Thread(target=start, args=(heard,), daemon=True)
        thread.start()
        if meanwhile is not None:
            meanwhile()
        thread.join(timeout_s)
        assert not thread.is_alive(), "the launch has not come to its end"


def wait_until(condition: Callable[[], bool], what: str, timeout_s: float = 120.0) -> None:
    """Wait; AssertionError, naming ``what``, if it does not come."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"this did not come: {what}"
        time.sleep(0.1)


def _assignment(index: int, folder: Path) -> Assignment:
    file = AssignmentFile.read(folder)
    composed = file.composed()
    return Assignment(Job(index, composed.overrides, composed, {}, file.run_id), file.run_id, file.about.name, folder)


def main() -> None:
    """Launch; the ends as JSON."""
    words, root, *folders = sys.argv[1:]
    os.environ[ROOT_VARIABLE] = root
    heard = Heard([_assignment(index, Path(folder)) for index, folder in enumerate(folders)])
    launch(words.split(";"), heard)
    print(json.dumps([None if end is None else end.reason for end in heard.ends]))


if __name__ == "__main__":
    main()
