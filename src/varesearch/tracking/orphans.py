"""Runs that were left RUNNING because their process was killed: found by the next one, and ended."""

import contextlib
import logging
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from varesearch.config.launching import batch_jobs_that_may_live
from varesearch.tracking.artifacts import local_folder
from varesearch.tracking.delivery import deliver
from varesearch.tracking.process import Process
from varesearch.tracking.records import Unsent
from varesearch.tracking.search import search
from varesearch.tracking.store import Place
from varesearch.tracking.tags import BATCH_JOB, ENDED
from varesearch.whole_files import remove_unfinished

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

log = logging.getLogger(__name__)


def end_orphans(client: "MlflowClient", where: Place) -> list[str]:
    """End every RUNNING run whose process was on this host and is gone; the ids of the runs.

    It becomes KILLED at the time of its last file, with a tag that says so. A run that had ended, but whose last words
    did not reach the store, gets them now with its own status. Files that a server did not take are sent again.
    """
    ended = []
    # All are listed before the first is ended, since ended runs drop out of the search and would shift its pages.
    running = list(search(client, "attributes.status = 'RUNNING'"))
    left = [run for run in [*running, *_staged(client, where)] if _gone_writer(run) is not None]
    # The queue is asked only once, even for the many runs of a large array.
    live = batch_jobs_that_may_live(run.data.tags.get(BATCH_JOB, "") for run in left)
    for run in left:
        # One orphan that cannot be ended (its files are gone, two processes at it) must not keep others from running.
        try:
            # Read again: the process may have ended its run before it exited, or another command may have taken over
            # the run.
            again = client.get_run(run.info.run_id)
            process = _gone_writer(again)
            if process is None or not _end(client, where, again, process, live):
                continue
        except Exception:
            log.exception("run %s was left behind by a process that is gone, and could not be ended", run.info.run_id)
        else:
            ended.append(run.info.run_id)
            log.info("run %s was left behind by a process that is gone: ended", run.info.run_id)
    return ended


def _staged(client: "MlflowClient", where: Place) -> Iterator["Run"]:
    """Runs that have ended in this store, but left files behind that wait for it."""
    from mlflow.exceptions import MlflowException

    for folder in sorted(where.staging.glob("*")):
        # A run of another server is not known to this one.
        with contextlib.suppress(MlflowException):
            run = client.get_run(folder.name)
            if run.info.status != "RUNNING":
                yield run


def _gone_writer(run: "Run") -> Process | None:
    """The process that wrote the run, if it was on this host and is gone; None if it may still exist."""
    process = Process.from_tags(run.data.tags)
    return process if process is not None and process.is_here() and not process.is_alive() else None


def _end(client: "MlflowClient", where: Place, run: "Run", process: Process, live: Collection[str]) -> bool:
    """Was it ended? Not if a job of a cluster is still to do it: then it is left for the sweep to be resumed."""
    run_id = run.info.run_id
    folder = local_folder(run.info.artifact_uri or "", where) or where.staging / run_id
    unsent = Unsent.read(folder)
    if unsent is None and run.info.status == "RUNNING":
        if run.data.tags.get(BATCH_JOB) in live:
            return False
        note = f"killed: process {process.pid} on {process.host} was gone without having ended the run"
        unsent = Unsent(run_id, "KILLED", _last_change_ms(folder), tags={ENDED: note})
    remove_unfinished(folder)
    deliver(client, where, run_id, folder, unsent)
    return True


def _last_change_ms(folder: Path) -> int:
    times = []
    with contextlib.suppress(OSError):
        times = [path.stat().st_mtime for path in folder.rglob("*") if path.is_file()]
    return int(1000 * max(times, default=time.time()))
