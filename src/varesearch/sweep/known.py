"""What the store knows already: runs of the same identity, and the parent that an earlier command has left."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from varesearch.identity import IDENTITY
from varesearch.sweep.jobs import FINISHED, Job, Outcome
from varesearch.tracking.artifacts import local_folder
from varesearch.tracking.files import RECORDING_FILE
from varesearch.tracking.session import StoreSession
from varesearch.tracking.slurm import BATCH_JOB

if TYPE_CHECKING:
    from mlflow.entities import Run

SWEEP = "varesearch.sweep"
"""Tag of a parent run: what makes the sweep the same one when it is started again."""


@dataclass
class Known:
    """What was found: identity -> run.

    ``finished``: the newest FINISHED run of each identity that was asked for; ``others``: the id of the newest of any
    other; ``queued``: a run that a cluster's job still does; ``parent``: the newest parent of the same sweep, or None.
    """

    finished: "dict[str, Run]" = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)
    queued: "dict[str, Run]" = field(default_factory=dict)
    parent: "Run | None" = None

    def outcome(self, job: Job, session: StoreSession) -> Outcome | None:
        """What an earlier run says of a job; None if there is none whose results are still there."""
        run = self.finished.get(job.identity)
        if run is None and job.identity in self.others:
            # A search comes to its points while it goes on.
            run = session.client.get_run(self.others[job.identity])
        if run is None:
            return None
        folder = local_folder(run.info.artifact_uri or "", session.place)
        if folder is not None and "mapping only" not in run.data.tags and not (folder / RECORDING_FILE).is_file():
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


def look_up(session: StoreSession, identities: Iterable[str]) -> Known:
    """The runs of these identities in the session's experiment: one search, however many there are."""
    wanted, known = set(identities), Known()
    # Newest first, so that the newest stays.
    for run in search(session, f"attributes.status = 'FINISHED' AND tags.`{IDENTITY}` LIKE '%'"):
        identity = run.data.tags[IDENTITY]
        if identity in wanted:
            known.finished.setdefault(identity, run)
        else:
            known.others.setdefault(identity, run.info.run_id)
    for run in search(session, f"attributes.status = 'RUNNING' AND tags.`{BATCH_JOB}` LIKE '%'"):
        known.queued.setdefault(run.data.tags.get(IDENTITY, ""), run)
    return known


def parent_of(session: StoreSession, sweep: str) -> "Run | None":
    """The newest parent run of the sweep of that identity."""
    return next(search(session, f"tags.`{SWEEP}` = '{sweep}'", most=1), None)


def search(session: StoreSession, condition: str, most: int = 1000) -> "Iterator[Run]":
    """Runs of the session's experiment, the newest first, ``most`` at a time."""
    token = None
    while True:
        page = session.client.search_runs(
            [session.experiment_id],
            condition,
            max_results=most,
            order_by=["attributes.start_time DESC"],
            page_token=token,
        )
        yield from page
        token = page.token
        if not token:
            return


def folder_of(run: "Run", session: StoreSession) -> Path:
    """The folder in which the files of a known run grow."""
    return session.folder_of(run.info.run_id, run.info.artifact_uri)
