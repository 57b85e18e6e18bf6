"""Runs read back from the store, with their tags as fields."""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from varesearch.config.errors import ConfigurationError
from varesearch.result import Status
from varesearch.tracking import tags as vocabulary
from varesearch.tracking.artifacts import local_folder, refuse_foreign
from varesearch.tracking.files import CONFIG_FILE, LOG_FILE, RECORDING_FILE
from varesearch.tracking.received import check_folder, read_yaml
from varesearch.tracking.root import STORE_FOLDER
from varesearch.tracking.search import experiments, is_equal, search, with_ids, with_tag
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

    ``artifact_uri`` is the address of its files in the store. ``folder`` holds them, None if there are none here: those
    that a server keeps are fetched by :func:`load_run`, not for a list.
    """

    run_id: str
    name: str
    experiment: str
    experiment_id: str
    status: str
    start_ms: int
    end_ms: int | None
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    folder: Path | None
    artifact_uri: str = ""

    @property
    def is_sweep(self) -> bool:
        """Whether it is the run of a sweep, under which those of its children are nested."""
        return self.tags.get(vocabulary.KIND) == vocabulary.SWEEP_KIND

    @property
    def is_comparison(self) -> bool:
        """Whether it is a comparison of other runs."""
        return self.tags.get(vocabulary.KIND) == vocabulary.COMPARISON_KIND

    @property
    def result(self) -> str | None:
        """How its simulation ended, a :class:`~varesearch.result.Status`; None if there was none or it failed."""
        return self.tags.get(vocabulary.RESULT)

    @property
    def is_mapping(self) -> bool:
        """Whether nothing was simulated: the network was only mapped to a machine."""
        return self.result == Status.MAPPED

    @property
    def why_ended(self) -> str:
        """Why it is not FINISHED, in one line; ``""`` for a finished run."""
        return self.tags.get(vocabulary.ENDED, "")

    @property
    def why_degraded(self) -> str:
        """What is wrong with the result, as the back end says it; ``""``: nothing."""
        return self.tags.get(vocabulary.DEGRADED, "")

    @property
    def warnings(self) -> str:
        """The warnings about its configuration; ``""`` if there are none."""
        return self.tags.get(vocabulary.WARNINGS, "")

    @property
    def pruned(self) -> str:
        """The date on which its recording was removed; ``""`` if it was not."""
        return self.tags.get(vocabulary.PRUNED, "")

    @property
    def parent(self) -> str:
        """The id of the sweep that it belongs to; ``""`` for a single run."""
        return self.tags.get(vocabulary.PARENT, "")

    @property
    def rerun_of(self) -> str:
        """The id of the run that it repeats; ``""`` if it repeats none."""
        return self.tags.get(vocabulary.RERUN_OF, "")

    @property
    def preset(self) -> str:
        """The chosen option of the group ``experiment``; ``""`` if none was."""
        return self.tags.get(vocabulary.EXPERIMENT, "")

    @property
    def network_hash(self) -> str | None:
        """The content hash of the drawn network; None if none was drawn."""
        return self.tags.get(vocabulary.NETWORK_HASH)

    @property
    def given_network(self) -> str | None:
        """The content hash of a network that a program made; None for one that the settings describe."""
        return self.tags.get(vocabulary.GIVEN_NETWORK)

    @property
    def identity(self) -> str | None:
        """The hash of all that determines its result, see :mod:`varesearch.identity`; None if it was not recorded."""
        return self.tags.get(vocabulary.IDENTITY)

    @property
    def science(self) -> str | None:
        """The hash of the code that determined its result; None if it was not recorded."""
        return self.tags.get(vocabulary.SCIENCE)

    @property
    def libraries(self) -> str | None:
        """The versions of the libraries that computed its result; None if they were not recorded."""
        return self.tags.get(vocabulary.LIBRARIES)

    @property
    def commit(self) -> str | None:
        """The commit of its code; None if it is not known."""
        return self.tags.get(vocabulary.COMMIT)

    @property
    def is_dirty(self) -> bool:
        """Whether its code differed from the commit."""
        return self.tags.get(vocabulary.DIRTY) == "true"

    @property
    def batch_job(self) -> str:
        """The batch job that writes it, ``slurm:1234``; ``""`` if none does."""
        return self.tags.get(vocabulary.BATCH_JOB, "")

    @property
    def made_with(self) -> dict[str, str]:
        """What the back end says of the simulation: ``machine``, ``integrator`` and the like."""
        return {key: value for key, value in self.tags.items() if "." not in key and key != vocabulary.DEGRADED}

    @property
    def timing(self) -> str:
        """What has to be known about the times that the machine reported; ``""`` if nothing."""
        return self.tags.get(vocabulary.TIMING, "")

    @property
    def compared(self) -> tuple[str, str]:
        """Of a comparison: the ids of the runs A and B, the first of each side."""
        a, b = (self.tags.get(key, "") for key in vocabulary.COMPARED)
        return a, b

    @property
    def compared_runs(self) -> list[str]:
        """Of a comparison: the ids of all runs of both sides."""
        keys = (*vocabulary.COMPARED, *vocabulary.COMPARED_RUNS)
        return list(dict.fromkeys(" ".join(self.tags.get(key, "") for key in keys).split()))

    @property
    def verdict(self) -> str:
        """Of a comparison: its answer; ``""`` if it has none."""
        return self.tags.get(vocabulary.VERDICT, "")

    @property
    def decided_by(self) -> str:
        """Of a comparison: what decided it, in one line."""
        return self.tags.get(vocabulary.DECIDED_BY, "")

    @property
    def best(self) -> str:
        """Of a search: the best point, with the value of the objective; ``""`` for any other run."""
        point, value = (self.tags.get(key, "") for key in (vocabulary.BEST, vocabulary.BEST_VALUE))
        return f"{value} at {point}" if value else point

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

        if self.pruned and not (self.folder and (self.folder / RECORDING_FILE).is_file()):
            raise ConfigurationError(
                f"run {self.run_id} ({self.name}): its recording was pruned on {self.pruned}; run it again, or "
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
        within = None
        if experiment is not None:
            within = [found.experiment_id for found in experiments(client) if found.name == experiment]
            if not within:
                raise ConfigurationError(f"tracking.experiment={experiment}: no such experiment in {where.shown}")
        return list(Reader(client, where, within).find(condition, most))


class Reader:
    """Finds the runs of a store, or of some of its experiments, as records.

    Parameters
    ----------
    client, where
        An open store.
    within
        The ids of the experiments; None: all.
    """

    def __init__(self, client: "MlflowClient", where: Place, within: Iterable[str] | None = None) -> None:
        self.client, self.where = client, where
        self._names = {found.experiment_id: found.name for found in experiments(client)}
        self._within = list(self._names if within is None else within)

    def find(self, condition: str = "", most: int | None = None) -> Iterator[RunRecord]:
        """The runs that fulfil a condition in MLflow's filter syntax, the newest first."""
        return self._records(search(self.client, condition, self._within, most))

    def running(self) -> Iterator[RunRecord]:
        """The runs that are RUNNING."""
        return self.find("attributes.status = 'RUNNING'")

    def comparisons(self) -> Iterator[RunRecord]:
        """The comparisons."""
        return self.find(is_equal(f"tags.`{vocabulary.KIND}`", vocabulary.COMPARISON_KIND))

    def comparisons_of(self, run_ids: Iterable[str]) -> list[RunRecord]:
        """The comparisons in which any of these runs takes part, the newest first."""
        wanted = set(run_ids)
        found = [record for key in vocabulary.COMPARED for record in self._with_tag(key, wanted)]
        # Comparisons over several seeds, and only they, name all runs of a side in one tag.
        for key in vocabulary.COMPARED_RUNS:
            found += [record for record in self.find(f"tags.`{key}` LIKE '%'") if wanted & set(record.compared_runs)]
        by_id = {record.run_id: record for record in found}
        return sorted(by_id.values(), key=lambda record: record.start_ms, reverse=True)

    def with_ids(self, run_ids: Iterable[str]) -> Iterator[RunRecord]:
        """The runs of these ids, as far as they exist, in no particular order."""
        return self._records(with_ids(self.client, run_ids, self._within))

    def with_identity(self, identities: Iterable[str]) -> Iterator[RunRecord]:
        """The runs of these identities, in no particular order."""
        return self._with_tag(vocabulary.IDENTITY, identities)

    def sweeps_of(self, identity: str) -> Iterator[RunRecord]:
        """The runs of the sweep of that identity, the newest first."""
        return self.find(is_equal(f"tags.`{vocabulary.SWEEP}`", identity))

    def _with_tag(self, key: str, values: Iterable[str]) -> Iterator[RunRecord]:
        return self._records(with_tag(self.client, self.where, key, values, self._within))

    def _records(self, found: "Iterable[Run]") -> Iterator[RunRecord]:
        return (_record(run, self._names[run.info.experiment_id], self.where) for run in found)


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
        artifact_uri=run.info.artifact_uri or "",
        folder=folder if folder is not None and folder.is_dir() else None,
    )


def _shared_keys(values: Mapping[str, _Value]) -> dict[str, _Value]:
    # Thousands of runs share the same hundred keys, so that each key is stored only once.
    return {sys.intern(key): value for key, value in values.items()}
