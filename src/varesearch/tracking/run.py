"""A tracked run: opened before anything is simulated, filled while it runs, and ended whatever happens."""

import logging
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from varesearch.signals import SignalGuard
from varesearch.tracking.description import Description
from varesearch.tracking.endings import NotKeptError, TrackingError, ending
from varesearch.tracking.files import LOG_FILE, RunFiles
from varesearch.tracking.log import LogCapture
from varesearch.tracking.provenance import origin, provenance
from varesearch.tracking.records import log_batch
from varesearch.tracking.session import StoreSession
from varesearch.tracking.store import one_line

if TYPE_CHECKING:
    from varesearch.tracking.read import RunRecord

log = logging.getLogger(__name__)

T = TypeVar("T")


def track(
    description: Description,
    session: StoreSession,
    work: Callable[[RunFiles], T],
    *,
    capture: LogCapture | None = None,
    resumed: "RunRecord | None" = None,
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
        with one_line(session.place):
            run = _begin(description, session, resumed)
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
    """Do ``work`` as the run ``run_id``, which another process tracks; nothing is written but to its ``folder``.

    The record of its end stays in the folder: FINISHED, FAILED, or KILLED after SIGTERM and the like. ``made_from`` is
    the command and code behind it, see :func:`varesearch.tracking.provenance.origin`. Raises what ``work`` raised, or
    TrackingError if the run went well but the record cannot be written.
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


def _begin(description: Description, session: StoreSession, resumed: "RunRecord | None") -> RunFiles:
    if resumed is not None:
        return RunFiles(description, resumed.run_id, session.take_over(resumed, description.tags))
    return RunFiles(description, *session.create_run(description.name, description.tags))


def _do(
    run: RunFiles,
    session: StoreSession,
    work: Callable[[RunFiles], T],
    capture: LogCapture | None,
    resumed: bool,
    signals: SignalGuard,
) -> T:
    with one_line(session.place):
        if capture is not None:
            # Each command has a log of its own, also where a server keeps the earlier ones.
            name = f"resumed-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log" if resumed else LOG_FILE
            capture.move_to(run.folder / name)
        log.info("run %s: %s", run.run_id, run.name)
        signals.release()
    run.describe(provenance(origin(session.commit)), b"" if session.commit is None else session.commit.diff)
    if not resumed:
        with one_line(session.place):
            log_batch(session.client, run.run_id, {}, dict(run.description.params), {})
    return work(run)


def _end(
    run: RunFiles, session: StoreSession, error: BaseException | None, capture: LogCapture | None
) -> BaseException | None:
    """Write the end of the run; what is to be raised."""
    # First to the folder, then to the store: whoever finds the run after a failure here can complete it.
    record, kept = run.close(ending(error), error)
    if capture is not None:
        capture.flush()
    problem = session.deliver(record, run.folder, kept)
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
