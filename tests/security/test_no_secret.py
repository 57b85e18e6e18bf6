"""Nothing of the environment's secrets is in a file, a tag, the output, or the arguments of a process."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from varesearch.cli import main as varesearch

SECRETS = {
    name: f"secret-value-of-{name.lower()}"
    for name in (
        "MLFLOW_TRACKING_TOKEN",
        "MLFLOW_TRACKING_PASSWORD",
        "OIDC_BEARER_TOKEN",
        "SPALLOC_PASSWORD",
        "AWS_SECRET_ACCESS_KEY",
        "PGPASSWORD",
    )
}
SMALL = ["connectivity.n=20", "simulation.duration_ms=200", "recording=spikes", "tracking.run_name=it"]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "project"
    folder.mkdir()
    for name, value in {**SECRETS, "VARESEARCH_ROOT": str(folder), "XDG_CACHE_HOME": str(tmp_path / "cache")}.items():
        monkeypatch.setenv(name, value)
    yield tmp_path


def _with_secrets(folder: Path) -> list[Path]:
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and any(secret.encode() in path.read_bytes() for secret in SECRETS.values())
    ]


def test_a_run_its_report_and_its_repetition_hold_no_secret(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert varesearch([*SMALL, "verbose=true"]) == 0
    assert varesearch(["report", "it"]) == 0
    assert varesearch(["rerun", "it"]) == 0
    printed = "".join(capfd.readouterr())
    assert not [secret for secret in SECRETS.values() if secret in printed]
    assert len(list(root.rglob("mlflow.db"))) == 1
    assert _with_secrets(root) == []


@pytest.mark.slow
@pytest.mark.parametrize("words", [["-m", "seed=1,2", "launcher=local"], ["backend=spinnaker"], ["backend=nest"]])
def test_no_process_of_a_run_shows_a_secret(words: list[str], root: Path) -> None:
    command = [sys.executable, "-m", "varesearch", *SMALL, *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ})
    seen: set[str] = set()
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(0.02):
            for one in psutil.process_iter(["cmdline"]):
                seen.add(" ".join(one.info["cmdline"] or []))

    watcher = threading.Thread(target=look)
    watcher.start()
    printed, _ = process.communicate()
    ended.set()
    watcher.join()
    assert process.returncode == 0, printed
    assert any("varesearch" in line for line in seen)
    for where in (printed, *seen):
        assert not [secret for secret in SECRETS.values() if secret in where]
    assert _with_secrets(root) == []
