"""A note of a SLURM job in a folder of a store that others can write: nothing is done to what it names."""

import json
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from varesearch.config.compose import compose
from varesearch.sweeps.jobs import Assignment, ChildEnd, Job
from varesearch.sweeps.launchers.slurm.jobs import JOB_FILE


class _Work:
    """One assignment, and what the launcher says of it."""

    def __init__(self, assignment: Assignment) -> None:
        self.stopping, self.interrupted = threading.Event(), threading.Event()
        self.ends: list[ChildEnd] = []
        self._assignment = assignment

    def assignments(self) -> Iterator[Assignment]:
        yield self._assignment

    def begun(self, assignment: Assignment, tags: Mapping[str, str]) -> None:
        pass

    def ended(self, assignment: Assignment, end: ChildEnd) -> None:
        self.ends.append(end)


@pytest.mark.parametrize(
    "note",
    [{"job_id": "--user=root", "files": "/"}, {"job_id": 7, "files": "/"}, {"files": "/"}, [], {"job_id": "7"}, "{"],
)
def test_a_note_that_names_no_job_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, note: Any) -> None:
    """Its number would be an argument of scancel."""
    monkeypatch.setenv("PATH", str(tmp_path))
    work = _launch(tmp_path, note)
    (end,) = work.ends
    assert JOB_FILE in end.reason and "remove it to submit the run again" in end.reason


def test_the_folder_that_a_note_names_is_not_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.tex").write_text("years of work")
    # What a child leaves at its end, so that no queue has to be asked.
    end = {"reason": "", "exit_code": 0}
    work = _launch(tmp_path, {"job_id": "7", "files": str(mine)}, end)
    assert [end.exit_code for end in work.ends] == [0]
    assert (mine / "thesis.tex").exists()


def _launch(tmp_path: Path, note: Any, end: Mapping[str, Any] | None = None) -> _Work:
    composed = compose([])
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / JOB_FILE).write_text(note if isinstance(note, str) else json.dumps(note))
    if end is not None:
        (folder / ".child_end.json").write_text(json.dumps(end))
    work: Any = _Work(Assignment(Job(0, (), composed, {}, "identity"), "f" * 32, "run", folder))
    with compose(["launcher=slurm"]).config.launcher.started([]) as launch:
        launch(work)
    return work
