"""The far side of a launcher: one assignment, done on whatever machine this is called on, and how that ended."""

import contextlib
import json
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from types import FrameType

from varesearch.sweeps.jobs import ChildEnd
from varesearch.tracking.files import LOG_FILE
from varesearch.whole_files import whole_file
from varesearch.workers.client import ForkServer
from varesearch.workers.ends import Limits, WorkerEnd, WorkerError

END_FILE = ".child_end.json"
TARGET = "varesearch.sweeps.child:run_assignment"
# Of what SLURM gives between SIGTERM and SIGKILL (KillWait, 30 s unless the cluster says otherwise).
_GRACE_S = 10.0
_LOOK_S = 0.2


def do_assignment(
    folder: Path, time_limit_s: float | None, memory_limit_mb: float | None, config_dir: str | None = None
) -> ChildEnd:
    """Do the assignment that ``folder`` holds in a process of its own, within its limits.

    ``config_dir`` is the folder of the user's own parts, which must be there on this machine too.

    SIGTERM or KeyboardInterrupt here ends it in good order: the child records its own end. The end is returned and left
    in the folder as :data:`END_FILE`, whole or not at all.
    """
    limits = Limits(time_limit_s, memory_limit_mb, _GRACE_S)
    try:
        with ForkServer() as server, _on_sigterm(server.cancel):
            end = child_end(_run(server, folder, config_dir, limits))
    except WorkerError as error:
        end = ChildEnd(reason=str(error))
    with whole_file(folder / END_FILE) as temporary:
        temporary.write_text(json.dumps(asdict(end)))
    return end


def _run(server: ForkServer, folder: Path, config_dir: str | None, limits: Limits) -> WorkerEnd:
    # In a thread: ray's word to stop is a KeyboardInterrupt without a signal, which no system call would notice.
    with ThreadPoolExecutor(1) as pool:
        task = pool.submit(server.run, TARGET, [str(folder), *filter(None, [config_dir])], folder / LOG_FILE, limits)
        try:
            while True:
                try:
                    return task.result(timeout=_LOOK_S)
                except TimeoutError:
                    continue
                except KeyboardInterrupt:
                    server.cancel()
        finally:
            server.cancel()


def read_end(folder: Path) -> ChildEnd | None:
    """The end that :func:`do_assignment` left in the folder; None if there is none yet."""
    try:
        return ChildEnd(**json.loads((folder / END_FILE).read_text()))
    except FileNotFoundError:
        return None


def drop_end(folder: Path) -> None:
    """Remove it: it has been told."""
    (folder / END_FILE).unlink(missing_ok=True)


def child_end(end: WorkerEnd) -> ChildEnd:
    """How a worker ended, in the words of a sweep."""
    return ChildEnd(
        reason=end.reason,
        killed=end.cancelled,
        exit_code=end.exit_code,
        signal=end.signal,
        peak_memory_mb=end.peak_memory_mb,
        wall_s=end.wall_s,
        cpu_s=end.cpu_s,
    )


@contextlib.contextmanager
def _on_sigterm(act: Callable[[], None]) -> Iterator[None]:
    def handle(_signum: int, _frame: FrameType | None) -> None:
        act()

    before = signal.signal(signal.SIGTERM, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
