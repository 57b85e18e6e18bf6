"""Children on this machine, several at once."""

from dataclasses import dataclass

from varesearch.config import ranges
from varesearch.config.settings import quantity
from varesearch.sweeps.launchers._this_machine import ThisMachine


@dataclass
class Local(ThisMachine):
    """Several children at once on this machine's processors, each in a process of its own with one thread."""

    workers: int | None = quantity(
        None, "", "children at once; null: as many as there are usable processors", plausible=ranges.COUNT
    )

    @property
    def workers_here(self) -> int:
        from joblib import cpu_count  # the processors that affinity and control groups leave to this process

        return cpu_count() if self.workers is None else self.workers
