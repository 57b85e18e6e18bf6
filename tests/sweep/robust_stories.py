"""Stories of sweeps with real children, each command in a process forked from one that has paid its imports.

``python robust_stories.py STORIES.json`` prints what became of each story. A story is a dict with ``root``, the folder
of the project, ``steps``, and ``disk_mb``, if its root is to be a disk of its own (a tmpfs, seen by this story alone).
A step is a dict with ``words``, the command's, ``faults`` (seed -> function of ``faults/sitecustomize.py``),
``together`` (how many such processes at once, word ``SEED`` replaced by the number of the process), and ``before``:
``remove NAME`` (a file of the root), ``read-only`` or ``writable`` (the disk, from then on).

What became of a step: ``ends``, for each process ``exit`` (negative: the signal), ``out``, ``err``; and ``runs``, what
the store then holds, the oldest first. ``struck`` tells of a child that struck the sweep whether it is still there.
"""

import ctypes
import gc
import json
import os
import sqlite3
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil

from varesearch import cli

_NEW_USER_AND_MOUNTS = 0x10000000 | 0x00020000  # CLONE_NEWUSER, CLONE_NEWNS
_REMOUNT, _READ_ONLY = 0x20, 0x1  # MS_REMOUNT, MS_RDONLY


def stories() -> None:
    """Import what every command needs, then tell the stories."""
    import mlflow.store.tracking.sqlalchemy_store  # noqa: F401

    import varesearch.plots
    import varesearch.report
    import varesearch.sweeps.command
    import varesearch.sweeps.figures
    import varesearch.sweeps.launchers._child  # noqa: F401

    gc.freeze()
    told = []
    for story in json.loads(Path(sys.argv[1]).read_text()):
        with tempfile.TemporaryFile("w+") as file:

            def tell(story: dict[str, Any] = story, file: Any = file) -> int:
                json.dump(_tell(story), file)
                file.flush()
                return 0

            assert os.waitpid(_fork(tell), 0)[1] == 0
            file.seek(0)
            told.append(json.load(file))
    print(json.dumps(told))


def _fork(action: Callable[[], int]) -> int:
    pid = os.fork()
    if pid == 0:
        code = 70
        try:
            code = action()
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    return pid


def _tell(story: dict[str, Any]) -> list[dict[str, Any]]:
    root = Path(story["root"])
    os.environ["VARESEARCH_ROOT"] = str(root)
    if "disk_mb" in story:
        _mount(root, story["disk_mb"])
    return [_step(root, step) for step in story["steps"]]


def _mount(root: Path, size_mb: int) -> None:
    """A disk of its own at ``root``, with what is there now."""
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.getuid(), os.getgid()
    if libc.unshare(_NEW_USER_AND_MOUNTS) != 0:
        raise OSError(ctypes.get_errno(), "no mounts of one's own (user namespaces) on this machine")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"0 {user} 1")
    Path("/proc/self/gid_map").write_text(f"0 {group} 1")
    content = {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    if libc.mount(b"tmpfs", str(root).encode(), b"tmpfs", 0, f"size={size_mb}m".encode()) != 0:
        raise OSError(ctypes.get_errno(), "mount")
    for name, data in content.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)


def _step(root: Path, step: dict[str, Any]) -> dict[str, Any]:
    action, _, name = step.get("before", "").partition(" ")
    if action == "remove":
        (root / name).unlink()
    elif action:
        flags = _REMOUNT | (_READ_ONLY if action == "read-only" else 0)
        assert ctypes.CDLL(None).mount(b"tmpfs", str(root).encode(), b"tmpfs", flags, b"") == 0
    os.environ["VARESEARCH_FAULTS"] = json.dumps(step.get("faults", {}))
    started = [_start(step["words"], number) for number in range(step.get("together", 1))]
    ends = []
    for pid, out, err in started:
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        texts = []
        for file in (out, err):
            with file:
                file.seek(0)
                texts.append(file.read())
        ends.append({"exit": code, "out": texts[0], "err": texts[1]})
    return {
        "ends": ends,
        "struck": _struck(root),
        "files": [path.name for path in root.iterdir()],
        "runs": _runs(root / "mlruns" / "mlflow.db"),
    }


def _start(words: list[str], number: int) -> tuple[int, Any, Any]:
    out, err = tempfile.TemporaryFile("w+"), tempfile.TemporaryFile("w+")  # noqa: SIM115 (closed when it is read)

    def command() -> int:
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        os.environ["SWEEP_PID"] = str(os.getpid())
        return cli.main(["-m", *(word.replace("SEED", str(number)) for word in words)])

    return _fork(command), out, err


def _struck(root: Path) -> bool | None:
    """Is the child that struck the sweep still there, after the seconds that it may take it to go?"""
    path = root / "struck"
    if not path.exists():
        return None
    pid = int(path.read_text())
    path.unlink()
    for _ in range(1000):
        try:
            status = psutil.Process(pid).status()
        except psutil.NoSuchProcess:  # it may go at any moment, also between two questions
            return False
        if status == psutil.STATUS_ZOMBIE:
            return False
        time.sleep(0.01)
    return True


def _runs(database: Path) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as store:
        runs = []
        for run_id, status in store.execute("SELECT run_uuid, status FROM runs ORDER BY start_time, rowid"):
            tags = dict(store.execute("SELECT key, value FROM tags WHERE run_uuid = ?", [run_id]))
            seed = store.execute("SELECT value FROM params WHERE run_uuid = ? AND key = 'seed'", [run_id]).fetchone()
            metrics = dict(store.execute("SELECT key, value FROM latest_metrics WHERE run_uuid = ?", [run_id]))
            runs.append({"id": run_id, "status": status, "tags": tags, "seed": seed and seed[0], "metrics": metrics})
        return runs


if __name__ == "__main__":
    stories()
