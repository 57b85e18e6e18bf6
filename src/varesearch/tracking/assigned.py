"""A run that somebody else tracks: done here, told to the store by the process that assigned it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from varesearch.config.schema import Config
from varesearch.signals import SignalGuard
from varesearch.tracking.endings import TrackingError, ending
from varesearch.tracking.files import RunFiles
from varesearch.tracking.provenance import provenance


class AssignedRun(RunFiles):
    """The run ``run_id``, whose ``folder`` is all that is written to; ``origin`` is the command and code behind it.

    Leaving it leaves the record in the folder: FINISHED, FAILED, or KILLED after SIGTERM and the like. Raises
    TrackingError if the run went well but the record cannot be written.
    """

    def __init__(
        self,
        config: Config,
        resolved: Mapping[str, Any],
        overrides: Sequence[str],
        choices: Mapping[str, str | None],
        run_id: str,
        name: str,
        folder: Path,
        origin: Mapping[str, Any],
        made_by: Sequence[str] = (),
    ) -> None:
        super().__init__(config, resolved, overrides, choices, made_by)
        self.run_id, self.name, self.folder = run_id, name, folder
        self._origin = origin
        self._guard = SignalGuard(AssignedRun.__exit__)

    def __enter__(self) -> Self:
        self._guard.install()
        try:
            self.describe(provenance(self._origin))
        except BaseException as error:
            self.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        # This function is protected: a signal waits for its end, and is then too late.
        try:
            _, kept = self.close(ending(error), error)
        finally:
            self._guard.restore()
        if not kept and error is None:
            raise TrackingError(f"the results of run {self.run_id} could not be written to {self.folder}")
