"""The children of a sweep in the sweep's own process, which opens their runs in the store and writes their ends."""

import contextlib
import dataclasses
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from varesearch.config.compose import Composed
from varesearch.identity import identity_tags
from varesearch.sweeps.assignment import AssignmentFile
from varesearch.sweeps.earlier_runs import EarlierRuns
from varesearch.sweeps.jobs import FAILED, FINISHED, KILLED, SKIPPED, Assignment, ChildEnd, Job, Outcome, State
from varesearch.tracking.ending import RunEnd, log_batch
from varesearch.tracking.files import LOG_FILE, TRACEBACK_FILE
from varesearch.tracking.process import Process
from varesearch.tracking.provenance import describe, origin
from varesearch.tracking.record import RunRecord
from varesearch.tracking.run import StoreSession
from varesearch.tracking.store import first_line
from varesearch.tracking.tags import DEGRADED, ENDED, NETWORK_HASH, PARENT, child_end
from varesearch.whole_files import remove_unfinished

log = logging.getLogger(__name__)

_LAST_LINES, _TAIL_BYTES = 20, 8192
_INTERRUPTED = "the sweep was interrupted"


@dataclass(frozen=True)
class Problem:
    """A run whose end the store did not accept; ``kept`` says whether it is in the folder, ``message`` is one line."""

    record: RunEnd
    folder: Path
    kept: bool
    message: str


class Children:
    """The one writer: it gives out assignments (:class:`~varesearch.sweeps.jobs.Work`) and takes their ends.

    Parameters
    ----------
    session
        The store.
    parent_id
        The run of the sweep, under which the runs of the children are nested.
    earlier_runs
        The runs that the store has already.
    fail_fast
        Whether the first failure sets ``stopping``.
    on_outcome
        Called with every outcome, from any thread, but one at a time.

    Attributes
    ----------
    problems
        Runs whose end the store did not accept.
    trouble
        Why no further runs could be opened; "" if nothing is wrong.
    """

    def __init__(
        self,
        session: StoreSession,
        parent_id: str,
        earlier_runs: EarlierRuns,
        fail_fast: bool,
        on_outcome: Callable[[Outcome], None],
    ) -> None:
        self.stopping, self.interrupted = threading.Event(), threading.Event()
        self.problems: list[Problem] = []
        self.trouble = ""
        self._session = session
        self._parent_id = parent_id
        self._earlier_runs = earlier_runs
        self._fail_fast = fail_fast
        self._on_outcome = on_outcome
        self._origin = origin(session.commit)
        self._lock = threading.Lock()
        self._queue: deque[Job] = deque()
        self._taken: dict[str, Assignment] = {}
        self._outcomes: dict[str, Outcome] = {}

    @contextlib.contextmanager
    def jobs(self, jobs: Sequence[Job]) -> Iterator[list[Outcome]]:
        """Put jobs into the queue; on leaving, the list that was yielded holds their outcomes in the same order.

        A job whose result the store has, or that an earlier batch has done, is not queued.
        """
        outcomes: list[Outcome] = []
        with self._lock:
            for job in jobs:
                earlier = self._outcomes.get(job.identity) or self._earlier_runs.outcome(job)
                if earlier is None or earlier.state != FINISHED:
                    self._queue.append(job)
                elif job.identity not in self._outcomes:
                    self._settle(earlier)
        try:
            yield outcomes
        finally:
            with self._lock:
                # Taken, but its end was not reported, since the launcher failed. The run must have an end.
                for assignment in list(self._taken.values()):
                    self._end(assignment, ChildEnd(reason="its launcher failed", killed=self.interrupted.is_set()))
                self._queue.clear()
                outcomes += [self._outcomes.get(job.identity) or Outcome(job, SKIPPED) for job in jobs]

    def assignments(self) -> Iterator[Assignment]:
        """See :class:`~varesearch.sweeps.jobs.Work`."""
        while (assignment := self._next()) is not None:
            yield assignment

    def begun(self, assignment: Assignment, tags: Mapping[str, str]) -> None:
        """See :class:`~varesearch.sweeps.jobs.Work`. A store that fails now does not end the sweep."""
        with self._lock:
            try:
                log_batch(self._session.client, assignment.run_id, {}, {}, dict(tags))
            except Exception:
                log.exception("run %s: the store did not take %s", assignment.run_id, tags)

    def ended(self, assignment: Assignment, end: ChildEnd) -> None:
        """See :class:`~varesearch.sweeps.jobs.Work`."""
        with self._lock:
            self._end(assignment, end)

    def interrupt(self) -> None:
        """Begin nothing more, and end what runs."""
        self.interrupted.set()
        self.stopping.set()

    def retry(self) -> None:
        """Send the ends that the store did not accept once more."""
        with self._lock:
            problems, self.problems = self.problems, []
            for problem in problems:
                self._deliver(problem.record, problem.folder, problem.kept)

    def _next(self) -> Assignment | None:
        with self._lock:
            if self.stopping.is_set() or not self._queue:
                return None
            job = self._queue.popleft()
            try:
                assignment = self._open(job)
            except Exception as error:
                log.exception("no run could be opened for %s", " ".join(job.words))
                self.trouble = f"no further run could be opened in {self._session.location.shown} ({first_line(error)})"
                self.stopping.set()
                return None
            self._taken[assignment.run_id] = assignment
            return assignment

    def _open(self, job: Job) -> Assignment:
        """The run of a job: a new one or, if a job of a cluster carries it out already, the one in the store."""
        queued = self._earlier_runs.take_queued(job)
        if queued is not None:
            return self._adopt(job, queued)
        about = describe(_unnamed(job.composed), tags={**identity_tags(job.composed), PARENT: self._parent_id})
        run_id, folder = self._session.create_run(about.name, about.tags)
        assignment = Assignment(job, run_id, about.name, folder)
        try:
            # The store has tags and params already.
            child = dataclasses.replace(about, tags={}, params={})
            AssignmentFile(run_id, child, self._origin, str(self._session.location.root)).write(folder)
            log_batch(self._session.client, run_id, {}, dict(about.params), {})
        except Exception as error:
            self._end(assignment, ChildEnd(reason=f"could not be begun: {first_line(error)}"))
            raise
        return assignment

    def _adopt(self, job: Job, run: RunRecord) -> Assignment:
        # From now on this process writes the run.
        log_batch(self._session.client, run.run_id, {}, {}, {**Process.current().tags(), PARENT: self._parent_id})
        return Assignment(job, run.run_id, run.name, self._session.folder_of(run.run_id, run.artifact_uri))

    def _end(self, assignment: Assignment, end: ChildEnd) -> None:
        self._taken.pop(assignment.run_id, None)
        record = _record(assignment, end)
        folder = assignment.folder
        if record.status != FINISHED and not (folder / TRACEBACK_FILE).exists():
            _attempt(lambda: (folder / TRACEBACK_FILE).write_text(_traceback(record.tags[ENDED], folder / LOG_FILE)))
        kept = _attempt(lambda: record.write(folder))
        AssignmentFile.remove(folder)
        # A child may have been killed while it wrote a file.
        remove_unfinished(folder)
        self._deliver(record, folder, kept)
        state: State = FINISHED if record.status == FINISHED else KILLED if record.status == KILLED else FAILED
        self._settle(
            Outcome(
                assignment.job,
                state,
                assignment.run_id,
                assignment.name,
                folder,
                reason=record.tags.get(ENDED, ""),
                metrics=record.metrics,
                network_hash=record.tags.get(NETWORK_HASH),
                degraded=record.tags.get(DEGRADED, ""),
            )
        )
        if state == FAILED and self._fail_fast:
            self.stopping.set()

    def _deliver(self, record: RunEnd, folder: Path, kept: bool) -> None:
        message = self._session.deliver(record, folder, kept)
        if message is not None:
            self.problems.append(Problem(record, folder, kept, message))

    def _settle(self, outcome: Outcome) -> None:
        self._outcomes[outcome.job.identity] = outcome
        self._on_outcome(outcome)


def _unnamed(composed: Composed) -> Composed:
    """The configuration of a child without ``tracking.run_name``, which is the name of the sweep."""
    tracking = dataclasses.replace(composed.config.tracking, run_name=None)
    return dataclasses.replace(composed, config=dataclasses.replace(composed.config, tracking=tracking))


def _record(assignment: Assignment, end: ChildEnd) -> RunEnd:
    """The end of a child: what it left itself, with what its launcher saw."""
    record = RunEnd.read(assignment.folder)
    if record is None or record.run_id != assignment.run_id:
        record = RunEnd(assignment.run_id, FAILED, int(time.time() * 1000))
        record.tags[ENDED] = end.reason or "it ended without a record of its results"
    elif record.status == KILLED and not end.killed:
        # A signal ended it, which was not sent by the launcher: a limit, or somebody else.
        record.status = FAILED
        record.tags[ENDED] = end.reason or record.tags.get(ENDED, "")
    if end.killed and record.status != FINISHED:
        record.status, record.tags[ENDED] = KILLED, _INTERRUPTED
    if end.reason:
        memory = None if end.peak_memory_mb is None else f"{end.peak_memory_mb:.0f}"
        seen = {"exit_code": end.exit_code, "signal": end.signal, "peak_memory_mb": memory}
        record.tags |= {child_end(name): str(value) for name, value in seen.items() if value is not None}
    if end.peak_memory_mb is not None:
        record.metrics.setdefault("peak_memory_mb", end.peak_memory_mb)
    times = {"child.wall_s": end.wall_s, "child.cpu_s": end.cpu_s}
    record.metrics |= {name: value for name, value in times.items() if value is not None}
    return record


def _traceback(reason: str, path: Path) -> str:
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - _TAIL_BYTES))
            lines = file.read().decode(errors="replace").splitlines()[-_LAST_LINES:]
    except OSError:
        lines = []
    return "\n".join([reason, "", f"the last lines of {path.name}:", *lines, ""])


def _attempt(action: Callable[[], Any]) -> bool:
    # A file that cannot be written must not prevent the entry in the store.
    try:
        action()
    except OSError:
        log.exception("a file of a child could not be written")
        return False
    return True
