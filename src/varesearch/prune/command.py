"""``python -m varesearch.prune``: what takes room in the store, and what is to go."""

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
from varesearch.tracking.search import search
from varesearch.tracking.store import Place, connect, one_line, place

if TYPE_CHECKING:
    from mlflow import MlflowClient

_DESCRIPTION = """\
Show what takes room in the store and, with --yes, remove it: the recordings (spikes and signals) of the runs that
the options describe, with --whole-runs everything of them, with --caches compiled code. Metrics, figures, settings
and logs stay unless --whole-runs is given. Runs that are going on are never touched."""


def main(argv: Sequence[str] | None = None) -> int:
    """The command; returns the exit code: 0, or 2 for bad input."""
    parser = argparse.ArgumentParser(
        prog="python -m varesearch.prune",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="example: python -m varesearch.prune --older-than 30 --larger-than 10",
    )
    parser.add_argument("--older-than", type=float, default=None, metavar="DAYS", help="that ended so long ago")
    parser.add_argument("--status", choices=("FINISHED", "FAILED", "KILLED"), default=None, help="that ended so")
    parser.add_argument("--larger-than", type=float, default=None, metavar="MB", help="whose files are larger")
    parser.add_argument("--whole-runs", action="store_true", help="remove the runs, not only their recordings")
    parser.add_argument(
        "--caches", action="store_true", help="remove compiled code; it is made again when it is needed"
    )
    parser.add_argument("--yes", action="store_true", help="do it; without this nothing is removed")
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
        raise ConfigurationError(f"tracking.uri={where.shown}: a server keeps the files; prune them there")
    if not where.database.exists():
        raise ConfigurationError(f"{where.database}: no run has been tracked yet; there is nothing to remove")
    client = connect(where)
    with one_line(where):
        wanted = Wanted(words.older_than, words.status, words.larger_than, words.whole_runs)
        chosen = candidates(client, where, wanted)
        _show(terminal, chosen, words.whole_runs)
        cache = where.database.parent / "cache"
        cached = _size(cache) if words.caches else 0
        if words.caches:
            terminal.line(f"compiled code in {cache}: {cached / 1e6:.1f} MB")
        freed = sum(candidate.size for candidate in chosen) + cached
        if not words.yes:
            terminal.line(f"nothing was removed; with --yes {freed / 1e6:,.1f} MB are freed")
            return
        for candidate in chosen:
            _remove(client, candidate, words.whole_runs)
        if words.caches:
            _remove_caches(client, where, cache)
    terminal.line(f"{freed / 1e6:,.1f} MB were freed")


def _show(terminal: Terminal, chosen: list[Candidate], whole: bool) -> None:
    rows = [
        (one.run_id[:8], one.status, f"{one.age_days:.1f}", f"{one.size / 1e6:,.1f}", one.name[:40], one.needed)
        for one in chosen
    ]
    if rows:
        terminal.table(("run", "status", "days old", "MB", "name", "still wanted"), rows)
    size = sum(one.size for one in chosen)
    what = "runs, with all their files" if whole else "recordings"
    terminal.line(f"{len(chosen)} {what}: {size / 1e6:,.1f} MB")


def _remove(client: "MlflowClient", candidate: Candidate, whole: bool) -> None:
    # Asked again: it may have been taken up since it was looked for, as a sweep that is resumed.
    if client.get_run(candidate.run_id).info.status == "RUNNING":
        return
    if whole:
        client.delete_run(candidate.run_id)
        if candidate.folder.is_dir():
            shutil.rmtree(candidate.folder)
        return
    # First the tag: whoever finds no recording then knows why.
    client.set_tag(candidate.run_id, PRUNED, time.strftime("%Y-%m-%d"))
    for path in candidate.files:
        path.unlink(missing_ok=True)


def _remove_caches(client: "MlflowClient", where: Place, cache: Path) -> None:
    running = next(search(client, "attributes.status = 'RUNNING'", most=1), None)
    if running is not None:
        raise ConfigurationError(
            f"--caches: run {running.info.run_id[:8]} is going on in {where.shown} and may use them; wait for its end"
        )
    shutil.rmtree(cache, ignore_errors=True)


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
