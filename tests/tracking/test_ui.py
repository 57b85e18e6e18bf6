"""MLflow's pages on the store, and the same server as a store of another URI."""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path

import psutil
import pytest
from forked import analysis, config, described, run_once
from support import conduct, statuses

from varesearch.cli import main
from varesearch.config.errors import ConfigurationError
from varesearch.config.schema import TrackingConfig
from varesearch.tracking import StoreSession, TrackingError, load_run, runs, track
from varesearch.tracking.files import RunFiles
from varesearch.tracking.location import locate_store
from varesearch.tracking.read import Reader
from varesearch.tracking.store import client
from varesearch.ui.pages import listen

TOKEN = "token-of-programs"


def _page(server: subprocess.Popen[str]) -> str:
    # Unlike a time-out of the read, ending the server gives the reason too.
    patience = threading.Timer(200, server.kill)
    patience.start()
    assert server.stdout is not None
    line = server.stdout.readline()
    patience.cancel()
    assert line.startswith("http://127.0.0.1:"), server.stderr and server.stderr.read()
    return line.split()[0]


def _is_closed_to_others(
    address: str, server: subprocess.Popen[str], run_id: str, jar: CookieJar, visitor: urllib.request.OpenerDirector
) -> None:
    """What another account of this machine may try."""
    attacks: dict[str, bytes | None] = {
        "/": None,
        f"/get-artifact?path=metrics.csv&run_uuid={run_id}": None,
        f"/ajax-api/2.0/mlflow/runs/get?run_id={run_id}": None,
        "/api/2.0/mlflow/runs/delete": json.dumps({"run_id": run_id}).encode(),
        f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run_id}&path=planted.txt": b"planted",
        "/api/2.0/mlflow-artifacts/artifacts/planted.txt": b"planted",
    }
    for path, body in attacks.items():
        for headers in ({}, {"Authorization": "Bearer guessed"}, {"Host": "evil.example"}):
            request = urllib.request.Request(address + path, body, {"Content-Type": "application/json", **headers})
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(request)
            assert refused.value.code == (403 if "Host" in headers else 401), path
    with visitor.open(f"{address}/ajax-api/2.0/mlflow/runs/get?run_id={run_id}") as answer:
        assert json.load(answer)["run"]["info"]["lifecycle_stage"] == "active"
    # Not with the user's own cookie either: a browser gives it to every port of the machine.
    (cookie,) = jar
    if os.geteuid() == 0:
        assert _answer_to(os.getuid(), address, f"{cookie.name}={cookie.value}") == 200
        assert _answer_to(65534, address, f"{cookie.name}={cookie.value}") == 403
    # Other users can read the arguments of a process.
    secrets = {TOKEN, cookie.value or ""}
    for process in (psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)):
        assert not [secret for secret in secrets if secret in " ".join(process.cmdline())]


def _answer_to(uid: int, address: str, cookie: str) -> int:
    """The status that a process of another user is given."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setuid(uid)
            connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=30)
            connection.request("GET", "/", headers={"Cookie": cookie})
            os.write(writing, str(connection.getresponse().status).encode())
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as answer:
        return int(answer.read())


def test_pages_and_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VARESEARCH_ROOT", str(tmp_path))
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", TOKEN)  # for the pages, and for the programs that use them
    first = run_once(tmp_path)
    session = StoreSession(TrackingConfig(), tmp_path)
    session.open()
    shown = session.how_to_open(first.run_id, first.folder)
    assert shown == f"varesearch ui --run={first.run_id[:8]}"
    command = [sys.executable, "-m", "varesearch", "ui", "--run", first.run_id[:8]]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ})
    try:
        page = _page(server)
        assert page.endswith(f"#/experiments/1/runs/{first.run_id}?workflowType=machine_learning")
        address = page.split("/?token=")[0]
        jar = CookieJar()
        visitor = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        with visitor.open(page) as answer:
            assert b"<html" in answer.read().lower()
        with visitor.open(f"{address}/get-artifact?path=metrics.csv&run_uuid={first.run_id}") as answer:
            assert answer.read() == (first.folder / "metrics.csv").read_bytes()
        _is_closed_to_others(address, server, first.run_id, jar, visitor)
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
        session = StoreSession(TrackingConfig(uri=address), elsewhere)
        session.open()
        shown = session.address(second.run_id, second.folder)
        assert shown == f"{address}/#/experiments/1/runs/{second.run_id}"
        assert statuses(tmp_path)[second.run_id] == "FINISHED"
        assert not second.folder.exists()
        fetched = load_run(second.run_id, address, elsewhere)
        assert fetched.metrics["exc.rate_hz"] == 7.25
        assert {"metrics.csv", "config.yaml", "provenance.json"} <= {path.name for path in fetched.artifacts()}
        # A server is searched as a file is: by name, for the newest, and for many values of a tag.
        assert load_run(second.name, address, elsewhere).name == second.name
        assert len(runs(uri=address, root=elsewhere, most=1)) == 1
        reader = Reader(client(address), locate_store(address, elsewhere))
        tagged = reader.with_tag("varesearch.backend", [*"abcdef", "brian2"])
        assert {run.run_id for run in tagged} == set(statuses(tmp_path))
        # The run that was killed has been found by the next one, and what it had written is saved.
        assert statuses(tmp_path)[killed] == "KILLED"
        assert "python says hello" in load_run(killed, address, elsewhere).log()
        assert not list((elsewhere / "mlruns" / "staging").iterdir())
        # And what happens when it goes away in the middle.
        settings = config(address)
        interrupted: list[RunFiles] = []

        def work(run: RunFiles) -> None:
            interrupted.append(run)
            run.log_analysis(analysis())
            server.send_signal(signal.SIGINT)
            assert server.wait(60) == 0

        with pytest.raises(TrackingError, match=r"its results are in .* and the next run will try again$"):
            track(described(settings), StoreSession(settings.tracking, elsewhere), work)
        (third,) = interrupted
        assert (third.folder / "metrics.csv").exists()
        assert statuses(tmp_path)[third.run_id] == "RUNNING"
    finally:
        server.kill()
        server.communicate()


def test_pages_of_no_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("VARESEARCH_ROOT", str(tmp_path))
    assert main(["ui"]) == 2
    assert "no run has been tracked yet" in capsys.readouterr().err
    assert main(["ui", "--uri", "http://127.0.0.1:9"]) == 2
    assert "has pages of its own" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("port", [-1, 70000])
def test_port_that_cannot_be_had(port: int) -> None:
    with pytest.raises(ConfigurationError, match=f"--port {port}: cannot be had"):
        listen(port)


def test_a_port_that_is_taken_is_refused_or_another_is_found() -> None:
    with listen(None) as one, listen(None) as other:
        ports = [listener.getsockname()[1] for listener in (one, other)]
        assert ports[0] != ports[1] and min(ports) >= 1024
        with pytest.raises(ConfigurationError, match="cannot be had"):
            listen(ports[0])
