"""A tracked run: opened before anything is simulated, filled while it runs, and ended whatever happens."""

import logging
import os
import re
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from varesearch.config.launching import batch_jobs_that_may_live
from varesearch.config.schema import TrackingConfig
from varesearch.shell import command
from varesearch.signals import SignalGuard
from varesearch.tracking.ending import NotKeptError, RunEnd, TrackingError, deliver, ending, log_batch
from varesearch.tracking.files import LOG_FILE, RunFiles
from varesearch.tracking.location import StoreLocation, checkout_root, local_folder, locate_store
from varesearch.tracking.log import LogCapture
from varesearch.tracking.process import Process
from varesearch.tracking.provenance import Commit, Description, origin, provenance, read_commit
from varesearch.tracking.read import Reader
from varesearch.tracking.record import RunRecord
from varesearch.tracking.store import connect, first_line, one_line, open_experiment
from varesearch.tracking.tags import COMMIT, DIRTY, ENDED, SOURCE_NAME, SOURCE_TYPE
from varesearch.whole_files import remove_unfinished

if TYPE_CHECKING:
    from mlflow import MlflowClient

log = logging.getLogger(__name__)

CODE = ("src", "conf", "setup.py")
"""The files of the checkout on which a result depends. Changes of other files do not count as changes of the code."""
_ID = re.compile(r"[0-9a-f]{32}")
T = TypeVar("T")


class StoreSession:
    """The store as one process uses it, for one run or for a sweep and all its children.

    ``location`` and the attributes below it exist once the session is opened.
    """

    location: StoreLocation
    client: "MlflowClient"
    experiment_id: str
    commit: Commit | None

    def __init__(self, tracking: TrackingConfig, root: Path | None = None) -> None:
        self._tracking = tracking
        self._root = root
        self._is_open = False

    def open(self) -> None:
        """Open the store, which is made if necessary, find the experiment, and end orphans. Later calls do nothing.

        Raises ConfigurationError if the store cannot be used.
        """
        if self._is_open:
            return
        self.location = locate_store(self._tracking.uri, self._root)
        self.client = connect(self.location)
        with one_line(self.location):
            self.experiment_id = open_experiment(self.client, self.location, self._tracking.experiment)
            end_orphans(self.client, self.location)
            ours = checkout_root()
            self.commit = read_commit(self.location.root) if ours is None else read_commit(ours, CODE)
        self._is_open = True

    def reader(self) -> Reader:
        """Return a reader of the runs of the experiment."""
        return Reader(self.client, self.location, self._tracking.experiment)

    def create_run(self, name: str, tags: Mapping[str, str]) -> tuple[str, Path]:
        """Create a RUNNING run of this process. Return its id and its folder, which exists."""
        source = {SOURCE_NAME: "varesearch", SOURCE_TYPE: "LOCAL"}
        if self.commit is not None and self.commit.commit:
            source |= {COMMIT: self.commit.commit, DIRTY: str(self.commit.dirty).lower()}
        everything = {**source, **Process.current().tags(), **tags}
        run = self.client.create_run(self.experiment_id, tags=everything, run_name=name)
        try:
            return run.info.run_id, self.folder_of(run.info.run_id, run.info.artifact_uri)
        except OSError:
            self.client.set_terminated(run.info.run_id, "FAILED")
            raise

    def take_over(self, run: RunRecord, tags: Mapping[str, str]) -> Path:
        """Make an earlier run the RUNNING run of this process, with new tags. Return its folder."""
        # The process is set before the status: another command must not find a RUNNING run without a process.
        log_batch(self.client, run.run_id, {}, {}, {**Process.current().tags(), **tags})
        if run.why_ended:
            self.client.delete_tag(run.run_id, ENDED)
        self.client.update_run(run.run_id, status="RUNNING")
        return self.folder_of(run.run_id, run.artifact_uri)

    def folder_of(self, run_id: str, artifact_uri: str | None) -> Path:
        """Return the folder in which the files of a run are written; create it if necessary."""
        folder = local_folder(artifact_uri or "", self.location) or self.location.staging / run_id
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def deliver(self, end: RunEnd, folder: Path, kept: bool) -> str | None:
        """Send the end of a run to the store. Return the problem in one line if that failed, else None.

        ``kept`` says whether the end is in the folder, so that the next command can try again.
        """
        try:
            deliver(self.client, self.location, end.run_id, folder, end)
        except Exception as failure:
            log.exception("the store did not take the end of run %s", end.run_id)
            return (
                f"run {end.run_id} could not be written to {self.location.shown} ({first_line(failure)}); its results "
                f"are in {folder}{' and the next run will try again' if kept else ''}"
            )
        return None

    def address(self, run_id: str, folder: Path) -> str:
        """Return where a run can be seen: its page on a server, otherwise its folder."""
        if self.location.is_http:
            return f"{self.location.shown.rstrip('/')}/#/experiments/{self.experiment_id}/runs/{run_id}"
        return str(folder)

    def how_to_open(self, run_id: str, folder: Path) -> str:
        """Return in one line how the user can see a run."""
        if self.location.is_http:
            return f"open {self.address(run_id, folder)}"
        options = [] if self._tracking.uri is None else ["--uri", self.location.shown]
        if not options and checkout_root() == self.location.root:
            return f"make ui ARGS=--run={run_id[:8]}"
        return command("ui", *options, f"--run={run_id[:8]}")


def end_orphans(client: "MlflowClient", where: StoreLocation) -> list[str]:
    """End every RUNNING run whose process was on this host and is gone. Return the ids of these runs.

    Each becomes KILLED at the time of its last file, with a tag that says so. A run whose end is still in its folder
    gets the status in that file. Files that could not be sent to a server are sent again.
    """
    ended = []
    reader = Reader(client, where)
    staged = [folder.name for folder in sorted(where.staging.glob("*")) if _ID.fullmatch(folder.name)]
    # All are listed before the first is ended, since ended runs drop out of the search and would shift its pages.
    orphans = [*reader.running(), *(run for run in reader.with_ids(staged) if run.status != "RUNNING")]
    orphans = [run for run in orphans if _gone_writer(run) is not None]
    # The queue is asked only once, even for the many runs of a large array.
    live = batch_jobs_that_may_live(run.batch_job for run in orphans)
    for run in orphans:
        # One orphan that cannot be ended (its files are gone, or two processes try) must not stop this command.
        try:
            # The run is read again: the process may have ended it before it exited, or another command may have taken
            # it over.
            again = next(reader.with_ids([run.run_id]), None)
            if again is None or not _end_orphan(client, where, again, live):
                continue
        except Exception:
            log.exception("run %s was left behind by a process that is gone, and could not be ended", run.run_id)
        else:
            ended.append(run.run_id)
            log.info("run %s was left behind by a process that is gone: ended", run.run_id)
    return ended


def _gone_writer(run: RunRecord) -> Process | None:
    """Return the process that wrote the run, if it was on this host and is gone; None if it may still exist."""
    process = Process.from_tags(run.tags)
    return process if process is not None and process.is_here() and not process.is_alive() else None


def _end_orphan(client: "MlflowClient", where: StoreLocation, run: RunRecord, live: Collection[str]) -> bool:
    """End a run whose process is gone, and return whether that was done.

    A run that a job of a cluster is still to carry out is left for the resumed sweep.
    """
    process = _gone_writer(run)
    if process is None:
        return False
    folder = local_folder(run.artifact_uri, where) or where.staging / run.run_id
    end = RunEnd.read(folder)
    if end is None and run.status == "RUNNING":
        if run.batch_job in live:
            return False
        note = f"killed: process {process.pid} on {process.host} was gone without having ended the run"
        end = RunEnd(run.run_id, "KILLED", _last_change_ms(folder), tags={ENDED: note})
    remove_unfinished(folder)
    deliver(client, where, run.run_id, folder, end)
    return True


def _last_change_ms(folder: Path) -> int:
    try:
        times = [path.stat().st_mtime for path in folder.rglob("*") if path.is_file()]
    except OSError:
        times = []
    return int(1000 * max(times, default=time.time()))


def track(
    description: Description,
    session: StoreSession,
    work: Callable[[RunFiles], T],
    *,
    capture: LogCapture | None = None,
    resumed: RunRecord | None = None,
    signals: SignalGuard | None = None,
) -> T:
    """Do ``work`` as a run of the store, and end that run whatever happens.

    The files of the run grow in its folder: for a store of this machine that is the run's artifact folder itself; for
    a server a staging folder that is sent at the end. What ``work`` logs is written there at once and sent to the store
    in one call at the end; when that fails, it stays there and the next run sends it.

    The run becomes FINISHED; FAILED, with ``traceback.txt``; or KILLED after Ctrl-C, SIGTERM and SIGHUP, which are
    raised in ``work`` as KeyboardInterrupt and Terminated. Signals that arrive while the run begins or ends wait.

    Parameters
    ----------
    description
        What the run is.
    session
        The store; it is opened if it is not yet. That makes the store where there is none, and ends orphans.
    work
        Called with the files of the run.
    capture
        The log capture that is under way; its log moves into the folder of the run.
    resumed
        An earlier run of the store that goes on, instead of a new one.
    signals
        The guard through which signals are handled, for work that holds them back itself.

    Returns
    -------
    object
        What ``work`` returned.

    Raises
    ------
    ConfigurationError
        The store cannot be used; ``work`` was not called.
    TrackingError
        The work was done, but the store failed.
    BaseException
        Whatever ``work`` raised.
    """
    signals = signals or SignalGuard()
    try:
        signals.install()
        session.open()
        # A signal waits, so that there is no run in the store whose id is not known here.
        signals.hold()
        with one_line(session.location):
            if resumed is None:
                run = RunFiles(description, *session.create_run(description.name, description.tags))
            else:
                run = RunFiles(description, resumed.run_id, session.take_over(resumed, description.tags))
        process = os.getpid()
        result, error = signals.attempt(lambda: _do(run, session, work, capture, resumed is not None, signals))
        if os.getpid() == process:
            error = _end(run, session, error, capture)
        # Otherwise this is a forked child of the process whose run it is.
    finally:
        signals.restore()
    if error is None or ending(error).status != "KILLED":
        signals.raise_pending()
    return _result(result, error)


def carry_out(
    description: Description, run_id: str, folder: Path, made_from: Mapping[str, Any], work: Callable[[RunFiles], T]
) -> T:
    """Do ``work`` as the run ``run_id``, which another process tracks; only its ``folder`` is written to.

    Its end stays in the folder: FINISHED, FAILED, or KILLED after SIGTERM and the like. ``made_from`` is the command
    and code behind it, see :func:`varesearch.tracking.provenance.origin`. Raises what ``work`` raised, or TrackingError
    if the run went well but its end cannot be written.
    """
    signals = SignalGuard()
    run = RunFiles(description, run_id, folder)

    def described() -> T:
        run.describe(provenance(made_from))
        return work(run)

    try:
        signals.install()
        result, error = signals.attempt(described)
        _, kept = run.close(ending(error), error)
    finally:
        signals.restore()
    if not kept and error is None:
        raise TrackingError(f"the results of run {run_id} could not be written to {folder}")
    return _result(result, error)


def _do(
    run: RunFiles,
    session: StoreSession,
    work: Callable[[RunFiles], T],
    capture: LogCapture | None,
    resumed: bool,
    signals: SignalGuard,
) -> T:
    with one_line(session.location):
        if capture is not None:
            # Each command has a log of its own, also where a server keeps the earlier ones.
            name = f"resumed-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log" if resumed else LOG_FILE
            capture.move_to(run.folder / name)
        log.info("run %s: %s", run.run_id, run.name)
        signals.release()
    run.describe(provenance(origin(session.commit)), b"" if session.commit is None else session.commit.diff)
    if not resumed:
        with one_line(session.location):
            log_batch(session.client, run.run_id, {}, dict(run.description.params), {})
    return work(run)


def _end(
    run: RunFiles, session: StoreSession, error: BaseException | None, capture: LogCapture | None
) -> BaseException | None:
    """Write the end of the run. Return the exception to be raised, or None."""
    # First to the folder, then to the store: whoever finds the run after a failure here can complete it.
    end, kept = run.close(ending(error), error)
    if capture is not None:
        capture.flush()
    problem = session.deliver(end, run.folder, kept)
    if problem is not None and error is None:
        return TrackingError(problem)
    if problem is not None and isinstance(error, NotKeptError):
        both = TrackingError(f"{error}; {problem}")
        both.__cause__ = error
        return both
    return error


def _result(result: T | None, error: BaseException | None) -> T:
    if error is None:
        return result  # type: ignore[return-value] (there was no error, so that it is the result)
    try:
        raise error
    finally:
        # The traceback refers to this frame, which would keep the exception alive.
        del error
