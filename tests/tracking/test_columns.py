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
    # connectivity.n is not the size of a network whose populations have sizes of their own.
    assert "params.`network.cells`" in columns and "params.`connectivity.n`" not in columns
    params = {f"params.`{row[0]}`" for row in rows(tmp_path, "SELECT key FROM params WHERE run_uuid = ?", run.run_id)}
    assert {column for column in columns if column.startswith("params.")} <= params
    assert keep_columns(store, str(experiment), run.metrics) == KEY
    assert rows(tmp_path, query, f"mlflow.sharedViewState.{KEY}") == kept
    # Of many populations the rates alone, before the settings are off the page.
    layers = [f"{name}.{metric}" for metric in ("cv_isi", "rate_hz") for name in "abcdefgh"]
    keep_columns(store, str(experiment), layers)
    columns = json.loads(rows(tmp_path, query, f"mlflow.sharedViewState.{KEY}")[0][0])["selectedColumns"]
    shown = [column for column in columns if column.startswith("metrics.")]
    assert shown == [*(f"metrics.`{name}.rate_hz`" for name in "abcdefgh"), "metrics.`realtime_factor`"]
