"""Runs that were left RUNNING because their process was killed: found by the next one, and ended."""

import contextlib
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from varesearch.tracking.artifacts import local_folder
from varesearch.tracking.delivery import deliver
from varesearch.tracking.files import ENDED
from varesearch.tracking.process import Process
from varesearch.tracking.records import Unsent
from varesearch.tracking.slurm import may_live
from varesearch.tracking.store import Place

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
    for run in [*_running(client), *_staged(client, where)]:
        process = Process.from_tags(run.data.tags)
        if process is None or not process.is_here() or process.is_alive():
            continue
        # One orphan that cannot be ended (its files are gone, two processes at it) must not keep others from running.
        try:
            # Read again: the process may have ended its run between the list and its own end. Now it cannot any more.
            if not _end(client, where, client.get_run(run.info.run_id), process):
                continue
        except Exception:
            log.exception("run %s was left behind by a process that is gone, and could not be ended", run.info.run_id)
        else:
            ended.append(run.info.run_id)
            log.info("run %s was left behind by a process that is gone: ended", run.info.run_id)
    return ended


def _running(client: "MlflowClient") -> list["Run"]:
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    return list(client.search_runs(experiments, "attributes.status = 'RUNNING'", max_results=1000))


def _staged(client: "MlflowClient", where: Place) -> Iterator["Run"]:
    """Runs that have ended in this store, but left files behind that wait for it."""
    from mlflow.exceptions import MlflowException

    for folder in sorted(where.staging.glob("*")):
        # A run of another server is not known to this one.
        with contextlib.suppress(MlflowException):
            run = client.get_run(folder.name)
            if run.info.status != "RUNNING":
                yield run


def _end(client: "MlflowClient", where: Place, run: "Run", process: Process) -> bool:
    """Was it ended? Not if a job of a cluster is still to do it: then it is left for the sweep to be resumed."""
    run_id = run.info.run_id
    folder = local_folder(run.info.artifact_uri or "", where) or where.staging / run_id
    unsent = Unsent.read(folder)
    if unsent is None and run.info.status == "RUNNING":
        if may_live(run.data.tags):
            return False
        note = f"killed: process {process.pid} on {process.host} was gone without having ended the run"
        unsent = Unsent(run_id, "KILLED", _last_change_ms(folder), tags={ENDED: note})
    deliver(client, where, run_id, folder, unsent)
    return True


def _last_change_ms(folder: Path) -> int:
    times = []
    with contextlib.suppress(OSError):
        times = [path.stat().st_mtime for path in folder.rglob("*") if path.is_file()]
    return int(1000 * max(times, default=time.time()))
