"""What a page is made from, beside the files of its own run: other runs of the store."""

import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from varesearch.config.errors import ConfigurationError
from varesearch.tracking.artifacts import local_folder, refuse_foreign
from varesearch.tracking.files import LOG_FILE, TRACEBACK_FILE
from varesearch.tracking.reading import RunRecord
from varesearch.tracking.received import check_folder, tail
from varesearch.tracking.search import search, with_ids, with_tag
from varesearch.tracking.store import Place, connect, one_line
from varesearch.tracking.tags import COMPARED, COMPARED_RUNS, DECIDED_BY, VERDICT

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run


@dataclass(frozen=True)
class Comparison:
    """A verdict of ``varesearch.compare`` on two runs, as its own run keeps it."""

    run_id: str
    name: str
    runs: tuple[str, str]
    verdict: str
    decided_by: str


@dataclass(frozen=True)
class Words:
    """What a run that did not finish has left: the end of its log, and its traceback (``""``: none)."""

    log: str
    traceback: str


def comparisons(where: Place, run_ids: Collection[str]) -> list[Comparison]:
    """The verdicts that involve any of these runs, the newest first."""
    client, wanted = connect(where), set(run_ids)
    with one_line(where):
        found = {run.info.run_id: run for key in COMPARED for run in with_tag(client, where, key, run_ids)}
        # Comparisons over several seeds, and only they, name all runs of a side in one tag.
        for key in COMPARED_RUNS:
            for run in search(client, f"tags.`{key}` LIKE '%'"):
                if wanted & set(run.data.tags[key].split()):
                    found[run.info.run_id] = run
    finished = [run for run in found.values() if run.info.status == "FINISHED"]
    return [_comparison(run) for run in sorted(finished, key=lambda run: run.info.start_time, reverse=True)]


def _comparison(run: "Run") -> Comparison:
    tags = run.data.tags
    a, b = (tags.get(key, "") for key in COMPARED)
    return Comparison(run.info.run_id, run.info.run_name or "", (a, b), tags.get(VERDICT, ""), tags.get(DECIDED_BY, ""))


def last_words(where: Place, run_ids: Collection[str]) -> dict[str, Words]:
    """Run id -> what it left, for those runs that the store knows."""
    if not run_ids:
        return {}
    client = connect(where)
    with one_line(where):
        return {run.info.run_id: _left_by(client, where, run) for run in with_ids(client, run_ids)}


def folder_of(record: RunRecord) -> Path:
    """The folder of the run's files. Raises ConfigurationError if there is none here."""
    if record.folder is None:
        raise ConfigurationError(f"run {record.run_id} ({record.name}) has no files on this machine; choose another")
    check_folder(record.folder)
    return record.folder


def _left_by(client: "MlflowClient", where: Place, run: "Run") -> Words:
    folder = local_folder(run.info.artifact_uri or "", where)
    if folder is not None:
        check_folder(folder)
        return _words_in(folder)
    refuse_foreign(run.info.artifact_uri or "", where, f"run {run.info.run_id}")
    with tempfile.TemporaryDirectory() as fetched:
        names = {item.path for item in client.list_artifacts(run.info.run_id)}
        for name in names & {LOG_FILE, TRACEBACK_FILE}:
            client.download_artifacts(run.info.run_id, name, fetched)
        return _words_in(Path(fetched))


def _words_in(folder: Path) -> Words:
    return Words(tail(folder / LOG_FILE), tail(folder / TRACEBACK_FILE))
