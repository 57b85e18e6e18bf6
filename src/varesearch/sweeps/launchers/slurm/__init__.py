"""Children as jobs of a SLURM cluster: the settings, and the checks before a sweep begins.

:mod:`~varesearch.sweeps.launchers.slurm.jobs` submits the jobs and watches them,
:mod:`~varesearch.sweeps.launchers.slurm.queue` asks SLURM about them.
"""

import math
import shutil
import subprocess
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import Any

from varesearch.config import ranges
from varesearch.config.checks import refuse
from varesearch.config.errors import ConfigurationError
from varesearch.config.launching import Launcher
from varesearch.config.ranges import Range
from varesearch.config.settings import quantity
from varesearch.sweeps.jobs import Work
from varesearch.sweeps.launchers.slurm.queue import QueueError, ask_queue

_COMMANDS = ("sbatch", "srun", "squeue", "scancel")
_START_MIN = 5
"""Room in the time of a job for its start: Python and the simulator may come from a slow file system."""
_OVERHEAD_MB = 300
"""The memory of a job beside its child: submitit's process and the fork server."""


@dataclass
class Slurm(Launcher):
    """Each child a job of a SLURM cluster (extra: slurm). The nodes must see the folders of the runs."""

    workers: int | None = quantity(
        None, "", "jobs in the queue at once, waiting ones included; null: 200", plausible=ranges.COUNT
    )
    partition: str | None = quantity(None, "", "SLURM's partition; null: the cluster's own")
    account: str | None = quantity(None, "", "SLURM's account")
    qos: str | None = quantity(None, "", "SLURM's quality of service")
    cpus_per_task: int = quantity(
        1, "", "processors of a child", plausible=Range(1, 1_024, allowed=ranges.AT_LEAST_ONE)
    )
    slurm: Any = quantity({}, "", "further options of sbatch by their long names, {constraint: skylake, time: 120}")

    def check_settings(self) -> None:
        if not isinstance(self.slurm, dict):
            refuse("launcher.slurm", self.slurm, "must be the options of sbatch, {NAME: VALUE}")

    def check(self) -> None:
        """Raise ConfigurationError without submitit, without SLURM, and for a job that SLURM would not take."""
        if find_spec("submitit") is None:
            raise ConfigurationError(
                f"launcher={self.name} needs a package that is not installed: pip install 'varesearch[slurm]'"
            )
        missing = next((command for command in _COMMANDS if shutil.which(command) is None), None)
        if missing is not None:
            raise ConfigurationError(
                f"launcher={self.name}: SLURM's {missing} is not on the PATH; start the sweep where jobs can be "
                "submitted, or choose launcher=local"
            )
        flags = [
            f"--{name.replace('_', '-')}" + ("" if value is True else f"={value}")
            for name, value in self.sbatch_options().items()
        ]
        command = ["sbatch", "--test-only", *flags, "--wrap=true"]
        answer = subprocess.run(command, check=False, capture_output=True, text=True)
        if answer.returncode != 0:
            message = "; ".join(line.removeprefix("sbatch: ") for line in answer.stderr.splitlines()[:2])
            raise ConfigurationError(
                f"launcher={self.name}: SLURM would not take such a job ({' '.join(flags)}): {message}; change "
                "launcher.partition, .account, .qos, .cpus_per_task, .slurm or the limits"
            )

    @contextmanager
    def started(self, preload: Collection[str]) -> Iterator[Callable[[Work], None]]:
        """Nothing needs to be started: the scheduler is there."""
        from varesearch.sweeps.launchers.slurm.jobs import launch

        yield partial(launch, self)

    @classmethod
    def jobs_that_may_live(cls, job_ids: Collection[str]) -> set[str]:
        """Those that SLURM's queue knows to wait or run; all of them if the queue does not answer."""
        try:
            return {job_id for job_id, job in ask_queue(job_ids).items() if job.live}
        except QueueError:
            return set(job_ids)

    def sbatch_options(self) -> dict[str, Any]:
        """Options of sbatch, with underscores, and their values; those of ``launcher.slurm`` come last and win."""
        options: dict[str, Any] = {"cpus_per_task": self.cpus_per_task}
        options |= {
            name: value for name in ("partition", "account", "qos") if (value := getattr(self, name)) is not None
        }
        if self.time_limit_s is not None:
            # In minutes, and some more: the limit itself is kept by the job, which can end its child in good order.
            options["time"] = math.ceil(self.time_limit_s / 60) + _START_MIN
        if self.memory_limit_mb is not None:
            options["mem"] = f"{math.ceil(self.memory_limit_mb) + _OVERHEAD_MB}M"
        return options | {name.replace("-", "_"): value for name, value in self.slurm.items()}
