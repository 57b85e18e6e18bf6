"""Find runs in the store and read them back, a page at a time, without reading all runs.

MLflow's own search is used, which works alike for a file, a database and a server. It takes 7 to 17 ms, plus 2 ms for
each run that is found, whether the store has 300 or 30,000 runs (CPU time; ``docs/how-to/tracking-server.md``).
"""

import contextlib
import json
import re
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from varesearch.config.errors import ConfigurationError
from varesearch.tracking import tags
from varesearch.tracking.location import STORE_FOLDER, StoreLocation, local_folder, locate_store, refuse_foreign
from varesearch.tracking.record import RunRecord
from varesearch.tracking.store import LOCK_S, connect, one_line

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

_Value = TypeVar("_Value")

# Larger pages are not faster (2.1 ms per run in pages of 200, 2.9 in pages of 1000), but take more memory.
_PAGE = 200
# Up to this number, values are searched for one by one; see `Reader.with_tag`.
_FEW_VALUES = 4
# MLflow's filters cannot escape these characters; they are replaced by the wildcard for any character.
_NOT_IN_A_FILTER = re.compile(r"['\"`\\\x00-\x1f\x7f]")
_START_OF_AN_ID = re.compile(r"[0-9a-f]{4,32}")
_SHOWN_IDS = 5


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
        The maximum number of runs; None: all.

    Returns
    -------
    list of RunRecord
        The runs; the files of those that a server keeps are not fetched, see :func:`load_run`.

    Raises
    ------
    ConfigurationError
        The store cannot be opened, it has no such experiment, or MLflow refuses the condition.

    Examples
    --------
    >>> from varesearch.tracking import runs
    >>> runs(condition="params.seed = '3'", most=10)  # there is no run yet
    []
    """
    where = locate_store(uri, root)
    client = connect(where)
    with one_line(where):
        return list(Reader(client, where, experiment).find(condition, most))


def load_run(id_or_name: str, uri: str | None = None, root: Path | None = None) -> RunRecord:
    """Read one run with its files, which are fetched if a server keeps them.

    Parameters
    ----------
    id_or_name
        The run's id or the first four or more characters of it; or its name, which means the newest run of that name.
    uri, root
        Another store, as for :func:`runs`.

    Returns
    -------
    RunRecord
        The run, whose ``folder`` holds its files.

    Raises
    ------
    ConfigurationError
        The store cannot be opened, it has no such run, or the ids of several runs begin with these characters.

    Examples
    --------
    >>> from varesearch.tracking import load_run
    >>> load_run("first")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    varesearch.config.errors.ConfigurationError: run first: no run of that id or name in sqlite:///...
    """
    where = locate_store(uri, root)
    client = connect(where)
    with one_line(where):
        reader = Reader(client, where)
        record = reader.beginning_with(id_or_name) or reader.named(id_or_name)
        if record is None:
            raise ConfigurationError(f"run {id_or_name}: no run of that id or name in {where.shown}")
        if local_folder(record.artifact_uri, where) is not None:
            return record
        refuse_foreign(record.artifact_uri, where, f"run {record.run_id}")
        target = where.root / STORE_FOLDER / "fetched" / record.run_id
        target.mkdir(parents=True, exist_ok=True)
        return replace(record, folder=Path(client.download_artifacts(record.run_id, "", str(target))))


def is_equal(what: str, value: str) -> str:
    """Return the condition that ``what`` (``attributes.run_name``) is ``value``.

    MLflow cannot represent a quotation mark inside a value. For a value with one, the condition is also true for some
    other values, so that the caller has to compare the values that were found.

    Examples
    --------
    >>> is_equal("params.seed", "3"), is_equal("attributes.run_name", "Rita's")
    ("params.seed = '3'", "attributes.run_name LIKE 'Rita_s'")
    """
    if _NOT_IN_A_FILTER.search(value):
        return f"{what} LIKE '{_NOT_IN_A_FILTER.sub('_', value)}'"
    return f"{what} = '{value}'"


class Reader:
    """Finds the runs of an open store, or of one of its experiments. Deleted runs are left out.

    Parameters
    ----------
    client, where
        The store.
    experiment
        The name of the experiment; None: all of them.

    Raises
    ------
    ConfigurationError
        There is no such experiment.
    """

    def __init__(self, client: "MlflowClient", where: StoreLocation, experiment: str | None = None) -> None:
        self.where = where
        self._client = client
        page = client.search_experiments()
        experiments = list(page)
        while page.token:
            page = client.search_experiments(page_token=page.token)
            experiments += page
        self._names = {experiment.experiment_id: experiment.name for experiment in experiments}
        self._within = [key for key, name in self._names.items() if experiment in (None, name)]
        if experiment is not None and not self._within:
            raise ConfigurationError(f"tracking.experiment={experiment}: no such experiment in {where.shown}")

    def find(self, condition: str = "", most: int | None = None) -> Iterator[RunRecord]:
        """Yield the runs that fulfil a condition in MLflow's filter syntax, the newest first, at most ``most``.

        Each run is returned once.
        """
        # Pages are counted from the newest run. A new run shifts all others, so that some runs are returned twice.
        seen: set[str] = set()
        token = None
        while self._within:
            page = self._client.search_runs(
                self._within,
                condition,
                max_results=_PAGE if most is None else min(_PAGE, most - len(seen)),
                order_by=["attributes.start_time DESC"],
                page_token=token,
            )
            for run in page:
                if run.info.run_id not in seen:
                    seen.add(run.info.run_id)
                    yield self._record(run)
            token = page.token
            if not token or len(seen) == most:
                return

    def with_ids(self, ids: Iterable[str]) -> Iterator[RunRecord]:
        """Yield those of the runs with these ids that exist, in no particular order."""
        remaining = list(dict.fromkeys(ids))
        while remaining:
            some, remaining = remaining[:_PAGE], remaining[_PAGE:]
            listed = ", ".join(f"'{run_id}'" for run_id in some)
            yield from self.find(f"attributes.run_id IN ({listed})")

    def with_tag(self, key: str, values: Iterable[str]) -> Iterator[RunRecord]:
        """Yield the runs whose tag has any of these values, in no particular order.

        MLflow's filters compare a tag with one value at a time: 5,000 values (the children of a large sweep) take 41 s
        of CPU time, even if no run is found. In a local SQLite store, the ids are therefore found with one SQL query,
        which takes 0.03 s among 30,000 runs; the runs themselves are read by MLflow.
        """
        wanted = set(values)
        if self.where.database is not None and len(wanted) > _FEW_VALUES:
            query = "SELECT run_uuid FROM tags WHERE key = ? AND value IN (SELECT value FROM json_each(?))"
            with contextlib.closing(sqlite3.connect(str(self.where.database), timeout=LOCK_S)) as connection:
                ids = [row[0] for row in connection.execute(query, (key, json.dumps(sorted(wanted))))]
            records = self.with_ids(ids)
        else:
            records = (record for value in sorted(wanted) for record in self.find(is_equal(f"tags.`{key}`", value)))
        return (record for record in records if record.tags.get(key) in wanted)

    def beginning_with(self, start: str) -> RunRecord | None:
        """Return the run whose id begins with ``start``. Raises ConfigurationError if there are several."""
        if not _START_OF_AN_ID.fullmatch(start):
            return None
        records = list(self.find(f"attributes.run_id LIKE '{start}%'", _SHOWN_IDS + 1))
        if len(records) > 1:
            several = ", ".join(record.run_id for record in records[:_SHOWN_IDS])
            more = ", ..." if len(records) > _SHOWN_IDS else ""
            raise ConfigurationError(
                f"run {start}: several ids begin like this ({several}{more}); give more characters"
            )
        return records[0] if records else None

    def named(self, name: str) -> RunRecord | None:
        """Return the newest run of that name."""
        records = self.find(is_equal("attributes.run_name", name)) if name else iter(())
        return next((record for record in records if record.name == name), None)

    def running(self) -> Iterator[RunRecord]:
        """Yield the runs that are RUNNING."""
        return self.find("attributes.status = 'RUNNING'")

    def comparisons(self) -> Iterator[RunRecord]:
        """Yield the comparisons."""
        return self.find(is_equal(f"tags.`{tags.KIND}`", tags.COMPARISON_KIND))

    def comparisons_of(self, run_ids: Iterable[str]) -> list[RunRecord]:
        """Return the comparisons in which any of these runs takes part, the newest first."""
        wanted = set(run_ids)
        records = [record for key in tags.COMPARED for record in self.with_tag(key, wanted)]
        # Comparisons over several seeds, and only they, name all runs of a side in one tag.
        for key in tags.COMPARED_RUNS:
            records += [record for record in self.find(f"tags.`{key}` LIKE '%'") if wanted & set(record.compared_runs)]
        by_id = {record.run_id: record for record in records}
        return sorted(by_id.values(), key=lambda record: record.start_ms, reverse=True)

    def _record(self, run: "Run") -> RunRecord:
        folder = local_folder(run.info.artifact_uri or "", self.where)
        return RunRecord(
            run_id=run.info.run_id,
            name=run.info.run_name or "",
            experiment=self._names[run.info.experiment_id],
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
