"""A run that came from somebody else, in the hands of report, rerun and compare."""

import json
import os
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
import yaml

from varesearch.cli import main as varesearch
from varesearch.config.errors import ConfigurationError
from varesearch.recording_io import load_npz
from varesearch.tracking import RunRecord, load_run, runs
from varesearch.tracking.record import read_json, read_yaml, tail

SECRET = "the content of a file of the reader's own"


@pytest.fixture(scope="module")
def root(new_project: Callable[[], Path]) -> Any:
    folder = new_project()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VARESEARCH_ROOT", str(folder))
        words = ["connectivity.n=20", "simulation.duration_ms=200", "recording=spikes", "tracking.run_name=it"]
        assert varesearch(words) == 0
        yield folder


@pytest.fixture
def record(root: Path) -> Any:
    """The run; whatever is put in the place of its files is taken away again."""
    found = load_run("it", root=root)
    assert found.folder is not None
    kept = {path: path.read_bytes() for path in found.artifacts()}
    yield found
    for path in found.folder.rglob("*"):
        if path.is_symlink() or not path.is_dir():
            path.unlink()
    for path, content in kept.items():
        path.write_bytes(content)


def _link(path: Path) -> None:
    secret = path.parents[3] / "secret"
    secret.write_text(SECRET)
    path.unlink(missing_ok=True)
    path.symlink_to(secret)


def _pipe(path: Path) -> None:
    path.unlink(missing_ok=True)
    os.mkfifo(path)


def _huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(10**10)


@pytest.mark.parametrize("attack", [_link, _pipe, _huge])
@pytest.mark.parametrize("name", ["figures/raster.png", "config.yaml", "metrics.csv", "provenance.json", "run.log"])
def test_a_file_that_no_run_leaves_is_refused_in_one_line(
    name: str, attack: Callable[[Path], None], record: RunRecord, capfd: pytest.CaptureFixture[str]
) -> None:
    assert record.folder is not None
    (record.folder / "report.html").unlink(missing_ok=True)
    attack(record.folder / name)
    capfd.readouterr()
    if attack is _huge and name == "run.log":
        assert varesearch(["report", record.run_id]) == 0  # its end is read
        return
    for command in ("report", "rerun"):
        assert varesearch([command, record.run_id]) == 2
        said = capfd.readouterr().err
        assert str(record.folder / name) in said and len(said.strip().splitlines()) == 1
    assert not (record.folder / "report.html").exists()


def test_a_folder_that_is_a_link_is_refused(record: RunRecord, tmp_path: Path) -> None:
    assert record.folder is not None
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "passport.png").write_text(SECRET)
    (record.folder / "figures" / "more").symlink_to(tmp_path / "private")
    assert varesearch(["report", record.run_id]) == 2


def test_a_link_within_the_folder_is_a_file_of_the_run(record: RunRecord) -> None:
    assert record.folder is not None
    (record.folder / "figures" / "again.png").symlink_to("raster.png")
    assert varesearch(["report", record.run_id]) == 0


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("config.yaml", "a: &a [x]\n" + "".join(f"{b}: &{b} [{', '.join(9 * ['*' + a])}]\n" for a, b in
            zip("abcdefghij", "bcdefghijk", strict=True)), "more than 200,000 values"),
        ("config.yaml", "a: &a {b: *a}\n", "refers to itself"),
        ("config.yaml", "[" * 5000, "nested too deeply"),
        ("config.yaml", "- 1\n", "where settings are expected"),
        ("config.yaml", "a: !!python/object/apply:os.system [true]\n", "cannot be read"),
        ("overrides.yaml", "&a [*a]\n", "refers to itself"),
        ("provenance.json", "[" * 100_000, "nested too deeply"),
        ("provenance.json", "[]", "where settings are expected"),
    ],
)  # fmt: skip
def test_values_without_bounds_are_refused_in_one_line(
    name: str, content: str, said: str, record: RunRecord, capfd: pytest.CaptureFixture[str]
) -> None:
    assert record.folder is not None
    path = record.folder / name
    path.write_text(content)
    with pytest.raises(ConfigurationError, match=said) as refused:
        (read_json if path.suffix == ".json" else read_yaml)(path)
    assert "\n" not in str(refused.value)
    capfd.readouterr()
    assert varesearch(["report", record.run_id]) == 2
    assert said in capfd.readouterr().err


def test_what_a_run_writes_is_read_as_it_was(record: RunRecord) -> None:
    assert record.folder is not None
    assert record.config() == yaml.safe_load((record.folder / "config.yaml").read_text())
    assert read_json(record.folder / "provenance.json") == json.loads((record.folder / "provenance.json").read_text())


def test_the_end_of_a_log_of_any_length(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("wb") as file:
        file.truncate(10**10)
        file.seek(0, os.SEEK_END)
        file.write(b"\nlast but one\nlast \xff\n")
    assert tail(log, 2) == "last but one\nlast \ufffd"
    assert tail(tmp_path / "none") == ""


def test_a_recording_that_would_fill_the_memory_is_refused(
    record: RunRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few MB of an archive may stand for any number of GB."""
    header = b"\x93NUMPY\x01\x00v\x00" + b"{'descr': '<f8', 'fortran_order': False, 'shape': (9000000000000,), }"
    lies = tmp_path / "recording.npz"
    with zipfile.ZipFile(lies, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("dt_ms.npy", header.ljust(127) + b"\n")
    with pytest.raises(ValueError, match="cannot be read as a saved recording"):
        load_npz(lies)
    record.recording()
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=1000))
    with pytest.raises(ValueError, match="of memory are free"):
        record.recording()


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9/", "s3://bucket/", "mlflow-artifacts://127.0.0.1:9/", "file:///etc/", "dbfs:/x/"]
)
def test_files_that_a_received_store_keeps_elsewhere_are_not_gone_to(
    address: str, root: Path, record: RunRecord, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "a-token-of-mine")
    before = len(runs(root=root))
    kept = _locations(root)
    try:
        _set_locations(root, dict.fromkeys(kept, f"{address}artifacts"))
        for words in (["report", record.run_id], ["rerun", record.run_id], ["compare", record.run_id, record.run_id]):
            capfd.readouterr()
            assert varesearch(words) == 2
            said = capfd.readouterr().err
            assert address in said and len(said.strip().splitlines()) == 1
        # Nor is anything written there.
        assert varesearch(["connectivity.n=20", "simulation.duration_ms=200"]) == 2
        assert address in capfd.readouterr().err
        assert len(runs(root=root)) == before
    finally:
        _set_locations(root, kept)


def _locations(root: Path) -> dict[tuple[str, str, str], str]:
    with sqlite3.connect(root / "mlruns" / "mlflow.db") as store:
        found = {
            ("runs", "artifact_uri", key): place
            for key, place in store.execute("SELECT run_uuid, artifact_uri FROM runs")
        }
        return found | {
            ("experiments", "artifact_location", str(key)): place
            for key, place in store.execute("SELECT experiment_id, artifact_location FROM experiments")
        }


def _set_locations(root: Path, locations: dict[tuple[str, str, str], str]) -> None:
    with sqlite3.connect(root / "mlruns" / "mlflow.db") as store:
        for (table, column, key), place in locations.items():
            name = "run_uuid" if table == "runs" else "experiment_id"
            store.execute(f"UPDATE {table} SET {column} = ? WHERE {name} = ?", (place, key))
