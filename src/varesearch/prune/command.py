"""``varesearch prune``: show what takes up space in the store, and remove what is no longer needed."""

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

from varesearch.config.errors import ConfigurationError
from varesearch.prune.choice import Candidate, Wanted, candidates
from varesearch.terminal import Terminal
from varesearch.tracking.location import StoreLocation, cache_folder, jobs_folder, locate_store
from varesearch.tracking.log import LogCapture
from varesearch.tracking.read import Reader
from varesearch.tracking.store import connect, one_line
from varesearch.tracking.tags import PRUNED

if TYPE_CHECKING:
    from mlflow import MlflowClient


def prune(wanted: Wanted, caches: bool, yes: bool, uri: str | None) -> int:
    """Show what ``wanted`` selects and, with ``yes``, remove it. Return the exit code.

    Parameters
    ----------
    wanted
        The runs.
    caches
        Compiled code as well.
    yes
        Remove; otherwise files are only listed.
    uri
        The store; None: the project's.

    Raises
    ------
    ConfigurationError
        There is no such store, its files are not on this machine, or a running run may use the compiled code.
    """
    with LogCapture() as capture:
        _prune(wanted, caches, yes, locate_store(uri), Terminal(capture.terminal))
    return 0


def _prune(wanted: Wanted, caches: bool, yes: bool, where: StoreLocation, terminal: Terminal) -> None:
    if where.database is None:
        raise ConfigurationError(f"--uri {where.shown}: the files of a server cannot be pruned from here; do it there")
    if not where.database.exists():
        raise ConfigurationError(f"{where.database}: no such store; there is nothing to remove")
    client = connect(where)
    with one_line(where):
        reader = Reader(client, where)
        chosen = candidates(reader, wanted)
        _show(terminal, chosen, wanted.whole)
        folders = _caches(where.database.parent) if caches else []
        cached = sum(map(_size, folders))
        if caches:
            terminal.line(f"compiled code: {cached / 1e6:,.1f} MB")
        freed = sum(candidate.size for candidate in chosen) + cached
        if not yes:
            terminal.line(f"nothing was removed; add --yes to free {freed / 1e6:,.1f} MB")
            return
        for candidate in chosen:
            _remove(client, candidate, wanted.whole)
        if caches:
            _remove_caches(reader, folders)
    terminal.line(f"{freed / 1e6:,.1f} MB were freed")


def _caches(store: Path) -> list[Path]:
    """Return the folders of compiled code: the user's own, and the one that earlier versions kept in the store."""
    own = [path for path in cache_folder().iterdir() if path.is_dir() and path != jobs_folder()]
    return [*own, *(path for path in [store / "cache"] if path.is_dir())]


def _show(terminal: Terminal, chosen: list[Candidate], whole: bool) -> None:
    rows = [
        (run.run_id[:8], run.status, f"{run.age_days:.1f}", f"{run.size / 1e6:,.1f}", run.name[:40], run.needed)
        for run in chosen
    ]
    if rows:
        terminal.table(("run", "status", "days old", "MB", "name", "still needed"), rows)
    size = sum(run.size for run in chosen)
    what = "runs, with all their files" if whole else "recordings"
    terminal.line(f"{len(chosen)} {what}: {size / 1e6:,.1f} MB")


def _remove(client: "MlflowClient", candidate: Candidate, whole: bool) -> None:
    # The run may have been resumed since the list was made, as a sweep can be.
    if client.get_run(candidate.run_id).info.status == "RUNNING":
        return
    if whole:
        client.delete_run(candidate.run_id)
        if candidate.folder.is_dir():
            shutil.rmtree(candidate.folder)
        return
    # The tag is set first, so that it explains a missing recording at any time.
    client.set_tag(candidate.run_id, PRUNED, time.strftime("%Y-%m-%d"))
    for path in candidate.files:
        path.unlink(missing_ok=True)


def _remove_caches(reader: Reader, caches: list[Path]) -> None:
    running = next(reader.running(), None)
    if running is not None:
        raise ConfigurationError(
            f"--caches: run {running.run_id[:8]} in {reader.where.shown} is still running and may use them; wait until "
            "it has ended"
        )
    for cache in caches:
        shutil.rmtree(cache, ignore_errors=True)


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
