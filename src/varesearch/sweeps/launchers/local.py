"""Children on this machine, one after another (basic) or several at once (joblib), each in a process of its own."""

import threading
from collections.abc import Collection

from joblib import Parallel, cpu_count, delayed

from varesearch.backends import backend_class
from varesearch.config.launching import JoblibLauncher, LauncherConfig
from varesearch.sweeps.jobs import Assignment, ChildEnd
from varesearch.sweeps.launchers.base import Launcher, Work
from varesearch.sweeps.launchers.remote import TARGET, child_end
from varesearch.tracking.files import LOG_FILE
from varesearch.workers.client import ForkServer
from varesearch.workers.ends import Limits, WorkerError

_PRELOAD = (
    "varesearch.sweeps.child",
    "varesearch.metrics",
    "varesearch.plots.figures:warm_up",
    "varesearch.recording_io",
)


class LocalLauncher(Launcher):
    """A fork server, and as many threads as there are children at once: each waits for one child after another.

    joblib knows how many processors are ours (affinity, cgroups); its threads are enough here, for the processes come
    from the fork server, which has paid the imports.
    """

    def __init__(self, settings: LauncherConfig) -> None:
        self._limits = Limits(settings.time_limit_s, settings.memory_limit_mb)
        asked = settings.workers if isinstance(settings, JoblibLauncher) else 1
        self.workers = self.workers_here = cpu_count() if asked is None else asked
        self._server: ForkServer | None = None

    def check(self) -> None:
        """It can always be used."""

    def prepare(self, backends: Collection[str]) -> None:
        """Start the fork server, which imports what children on these back ends need."""
        classes = [backend_class(name) for name in sorted(backends)]
        preload = [name for backend in classes for name in (backend.__module__, *backend.preload)]
        self._server = ForkServer([*_PRELOAD, *preload])

    def launch(self, work: Work) -> None:
        server = self._server
        assert server is not None, "launch comes after prepare"
        done = threading.Event()
        watch = threading.Thread(target=_cancel_when, args=(work.interrupted, done, server), name="cancel children")
        watch.start()
        try:
            Parallel(n_jobs=self.workers, backend="threading")(
                delayed(self._work)(work, server) for _ in range(self.workers)
            )
        finally:
            done.set()
            watch.join()

    def close(self) -> None:
        if self._server is not None:
            self._server.stop()

    def _work(self, work: Work, server: ForkServer) -> None:
        for assignment in work.assignments():
            work.ended(assignment, self._do(assignment, server))

    def _do(self, assignment: Assignment, server: ForkServer) -> ChildEnd:
        try:
            given = [str(assignment.folder), *filter(None, [assignment.config_dir])]
            end = server.run(TARGET, given, assignment.folder / LOG_FILE, self._limits)
        except (WorkerError, OSError) as error:
            return ChildEnd(reason=f"could not be started: {error}")
        return child_end(end)


def _cancel_when(interrupted: threading.Event, done: threading.Event, server: ForkServer) -> None:
    """End the children that run once the sweep is interrupted, again and again: one may be starting just then."""
    while not done.wait(0.2):
        if interrupted.is_set():
            server.cancel()
