"""A record that came from somebody else does not choose where its reader's runs, and credentials, go."""

import dataclasses
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from varesearch.config.compose import compose
from varesearch.config.restore import restore
from varesearch.recording import PopulationRecording, Recording
from varesearch.recording_io import save_npz
from varesearch.rerun.command import main as rerun
from varesearch.tracking import track

TOKEN = "a-token-of-mine"


class Listener:
    """A server of somebody else, and what it was sent."""

    def __init__(self) -> None:
        heard: list[tuple[str, dict[str, str]]] = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                heard.append((self.path, dict(self.headers)))
                self.send_response(404)
                self.end_headers()

            do_HEAD = do_POST = do_GET  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.heard = heard
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def listener() -> Iterator[Listener]:
    started = Listener()
    yield started
    started.server.shutdown()
    started.server.server_close()


def received(root: Path, *words: str) -> str:
    """A finished run in the store, as somebody else has made it."""
    composed = compose(["connectivity.n=10", "simulation.duration_ms=200", *words])
    spikes = PopulationRecording("exc", 8, np.zeros(0, np.int32), np.zeros(0), {})
    with track(composed.config, composed.resolved, composed.overrides, root=root) as run:
        save_npz(Recording(1.0, 200.0, {"exc": spikes}), run.folder / "recording.npz")
    return run.run_id


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VARESEARCH_ROOT", str(tmp_path))
    monkeypatch.setenv("OIDC_BEARER_TOKEN", TOKEN)
    monkeypatch.setenv("SPALLOC_USER", "me")
    return tmp_path


@pytest.mark.parametrize("setting", ["spalloc_server", "remote_url", "machine_name"])
def test_an_address_of_a_record_is_shown_and_not_gone_to(
    setting: str, root: Path, listener: Listener, capfd: pytest.CaptureFixture[str]
) -> None:
    address = listener.address if setting != "machine_name" else "board.example.org"
    run = received(root, "backend=spinnaker", f"backend.{setting}={address}")
    capfd.readouterr()
    assert rerun([run]) == 2
    said = capfd.readouterr().err
    assert f"backend.{setting}={address}" in said and "--machine-from-record" in said
    assert len(said.strip().splitlines()) == 1
    assert listener.heard == []


def test_the_address_is_gone_to_when_asked(root: Path, listener: Listener, capfd: pytest.CaptureFixture[str]) -> None:
    run = received(root, "backend=spinnaker", f"backend.spalloc_server={listener.address}")
    assert rerun([run, "--machine-from-record"]) == 2
    assert "HTTP 404" in capfd.readouterr().err
    assert [headers["Authorization"] for _, headers in listener.heard] == [f"Bearer {TOKEN}"]


def test_a_machine_of_ones_own_takes_the_place_of_the_records(
    root: Path, listener: Listener, capfd: pytest.CaptureFixture[str]
) -> None:
    run = received(root, "backend=spinnaker", "backend.spalloc_server=https://elsewhere.example.org")
    assert rerun([run, f"backend.remote_url={listener.address}"]) == 2
    assert f"remote SpiNNaker service {listener.address}" in capfd.readouterr().err
    assert [path for path, _ in listener.heard] == ["/"]
    assert TOKEN not in str(listener.heard)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["backend.threads=2"], "start another run instead"),
        (["seed=2"], "start another run instead"),
        (["backend.machine"], "start another run instead"),
        (["backend.machine=software", "--machine-from-record"], "give only one of them"),
    ],
)
def test_only_the_machine_can_be_changed(
    words: list[str], said: str, root: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run = received(root, "backend=spinnaker", "backend.machine_name=board.example.org")
    capfd.readouterr()
    assert rerun([run, *words]) == 2
    assert said in capfd.readouterr().err


def test_settings_that_were_received_have_no_addresses() -> None:
    """What compare and report are given, too."""
    words = ["backend=spinnaker", "backend.machine_name=board.example.org", "backend.spalloc_user=them"]
    words += ["tracking.uri=http://store.example.org", "launcher=ray", "launcher.address=ray.example.org:6379"]
    resolved = compose(words).resolved
    config = restore(resolved)
    assert "example.org" not in str(dataclasses.asdict(config)) and "them" not in str(dataclasses.asdict(config))
    assert dataclasses.asdict(restore(resolved, own=True)) == resolved
