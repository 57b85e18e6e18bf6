"""What a page shows besides the files of its own run: other runs of the store."""

import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from varesearch.config.errors import ConfigurationError
from varesearch.tracking.files import LOG_FILE, TRACEBACK_FILE
from varesearch.tracking.location import StoreLocation, local_folder, refuse_foreign
from varesearch.tracking.read import Reader
from varesearch.tracking.record import RunRecord, check_folder, tail
from varesearch.tracking.store import connect, one_line

if TYPE_CHECKING:
    from mlflow import MlflowClient


@dataclass(frozen=True)
class LastOutput:
    """The end of the log of a run that did not finish, and its traceback (``""`` if there is none)."""

    log: str
    traceback: str


def comparisons(where: StoreLocation, run_ids: Collection[str]) -> list[RunRecord]:
    """Return the finished comparisons that involve any of these runs, the newest first."""
    client = connect(where)
    with one_line(where):
        return [record for record in Reader(client, where).comparisons_of(run_ids) if record.status == "FINISHED"]


def last_output(where: StoreLocation, run_ids: Collection[str]) -> dict[str, LastOutput]:
    """Return the last output of each of these runs that is in the store, by its id."""
    if not run_ids:
        return {}
    client = connect(where)
    with one_line(where):
        return {run.run_id: _left_by(client, where, run) for run in Reader(client, where).with_ids(run_ids)}


def folder_of(record: RunRecord) -> Path:
    """Return the folder of the run's files. Raises ConfigurationError if there is none on this machine."""
    if record.folder is None:
        raise ConfigurationError(f"run {record.run_id} ({record.name}) has no files on this machine; choose another")
    check_folder(record.folder)
    return record.folder


def _left_by(client: "MlflowClient", where: StoreLocation, run: RunRecord) -> LastOutput:
    folder = local_folder(run.artifact_uri, where)
    if folder is not None:
        check_folder(folder)
        return _output_in(folder)
    refuse_foreign(run.artifact_uri, where, f"run {run.run_id}")
    with tempfile.TemporaryDirectory() as fetched:
        names = {item.path for item in client.list_artifacts(run.run_id)}
        for name in names & {LOG_FILE, TRACEBACK_FILE}:
            client.download_artifacts(run.run_id, name, fetched)
        return _output_in(Path(fetched))


def _output_in(folder: Path) -> LastOutput:
    return LastOutput(tail(folder / LOG_FILE), tail(folder / TRACEBACK_FILE))
