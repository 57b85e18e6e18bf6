"""Runs read back from the store."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from varesearch.config.errors import ConfigurationError
from varesearch.tracking.artifacts import local_folder
from varesearch.tracking.files import CONFIG_FILE, LOG_FILE, RECORDING_FILE
from varesearch.tracking.root import STORE_FOLDER
from varesearch.tracking.store import Place, connect, one_line, place

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

    from varesearch.recording import Recording


@dataclass(frozen=True)
class RunRecord:
    """A run as the store knows it; times in ms since 1970, ``end_ms`` None while it is RUNNING.

    ``folder`` holds its files, None if there are none here: those that a server keeps are fetched by :func:`load_run`,
    not for a list.
    """

    run_id: str
    name: str
    experiment: str
    experiment_id: str
    status: str
    start_ms: int
    end_ms: int | None
    params: dict[str, str]
    metrics: dict[str, float]
    tags: dict[str, str]
    folder: Path | None

    def artifacts(self) -> list[Path]:
        """Every file of the run, sorted; [] if there are none here."""
        if self.folder is None:
            return []
        return sorted(path for path in self.folder.rglob("*") if path.is_file())

    def recording(self) -> "Recording":
        """The spikes and signals. Raises ConfigurationError if the run has none (failed, or mapping only)."""
        from varesearch.recording_io import load_npz

        return load_npz(self._file(RECORDING_FILE, "recording"))

    def config(self) -> dict[str, Any]:
        """The resolved configuration. Raises ConfigurationError if the run has none."""
        return yaml.safe_load(self._file(CONFIG_FILE, "configuration").read_text())

    def log(self) -> str:
        """The log. Raises ConfigurationError if the run has none."""
        return self._file(LOG_FILE, "log").read_text(errors="replace")

    def _file(self, name: str, what: str) -> Path:
        if self.folder is None or not (self.folder / name).is_file():
            raise ConfigurationError(f"run {self.run_id} ({self.name}, {self.status}) has no {what}; choose another")
        return self.folder / name


def runs(experiment: str | None = None, uri: str | None = None, root: Path | None = None) -> list[RunRecord]:
    """All runs of an experiment, or of the whole store, the newest first. Raises ConfigurationError."""
    where = place(uri, root)
    client = connect(where)
    with one_line(where):
        names = _experiments(client)
        if experiment is not None:
            names = {key: name for key, name in names.items() if name == experiment}
        if not names:
            raise ConfigurationError(f"tracking.experiment={experiment}: no such experiment in {where.shown}")
        return [_record(run, names, where) for run in _search(client, names)]


def load_run(id_or_name: str, uri: str | None = None, root: Path | None = None) -> RunRecord:
    """The run of that id (or its first characters, four or more) or, failing that, the newest one of that name.

    Raises ConfigurationError if there is none, or if the first characters fit several.
    """
    where = place(uri, root)
    client = connect(where)
    with one_line(where):
        names = _experiments(client)
        everything = list(_search(client, names))
        found = [run for run in everything if run.info.run_id.startswith(id_or_name) and len(id_or_name) >= 4]
        if len(found) > 1:
            raise ConfigurationError(f"run {id_or_name}: {len(found)} runs begin like that; give more of the id")
        found = found or [run for run in everything if run.info.run_name == id_or_name]
        if not found:
            raise ConfigurationError(f"run {id_or_name}: no run of that id or name in {where.shown}")
        record = _record(found[0], names, where)
        if local_folder(found[0].info.artifact_uri or "", where) is None:
            record = replace(record, folder=_fetch(client, where, record.run_id))
        return record


def _experiments(client: "MlflowClient") -> dict[str, str]:
    return {found.experiment_id: found.name for found in client.search_experiments()}


def _fetch(client: "MlflowClient", where: Place, run_id: str) -> Path:
    target = where.root / STORE_FOLDER / "fetched" / run_id
    target.mkdir(parents=True, exist_ok=True)
    return Path(client.download_artifacts(run_id, "", str(target)))


def _search(client: "MlflowClient", experiments: Iterable[str]) -> Iterable["Run"]:
    token = None
    while True:
        page = client.search_runs(
            list(experiments), order_by=["attributes.start_time DESC"], max_results=1000, page_token=token
        )
        yield from page
        token = page.token
        if not token:
            return


def _record(run: "Run", experiments: dict[str, str], where: Place) -> RunRecord:
    folder = local_folder(run.info.artifact_uri or "", where)
    return RunRecord(
        run_id=run.info.run_id,
        name=run.info.run_name or "",
        experiment=experiments[run.info.experiment_id],
        experiment_id=run.info.experiment_id,
        status=run.info.status,
        start_ms=run.info.start_time,
        end_ms=run.info.end_time,
        params=dict(run.data.params),
        metrics=dict(run.data.metrics),
        tags=dict(run.data.tags),
        folder=folder if folder is not None and folder.is_dir() else None,
    )
