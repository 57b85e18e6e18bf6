"""A sweep whose tracking server dies half-way and comes back: a real MLflow server on loopback."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from test_robust_sweeps import SMALL, told

PATIENCE_S = 300.0


@contextmanager
def _server(folder: Path, port: int):
    """The server's process."""
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{folder}/server.db", "--artifacts-destination", f"{folder}/files"]
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, start_new_session=True)
    try:
        for _ in range(int(PATIENCE_S / 0.2)):
            with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
                break
            assert process.poll() is None, (folder / "server.log").read_text()
            time.sleep(0.2)
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _runs(folder: Path) -> list[tuple[str, str, str]]:
    """Seed, status and id of every run, as the server's own tables have them; the sweep's run has all seeds."""
    query = (
        "SELECT value, status, runs.run_uuid FROM runs JOIN params ON params.run_uuid = runs.run_uuid "
        "WHERE key = 'seed' ORDER BY value"
    )
    with closing(sqlite3.connect(folder / "server.db")) as store:
        return store.execute(query).fetchall()


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_server_dies_half_way_and_comes_back(tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    words = [*SMALL, "seed=range(3)", f"tracking.uri=http://127.0.0.1:{port}"]
    step = {"words": words, "faults": {"1": "wait_for_file"}}
    with _server(tmp_path, port) as server:

        def strike() -> None:
            while not (root / "here").exists():
                time.sleep(0.05)
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()
            (root / "go").touch()

        threading.Thread(target=strike, daemon=True).start()
        # What the server holds is in its own tables, not in the project: the story reads an empty store.
        (root / "mlruns").mkdir()
        sqlite3.connect(root / "mlruns" / "mlflow.db").executescript("CREATE TABLE runs (run_uuid, status, start_time)")
        ((dead,),) = told(tmp_path, [{"root": str(root), "steps": [step]}], 900)
    assert dead["ends"][0]["exit"] == 1
    assert "Traceback" not in dead["ends"][0]["err"]
    before = _runs(tmp_path)
    assert [run[:2] for run in before] == [("0", "FINISHED"), ("0, 1, 2", "RUNNING"), ("1", "RUNNING")]
    with _server(tmp_path, port):
        ((again,),) = told(tmp_path, [{"root": str(root), "steps": [{"words": words}]}], 900)
    assert again["ends"][0]["exit"] == 0, again["ends"]
    after = _runs(tmp_path)
    assert [run[:2] for run in after] == [(seeds, "FINISHED") for seeds in ("0", "0, 1, 2", "1", "2")]
    # The same runs: the child that went on without a server was not done again, what it left was sent.
    assert {run[2] for run in before} == {run[2] for run in after if run[0] != "2"}
