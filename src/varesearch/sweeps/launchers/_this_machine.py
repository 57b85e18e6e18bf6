"""Children on this machine: a fork server, which has paid the imports, and a thread for each child that runs."""

from abc import abstractmethod
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from varesearch.config.launching import Launcher
from varesearch.sweeps.jobs import Assignment, ChildEnd, Work

if TYPE_CHECKING:
    from varesearch.workers.client import ForkServer

_PRELOAD = (
    "varesearch.sweeps.child",
    "varesearch.metrics",
    "varesearch.plots.figures:warm_up",
    "varesearch.recording_io",
)
_LOOK_S = 0.2


@dataclass
class ThisMachine(Launcher):
    """What the launchers of this machine share; they differ in the number of workers."""

    @property
    @abstractmethod
    def workers_here(self) -> int: ...

    def check(self) -> None:
        """It can always be used."""

    @contextmanager
    def started(self, preload: Collection[str]) -> Iterator[Callable[[Work], None]]:
        """Start the fork server, which imports what children need."""
        from varesearch.workers.client import ForkServer

        with ForkServer([*_PRELOAD, *preload]) as server:
            yield lambda work: self._launch(work, server)

    def _launch(self, work: Work, server: "ForkServer") -> None:
        def run_children() -> None:
            for assignment in work.assignments():
                work.ended(assignment, self._run(assignment, server))

        workers = self.workers_here
        with ThreadPoolExecutor(workers) as pool:
            running = {pool.submit(run_children) for _ in range(workers)}
            while running:
                done, running = wait(running, timeout=_LOOK_S)
                if work.interrupted.is_set():
                    # Again and again: a child may be starting just then.
                    server.cancel()
                for each in done:
                    each.result()

    def _run(self, assignment: Assignment, server: "ForkServer") -> ChildEnd:
        from varesearch.sweeps.launchers._child import run_child
        from varesearch.workers.ends import Limits, WorkerError

        try:
            limits = Limits(self.time_limit_s, self.memory_limit_mb)
            return run_child(server, assignment.folder, assignment.config_dir, limits)
        except (WorkerError, OSError) as error:
            return ChildEnd(reason=f"could not be started: {error}")
