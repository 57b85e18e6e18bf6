"""Where the store is, how it is made, and what happens when it cannot be had."""

import http.server
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import forked
import pytest
from support import conduct, folder_of, rows, statuses, tags

import varesearch
from varesearch.config.errors import ConfigurationError
from varesearch.tracking import load_run, project_root, runs
from varesearch.tracking.location import locate_store
from varesearch.tracking.store import ensure_sqlite, probe

Results = dict[str, list[dict[str, Any]]]


def test_environment_names_the_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VARESEARCH_ROOT", str(tmp_path))
    assert project_root() == tmp_path
    monkeypatch.setenv("VARESEARCH_ROOT", str(tmp_path / "nowhere"))
    with pytest.raises(ConfigurationError, match=r"VARESEARCH_ROOT=.*nowhere: no such folder"):
        project_root()


def test_root_of_a_checkout_wherever_one_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VARESEARCH_ROOT", raising=False)
    monkeypatch.chdir(tmp_path)
    assert project_root() == Path(varesearch.__file__).resolve().parents[2]


@pytest.mark.parametrize("marker", ["mlruns", ".varesearch"])
def test_root_of_an_installed_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, marker: str) -> None:
    monkeypatch.delenv("VARESEARCH_ROOT", raising=False)
    monkeypatch.setattr(varesearch, "__file__", str(tmp_path / "lib" / "site-packages" / "varesearch" / "__init__.py"))
    inner = tmp_path / "project" / "deep" / "er"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    assert project_root() == inner
    (tmp_path / "project" / marker).mkdir()
    assert project_root() == tmp_path / "project"


@pytest.mark.parametrize(
    "uri", ["file:///tmp/runs", "runs", "sqlite://", "sqlite:///:memory:", "ftp://host/x", "databricks", ""]
)
def test_uri_that_is_no_store(uri: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"^tracking\.uri=.*: .*sqlite:///"):
        locate_store(uri, tmp_path)


def test_password_is_never_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        probe("http://someone:secret@127.0.0.1:9")
    assert "secret" not in str(caught.value)
    assert "secret" not in locate_store("http://someone:secret@127.0.0.1:9", tmp_path).shown


@contextmanager
def _answering(status: int) -> Iterator[int]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def test_server_that_is_down_silent_or_failing() -> None:
    with closing(socket.socket()) as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(ConfigurationError, match=r"no server answers there .*[Rr]efused.*; start it, set another"):
            probe(f"http://127.0.0.1:{closed.getsockname()[1]}")
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        began = time.monotonic()
        with pytest.raises(ConfigurationError, match=r"no MLflow server there .*timed out"):
            probe(f"http://127.0.0.1:{silent.getsockname()[1]}")
        assert time.monotonic() - began < 30
    with _answering(503) as port, pytest.raises(ConfigurationError, match=r"the server fails .*503"):
        probe(f"http://127.0.0.1:{port}")
    with _answering(401) as port:
        # Something is there, and wants credentials: that is for MLflow's own client to have.
        probe(f"http://127.0.0.1:{port}")
    with pytest.raises(ConfigurationError, match="no server answers there"):
        probe("http://no-such-host.invalid:5000")
    with pytest.raises(ConfigurationError, match="no server answers there"):
        probe("postgresql://someone:secret@127.0.0.1:9/mlflow")


_CASES: dict[str, dict[str, Any]] = {
    "good": {},
    "lost": {"does": "lose_store"},
    "repaired": {"does": "repair_store"},
    "after": {},
    "full": {"does": "disk_full"},
    "many": {"does": "many"},
    "forbidden": {"does": "forbid_writing"},
    "read only": {"setup": "as_anybody"},
}
_RUNS = ("good", "lost", "after", "full")


@pytest.fixture(scope="module")
def conducted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Results]]:
    """One project after the other trouble."""
    root = tmp_path_factory.mktemp("store")
    yield root, conduct(root, [{"name": name, "root": str(root), **case} for name, case in _CASES.items()])
    for path in [root, *root.rglob("*")]:
        path.chmod(0o755)


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Results]:
    """A project without a store, and eight processes at once."""
    root = tmp_path_factory.mktemp("crowd")
    return root, conduct(root, [{"name": "crowd", "root": str(root), "count": 8}])


def test_eight_processes_and_no_store(crowded: tuple[Path, Results]) -> None:
    root, results = crowded
    assert [(result["exit"], result["err"]) for result in results["crowd"]] == [(0, "")] * 8
    assert list(statuses(root).values()) == ["FINISHED"] * 8
    assert rows(root, "SELECT name FROM experiments ORDER BY name") == [("Default",), ("varesearch",)]
    assert {path.name for path in (root / "mlruns").iterdir()} == {
        "artifacts",
        "mlflow.db",
        "mlflow.db.lock",
        "mlflow.db.mlflow-version",
    }


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_eight_processes_and_no_store_a_hundred_times(tmp_path: Path) -> None:
    names = [str(i) for i in range(100)]
    for name in names:
        (tmp_path / name).mkdir()
    cases = [{"name": name, "root": str(tmp_path / name), "count": 8} for name in names]
    results = conduct(tmp_path, cases, longest_s=3500)
    for name in names:
        assert [result["exit"] for result in results[name]] == [0] * 8
        assert list(statuses(tmp_path / name).values()) == ["FINISHED"] * 8


def test_crash_while_the_store_is_made(tmp_path: Path) -> None:
    folder = tmp_path / "mlruns"
    folder.mkdir()
    # What a process that was killed at it has left: a half-made file, and its journal.
    (folder / ".mlflow.db.unfinished").write_bytes(b"SQLite format 3\0 and then the power failed")
    (folder / ".mlflow.db.unfinished-journal").write_bytes(b"\xd9\xd5\x05\xf9 and so on")
    where = locate_store(None, tmp_path)
    ensure_sqlite(where)
    assert rows(tmp_path, "PRAGMA integrity_check") == [("ok",)]
    assert rows(tmp_path, "SELECT count(*) FROM runs") == [(0,)]
    assert rows(tmp_path, "SELECT artifact_location FROM experiments")[0][0].startswith(where.artifacts.as_uri())
    assert not list(folder.glob(".mlflow*"))


def _run_of(root: Path, name: str) -> str:
    return list(statuses(root))[_RUNS.index(name)]


def test_store_that_fails_in_the_end(conducted: tuple[Path, Results]) -> None:
    root, results = conducted
    failed = results["lost"][0]
    run_id = _run_of(root, "lost")
    assert failed["exit"] == 1
    assert failed["err"].count("\n") == 1
    assert f"run {run_id} could not be written to sqlite:" in failed["err"]
    assert f"its results are in {folder_of(root, run_id)} and the next run will try again" in failed["err"]
    assert (folder_of(root, run_id) / "metrics.csv").exists()
    # And the next run did: the results are in the store, under the status that the run had.
    assert results["after"][0]["exit"] == 0
    assert statuses(root)[run_id] == "FINISHED"
    query = "SELECT value FROM latest_metrics WHERE run_uuid = ? AND key = 'exc.rate_hz'"
    assert rows(root, query, run_id) == [(7.25,)]


def test_disk_full(conducted: tuple[Path, Results]) -> None:
    root, results = conducted
    run_id = _run_of(root, "full")
    assert results["full"][0]["exit"] == 1
    assert (folder_of(root, run_id) / "metrics.csv").read_text().startswith("population,metric,value")
    assert statuses(root)[run_id] == "KILLED"
    assert "was gone" in tags(root, run_id)["varesearch.ended"]
    assert rows(root, "PRAGMA integrity_check") == [("ok",)]


def test_many_runs_in_one_process(conducted: tuple[Path, Results]) -> None:
    root, results = conducted
    assert results["many"][0]["exit"] == 0, results["many"][0]["err"]
    assert list(statuses(root).values())[len(_RUNS) :] == ["FINISHED"] * 20


def test_store_that_may_not_be_written(conducted: tuple[Path, Results]) -> None:
    root, results = conducted
    refused = results["read only"][0]
    assert refused["exit"] == 2
    assert refused["err"].startswith("FAILED tracking.uri=sqlite:")
    assert "readonly database" in refused["err"]
    assert refused["err"].count("\n") == 1
    assert len(statuses(root)) == len(_RUNS) + 20


def test_server_down_is_said_before_anything_is_done(tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(ConfigurationError, match=r"^tracking\.uri=http://127\.0\.0\.1:9: no server answers there"):
        forked.run_once(tmp_path, "http://127.0.0.1:9")
    assert time.monotonic() - began < 30
    assert not list(tmp_path.iterdir())


def test_runs_are_read_back(conducted: tuple[Path, Results]) -> None:
    root, _ = conducted
    found = runs("varesearch", root=root)
    assert [run.run_id for run in found] == list(reversed(statuses(root)))
    assert [run.status for run in found] == list(reversed(statuses(root).values()))
    last = load_run(found[0].run_id[:12], root=root)
    assert last == found[0]
    assert last.metrics["exc.rate_hz"] == 7.25
    assert last.config()["connectivity"]["n"] == 10
    assert "python says hello" in last.log()
    assert {"metrics.csv", "run.log", "network.json"} <= {path.name for path in last.artifacts()}
    assert load_run("izhikevich brian2 n=10 seed=3", root=root).run_id == last.run_id
    with pytest.raises(ConfigurationError, match="has no recording"):
        last.recording()
    for unknown in ("abc", "", "no such run"):
        with pytest.raises(ConfigurationError, match=f"run {unknown}: no run of that id or name in sqlite"):
            load_run(unknown, root=root)
    with pytest.raises(ConfigurationError, match=r"tracking\.experiment=other: no such experiment"):
        runs("other", root=root)


def test_moved_project_finds_its_files(crowded: tuple[Path, Results], tmp_path: Path) -> None:
    root, _ = crowded
    moved = tmp_path / "moved"
    root.rename(moved)
    found = runs("varesearch", root=moved)
    assert len(found) == 8
    for run in found:
        assert run.folder is not None
        assert run.folder.is_relative_to(moved)
        assert (run.folder / "metrics.csv").exists()
    # Put back, for whoever comes after this test.
    moved.rename(root)
    assert {run.folder.is_relative_to(root) for run in runs("varesearch", root=root) if run.folder} == {True}


def test_store_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "mlruns").mkdir()
    (tmp_path / "mlruns" / "mlflow.db").write_bytes(b"not a database at all " * 100)
    with pytest.raises(ConfigurationError, match="not a database"):
        ensure_sqlite(locate_store(None, tmp_path))
    assert (tmp_path / "mlruns" / "mlflow.db").read_bytes().startswith(b"not a database at all")
