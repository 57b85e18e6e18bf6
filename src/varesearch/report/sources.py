"""What a page is made from, beside the files of its own run: other runs of the store."""

import tempfile
from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from varesearch.config.errors import ConfigurationError
from varesearch.tracking.artifacts import local_folder
from varesearch.tracking.files import LOG_FILE, TRACEBACK_FILE
from varesearch.tracking.reading import RunRecord
from varesearch.tracking.store import Place, connect, one_line

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

LOG_LINES = 40
"""So much of a log is shown, counted from its end."""


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
    wanted = set(run_ids)
    found = []
    client = connect(where)
    with one_line(where):
        for run in _search(client, "tags.`varesearch.kind` = 'comparison' and attributes.status = 'FINISHED'"):
            tags = run.data.tags
            pair = tags.get("varesearch.a", ""), tags.get("varesearch.b", "")
            if wanted & set(pair):
                found.append(
                    Comparison(
                        run.info.run_id,
                        run.info.run_name or "",
                        pair,
                        tags.get("varesearch.verdict", ""),
                        tags.get("varesearch.decided_by", ""),
                    )
                )
    return found


def last_words(where: Place, run_ids: Collection[str]) -> dict[str, Words]:
    """Run id -> what it left, for those runs that the store knows."""
    if not run_ids:
        return {}
    client = connect(where)
    with one_line(where):
        listed = ", ".join(f"'{run_id}'" for run_id in run_ids)
        found = list(_search(client, f"attributes.run_id IN ({listed})"))
        return {run.info.run_id: _left_by(client, where, run) for run in found}


def folder_of(record: RunRecord) -> Path:
    """The folder of the run's files. Raises ConfigurationError if there is none here."""
    if record.folder is None:
        raise ConfigurationError(f"run {record.run_id} ({record.name}) has no files on this machine; choose another")
    return record.folder


def tail(path: Path, lines: int = LOG_LINES) -> str:
    """The last lines of a text file; ``""`` if it is not there."""
    try:
        with path.open(errors="replace") as file:
            return "".join(deque(file, lines)).rstrip()
    except FileNotFoundError:
        return ""


def _left_by(client: "MlflowClient", where: Place, run: "Run") -> Words:
    folder = local_folder(run.info.artifact_uri or "", where)
    if folder is not None:
        return Words(tail(folder / LOG_FILE), tail(folder / TRACEBACK_FILE))
    with tempfile.TemporaryDirectory() as fetched:
        names = {item.path for item in client.list_artifacts(run.info.run_id)}
        for name in names & {LOG_FILE, TRACEBACK_FILE}:
            client.download_artifacts(run.info.run_id, name, fetched)
        return Words(tail(Path(fetched) / LOG_FILE), tail(Path(fetched) / TRACEBACK_FILE))


def _search(client: "MlflowClient", having: str) -> Iterator["Run"]:
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    token = None
    while True:
        page = client.search_runs(
            experiments, having, order_by=["attributes.start_time DESC"], max_results=1000, page_token=token
        )
        yield from page
        token = page.token
        if not token:
            return
