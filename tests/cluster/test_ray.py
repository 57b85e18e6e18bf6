"""Children as tasks of a real ray on this machine."""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

import psutil
import pytest
from launches import ENDLESS, SMALL, Heard, assign, launch, status, wait_until

from varesearch.config.addresses import is_loopback
from varesearch.sweeps.launchers.ray import in_task, pack, unpack
from varesearch.tracking.location import ROOT_VARIABLE

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path))
    # What ray would otherwise keep in the user's home.
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    return tmp_path


def test_children_are_tasks_and_leave_their_records(root: Path) -> None:
    assignments = assign(root, [SMALL] * 3)
    heard = Heard(assignments)
    launch(["launcher=ray", "launcher.workers=2"], heard)
    assert [end and end.reason for end in heard.ends] == ["", "", ""]
    assert [status(assignment) for assignment in assignments] == ["FINISHED"] * 3
    assert all(end is not None and end.cpu_s and end.peak_memory_mb for end in heard.ends)
    assert list((root / "home").iterdir()) == []


def test_ray_is_closed_to_other_accounts_and_machines(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = Path(tempfile.mkdtemp(prefix="t"))  # short, for the sockets
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    heard = Heard(assign(root, [SMALL]))
    listening, folders, arguments = set(), [], []

    def look() -> None:
        wait_until(lambda: any(temporary.glob("ray-*/r/session_*/sockets/*")), "ray's sockets")
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                arguments.append(" ".join(process.cmdline()))
                found = process.net_connections("tcp")
                listening.update(seen.laddr.ip for seen in found if seen.status == psutil.CONN_LISTEN)
        folders.extend(path.stat().st_mode & 0o777 for path in temporary.glob("ray-*"))

    try:
        launch(["launcher=ray", "launcher.workers=1"], heard, look)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    assert heard.ends[0] is not None and heard.ends[0].reason == ""
    assert listening and all(is_loopback(address.removeprefix("::ffff:")) for address in listening), listening
    assert folders == [0o700]
    assert not [words for words in arguments if os.environ["RAY_AUTH_TOKEN"] in words]


def test_limits_are_kept_and_an_interrupt_ends_what_runs(root: Path) -> None:
    hangs = Heard(assign(root, [ENDLESS]))
    launch(["launcher=ray", "launcher.time_limit_s=8"], hangs)
    assert hangs.ends[0] is not None and "was not done after 8 s" in hangs.ends[0].reason

    assignments = assign(root, [ENDLESS] * 3)
    heard = Heard(assignments)

    def interrupt() -> None:
        wait_until((assignments[0].folder / "network.json").exists, "a child that simulates")
        heard.interrupt()

    launch(["launcher=ray", "launcher.workers=1"], heard, interrupt)
    assert [end and end.killed for end in heard.ends] == [True, None, None]
    assert [status(assignment) for assignment in assignments] == ["KILLED", None, None]


def test_node_that_does_not_see_the_folder_gets_it_and_sends_it_back(root: Path) -> None:
    (assignment,) = assign(root, [SMALL])
    there = root / "not on this node" / assignment.folder.name
    end, files = in_task(there, pack(assignment.folder), None, None, None)
    assert end.reason == ""
    assert files is not None
    assert not there.exists()
    unpack(files, assignment.folder)
    assert status(assignment) == "FINISHED"
    assert (assignment.folder / "recording.npz").exists()
