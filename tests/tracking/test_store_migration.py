"""Stores that an older MLflow wrote: opened by several processes at once, migrated once, and nothing is lost.

Each dump of ``stores/`` was written by the MLflow whose version it names (``stores/make_dump.py``).
"""

import gzip
import importlib.metadata
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from support import conduct, rows

from varesearch.config.errors import ConfigurationError
from varesearch.tracking import load_run, runs
from varesearch.tracking.location import locate_store
from varesearch.tracking.process import Process
from varesearch.tracking.store import ensure_sqlite

STORES = Path(__file__).with_name("stores")
OLD_ARTIFACTS = "file:///a/folder/of/long/ago/mlruns/artifacts"
PROCESSES = 3
Content = dict[str, tuple[list[str], set[tuple[object, ...]]]]


def mlflow_version() -> str:
    """The one that is installed."""
    return importlib.metadata.version("mlflow")


def restore(root: Path, version: str) -> Path:
    """The store of that version of MLflow, as the project's own below ``root``."""
    database = root / "mlruns" / "mlflow.db"
    database.parent.mkdir(parents=True)
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(gzip.decompress((STORES / f"mlflow-{version}.sql.gz").read_bytes()).decode())
    database.with_name("mlflow.db.mlflow-version").write_text(version)
    return database


def content(database: Path) -> Content:
    """Table -> its columns and its rows, for every table that has rows; what Alembic itself keeps is left out."""
    with closing(sqlite3.connect(database)) as connection:
        query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'alembic_version'"
        found: Content = {}
        for (table,) in connection.execute(query).fetchall():
            cursor = connection.execute(f'SELECT * FROM "{table}"')
            if kept := set(cursor.fetchall()):
                found[table] = [column[0] for column in cursor.description], kept
        return found


def missing(old: Content, new: Content) -> dict[str, set[tuple[object, ...]]]:
    """The rows of ``old`` that are not in ``new``, in the columns that ``old`` has."""
    lost = {}
    for table, (columns, kept) in old.items():
        names, present = new.get(table, ([], set()))
        at = [names.index(column) for column in columns]
        lost[table] = kept - {tuple(row[i] for i in at) for row in present}
    return {table: those for table, those in lost.items() if those}


@pytest.mark.parametrize("version", sorted(path.name[7:-7] for path in STORES.glob("mlflow-*.sql.gz")))
def test_an_older_store_is_migrated_once_and_nothing_is_lost(tmp_path: Path, version: str) -> None:
    database = restore(tmp_path, version)
    before, raw = content(database), database.read_bytes()
    (tmp_path / "mlruns" / "artifacts").mkdir()
    results = conduct(tmp_path, [{"name": "first", "root": str(tmp_path), "count": PROCESSES}])["first"]
    assert [(result["exit"], result["err"]) for result in results] == [(0, "")] * PROCESSES

    # What was migrated is kept, byte for byte, under a name of its own; once, whoever was first.
    # (A store of the very version that is installed needs no migration: its dump waits for the next one.)
    backups = [path.read_bytes() for path in database.parent.glob("mlflow.db.before-*")]
    assert backups == ([] if version == mlflow_version() else [raw])
    assert database.with_name("mlflow.db.mlflow-version").read_text() == mlflow_version()
    assert not list(database.parent.glob(".mlflow*"))
    assert rows(tmp_path, "PRAGMA integrity_check") == [("ok",)]

    # Every row is there, also those of deleted runs; only the folder of the artifacts is the new one.
    new_artifacts = (tmp_path / "mlruns" / "artifacts").as_uri()
    moved = {
        table: (
            columns,
            {tuple(v.replace(OLD_ARTIFACTS, new_artifacts) if isinstance(v, str) else v for v in row) for row in kept},
        )
        for table, (columns, kept) in before.items()
    }
    assert {"runs", "params", "tags", "metrics", "latest_metrics", "experiments"} <= set(moved)
    assert missing(moved, content(database)) == {}

    # And the new MLflow reads the old runs beside the new ones.
    assert len(runs("varesearch", root=tmp_path)) == 5 + PROCESSES
    old = load_run("Lauf µ 1", root=tmp_path)
    assert (old.status, old.params["seed"], old.metrics["exc.rate_hz"]) == ("FAILED", "1", 10.25)
    assert (old.tags["degraded"], len(old.params["long"])) == ("a reason", 250)
    parent = load_run(old.tags["mlflow.parentRunId"], root=tmp_path)
    assert (parent.tags["varesearch.kind"], parent.end_ms) == ("sweep", parent.start_ms + 90_000)


def test_a_store_that_a_live_run_still_writes_is_left_as_it_is(tmp_path: Path) -> None:
    database = restore(tmp_path, "3.17.2")
    (run_id,) = (row[0] for row in rows(tmp_path, "SELECT run_uuid FROM runs WHERE status = 'RUNNING'"))
    with closing(sqlite3.connect(database)) as connection, connection:
        for key, value in Process.current().tags().items():
            tag = (key, value, run_id)
            connection.execute("INSERT OR REPLACE INTO tags (key, value, run_uuid) VALUES (?, ?, ?)", tag)
    database.with_name("mlflow.db.mlflow-version").write_text("3.0.0")
    raw = database.read_bytes()
    with pytest.raises(ConfigurationError, match=f"run {run_id} is still being written; wait for its end"):
        ensure_sqlite(locate_store(None, tmp_path))
    assert database.read_bytes() == raw
    assert not list(database.parent.glob("*.before-*"))


def test_a_store_of_a_newer_mlflow_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    database = restore(tmp_path, "3.17.2")
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = 'ffffffffffff'")
    database.with_name("mlflow.db.mlflow-version").write_text("99.0.0")
    raw = database.read_bytes()
    with pytest.raises(ConfigurationError, match=r"cannot be used with MLflow .*install the MLflow that wrote it"):
        ensure_sqlite(locate_store(None, tmp_path))
    assert database.read_bytes() == raw
