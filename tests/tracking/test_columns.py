"""The view of MLflow's list of runs that is kept with the experiment."""

import json
from pathlib import Path

from forked import run_once
from support import rows

from varesearch.tracking.location import locate_store
from varesearch.tracking.store import client
from varesearch.ui.pages import KEY, keep_columns


def test_the_view_is_kept_once_and_names_what_runs_have(tmp_path: Path) -> None:
    run = run_once(tmp_path)
    store = client(locate_store(None, tmp_path).uri)
    (experiment,) = {row[0] for row in rows(tmp_path, "SELECT experiment_id FROM runs")}
    assert keep_columns(store, str(experiment), run.metrics) == KEY
    query = "SELECT value FROM experiment_tags WHERE key = ?"
    kept = rows(tmp_path, query, f"mlflow.sharedViewState.{KEY}")
    columns = json.loads(kept[0][0])["selectedColumns"]
    assert "metrics.`exc.rate_hz`" in columns and "params.`backend.name`" in columns
    params = {f"params.`{row[0]}`" for row in rows(tmp_path, "SELECT key FROM params WHERE run_uuid = ?", run.run_id)}
    assert {column for column in columns if column.startswith("params.")} <= params
    assert keep_columns(store, str(experiment), run.metrics) == KEY
    assert rows(tmp_path, query, f"mlflow.sharedViewState.{KEY}") == kept
