"""One child, run on the machine on which this is called, and how it ended."""

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
from varesearch.workers.ends import Limits, WorkerError

END_FILE = ".child_end.json"
_TARGET = "varesearch.sweeps.child:run_assignment"
# Of what SLURM gives between SIGTERM and SIGKILL (KillWait, 30 s unless the cluster says otherwise).
_GRACE_S = 10.0
_LOOK_S = 0.2


def run_child(server: ForkServer, folder: Path, config_dir: str | None, limits: Limits) -> ChildEnd:
    """Run the assignment that ``folder`` holds in a fork of a server.

    Parameters
    ----------
    server
        A fork server on this machine.
    folder
        The folder of the run, with its assignment file.
    config_dir
        The folder of the user's own parts, or None.
    limits
        How much time and memory the child may take.

    Raises
    ------
    WorkerError
        The server cannot start, or was stopped.
    """
    end = server.run(_TARGET, [str(folder), *filter(None, [config_dir])], folder / LOG_FILE, limits)
    return ChildEnd(
        reason=end.reason,
        killed=end.cancelled,
        exit_code=end.exit_code,
        signal=end.signal,
        peak_memory_mb=end.peak_memory_mb,
        wall_s=end.wall_s,
        cpu_s=end.cpu_s,
    )


def run_alone(
    folder: Path, time_limit_s: float | None, memory_limit_mb: float | None, config_dir: str | None = None
) -> ChildEnd:
    """Run the assignment that ``folder`` holds with a fork server of its own, as a job of a cluster does.

    SIGTERM or KeyboardInterrupt ends the child in good order: it records its own end. The end is returned, and left in
    the folder as :data:`END_FILE`, whole or not at all.

    Parameters
    ----------
    folder
        The folder of the run, with its assignment file.
    time_limit_s, memory_limit_mb
        The limits of the child in s and in MB of 10^6 bytes; None: no limit.
    config_dir
        The folder of the user's own parts, which must exist on this machine, too.
    """
    limits = Limits(time_limit_s, memory_limit_mb, _GRACE_S)
    try:
        with ForkServer() as server, _on_sigterm(server.cancel):
            end = _interruptible(server, lambda: run_child(server, folder, config_dir, limits))
    except WorkerError as error:
        end = ChildEnd(reason=str(error))
    with whole_file(folder / END_FILE) as temporary:
        temporary.write_text(json.dumps(asdict(end)))
    return end


def _interruptible(server: ForkServer, run: Callable[[], ChildEnd]) -> ChildEnd:
    # In a thread: ray stops a task by a KeyboardInterrupt without a signal, which no system call would notice.
    with ThreadPoolExecutor(1) as pool:
        task = pool.submit(run)
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
    """The end that :func:`run_alone` left in the folder; None if there is none yet."""
    try:
        return ChildEnd(**json.loads((folder / END_FILE).read_text()))
    except FileNotFoundError:
        return None


def remove_end(folder: Path) -> None:
    """Remove the file that :func:`read_end` reads, after the end was reported."""
    (folder / END_FILE).unlink(missing_ok=True)


@contextlib.contextmanager
def _on_sigterm(act: Callable[[], None]) -> Iterator[None]:
    def handle(_signum: int, _frame: FrameType | None) -> None:
        act()

    before = signal.signal(signal.SIGTERM, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
