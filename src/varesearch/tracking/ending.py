"""The end of a run: how it ended, and what is written about it, which stays in its folder until the store has it."""

import contextlib
import json
import shutil
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from varesearch.config.errors import ConfigurationError
from varesearch.signals import in_words, signal_behind
from varesearch.tracking.location import StoreLocation
from varesearch.tracking.store import first_line
from varesearch.whole_files import whole_file

if TYPE_CHECKING:
    from mlflow import MlflowClient

_FILE = ".unsent.json"
RESERVE_FILE = ".reserve"
"""Reserves disk space for recording the end of a run."""
# What MLflow takes in one call (REST API, "Log Batch": 1000 metrics, 100 parameters, 100 tags).
_MOST_METRICS, _MOST_PARAMS, _MOST_TAGS = 900, 100, 100


class TrackingError(RuntimeError):
    """The run succeeded, but its end could not be written to the store; the message names the folder of its results."""


class FailedRunError(RuntimeError):
    """A run failed for a reason that the message (one line) gives in full; there is no traceback to be shown."""


class NotKeptError(RuntimeError):
    """The simulation succeeded, but some files of the run could not be written; the message (one line) names them."""


@dataclass(frozen=True)
class Ending:
    """How a run ended.

    Attributes
    ----------
    status
        The status in the store.
    exit_code
        The exit code of the command.
    reason
        Why it did not finish, in one line; ``""`` for a run that finished.
    """

    status: Literal["FINISHED", "FAILED", "KILLED"]
    exit_code: int
    reason: str = ""


def ending(error: BaseException | None) -> Ending:
    """Return how a run ended that was stopped by ``error``; None stands for a run without an error.

    Examples
    --------
    >>> ending(None).status, ending(KeyboardInterrupt()).exit_code
    ('FINISHED', 130)
    >>> ending(ValueError("no such cell"))
    Ending(status='FAILED', exit_code=1, reason='ValueError: no such cell')
    """
    if error is None:
        return Ending("FINISHED", 0)
    signum = signal_behind(error)
    if signum is not None:
        return Ending("KILLED", 128 + signum, in_words(signum))
    if isinstance(error, ConfigurationError):
        return Ending("FAILED", 2, str(error))
    if isinstance(error, TrackingError | NotKeptError | FailedRunError):
        return Ending("FAILED", 1, str(error))
    return Ending("FAILED", 1, f"{type(error).__name__}: {first_line(error)}")


@dataclass
class RunEnd:
    """What is to be written to the store when a run ends. ``end_ms`` is the time since 1970."""

    run_id: str
    status: str
    end_ms: int
    metrics: dict[str, float] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Write the end to the folder of the run; the file is complete or not there."""
        with whole_file(folder / _FILE) as temporary:
            temporary.write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """Read the end that was written to the folder of a run; None if there is none that can be read."""
        try:
            return cls(**json.loads((folder / _FILE).read_text()))
        except (OSError, ValueError, TypeError):
            return None

    @staticmethod
    def remove(folder: Path) -> None:
        """Remove the file of the end, and the reserve, once the store has the end."""
        for name in (_FILE, RESERVE_FILE):
            with contextlib.suppress(OSError):
                (folder / name).unlink()


def log_batch(
    client: "MlflowClient",
    run_id: str,
    metrics: dict[str, float],
    params: dict[str, str],
    tags: dict[str, str],
    timestamp_ms: int | None = None,
) -> None:
    """Send metrics, parameters and tags in one call, or in as few as MLflow's limits allow."""
    from mlflow.entities import Metric, Param, RunTag

    now = int(time.time() * 1000) if timestamp_ms is None else timestamp_ms
    metric_list = [Metric(key, value, now, 0) for key, value in metrics.items()]
    param_list = [Param(key, value) for key, value in params.items()]
    tag_list = [RunTag(key, value) for key, value in tags.items()]
    while metric_list or param_list or tag_list:
        client.log_batch(run_id, metric_list[:_MOST_METRICS], param_list[:_MOST_PARAMS], tag_list[:_MOST_TAGS])
        del metric_list[:_MOST_METRICS], param_list[:_MOST_PARAMS], tag_list[:_MOST_TAGS]


def deliver(client: "MlflowClient", where: StoreLocation, run_id: str, folder: Path, end: RunEnd | None) -> None:
    """Send the end of a run (None: the store has it already) and the files that wait in the staging folder.

    It can be repeated after a failure. Raises what the store raises; what could not be sent then stays in the folder.
    """
    if end is not None:
        log_batch(client, run_id, end.metrics, end.params, end.tags, end.end_ms)
        client.set_terminated(run_id, end.status, end.end_ms)
        RunEnd.remove(folder)
    if folder.is_relative_to(where.staging) and folder.is_dir():
        for path in sorted(folder.iterdir()):
            # Hidden files are the notes that varesearch itself needs.
            if path.is_dir():
                client.log_artifacts(run_id, str(path), path.name)
            elif not path.name.startswith("."):
                client.log_artifact(run_id, str(path))
        shutil.rmtree(folder)
