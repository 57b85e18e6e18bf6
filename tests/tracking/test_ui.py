"""MLflow's pages on the store, and the same server as a store of another URI."""

import os
import signal
import subprocess
import sys
import threading
import urllib.request
from dataclasses import asdict
from pathlib import Path

import psutil
import pytest
from forked import analysis, config, run_once
from support import conduct, statuses

from varesearch.config.errors import ConfigurationError
from varesearch.tracking import TrackingError, load_run, track
from varesearch.tracking.ui import free_port, main


def _page(server: subprocess.Popen[str]) -> str:
    # Unlike a time-out of the read, ending the server gives the reason too.
    patience = threading.Timer(200, server.kill)
    patience.start()
    assert server.stdout is not None
    line = server.stdout.readline()
    patience.cancel()
    assert line.startswith("http://127.0.0.1:"), server.stderr and server.stderr.read()
    return line.split()[0]


def test_pages_and_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VARESEARCH_ROOT", str(tmp_path))
    first = run_once(tmp_path)
    assert first.how_to_open == f"python -m varesearch.tracking.ui --run={first.run_id[:8]}"
    command = [sys.executable, "-m", "varesearch.tracking.ui", "--run", first.run_id[:8]]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ})
    try:
        page = _page(server)
        assert page.endswith(f"/#/experiments/1/runs/{first.run_id}?workflowType=machine_learning")
        address = page.split("/#/")[0]
        with urllib.request.urlopen(address) as answer:
            assert b"<html" in answer.read().lower()
        with urllib.request.urlopen(f"{address}/get-artifact?path=metrics.csv&run_uuid={first.run_id}") as answer:
            assert answer.read() == (first.folder / "metrics.csv").read_bytes()
        listening = {
            connection.laddr.ip
            for process in psutil.Process(server.pid).children(recursive=True)
            for connection in process.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN
        }
        assert listening == {"127.0.0.1"}
        # The same server as the store of a project elsewhere: its files are sent at the end.
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        case = {"name": "killed", "root": str(elsewhere), "uri": address, "at": {"simulate": ["SIGKILL"]}}
        assert conduct(elsewhere, [case])["killed"][0]["exit"] == -9
        (killed,) = [run_id for run_id, status in statuses(tmp_path).items() if status == "RUNNING"]
        assert (elsewhere / "mlruns" / "staging" / killed / "run.log").exists()
        second = run_once(elsewhere, address)
        assert second.address == f"{address}/#/experiments/1/runs/{second.run_id}"
        assert statuses(tmp_path)[second.run_id] == "FINISHED"
        assert not second.folder.exists()
        fetched = load_run(second.run_id, address, elsewhere)
        assert fetched.metrics["exc.rate_hz"] == 7.25
        assert {"metrics.csv", "config.yaml", "provenance.json"} <= {path.name for path in fetched.artifacts()}
        # The run that was killed has been found by the next one, and what it had written is saved.
        assert statuses(tmp_path)[killed] == "KILLED"
        assert "python says hello" in load_run(killed, address, elsewhere).log()
        assert not list((elsewhere / "mlruns" / "staging").iterdir())
        # And what happens when it goes away in the middle.
        settings = config(address)
        third = track(settings, asdict(settings), root=elsewhere)
        with pytest.raises(TrackingError, match=r"its results are in .* and the next run will try again$"), third:
            third.log_analysis(analysis())
            server.send_signal(signal.SIGINT)
            assert server.wait(60) == 0
        assert (third.folder / "metrics.csv").exists()
        assert statuses(tmp_path)[third.run_id] == "RUNNING"
    finally:
        server.kill()
        server.communicate()


def test_pages_of_no_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("VARESEARCH_ROOT", str(tmp_path))
    assert main([]) == 2
    assert "no run has been tracked yet" in capsys.readouterr().err
    assert main(["--uri", "http://127.0.0.1:9"]) == 2
    assert "has pages of its own" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("port", [-1, 70000])
def test_port_that_cannot_be_had(port: int) -> None:
    with pytest.raises(ConfigurationError, match=f"--port {port}: cannot be had"):
        free_port(port)


def test_free_port() -> None:
    assert 1024 <= free_port(None) <= 65535
