"""Children as jobs of a SLURM cluster, submitted in arrays by submitit; the sweep's process watches them.

The folder of the runs has to be seen by the nodes at the same path. A job does what its folder says and leaves the
record there; this process alone speaks to the tracking store. When it dies, the jobs stay in the queue: their runs name
them (:mod:`varesearch.slurm_queue`), and an assignment whose folder names a job is watched, not submitted again.
"""

import contextlib
import json
import logging
import math
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Self

from private_folder import PrivateFolder
from varesearch.config import launching
from varesearch.config.errors import ConfigurationError
from varesearch.slurm_queue import QueuedJob, QueueError, ask_queue, batch_job
from varesearch.sweeps.jobs import Assignment, ChildEnd
from varesearch.sweeps.launchers.base import Launcher, Work
from varesearch.sweeps.launchers.remote import do_assignment, drop_end, read_end
from varesearch.tracking.root import jobs_folder
from varesearch.tracking.tags import BATCH_JOB
from varesearch.whole_files import whole_file

log = logging.getLogger(__name__)

JOB_FILE = ".slurm_job.json"
SLURM_LOG = "slurm.log"
_SLURM_ERROR = re.compile(r"^(?:slurmstepd|srun)\S*: error: (.+)$", re.MULTILINE)
_JOB_ID = re.compile(r"[0-9]+(_[0-9]+)?")
_COMMANDS = ("sbatch", "srun", "squeue", "scancel")
_MOST_QUEUED = 200
# Fewer at a time let the first ones start while the runs of the next are being opened in the store.
_LARGEST_ARRAY = 50
# The children leave files when they end; the queue is asked for those that cannot.
_LOOK_S, _FIRST_ASK_S, _LONGEST_ASK_S = 0.5, 4.0, 30.0
# What a node wrote at its end may be seen here some seconds later (nfs(5), "actimeo").
_FILES_ARRIVE_S = 5.0
_CANCELLED_S = 120.0
_LETS_GO_S = 5.0
# Room in a job's time for its start: Python and the simulator come from a file system that may be slow.
_START_MIN = 5
# submitit lets SLURM announce the end of a job's time by SIGUSR2, 90 s ahead and up to 60 s earlier still, which ends a
# process that has not come to ignoring it yet (sbatch(1), "--signal").
_ANNOUNCED_S = 1
# Of a job beside its child: submitit's process and the fork server.
_OVERHEAD_MB = 300
_CANCELLED = "cancelled: the sweep was stopping"


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
        job's number is passed to scancel.
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
        """What SLURM and submitit have said about it; what the child said is in the log of its run."""
        said = ""
        for path in sorted(self.files.glob(f"{self.job_id}_*.out")):
            with contextlib.suppress(OSError):
                said += path.read_text(errors="replace")
        return said

    def told(self, keep_printed: bool) -> None:
        """Take from the folder of the run what belongs to the job alone."""
        folder = self.assignment.folder
        if keep_printed:
            with contextlib.suppress(OSError):
                (folder / SLURM_LOG).write_text(self.printed())
        (folder / JOB_FILE).unlink(missing_ok=True)
        drop_end(folder)

    @property
    def result(self) -> Path:
        """The last that a job writes that comes to its end."""
        return self.files / f"{self.job_id}_0_result.pkl"


class SubmititLauncher(Launcher):
    """See the module's text. Made from ``launcher=submitit``."""

    def __init__(self, settings: launching.LauncherConfig) -> None:
        assert isinstance(settings, launching.SubmititLauncher)
        self._settings = settings

    def check(self) -> None:
        """Raise ConfigurationError without submitit, without SLURM, and for a job that SLURM would not take."""
        try:
            import submitit  # noqa: F401
        except ImportError:
            raise ConfigurationError(
                "launcher=submitit needs a package that is not installed: pip install 'varesearch[slurm]'"
            ) from None
        missing = next((command for command in _COMMANDS if shutil.which(command) is None), None)
        if missing is not None:
            raise ConfigurationError(
                f"launcher=submitit: SLURM's {missing} is not on the PATH; start the sweep where jobs can be "
                "submitted, or take launcher=joblib"
            )
        flags = [
            f"--{name.replace('_', '-')}" + ("" if value is True else f"={value}") for name, value in self._flags()
        ]
        command = ["sbatch", "--test-only", *flags, "--wrap=true"]
        answer = subprocess.run(command, check=False, capture_output=True, text=True)
        if answer.returncode != 0:
            said = "; ".join(line.removeprefix("sbatch: ") for line in answer.stderr.splitlines()[:2])
            raise ConfigurationError(
                f"launcher=submitit: SLURM would not take such a job ({' '.join(flags)}): {said}; change "
                "launcher.partition, .account, .qos, .cpus_per_task, .slurm or the limits"
            )

    def launch(self, work: Work) -> None:
        """Keep the queue filled, tell what ended, until nothing is left."""
        watch = _Watch(work)
        source = work.assignments()
        most = self._settings.workers or _MOST_QUEUED
        while True:
            while len(watch.jobs) < most:
                taken = list(islice(source, min(_LARGEST_ARRAY, most - len(watch.jobs))))
                if not taken:
                    break
                self._take(taken, watch)
            if not watch.jobs:
                break
            watch.look()
        watch.clear_up()

    def _take(self, taken: Sequence[Assignment], watch: "_Watch") -> None:
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
            watch.add(self._submit(new))
        except Exception as error:
            # The runs are open: whatever SLURM or the disk says against the jobs, they have to end.
            log.exception("jobs could not be submitted")
            reason = f"could not be submitted: {' '.join(str(error).split())}"
            for assignment in new:
                watch.work.ended(assignment, ChildEnd(reason=reason))

    def _submit(self, assignments: Sequence[Assignment]) -> list[_Job]:
        if not assignments:
            return []
        import submitit

        # A job executes the pickle that submitit writes there.
        files = PrivateFolder(jobs_folder() / assignments[0].run_id).path
        executor = submitit.SlurmExecutor(files)
        # None: not said to SLURM. submitit would otherwise say five minutes, and its own name as a key of accounting.
        executor.update_parameters(
            job_name="varesearch",
            time=None,
            signal_delay_s=_ANNOUNCED_S,
            wckey=None,
            stderr_to_stdout=True,
            srun_args=[f"--cpus-per-task={self._settings.cpus_per_task}"],
            additional_parameters=dict(self._flags()),
        )
        limits = (self._settings.time_limit_s, self._settings.memory_limit_mb)
        with executor.batch():
            submitted = [executor.submit(_in_job, one.folder, *limits, one.config_dir) for one in assignments]
        jobs = [_Job(assignment, job.job_id, files) for assignment, job in zip(assignments, submitted, strict=True)]
        for job in jobs:
            job.write()
        return jobs

    def _flags(self) -> list[tuple[str, Any]]:
        """Options of sbatch and their values; what ``launcher.slurm`` says comes last and wins."""
        settings = self._settings
        flags: dict[str, Any] = {"cpus_per_task": settings.cpus_per_task}
        for name in ("partition", "account", "qos"):
            if getattr(settings, name) is not None:
                flags[name] = getattr(settings, name)
        if settings.time_limit_s is not None:
            # In minutes, and some more: the limit itself is kept by the job, which knows how to end in good order.
            flags["time"] = math.ceil(settings.time_limit_s / 60) + _START_MIN
        if settings.memory_limit_mb is not None:
            # With room for the process that keeps the limit.
            flags["mem"] = f"{math.ceil(settings.memory_limit_mb) + _OVERHEAD_MB}M"
        return list((flags | {name.replace("-", "_"): value for name, value in settings.slurm.items()}).items())


def _in_job(
    folder: Path, time_limit_s: float | None, memory_limit_mb: float | None, config_dir: str | None = None
) -> None:
    """What a job does. submitit's own signal, meant for programs that can go on elsewhere, would kill the child."""
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)
    do_assignment(folder, time_limit_s, memory_limit_mb, config_dir)


class _Watch:
    """The jobs in the queue, by id, and what has been seen of them."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.jobs: dict[str, _Job] = {}
        self._told: list[tuple[_Job, ChildEnd]] = []
        self._gone_since: dict[str, float] = {}
        self._last: dict[str, QueuedJob] = {}
        self._wait_s = _FIRST_ASK_S
        self._ask_at = time.monotonic() + self._wait_s
        self._cancelled_at: float | None = None
        self._waiting_cancelled = False
        self._silent = False

    def add(self, jobs: Iterable[_Job]) -> None:
        """Watch them, too."""
        for job in jobs:
            self.jobs[job.job_id] = job
            self.work.begun(job.assignment, {BATCH_JOB: batch_job(job.job_id)})
        self._wait_s = _FIRST_ASK_S
        self._ask_at = min(self._ask_at, time.monotonic() + self._wait_s)

    def look(self) -> None:
        """Wait a moment, then tell of every job that has ended."""
        self.work.interrupted.wait(_LOOK_S)
        self._cancel()
        for job in list(self.jobs.values()):
            self._look_at_files(job)
        if self.jobs and time.monotonic() >= self._ask_at:
            self._look_at_queue()

    def _cancel(self) -> None:
        """After Ctrl-C all of them, when the sweep stops for another reason those that wait."""
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
            # Not by us: the queue says in a moment whether its time was up or somebody cancelled it.
            state = self._last.get(job.job_id)
            if state is None or state.live:
                self._ask_at = min(self._ask_at, time.monotonic() + 1.0)
                if job.job_id not in self._gone_since:
                    return
            end = replace(end, killed=False, reason=state.ended if state else end.reason)
        self._tell(job, end)

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
                self._tell(job, self._without_record(job))
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
        said = _SLURM_ERROR.search(job.printed())
        reason = f"{state.ended}: {said[1]}" if said else state.ended
        return ChildEnd(reason=reason, exit_code=state.exit_code, signal=state.signal)

    def _give_up(self, now: float) -> None:
        if self._cancelled_at is not None and now - self._cancelled_at > _CANCELLED_S:
            for job in list(self.jobs.values()):
                self._tell(job, ChildEnd(reason=f"{_CANCELLED}, and SLURM does not answer", killed=True))

    def _tell(self, job: _Job, end: ChildEnd) -> None:
        del self.jobs[job.job_id]
        job.told(keep_printed=bool(end.reason))
        self._told.append((job, end))
        self.work.ended(job.assignment, end)

    def clear_up(self) -> None:
        """Remove submitit's files, once the jobs that left a result have let go of them."""
        deadline = time.monotonic() + _LETS_GO_S
        ended = [job for job, end in self._told if end.exit_code is not None]
        while not all(job.result.exists() for job in ended) and time.monotonic() < deadline:
            time.sleep(_LOOK_S)
        own = jobs_folder()
        # The folder of a job is read from the store, which others may be able to write.
        for files in {job.files for job, _ in self._told if job.files.parent == own and job.files.name != ".."}:
            shutil.rmtree(files, ignore_errors=True)


def _refresh(folder: Path) -> None:
    """Have a network file system look again at what is in the folder: a change of its mode makes it."""
    with contextlib.suppress(OSError):
        folder.chmod(folder.stat().st_mode)
