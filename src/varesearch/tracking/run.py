"""A tracked run: opened before anything is simulated, filled while it runs, and ended whatever happens."""

import atexit
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from varesearch.config.schema import Config
from varesearch.signals import SignalGuard
from varesearch.tracking import naming
from varesearch.tracking.endings import Ending, NotKeptError, TrackingError, ending
from varesearch.tracking.files import LOG_FILE, RunFiles
from varesearch.tracking.log import LogCapture
from varesearch.tracking.provenance import origin, provenance
from varesearch.tracking.records import log_batch
from varesearch.tracking.session import PARENT, StoreSession, science_tags
from varesearch.tracking.store import one_line

log = logging.getLogger(__name__)


def track(
    config: Config,
    resolved: Mapping[str, Any],
    overrides: Sequence[str] = (),
    choices: Mapping[str, str | None] | None = None,
    *,
    log_capture: LogCapture | None = None,
    root: Path | None = None,
    parent_run_id: str | None = None,
    tags: Mapping[str, str] | None = None,
    made_by: Sequence[str] = (),
) -> "TrackedRun":
    """A run of ``config``, to be entered with ``with`` before anything is built.

    ``resolved`` is the configuration as plain dicts, ``overrides`` what the user gave, ``choices`` group -> option.
    ``made_by`` are the words of the command after ``varesearch``, if they are not ``run`` and the overrides.
    ``log_capture``: the capture that is under way; its log moves into the folder of the run. ``tags`` are further ones
    that it has from its first moment. Entering makes the store where there is none, ends orphans, and raises
    ConfigurationError if the store cannot be had.
    """
    tags = {**(tags or {}), **({PARENT: parent_run_id} if parent_run_id else {})}
    return TrackedRun(config, resolved, overrides, choices or {}, log_capture, root, tags, made_by)


class TrackedRun(RunFiles):
    """See :func:`track`.

    The files of the run grow in ``folder``: for a store of this machine that is the run's artifact folder itself; for
    a server a staging folder that is sent at the end. What the log methods take is written there at once and told to
    the store in one call at the end; when that cannot be done, it stays there and the next run sends it.

    Leaving it ends the run: FINISHED, FAILED with ``traceback.txt``, or KILLED after Ctrl-C, SIGTERM and SIGHUP, which
    leave the block as KeyboardInterrupt and Terminated. Signals that come while the end is being written wait for it.
    Raises TrackingError if the run itself went well but the store failed.

    ``session``: one that is open already. ``protected``: functions inside which signals wait as well.
    """

    def __init__(
        self,
        config: Config,
        resolved: Mapping[str, Any],
        overrides: Sequence[str],
        choices: Mapping[str, str | None],
        log_capture: LogCapture | None,
        root: Path | None,
        tags: Mapping[str, str],
        made_by: Sequence[str] = (),
        session: StoreSession | None = None,
        protected: Sequence[Callable[..., Any]] = (),
    ) -> None:
        super().__init__(config, resolved, overrides, choices, made_by)
        self._opened = session is not None
        self.session = session or StoreSession(config.tracking, root)
        self._capture = log_capture
        self._first_tags = tags
        self._guard = SignalGuard(TrackedRun.__exit__, TrackedRun._begin, *protected)
        self._open_in: int | None = None

    def __enter__(self) -> Self:
        self._guard.install()
        try:
            if not self._opened:
                self.session.open()
            with one_line(self.session.place):
                self._begin()
            self._guard.raise_pending()
            self._describe()
        except BaseException as error:
            self.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        # This function is protected: a signal waits for its end.
        how = ending(error)
        try:
            problem = self._end(how, error)
        finally:
            self._guard.restore()
        if problem is not None and error is None:
            raise TrackingError(problem)
        if problem is not None and isinstance(error, NotKeptError):
            raise TrackingError(f"{error}; {problem}") from error
        if how.status != "KILLED":
            self._guard.raise_pending()

    @property
    def address(self) -> str:
        """Where the run is to be seen: its page on a server, its folder otherwise."""
        return self.session.address(self.run_id, self.folder)

    @property
    def how_to_open(self) -> str:
        """What to do to see the run: one line."""
        return self.session.how_to_open(self.run_id, self.folder)

    def _begin(self) -> None:
        # Protected: a signal waits, so that there is no run in the store whose id is not known here.
        self.run_id, self.name, self.folder = self._open()
        self._open_in = os.getpid()
        atexit.register(self._abandon)
        if self._capture is not None:
            self._capture.move_to(self._log_path())
        log.info("run %s: %s", self.run_id, self.name)

    def _open(self) -> tuple[str, str, Path]:
        """Make the run in the store: its id, name and folder."""
        name = naming.run_name(self.config, self.overrides, self.choices)
        tags = {**science_tags(self.config, self.resolved, self.made_by, self.choices), **self._first_tags}
        run_id, folder = self.session.create_run(name, tags)
        return run_id, name, folder

    def _log_path(self) -> Path:
        return self.folder / LOG_FILE

    def _describe(self) -> None:
        commit = self.session.commit
        self.describe(provenance(origin(commit)), b"" if commit is None else commit.diff)
        with one_line(self.session.place):
            log_batch(self.session.client, self.run_id, {}, naming.flat_params(self.resolved), {})

    def _end(self, how: Ending, error: BaseException | None) -> str | None:
        """Write the end of the run; the problem in one line if the store did not take it."""
        # Not yet begun, already ended, or a forked child of the process whose run this is.
        if self._open_in != os.getpid():
            return None
        self._open_in = None
        atexit.unregister(self._abandon)
        # First to the folder, then to the store: whoever finds the run after a failure here can complete it.
        record, kept = self.close(how, error)
        if self._capture is not None:
            self._capture.flush()
        return self.session.deliver(record, self.folder, kept)

    def _abandon(self) -> None:
        # The interpreter ends and nobody has left the block: a signal hit between entering it and being in it.
        self._end(Ending("KILLED", 1, "the process ended without ending the run"), None)
