"""How a run ended: MLflow's status, the exit code of the command, and the line that says it."""

from dataclasses import dataclass
from typing import Literal

from varesearch.config.errors import ConfigurationError
from varesearch.signals import in_words, signal_behind
from varesearch.tracking.store import first_line


class TrackingError(RuntimeError):
    """The run ended well, but the store could not be told; the message is one line and says where the results are."""


class FailedRunError(RuntimeError):
    """A run failed for a reason that its message (one line) says in full, without an error of the program."""


class NotKeptError(RuntimeError):
    """The simulation succeeded, but some files of the run could not be written; the message (one line) names them."""


@dataclass(frozen=True)
class Ending:
    """``status`` in the store, exit code of the command, and why in one line (``""`` for a run that finished)."""

    status: Literal["FINISHED", "FAILED", "KILLED"]
    exit_code: int
    reason: str = ""


def ending(error: BaseException | None) -> Ending:
    """How a run ended that was left with ``error``."""
    if error is None:
        return Ending("FINISHED", 0)
    signum = signal_behind(error)
    if signum is not None:
        return Ending("KILLED", 128 + signum, in_words(signum))
    if isinstance(error, (ConfigurationError, TrackingError)):
        return Ending("FAILED", 2 if isinstance(error, ConfigurationError) else 1, str(error))
    if isinstance(error, NotKeptError | FailedRunError):
        return Ending("FAILED", 1, str(error))
    return Ending("FAILED", 1, f"{type(error).__name__}: {first_line(error)}")
