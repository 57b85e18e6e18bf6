"""No password or token goes over a network unencrypted."""

import http.server
import threading
from pathlib import Path
from typing import Any

import pytest

from varesearch.backends.base import BackendUnavailableError
from varesearch.backends.spinnaker.machines import _http as asking
from varesearch.backends.spinnaker.machines._choice import from_file
from varesearch.cli import main
from varesearch.config.addresses import is_loopback, is_readable_on_the_way
from varesearch.tracking.store import refuse_plain_http

SECRET = "a-secret-of-mine"
SPINNAKER = ["backend=spinnaker", "connectivity.n=10"]


@pytest.fixture(autouse=True)
def _without_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VARESEARCH_ROOT", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_PASSWORD", "OIDC_BEARER_TOKEN", "SPALLOC_PASSWORD"):
        monkeypatch.delenv(name, raising=False)


def _refused(words: list[str], capfd: pytest.CaptureFixture[str]) -> str:
    assert main(words) == 2
    said = capfd.readouterr().err
    assert SECRET not in said and len(said.strip().splitlines()) == 1
    assert "unencrypted" in said and "https://" in said
    return said


@pytest.mark.parametrize("name", ["MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_PASSWORD"])
def test_a_store_is_not_shown_a_secret_over_plain_http(
    name: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, SECRET)
    said = _refused(["connectivity.n=10", "tracking.uri=http://store.invalid:5000"], capfd)
    assert name in said and "http://store.invalid:5000" in said


def test_the_password_of_mlflows_own_file_counts_too(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / ".mlflow").mkdir()
    (tmp_path / ".mlflow" / "credentials").write_text(f"[mlflow]\nmlflow_tracking_password = {SECRET}%\n")
    assert ".mlflow/credentials" in _refused(["connectivity.n=10", "tracking.uri=http://store.invalid"], capfd)


def test_encrypted_or_on_this_machine_it_may_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", SECRET)
    for uri in ("https://store.invalid", "http://127.0.0.1:5000", "http://localhost:5000", "http://[::1]:5000"):
        refuse_plain_http(uri, uri)
    monkeypatch.delenv("MLFLOW_TRACKING_TOKEN")
    refuse_plain_http("http://store.invalid", "")


@pytest.mark.parametrize("machine", ["auto", "spalloc"])
def test_spalloc_is_not_shown_a_secret_over_plain_http(
    machine: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OIDC_BEARER_TOKEN", SECRET)
    words = [*SPINNAKER, f"backend.machine={machine}", "backend.spalloc_server=http://spalloc.invalid/spalloc"]
    assert "backend.spalloc_server=http://spalloc.invalid/spalloc" in _refused(words, capfd)


def test_a_configuration_of_spynnaker_is_held_to_the_same(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / ".spynnaker.cfg"
    file.write_text(f"[Machine]\nspalloc_server = http://me:{SECRET}@spalloc.invalid/\n")
    assert "spalloc.invalid" in _refused(SPINNAKER, capfd)
    file.write_text(f"[Machine]\nspalloc_server = https://me:{SECRET}@spalloc.invalid/\n")
    machine = from_file(file)
    assert machine is not None and SECRET not in str(machine.configuration())
    # A service's address is given to sPyNNaker in a file, which is kept with the run.
    file.write_text(f"[Machine]\nremote_spinnaker_url = https://me:{SECRET}@service.invalid/\n")
    assert main(SPINNAKER) == 2
    said = capfd.readouterr().err
    assert "remote_spinnaker_url" in said and SECRET not in said and len(said.strip().splitlines()) == 1


def test_an_answer_that_leads_elsewhere_does_not_take_the_token_along() -> None:
    heard: list[dict[str, str]] = []

    class Elsewhere(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(dict(self.headers))
            self.send_response(404)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Elsewhere) as other:

        class Leads(Elsewhere):
            def do_GET(self) -> None:
                heard.append(dict(self.headers))
                self.send_response(302)
                self.send_header("Location", f"http://127.0.0.1:{other.server_port}/")
                self.end_headers()

        with http.server.HTTPServer(("127.0.0.1", 0), Leads) as first:
            for server in (first, other):
                threading.Thread(target=server.serve_forever, daemon=True).start()
            address = f"http://127.0.0.1:{first.server_port}/"
            with pytest.raises(BackendUnavailableError, match="HTTP 404"):
                asking.require_answer(address, 5, "who", "advice", "refused", {"Authorization": f"Bearer {SECRET}"})
            first.shutdown()
            other.shutdown()
    assert [SECRET in str(headers) for headers in heard] == [True, False]


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("localhost", True), ("LOCALHOST.", True), ("127.0.0.1", True), ("127.8.8.8", True), ("::1", True),
        ("localhost.example.org", False), ("127.0.0.1.example.org", False), ("0.0.0.0", False), ("10.0.0.1", False),
        ("", False), ("2130706433", False),
    ],
)  # fmt: skip
def test_which_hosts_are_this_machine(host: str, own: bool) -> None:
    assert is_loopback(host) is own


def test_what_can_be_read_on_the_way() -> None:
    assert is_readable_on_the_way("HTTP://example.org")
    assert is_readable_on_the_way("http://127.0.0.1@example.org/")
    assert not is_readable_on_the_way("https://example.org")
    assert not is_readable_on_the_way("postgresql://example.org/runs")
