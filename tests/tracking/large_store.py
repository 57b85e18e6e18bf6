"""Fill a store with many runs, quickly: copies of a run that is in it, made with SQL in one transaction.

``python large_store.py ROOT N`` fills the store of the project folder ROOT, which has a run, with
N copies of the newest (a third argument: the number of the first copy).
"""

import hashlib
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

COPY = "copy {n} of a run"
"""The name of the n-th copy, n from 1."""

FAILED_EVERY, COMPARISON_EVERY = 50, 20
_TABLES = ("params", "tags", "metrics", "latest_metrics")


def copy_id(n: int) -> str:
    """The id of the n-th copy: as evenly spread as MLflow's own ids, the same every time."""
    return hashlib.sha256(f"copy {n}".encode()).hexdigest()[:32]


def fill(root: Path, n_runs: int, first: int = 1) -> None:
    """Add ``n_runs`` copies of the newest FINISHED run of the project's own store; they are older than any run there.

    They differ from it by id, time, name, seed and identity. Every 50th is FAILED, every 20th is the verdict of a
    comparison of the two copies before it. ``first`` is the number of the first copy.
    """
    with closing(sqlite3.connect(root / "mlruns" / "mlflow.db")) as store, store:
        store.execute("PRAGMA cache_size = -500000")
        (template,) = store.execute(
            "SELECT run_uuid FROM runs WHERE status = 'FINISHED' AND run_uuid NOT IN "
            "(SELECT run_uuid FROM tags WHERE key = 'varesearch.kind') ORDER BY start_time DESC"
        ).fetchone()
        store.execute("CREATE TEMP TABLE copies (id TEXT PRIMARY KEY, n INTEGER, oldest INTEGER)")
        (oldest,) = store.execute("SELECT min(start_time) FROM runs").fetchone()
        copies = sorted((copy_id(n), n, oldest) for n in range(first, first + n_runs))
        store.executemany("INSERT INTO copies VALUES (?, ?, ?)", copies)
        _copy(
            store,
            "runs",
            template,
            run_uuid="id",
            name=_name_of("n"),
            status=f"CASE n % {FAILED_EVERY} WHEN 0 THEN 'FAILED' ELSE old.status END",
            start_time="oldest - 10000 * n",
            end_time="oldest - 10000 * n + 2000",
            artifact_uri="replace(old.artifact_uri, old.run_uuid, id)",
        )
        value = (
            f"CASE old.key WHEN 'seed' THEN n WHEN 'mlflow.runName' THEN {_name_of('n')} "
            "WHEN 'varesearch.identity' THEN id || id ELSE old.value END"
        )
        for table in _TABLES:
            _copy(store, table, template, run_uuid="id", **({} if "metrics" in table else {"value": value}))
        verdicts = {"kind": "comparison", "verdict": "indistinguishable", "decided_by": "spread"}
        for key, text in verdicts.items():
            _tag_comparisons(store, key, f"'{text}'")
        for key, before in (("a", 2), ("b", 1)):
            _tag_comparisons(store, key, f"(SELECT id FROM copies earlier WHERE earlier.n = copies.n - {before})")
        store.execute("DROP TABLE copies")


def _name_of(n: str) -> str:
    before, _, after = COPY.partition("{n}")
    return f"'{before}' || {n} || '{after}'"


def _copy(store: sqlite3.Connection, table: str, template: str, **changed: str) -> None:
    """Copy the rows of the template once for each copy; ``changed`` is column -> SQL, where ``old`` is the row."""
    columns = [row[1] for row in store.execute(f"PRAGMA table_info({table})")]
    values = ", ".join(changed.get(column, f"old.{column}") for column in columns)
    store.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {table} old CROSS JOIN copies "
        "WHERE old.run_uuid = ?",
        (template,),
    )


def _tag_comparisons(store: sqlite3.Connection, key: str, value: str) -> None:
    store.execute("CREATE INDEX IF NOT EXISTS temp.copies_n ON copies (n)")
    store.execute(
        f"INSERT OR REPLACE INTO tags (key, value, run_uuid) SELECT 'varesearch.{key}', {value}, id FROM copies "
        f"WHERE n % {COMPARISON_EVERY} = 0"
    )


if __name__ == "__main__":
    fill(Path(sys.argv[1]), *map(int, sys.argv[2:]))
