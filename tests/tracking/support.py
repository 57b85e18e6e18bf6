"""What the tests of the tracker share."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

FORKED = Path(__file__).with_name("forked.py")


def conduct(folder: Path, cases: list[dict[str, Any]], longest_s: float = 250) -> dict[str, list[dict[str, Any]]]:
    """Run cases of ``forked.py``: name -> what each process ended with."""
    path = folder / "cases.json"
    path.write_text(json.dumps(cases))
    process = subprocess.Popen(
        [sys.executable, str(FORKED), str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(FORKED.parent)},
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=longest_s)
    finally:
        # Whatever the cases have left.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 0, err
    return json.loads(out)


def rows(root: Path, query: str, *values: Any) -> list[tuple[Any, ...]]:
    """What the store of ``root`` answers to a query, asked without MLflow."""
    with closing(sqlite3.connect(root / "mlruns" / "mlflow.db")) as connection:
        return connection.execute(query, values).fetchall()


def statuses(root: Path) -> dict[str, str]:
    """Id -> status of every run."""
    return dict(rows(root, "SELECT run_uuid, status FROM runs ORDER BY start_time"))


def tags(root: Path, run_id: str) -> dict[str, str]:
    """The tags of a run."""
    return dict(rows(root, "SELECT key, value FROM tags WHERE run_uuid = ?", run_id))


def folder_of(root: Path, run_id: str) -> Path:
    """Where the files of a run of the project's own store are."""
    return root / "mlruns" / "artifacts" / "varesearch" / run_id / "artifacts"
