"""What SLURM's queue knows of jobs."""

import os
import signal
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass

# squeue(1), "JOB STATE CODES": those after which a job does not run again.
_ENDED = {
    "BOOT_FAIL": "its node did not start",
    "CANCELLED": "it was cancelled",
    "COMPLETED": "it ended by itself",
    "DEADLINE": "its deadline passed",
    "FAILED": "it failed",
    "NODE_FAIL": "its node failed",
    "OUT_OF_MEMORY": "it took more memory than it had asked for",
    "PREEMPTED": "another job took its place",
    "REVOKED": "another cluster took it",
    "TIMEOUT": "its time was up",
}
_FORMAT = "JobArrayID:64,State:32,exit_code:16,Reason:256"
_ANSWER_S = 60.0


class QueueError(RuntimeError):
    """The queue cannot be asked (no squeue here, no answer). The message is one line."""


@dataclass(frozen=True)
class QueuedJob:
    """A job as the queue lists it; ``state`` and ``reason`` are SLURM's, ``wait_status`` is as in waitpid(2)."""

    job_id: str
    state: str
    reason: str
    wait_status: int

    @property
    def live(self) -> bool:
        """Whether it waits or runs."""
        return self.state not in _ENDED

    @property
    def exit_code(self) -> int | None:
        """The exit code of the script; None while the job lives, and if a signal ended it."""
        return None if self.live or os.WIFSIGNALED(self.wait_status) else os.waitstatus_to_exitcode(self.wait_status)

    @property
    def signal(self) -> int | None:
        """The signal that ended the script, or the program that it waited for (128 + N, as shells report it)."""
        if self.live:
            return None
        if os.WIFSIGNALED(self.wait_status):
            return os.WTERMSIG(self.wait_status)
        code = os.waitstatus_to_exitcode(self.wait_status)
        return code - 128 if code - 128 in {number.value for number in signal.Signals} else None

    @property
    def ended(self) -> str:
        """How it ended, in one line: ``SLURM job 12: its time was up (TIMEOUT)``."""
        what = f"SLURM job {self.job_id}: {_ENDED.get(self.state, 'it is there')} ({self.state})"
        if self.signal is not None:
            return f"{what}, {signal.Signals(self.signal).name}"
        return f"{what}, exit code {self.exit_code}" if self.exit_code else what


def ask_queue(job_ids: Iterable[str]) -> dict[str, QueuedJob]:
    """Job id -> job, for those that the queue knows; it forgets a job some minutes after its end (MinJobAge).

    Raises QueueError if it cannot be asked.
    """
    wanted = set(job_ids)
    if not wanted:
        return {}
    arrays = ",".join(sorted({job_id.partition("_")[0] for job_id in wanted}))
    command = ["squeue", "--noheader", "--states=all", "--array", f"--jobs={arrays}", f"--Format={_FORMAT}"]
    try:
        answer = subprocess.run(command, check=False, capture_output=True, text=True, timeout=_ANSWER_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise QueueError(f"squeue cannot be asked: {error}") from None
    if answer.returncode != 0:
        # The one error that is an answer: it has forgotten the only job that was asked for.
        if "Invalid job id" in answer.stderr:
            return {}
        raise QueueError(f"squeue: {' '.join(answer.stderr.split()) or f'exit code {answer.returncode}'}")
    jobs = (_job(line) for line in answer.stdout.splitlines() if line.strip())
    return {job.job_id: job for job in jobs if job.job_id in wanted}


def _job(line: str) -> QueuedJob:
    job_id, state, status, *reason = line.split(None, 3)
    return QueuedJob(job_id, state, reason[0].strip() if reason else "", int(status))
