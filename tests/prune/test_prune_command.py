"""Pruning a real store: what is shown, what goes, what stays, and what a pruned run says of itself."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from varesearch.cli import main as varesearch
from varesearch.config.errors import ConfigurationError
from varesearch.tracking import load_run, runs
from varesearch.tracking.location import cache_folder, jobs_folder, locate_store
from varesearch.tracking.store import client

SMALL = ["connectivity.n=60", "connectivity.p=0.1", "simulation.duration_ms=150"]


@pytest.fixture(scope="module")
def root(new_project: Callable[[], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project with three runs, one of them marked as still running, and a comparison of two of them."""
    folder = new_project()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VARESEARCH_ROOT", str(folder))
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        for name in ("old", "live", "third"):
            assert varesearch([*SMALL, f"tracking.run_name={name}"]) == 0
        store = client(locate_store(root=folder).uri)
        store.update_run(load_run("live", root=folder).run_id, status="RUNNING")
        comparison = store.create_run(load_run("old", root=folder).experiment_id, run_name="verdict")
        store.set_tag(comparison.info.run_id, "varesearch.kind", "comparison")
        store.set_tag(comparison.info.run_id, "varesearch.a", load_run("old", root=folder).run_id)
        store.set_tag(comparison.info.run_id, "varesearch.b_runs", load_run("third", root=folder).run_id)
        store.set_terminated(comparison.info.run_id)
        yield folder


def recorded(root: Path) -> set[str]:
    """The names of the runs that have their recording."""
    return {run.name for run in runs(root=root) if run.folder and (run.folder / "recording.npz").is_file()}


def test_pruning_step_by_step(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert varesearch(["prune"]) == 0
    shown = capfd.readouterr().out
    assert "nothing was removed" in shown and "2 recordings" in shown and shown.count("compared by") == 2
    assert recorded(root) == {"old", "live", "third"}
    for nothing in (["--older-than", "1"], ["--larger-than", "1000"], ["--status", "FAILED"]):
        assert varesearch(["prune", *nothing, "--yes"]) == 0
        assert "0 recordings" in capfd.readouterr().out
    assert recorded(root) == {"old", "live", "third"}

    assert varesearch(["prune", "--yes"]) == 0
    assert recorded(root) == {"live"}
    old = load_run("old", root=root)
    assert old.metrics["exc.rate_hz"] > 0 and (old.folder / "figures").is_dir()  # type: ignore[operator]
    date = old.tags["varesearch.pruned"]
    with pytest.raises(ConfigurationError, match=f"its recording was pruned on {date}"):
        old.recording()
    capfd.readouterr()
    before = len(runs(root=root))
    assert varesearch(["rerun", "old"]) == 2
    said = capfd.readouterr().err
    assert f"pruned on {date}" in said and said.count("\n") == 1
    assert len(runs(root=root)) == before

    assert varesearch(["prune", "--caches", "--yes"]) == 2
    assert "may use them" in capfd.readouterr().err
    assert varesearch(["prune", "--whole-runs", "--status", "FINISHED", "--yes"]) == 0
    assert {run.name for run in runs(root=root)} == {"live"}
    assert not old.folder.exists()  # type: ignore[union-attr]

    own, earlier, jobs = cache_folder() / "nest", root / "mlruns" / "cache", jobs_folder()
    for folder in (own, earlier, jobs):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "file").write_bytes(bytes(1_000_000))
    client(locate_store(root=root).uri).update_run(load_run("live", root=root).run_id, status="FINISHED")
    capfd.readouterr()
    assert varesearch(["prune", "--caches", "--older-than", "1", "--yes"]) == 0
    # Where these runs drew the process's first figures, matplotlib's list of fonts is there, too.
    assert re.search(r"compiled code: 2\.[012] MB", capfd.readouterr().out)
    assert [folder.exists() for folder in (own, earlier, jobs)] == [False, False, True]


def test_bad_input_is_one_line(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert varesearch(["prune", "--older-than", "-1"]) == 2
    assert capfd.readouterr().err == "varesearch: --older-than -1: must be a number of at least 0\n"
    assert varesearch(["prune", "--uri", "http://127.0.0.1:1"]) == 2
    assert capfd.readouterr().err.count("\n") == 1
