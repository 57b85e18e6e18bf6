"""Earlier runs in the store: results of the same identity, and the run of an earlier start of the same sweep."""

from collections.abc import Iterable

from varesearch.sweeps.jobs import FINISHED, Job, Outcome
from varesearch.tracking.files import RECORDING_FILE
from varesearch.tracking.location import local_folder
from varesearch.tracking.record import RunRecord
from varesearch.tracking.run import StoreSession
from varesearch.tracking.tags import IDENTITY, SWEEP


class EarlierRuns:
    """The runs of jobs in the store: the newest FINISHED run of each, and runs that a batch job still carries out.

    Parameters
    ----------
    session
        The store; only its experiment is searched.
    jobs
        Jobs that are looked up together at once. Others, which a search adds later, are looked up
        when they are needed.
    anew
        Whether everything is to be run again; then the store is not searched.
    """

    def __init__(self, session: StoreSession, jobs: Iterable[Job] = (), anew: bool = False) -> None:
        self._where = session.location
        self._reader = session.reader()
        self._anew = anew
        self._looked_up: set[str] = set()
        self._finished: dict[str, RunRecord] = {}
        self._queued: dict[str, RunRecord] = {}
        self._look_up({job.identity for job in jobs})

    def outcome(self, job: Job) -> Outcome | None:
        """The outcome of a job that an earlier run has; None if there is no such run whose files still exist."""
        self._look_up({job.identity})
        run = self._finished.get(job.identity)
        if run is None:
            return None
        folder = local_folder(run.artifact_uri, self._where)
        if folder is not None and not run.is_mapping and not (folder / RECORDING_FILE).is_file():
            return None
        return Outcome(
            job,
            FINISHED,
            run.run_id,
            run.name,
            folder,
            taken_over=True,
            metrics=run.metrics,
            network_hash=run.network_hash,
            degraded=run.why_degraded,
        )

    def take_queued(self, job: Job) -> RunRecord | None:
        """The run of a job that a batch job already carries out; returned once, since the caller then watches it."""
        self._look_up({job.identity})
        return self._queued.pop(job.identity, None)

    def _look_up(self, identities: set[str]) -> None:
        new = identities - self._looked_up
        if self._anew or not new:
            return
        self._looked_up |= new
        for run in self._reader.with_tag(IDENTITY, new):
            if run.status == FINISHED:
                _keep_newest(self._finished, run)
            elif run.status == "RUNNING" and run.batch_job:
                _keep_newest(self._queued, run)


def parent_of(session: StoreSession, sweep: str) -> RunRecord | None:
    """The newest parent run of the sweep of that identity, or None."""
    return next(session.reader().with_tag(SWEEP, [sweep]), None)


def _keep_newest(kept: dict[str, RunRecord], run: RunRecord) -> None:
    identity = run.identity
    if identity not in kept or kept[identity].start_ms < run.start_ms:
        kept[identity] = run
