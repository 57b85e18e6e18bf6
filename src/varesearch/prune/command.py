"""``python -m varesearch.prune``: show what takes up space in the store, and remove what is no longer needed."""

import argparse
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from varesearch.config.errors import ConfigurationError
from varesearch.prune.choice import Candidate, Wanted, candidates
from varesearch.terminal import Terminal
from varesearch.tracking.files import PRUNED
from varesearch.tracking.log import LogCapture
from varesearch.tracking.root import cache_folder, jobs_folder
from varesearch.tracking.search import search
from varesearch.tracking.store import Place, connect, one_line, place

if TYPE_CHECKING:
    from mlflow import MlflowClient

_DESCRIPTION = """\
Show what takes up space in the store and, with --yes, remove it: the recordings
(spikes and signals) of the runs that the options select; with --whole-runs, the
runs with all their files; with --caches, compiled code. Metrics, figures,
settings and logs are kept unless --whole-runs is given. Unfinished runs are
never touched."""


def main(argv: Sequence[str] | None = None) -> int:
    """The command; returns the exit code: 0, or 2 for bad input."""
    parser = argparse.ArgumentParser(
        prog="python -m varesearch.prune",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="example: python -m varesearch.prune --older-than 30 --larger-than 10",
    )
    parser.add_argument("--older-than", type=float, metavar="DAYS", help="only runs that ended at least DAYS days ago")
    parser.add_argument("--status", choices=("FINISHED", "FAILED", "KILLED"), help="only runs with this status")
    parser.add_argument("--larger-than", type=float, metavar="MB", help="only runs whose files take more than MB")
    parser.add_argument("--whole-runs", action="store_true", help="remove whole runs, not only their recordings")
    parser.add_argument(
        "--caches", action="store_true", help="also remove compiled code; it is compiled again when needed"
    )
    parser.add_argument("--yes", action="store_true", help="remove; without this, files are only listed")
    parser.add_argument("--uri", default=None, help="another store than the project's, as in tracking.uri")
    words = parser.parse_args(argv)
    with LogCapture() as capture:
        try:
            _prune(words, Terminal(capture.terminal))
        except ConfigurationError as error:
            Terminal(capture.errors).line(f"varesearch.prune: {error}")
            return 2
    return 0


def _prune(words: argparse.Namespace, terminal: Terminal) -> None:
    where = place(words.uri)
    for name in ("older_than", "larger_than"):
        value = getattr(words, name)
        if value is not None and not 0 <= value < float("inf"):
            raise ConfigurationError(f"--{name.replace('_', '-')} {value:g}: must be 0 or more")
    if where.database is None:
        raise ConfigurationError(f"--uri {where.shown}: the files of a server cannot be pruned from here; do it there")
    if not where.database.exists():
        raise ConfigurationError(f"{where.database}: no such store; there is nothing to remove")
    client = connect(where)
    with one_line(where):
        wanted = Wanted(words.older_than, words.status, words.larger_than, words.whole_runs)
        chosen = candidates(client, where, wanted)
        _show(terminal, chosen, words.whole_runs)
        caches = _caches(where.database.parent) if words.caches else []
        cached = sum(map(_size, caches))
        if words.caches:
            terminal.line(f"compiled code: {cached / 1e6:,.1f} MB")
        freed = sum(candidate.size for candidate in chosen) + cached
        if not words.yes:
            terminal.line(f"nothing was removed; add --yes to free {freed / 1e6:,.1f} MB")
            return
        for candidate in chosen:
            _remove(client, candidate, words.whole_runs)
        if words.caches:
            _remove_caches(client, where, caches)
    terminal.line(f"{freed / 1e6:,.1f} MB were freed")


def _caches(store: Path) -> list[Path]:
    """The folders of compiled code: the user's own, and the one that earlier versions kept in the store."""
    own = [path for path in cache_folder().iterdir() if path.is_dir() and path != jobs_folder()]
    return [*own, *(path for path in [store / "cache"] if path.is_dir())]


def _show(terminal: Terminal, chosen: list[Candidate], whole: bool) -> None:
    rows = [
        (one.run_id[:8], one.status, f"{one.age_days:.1f}", f"{one.size / 1e6:,.1f}", one.name[:40], one.needed)
        for one in chosen
    ]
    if rows:
        terminal.table(("run", "status", "days old", "MB", "name", "still needed"), rows)
    size = sum(one.size for one in chosen)
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


def _remove_caches(client: "MlflowClient", where: Place, caches: list[Path]) -> None:
    running = next(search(client, "attributes.status = 'RUNNING'", most=1), None)
    if running is not None:
        raise ConfigurationError(
            f"--caches: run {running.info.run_id[:8]} in {where.shown} is still running and may use them; wait until "
            "it has ended"
        )
    for cache in caches:
        shutil.rmtree(cache, ignore_errors=True)


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
