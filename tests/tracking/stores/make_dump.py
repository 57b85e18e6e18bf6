"""Write a small store of the installed MLflow as compressed SQL: ``python make_dump.py``, before MLflow is upgraded.

The dump is kept beside this file as ``mlflow-VERSION.sql.gz``. ``test_store_migration.py`` migrates every dump that is
here to the MLflow that is installed then.
"""

import gzip
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

ARTIFACTS = "file:///a/folder/of/long/ago/mlruns/artifacts"
START_MS = 1_700_000_000_000


def fill(client: MlflowClient) -> None:
    """Two experiments; runs of every status; a parent with children; metrics with a history and without a number."""
    experiment = client.create_experiment("varesearch", artifact_location=f"{ARTIFACTS}/varesearch")
    client.set_experiment_tag(experiment, "mlflow.sharedViewState.varesearch", '{"selectedColumns": []}')
    other = client.create_experiment("späte Läufe", artifact_location=f"{ARTIFACTS}/other")
    parent = client.create_run(experiment, START_MS, {"varesearch.kind": "sweep", "varesearch.sweep": "5" * 64})
    client.set_terminated(parent.info.run_id, "FAILED", START_MS + 90_000)
    for i, status in enumerate(("FINISHED", "FAILED", "KILLED", "RUNNING", "FINISHED")):
        tags = {
            "varesearch.network_hash": f"{i}" * 64,
            "varesearch.identity": f"{i}" * 64,
            "varesearch.host": "a-host-of-long-ago",
            "varesearch.pid": "4242",
            "varesearch.process_started": "1700000000.25",
            "mlflow.note.content": "`python -m varesearch 'tracking.run_name=Lauf µ'`",
        }
        tags |= {"mlflow.parentRunId": parent.info.run_id} if i < 4 else {}
        run = client.create_run(experiment if i < 4 else other, START_MS + i, tags, run_name=f"Lauf µ {i}")
        metrics = [Metric("exc.rate_hz", 7.25 + i + step, START_MS + step, step) for step in range(3)]
        metrics += [Metric("exc.cv_isi", float("nan"), START_MS, 0), Metric("largest", float("inf"), START_MS, 0)]
        params = [Param("cell.model", "izhikevich"), Param("seed", str(i)), Param("long", "x" * 250)]
        client.log_batch(run.info.run_id, metrics, params, [RunTag("degraded", "a reason")] if i == 1 else [])
        if status != "RUNNING":
            client.set_terminated(run.info.run_id, status, START_MS + 1000 * i)
        if i == 4:
            client.delete_run(run.info.run_id)


def main() -> None:
    """Write the dump of the installed version."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "mlflow.db"
        SqlAlchemyStore(f"sqlite:///{database}", ARTIFACTS).engine.dispose()
        fill(MlflowClient(f"sqlite:///{database}"))
        with closing(sqlite3.connect(database)) as connection:
            text = "\n".join(connection.iterdump()) + "\n"
    target = Path(__file__).with_name(f"mlflow-{mlflow.__version__}.sql.gz")
    # Without a time in it: the same store is the same file.
    target.write_bytes(gzip.compress(text.encode(), mtime=0))
    print(f"{target.name}: {target.stat().st_size / 1000:.1f} kB")


if __name__ == "__main__":
    main()
