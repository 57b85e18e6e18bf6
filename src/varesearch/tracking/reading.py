"""Runs read back from the store."""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from varesearch.config.errors import ConfigurationError
from varesearch.tracking.artifacts import local_folder, refuse_foreign
from varesearch.tracking.files import CONFIG_FILE, LOG_FILE, PRUNED, RECORDING_FILE
from varesearch.tracking.received import check_folder, read_yaml
from varesearch.tracking.root import STORE_FOLDER
from varesearch.tracking.search import experiments, is_equal, search
from varesearch.tracking.store import Place, connect, one_line, place

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

    from varesearch.recording import Recording

_Value = TypeVar("_Value")

_START_OF_AN_ID = re.compile(r"[0-9a-f]{4,32}")
_SHOWN_IDS = 5


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
        """The spikes and signals.

        Raises ConfigurationError if the run has no recording (it failed, it is only a mapping, the recording was
        pruned), or if the file is broken.
        """
        from varesearch.recording_io import load_npz

        if PRUNED in self.tags and not (self.folder and (self.folder / RECORDING_FILE).is_file()):
            raise ConfigurationError(
                f"run {self.run_id} ({self.name}): its recording was pruned on {self.tags[PRUNED]}; run it again, or "
                "choose another"
            )
        path = self._file(RECORDING_FILE, "recording")
        try:
            return load_npz(path)
        except ValueError as error:
            raise ConfigurationError(f"run {self.run_id[:8]} ({self.name}): {error}; choose another") from error

    def config(self) -> dict[str, Any]:
        """The resolved configuration. Raises ConfigurationError if the run has none."""
        return read_yaml(self._file(CONFIG_FILE, "configuration"))

    def log(self) -> str:
        """The log. Raises ConfigurationError if the run has none."""
        return self._file(LOG_FILE, "log").read_text(errors="replace")

    def _file(self, name: str, what: str) -> Path:
        if self.folder is not None:
            check_folder(self.folder)
        if self.folder is None or not (self.folder / name).is_file():
            raise ConfigurationError(f"run {self.run_id} ({self.name}, {self.status}) has no {what}; choose another")
        return self.folder / name


def runs(
    experiment: str | None = None,
    uri: str | None = None,
    root: Path | None = None,
    *,
    condition: str = "",
    most: int | None = None,
) -> list[RunRecord]:
    """Read runs from the store, the newest first.

    Each run takes about 3 ms and 25 kB: in a large store, ask only for the runs that you need.

    Parameters
    ----------
    experiment
        The name of the MLflow experiment (``tracking.experiment``); None: the whole store.
    uri, root
        Another store, as in ``tracking.uri``, and the folder that its relative path and the default belong to.
    condition
        Which runs, in MLflow's filter syntax, for instance ``params.seed = '3' and metrics.`exc.rate_hz` > 5``.
    most
        The maximum number of runs.

    Raises
    ------
    ConfigurationError
        If the store cannot be opened, if it has no such experiment, or if MLflow refuses the condition.
    """
    where = place(uri, root)
    client = connect(where)
    with one_line(where):
        names = {found.experiment_id: found.name for found in experiments(client)}
        if experiment is not None:
            names = {key: name for key, name in names.items() if name == experiment}
        if not names:
            raise ConfigurationError(f"tracking.experiment={experiment}: no such experiment in {where.shown}")
        found = search(client, condition, list(names), most)
        return [_record(run, names[run.info.experiment_id], where) for run in found]


def load_run(id_or_name: str, uri: str | None = None, root: Path | None = None) -> RunRecord:
    """The run of that id (or its first characters, four or more) or, failing that, the newest one of that name.

    Raises ConfigurationError if there is none, or if the first characters fit several.
    """
    where = place(uri, root)
    client = connect(where)
    with one_line(where):
        run = _by_id(client, id_or_name) or _by_name(client, id_or_name)
        if run is None:
            raise ConfigurationError(f"run {id_or_name}: no run of that id or name in {where.shown}")
        record = _record(run, client.get_experiment(run.info.experiment_id).name, where)
        if local_folder(run.info.artifact_uri or "", where) is None:
            record = replace(record, folder=_fetch(client, where, record.run_id))
        return record


def _by_id(client: "MlflowClient", start: str) -> "Run | None":
    if not _START_OF_AN_ID.fullmatch(start):
        return None
    found = list(search(client, f"attributes.run_id LIKE '{start}%'", most=_SHOWN_IDS + 1))
    if len(found) > 1:
        several = ", ".join(run.info.run_id for run in found[:_SHOWN_IDS])
        more = ", ..." if len(found) > _SHOWN_IDS else ""
        raise ConfigurationError(f"run {start}: several ids begin like this ({several}{more}); give more characters")
    return found[0] if found else None


def _by_name(client: "MlflowClient", name: str) -> "Run | None":
    found = search(client, is_equal("attributes.run_name", name)) if name else iter(())
    return next((run for run in found if run.info.run_name == name), None)


def _fetch(client: "MlflowClient", where: Place, run_id: str) -> Path:
    refuse_foreign(client.get_run(run_id).info.artifact_uri or "", where, f"run {run_id}")
    target = where.root / STORE_FOLDER / "fetched" / run_id
    target.mkdir(parents=True, exist_ok=True)
    return Path(client.download_artifacts(run_id, "", str(target)))


def _record(run: "Run", experiment: str, where: Place) -> RunRecord:
    folder = local_folder(run.info.artifact_uri or "", where)
    return RunRecord(
        run_id=run.info.run_id,
        name=run.info.run_name or "",
        experiment=experiment,
        experiment_id=run.info.experiment_id,
        status=run.info.status,
        start_ms=run.info.start_time,
        end_ms=run.info.end_time,
        params=_shared_keys(run.data.params),
        metrics=_shared_keys(run.data.metrics),
        tags=_shared_keys(run.data.tags),
        folder=folder if folder is not None and folder.is_dir() else None,
    )


def _shared_keys(values: Mapping[str, _Value]) -> dict[str, _Value]:
    # Thousands of runs share the same hundred keys, so that each key is stored only once.
    return {sys.intern(key): value for key, value in values.items()}
