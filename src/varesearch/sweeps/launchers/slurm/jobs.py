"""Submit children to SLURM in arrays, by submitit, and watch their jobs.

A job runs the assignment in its folder and leaves the record there; only the sweep's process writes to the tracking
store. If that process dies, the jobs stay in the queue. Their runs name them in a tag, and an assignment whose folder
names a job is watched, not submitted again.
"""

import contextlib
import json
import logging
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Self

from private_folder import PrivateFolder
from varesearch.config.errors import ConfigurationError
from varesearch.sweeps.jobs import Assignment, ChildEnd, Work
from varesearch.sweeps.launchers._child import read_end, remove_end, run_alone
from varesearch.sweeps.launchers.slurm.queue import QueuedJob, QueueError, ask_queue
from varesearch.tracking.location import jobs_folder
from varesearch.tracking.tags import BATCH_JOB
from varesearch.whole_files import whole_file

if TYPE_CHECKING:
    from varesearch.sweeps.launchers.slurm import Slurm

log = logging.getLogger(__name__)

JOB_FILE = ".slurm_job.json"
SLURM_LOG = "slurm.log"
_SLURM_ERROR = re.compile(r"^(?:slurmstepd|srun)\S*: error: (.+)$", re.MULTILINE)
_JOB_ID = re.compile(r"[0-9]+(_[0-9]+)?")
_MOST_QUEUED = 200
_LARGEST_ARRAY = 50
"""Small arrays let the first children start while the runs of the next ones are being opened in the store."""
_LOOK_S = 0.5
_FIRST_ASK_S, _LONGEST_ASK_S = 4.0, 30.0
"""The queue is asked less and less often: it is needed only for children that end without leaving a file."""
_FILES_ARRIVE_S = 5.0
"""A file that a node wrote last may be seen here some seconds later (nfs(5), "actimeo")."""
_CANCELLED_S = 120.0
"""For how long an answer of SLURM is waited for after its jobs were cancelled."""
_RESULT_S = 5.0
"""For how long submitit's last file of a job is waited for after its child has ended."""
_WARNING_S = 1
"""When SLURM announces the end of a job's time, in seconds before it. submitit's default is 90 s and SLURM may be up to
60 s early (sbatch(1), "--signal"), which would end a process that does not ignore the signal yet."""
_CANCELLED = "cancelled: the sweep was stopping"


def launch(settings: "Slurm", work: Work) -> None:
    """Keep the queue filled and report jobs that ended, until nothing is left."""
    watch = _Watch(settings, work)
    source = work.assignments()
    most = settings.workers or _MOST_QUEUED
    while True:
        while len(watch.jobs) < most:
            taken = list(islice(source, min(_LARGEST_ARRAY, most - len(watch.jobs))))
            if not taken:
                break
            _take(settings, taken, watch)
        if not watch.jobs:
            break
        watch.look()
    watch.clear_up()


@dataclass(frozen=True)
class _Job:
    """A job in the queue, and where submitit keeps its files."""

    assignment: Assignment
    job_id: str
    files: Path

    def write(self) -> None:
        with whole_file(self.assignment.folder / JOB_FILE) as temporary:
            temporary.write_text(json.dumps({"job_id": self.job_id, "files": str(self.files)}))

    @classmethod
    def read(cls, assignment: Assignment) -> Self | None:
        """The job that an earlier process submitted for this assignment; None if there is none.

        Raises ConfigurationError for a file that does not name a job: in a shared store others can write it, and the
        number of the job is passed to scancel.
        """
        path = assignment.folder / JOB_FILE
        try:
            kept = json.loads(path.read_text())
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise ConfigurationError(f"{path}: cannot be read ({error}); remove it to submit the run again") from None
        job_id = kept.get("job_id") if isinstance(kept, dict) else None
        if not isinstance(job_id, str) or not _JOB_ID.fullmatch(job_id) or not isinstance(kept.get("files"), str):
            raise ConfigurationError(f"{path}: does not name a SLURM job; remove it to submit the run again")
        return cls(assignment, job_id, Path(kept["files"]))

    def printed(self) -> str:
        """What SLURM and submitit printed; what the child printed is in the log of its run."""
        texts = []
        for path in sorted(self.files.glob(f"{self.job_id}_*.out")):
            with contextlib.suppress(OSError):
                texts.append(path.read_text(errors="replace"))
        return "".join(texts)

    def clean_folder(self, keep_printed: bool) -> None:
        """Remove from the folder of the run what belongs to the job alone."""
        folder = self.assignment.folder
        if keep_printed:
            with contextlib.suppress(OSError):
                (folder / SLURM_LOG).write_text(self.printed())
        (folder / JOB_FILE).unlink(missing_ok=True)
        remove_end(folder)

    @property
    def result(self) -> Path:
        """The last file that a job writes if it is not killed."""
        return self.files / f"{self.job_id}_0_result.pkl"


def _take(settings: "Slurm", taken: Sequence[Assignment], watch: "_Watch") -> None:
    """Submit assignments, or watch the jobs that an earlier process submitted for them."""
    known, new = [], []
    for assignment in taken:
        try:
            job = _Job.read(assignment)
        except ConfigurationError as error:
            watch.work.ended(assignment, ChildEnd(reason=str(error)))
            continue
        if job is None:
            new.append(assignment)
        else:
            known.append(job)
    watch.add(known)
    try:
        watch.add(_submit(settings, new) if new else [])
    except Exception as error:
        # The runs are open, so they have to end, whatever is wrong with SLURM or the disk.
        log.exception("jobs could not be submitted")
        reason = f"could not be submitted: {' '.join(str(error).split())}"
        for assignment in new:
            watch.work.ended(assignment, ChildEnd(reason=reason))


def _submit(settings: "Slurm", assignments: Sequence[Assignment]) -> list[_Job]:
    import submitit

    # A job executes the pickle that submitit writes there.
    files = PrivateFolder(jobs_folder() / assignments[0].run_id).path
    executor = submitit.SlurmExecutor(files)
    # None leaves an option out. submitit would otherwise ask for five minutes, and give its own name as accounting key.
    executor.update_parameters(
        job_name="varesearch",
        time=None,
        signal_delay_s=_WARNING_S,
        wckey=None,
        stderr_to_stdout=True,
        srun_args=[f"--cpus-per-task={settings.cpus_per_task}"],
        additional_parameters=settings.sbatch_options(),
    )
    limits = (settings.time_limit_s, settings.memory_limit_mb)
    with executor.batch():
        submitted = [executor.submit(_in_job, each.folder, *limits, each.config_dir) for each in assignments]
    jobs = [_Job(assignment, job.job_id, files) for assignment, job in zip(assignments, submitted, strict=True)]
    for job in jobs:
        job.write()
    return jobs


def _in_job(
    folder: Path, time_limit_s: float | None, memory_limit_mb: float | None, config_dir: str | None = None
) -> None:
    """Run a child in a job. submitit's signal, for programs that can go on elsewhere, would kill it: it is ignored."""
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)
    run_alone(folder, time_limit_s, memory_limit_mb, config_dir)


class _Watch:
    """The jobs in the queue, by id, and what is known of them."""

    def __init__(self, settings: "Slurm", work: Work) -> None:
        self._settings = settings
        self.work = work
        self.jobs: dict[str, _Job] = {}
        self._reported: list[tuple[_Job, ChildEnd]] = []
        self._gone_since: dict[str, float] = {}
        self._last: dict[str, QueuedJob] = {}
        self._wait_s = _FIRST_ASK_S
        self._ask_at = time.monotonic() + self._wait_s
        self._cancelled_at: float | None = None
        self._waiting_cancelled = False
        self._silent = False

    def add(self, jobs: Iterable[_Job]) -> None:
        """Watch further jobs."""
        for job in jobs:
            self.jobs[job.job_id] = job
            self.work.begun(job.assignment, {BATCH_JOB: self._settings.batch_job(job.job_id)})
        self._wait_s = _FIRST_ASK_S
        self._ask_at = min(self._ask_at, time.monotonic() + self._wait_s)

    def look(self) -> None:
        """Wait a moment, then report every job that has ended."""
        self.work.interrupted.wait(_LOOK_S)
        self._cancel()
        for job in list(self.jobs.values()):
            self._look_at_files(job)
        if self.jobs and time.monotonic() >= self._ask_at:
            self._look_at_queue()

    def _cancel(self) -> None:
        """Cancel all jobs after Ctrl-C; if the sweep stops for another reason, those that wait."""
        if self._cancelled_at is not None or not self.work.stopping.is_set():
            return
        if self.work.interrupted.is_set():
            self._cancelled_at = time.monotonic()
        elif self._waiting_cancelled:
            return
        self._waiting_cancelled = True
        only = [] if self._cancelled_at is not None else ["--state=PENDING"]
        answer = subprocess.run(["scancel", *only, *self.jobs], check=False, capture_output=True, text=True)
        if answer.returncode != 0:
            log.warning("scancel: %s", " ".join(answer.stderr.split()))
        self._ask_at = time.monotonic()

    def _look_at_files(self, job: _Job) -> None:
        end = read_end(job.assignment.folder)
        if end is None:
            return
        if end.killed and self._cancelled_at is None:
            # Not by this process: the queue will know whether its time was up or somebody cancelled it.
            state = self._last.get(job.job_id)
            if state is None or state.live:
                self._ask_at = min(self._ask_at, time.monotonic() + 1.0)
                if job.job_id not in self._gone_since:
                    return
            end = replace(end, killed=False, reason=state.ended if state else end.reason)
        self._report(job, end)

    def _look_at_queue(self) -> None:
        self._wait_s = min(2 * self._wait_s, _LONGEST_ASK_S)
        now = time.monotonic()
        self._ask_at = now + self._wait_s
        try:
            known = ask_queue(self.jobs)
        except QueueError as error:
            if not self._silent:
                log.warning("%s; trying again", error)
            self._silent = True
            self._give_up(now)
            return
        self._silent = False
        for job_id, job in list(self.jobs.items()):
            state = known.get(job_id)
            if state is not None:
                self._last[job_id] = state
            if state is not None and state.live:
                self._gone_since.pop(job_id, None)
            elif now - self._gone_since.setdefault(job_id, now) >= _FILES_ARRIVE_S:
                self._report(job, self._without_record(job))
            else:
                self._ask_at = now + 1.0
                _refresh(job.assignment.folder)

    def _without_record(self, job: _Job) -> ChildEnd:
        state = self._last.get(job.job_id)
        # SLURM forgets at once what it cancels in an array before it has begun.
        never_begun = self._waiting_cancelled and (state is None or state.state in ("PENDING", "CANCELLED"))
        if self._cancelled_at is not None or never_begun:
            return ChildEnd(reason=_CANCELLED, killed=True)
        if state is None or state.live:
            return ChildEnd(reason=f"SLURM job {job.job_id} has left the queue without a result")
        error = _SLURM_ERROR.search(job.printed())
        reason = f"{state.ended}: {error[1]}" if error else state.ended
        return ChildEnd(reason=reason, exit_code=state.exit_code, signal=state.signal)

    def _give_up(self, now: float) -> None:
        if self._cancelled_at is not None and now - self._cancelled_at > _CANCELLED_S:
            for job in list(self.jobs.values()):
                self._report(job, ChildEnd(reason=f"{_CANCELLED}, and SLURM does not answer", killed=True))

    def _report(self, job: _Job, end: ChildEnd) -> None:
        del self.jobs[job.job_id]
        job.clean_folder(keep_printed=bool(end.reason))
        self._reported.append((job, end))
        self.work.ended(job.assignment, end)

    def clear_up(self) -> None:
        """Remove submitit's files, after waiting until the jobs that ended by themselves have written their last."""
        deadline = time.monotonic() + _RESULT_S
        ended = [job for job, end in self._reported if end.exit_code is not None]
        while not all(job.result.exists() for job in ended) and time.monotonic() < deadline:
            time.sleep(_LOOK_S)
        own = jobs_folder()
        # The folder of a job is read from the store, which others may be able to write.
        for files in {job.files for job, _ in self._reported if job.files.parent == own and job.files.name != ".."}:
            shutil.rmtree(files, ignore_errors=True)


def _refresh(folder: Path) -> None:
    """Make a network file system read the folder again, by setting its mode."""
    with contextlib.suppress(OSError):
        folder.chmod(folder.stat().st_mode)
