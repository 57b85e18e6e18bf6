"""What the store knows already: runs of the same identity, and the parent that an earlier command has left."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from varesearch.sweep.jobs import FINISHED, Job, Outcome
from varesearch.tracking.artifacts import local_folder
from varesearch.tracking.files import RECORDING_FILE
from varesearch.tracking.search import search, tag_is, with_tag
from varesearch.tracking.session import StoreSession
from varesearch.tracking.slurm import BATCH_JOB
from varesearch.tracking.tags import IDENTITY, is_mapped

if TYPE_CHECKING:
    from mlflow.entities import Run

SWEEP = "varesearch.sweep"
"""Tag of a parent run: what makes the sweep the same one when it is started again."""


class Known:
    """What the store knows about jobs: the newest FINISHED run of each, and runs that a batch job still carries out.

    Parameters
    ----------
    session
        The store; only its experiment is searched.
    jobs
        Jobs that are known from the start and are looked up together. Others, which a search adds later, are looked up
        when they are needed.
    anew
        Whether everything is to be run again; then no job counts as known.
    """

    def __init__(self, session: StoreSession, jobs: Iterable[Job] = (), anew: bool = False) -> None:
        self._session = session
        self._anew = anew
        self._looked_up: set[str] = set()
        self._finished: dict[str, Run] = {}
        self._queued: dict[str, Run] = {}
        self._look_up({job.identity for job in jobs})

    def outcome(self, job: Job) -> Outcome | None:
        """What an earlier run says of a job; None if there is none whose results are still there."""
        self._look_up({job.identity})
        run = self._finished.get(job.identity)
        if run is None:
            return None
        folder = local_folder(run.info.artifact_uri or "", self._session.place)
        if folder is not None and not is_mapped(run.data.tags) and not (folder / RECORDING_FILE).is_file():
            return None
        return Outcome(
            job,
            FINISHED,
            run.info.run_id,
            run.info.run_name or "",
            folder,
            taken_over=True,
            metrics=dict(run.data.metrics),
            params=dict(run.data.params),
            tags=dict(run.data.tags),
        )

    def take_queued(self, job: Job) -> "Run | None":
        """The run of a job that a batch job already carries out; returned once, since the caller then watches it."""
        self._look_up({job.identity})
        return self._queued.pop(job.identity, None)

    def _look_up(self, identities: set[str]) -> None:
        new = identities - self._looked_up
        if self._anew or not new:
            return
        self._looked_up |= new
        for run in with_tag(self._session.client, self._session.place, IDENTITY, new, [self._session.experiment_id]):
            if run.info.status == FINISHED:
                _keep_newest(self._finished, run)
            elif run.info.status == "RUNNING" and BATCH_JOB in run.data.tags:
                _keep_newest(self._queued, run)


def parent_of(session: StoreSession, sweep: str) -> "Run | None":
    """The newest parent run of the sweep of that identity, or None."""
    return next(search(session.client, tag_is(SWEEP, sweep), [session.experiment_id], most=1), None)


def _keep_newest(kept: "dict[str, Run]", run: "Run") -> None:
    identity = run.data.tags[IDENTITY]
    if identity not in kept or kept[identity].info.start_time < run.info.start_time:
        kept[identity] = run


def folder_of(run: "Run", session: StoreSession) -> Path:
    """The folder in which the files of a known run grow."""
    return session.folder_of(run.info.run_id, run.info.artifact_uri)
