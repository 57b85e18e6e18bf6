"""Where a result came from: code, versions, machine. Nothing here can fail a run: what is not known is null."""

import logging
import os
import platform
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from varesearch.tracking.store import redact

log = logging.getLogger(__name__)

_GIT_S = 10.0
_LARGEST_DIFF = 5_000_000
_THREADS = re.compile(r".*_NUM_THREADS$|^PYTHONHASHSEED$|^CUDA_VISIBLE_DEVICES$")


@dataclass(frozen=True)
class Commit:
    """The state of the checkout: its commit, and how the code differs from it.

    ``dirty`` tells whether code that affects results was changed or added, ``diff`` contains these changes, including
    the new files that ``untracked`` lists.
    """

    checkout: str
    commit: str | None
    branch: str | None
    dirty: bool
    untracked: tuple[str, ...]
    diff: bytes


def read_commit(folder: Path, code: Sequence[str] = ()) -> Commit | None:
    """The commit of the checkout that ``folder`` is in; None without a checkout or without git.

    Parameters
    ----------
    folder
        The top of the checkout, or any folder in it.
    code
        The files and folders, relative to ``folder``, that a result depends on. Only changes in them count: pages,
        tests or a folder of the user's own options do not affect a result (options are stored in the configuration of
        the run). If it is empty, the checkout is not that of varesearch, and all tracked files count.
    """
    top = _git(folder, "rev-parse", "--show-toplevel")
    if top is None:
        return None
    changed = _git(folder, "diff", "--name-only", "HEAD", "--", *code)
    added = _git(folder, "ls-files", "-z", "--others", "--exclude-standard", "--", *code) if code else b""
    untracked = tuple(name for name in (added or b"").decode(errors="replace").split("\0") if name)
    diff = (_git(folder, "diff", "--no-ext-diff", "--no-color", "HEAD", "--", *code) or b"") if changed else b""
    for name in untracked:
        if len(diff) > _LARGEST_DIFF:
            break
        diff += _whole(folder, name)
    if len(diff) > _LARGEST_DIFF:
        diff = diff[:_LARGEST_DIFF] + b"\n(cut here: the difference is larger)\n"
    return Commit(
        checkout=_line(top) or "",
        commit=_line(_git(folder, "rev-parse", "HEAD")),
        branch=_line(_git(folder, "rev-parse", "--abbrev-ref", "HEAD")),
        dirty=bool(changed or untracked),
        untracked=untracked,
        diff=diff,
    )


def _whole(folder: Path, name: str) -> bytes:
    """An untracked file as a diff that adds it."""
    # git exits with 1 because the file differs from the empty one.
    return _git(folder, "diff", "--no-ext-diff", "--no-color", "--no-index", "--", os.devnull, name, fine=(0, 1)) or b""


def versions() -> dict[str, str]:
    """Name -> version of Python and of every installed package; none is imported.

    Read from the names of the ``.dist-info`` folders (PyPA specification "Recording installed projects"), since
    reading their metadata takes ten times as long. Names are normalised: lower case, hyphens.
    """
    found: dict[str, str] = {}
    # The first folder on the path wins, as in an import.
    for folder in reversed([path for path in sys.path if path]):
        for info in Path(folder).glob("*.dist-info"):
            name, _, version = info.stem.rpartition("-")
            found[re.sub(r"[-_.]+", "-", name).lower()] = version
    return {"python": platform.python_version(), **dict(sorted(found.items()))}


def machine() -> dict[str, Any]:
    """Host, processor, cores (physical, logical, usable by this process), memory in bytes, threads asked for."""
    return {
        "host": _known(platform.node),
        "system": _known(platform.platform),
        "processor": _known(_processor),
        "physical_cores": _known(lambda: psutil.cpu_count(logical=False)),
        "logical_cores": _known(lambda: psutil.cpu_count(logical=True)),
        "usable_cores": _known(lambda: len(os.sched_getaffinity(0))),
        "memory_bytes": _known(lambda: psutil.virtual_memory().total),
        "environment": {name: value for name, value in sorted(os.environ.items()) if _THREADS.match(name)},
    }


def peak_memory_mb() -> float:
    """The most memory that this process has held so far (resident set), in MB of 10^6 bytes."""
    # ru_maxrss: kilobytes of 1024 on Linux (getrusage(2)), bytes on macOS.
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def origin(commit: Commit | None) -> dict[str, Any]:
    """The command and the code that it ran, ready for JSON; the difference itself is kept apart."""
    return {
        "command": [redact(argument) for argument in sys.argv],
        "python": sys.executable,
        "folder": _known(os.getcwd),
        "checkout": commit and commit.checkout,
        "commit": commit and commit.commit,
        "branch": commit and commit.branch,
        "dirty": commit and commit.dirty,
        "untracked": commit and commit.untracked,
    }


def provenance(origin: Mapping[str, Any]) -> dict[str, Any]:
    """All of it, ready for JSON: ``origin``, which may be that of another process, then versions and machine here."""
    return {**origin, "versions": _known(versions), "machine": machine()}


def _known(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except Exception:
        log.info("provenance: %s is not known here", getattr(ask, "__name__", ask), exc_info=True)
        return None


def _processor() -> str | None:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith(("model name", "Model", "cpu model")):
            return line.partition(":")[2].strip()
    return platform.processor() or None


def _git(folder: Path, *arguments: str, fine: Sequence[int] = (0,)) -> bytes | None:
    git = shutil.which("git")
    if git is None:
        return None
    # No lock in the index, no pager, no question: the checkout may be busy, or not ours.
    command = [git, "--no-optional-locks", "--no-pager", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_GIT_S, check=False, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError):
        log.info("provenance: git %s failed", arguments[0], exc_info=True)
        return None
    return done.stdout if done.returncode in fine else None


def _line(output: bytes | None) -> str | None:
    return output.decode(errors="replace").strip() if output is not None else None
