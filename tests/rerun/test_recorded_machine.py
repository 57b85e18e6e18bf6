"""A record that came from somebody else does not choose where its reader's runs, and credentials, go."""

import dataclasses
import http.server
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from varesearch.cli import main as varesearch
from varesearch.config.compose import compose
from varesearch.config.plain import as_plain
from varesearch.config.restore import restore
from varesearch.recording import PopulationRecording, Recording
from varesearch.recording_io import save_npz
from varesearch.tracking import StoreSession, describe, runs, track
from varesearch.tracking.files import RunFiles

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


def received(root: Path, *words: str, spike_times_ms: Sequence[float] = ()) -> str:
    """A finished run in the store, as somebody else has made it, in which cell 0 fires at these times."""
    composed = compose(["connectivity.n=10", "simulation.duration_ms=200", *words])
    times_ms = np.array(spike_times_ms, np.float64)
    spikes = PopulationRecording("exc", 8, np.zeros(len(times_ms), np.int32), times_ms, {})

    def work(run: RunFiles) -> str:
        save_npz(Recording(1.0, 200.0, {"exc": spikes}), run.folder / "recording.npz")
        return run.run_id

    return track(describe(composed), StoreSession(composed.config.tracking, root), work)


@pytest.fixture
def root(new_project: Callable[[], Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = new_project()
    monkeypatch.setenv("VARESEARCH_ROOT", str(folder))
    monkeypatch.setenv("OIDC_BEARER_TOKEN", TOKEN)
    monkeypatch.setenv("SPALLOC_USER", "me")
    return folder


@pytest.mark.parametrize("setting", ["spalloc_server", "remote_url", "machine_name"])
def test_an_address_of_a_record_is_shown_and_not_gone_to(
    setting: str, root: Path, listener: Listener, capfd: pytest.CaptureFixture[str]
) -> None:
    address = listener.address if setting != "machine_name" else "board.example.org"
    run = received(root, "backend=spinnaker", f"backend.{setting}={address}")
    capfd.readouterr()
    assert varesearch(["rerun", run]) == 2
    said = capfd.readouterr().err
    assert f"backend.{setting}={address}" in said and "--machine-from-record" in said
    assert len(said.strip().splitlines()) == 1
    assert listener.heard == []


def test_the_address_is_gone_to_when_asked(root: Path, listener: Listener, capfd: pytest.CaptureFixture[str]) -> None:
    run = received(root, "backend=spinnaker", f"backend.spalloc_server={listener.address}")
    assert varesearch(["rerun", run, "--machine-from-record"]) == 2
    assert "HTTP 404" in capfd.readouterr().err
    assert [headers["Authorization"] for _, headers in listener.heard] == [f"Bearer {TOKEN}"]


def test_a_machine_of_ones_own_takes_the_place_of_the_records(
    root: Path, listener: Listener, capfd: pytest.CaptureFixture[str]
) -> None:
    run = received(root, "backend=spinnaker", "backend.spalloc_server=https://elsewhere.example.org")
    assert varesearch(["rerun", run, f"backend.remote_url={listener.address}"]) == 2
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
    assert varesearch(["rerun", run, *words]) == 2
    assert said in capfd.readouterr().err


@pytest.fixture
def two(root: Path, listener: Listener) -> tuple[str, str]:
    """Two runs of one network on a machine of somebody else, with different spikes: a verdict needs simulations."""
    words = ["backend=spinnaker", f"backend.spalloc_server={listener.address}"]
    return received(root, *words, spike_times_ms=range(20, 100)), received(root, *words, spike_times_ms=range(30, 110))


def test_compare_simulates_on_no_machine_that_only_a_record_names(
    two: tuple[str, str], root: Path, listener: Listener, capfd: pytest.CaptureFixture[str]
) -> None:
    refused = {
        (): f"{listener.address}): add --machine-from-record",
        ("backend.threads=2",): "start another run instead",
        ("seed=2",): "recorded runs take no settings",
        ("backend.machine=software", "--machine-from-record"): "give only one of them",
    }
    for words, said in refused.items():
        capfd.readouterr()
        assert varesearch(["compare", *two, *words]) == 2
        error = capfd.readouterr().err
        assert said in error and len(error.strip().splitlines()) == 1
    assert listener.heard == [] and len(runs(root=root)) == 2


def test_compare_simulates_on_the_machine_that_was_asked_for(
    two: tuple[str, str], listener: Listener, capfd: pytest.CaptureFixture[str]
) -> None:
    assert varesearch(["compare", *two, "backend.machine=mapping"]) == 2
    assert "returns no spikes here" in capfd.readouterr().err
    assert listener.heard == []
    assert varesearch(["compare", *two, "--machine-from-record"]) == 2
    assert "HTTP 404" in capfd.readouterr().err and listener.heard


def test_a_comparison_that_needs_no_simulation_needs_no_machine(
    root: Path, listener: Listener, capfd: pytest.CaptureFixture[str]
) -> None:
    words = ["backend=spinnaker", f"backend.spalloc_server={listener.address}"]
    a, b = (received(root, *words, spike_times_ms=range(20, 100)) for _ in range(2))
    assert varesearch(["compare", a, b]) == 0
    assert "IDENTICAL" in capfd.readouterr().out
    assert listener.heard == []


def test_settings_that_were_received_have_no_addresses() -> None:
    """What compare and report are given, too."""
    words = ["backend=spinnaker", "backend.machine_name=board.example.org", "backend.spalloc_user=them"]
    words += ["tracking.uri=http://store.example.org", "launcher=ray", "launcher.address=ray.example.org:6379"]
    resolved = compose(words).resolved
    config = restore(resolved)
    assert "example.org" not in str(dataclasses.asdict(config)) and "them" not in str(dataclasses.asdict(config))
    assert as_plain(restore(resolved, own=True)) == resolved
