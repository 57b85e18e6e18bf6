"""The command, with real back ends and a real store: identical, what differs where it is not, what cannot be done."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from varesearch.cli import main as varesearch
from varesearch.config.compose import compose
from varesearch.recording_io import load_npz, save_npz
from varesearch.tracking import StoreSession, describe, load_run, runs, track
from varesearch.tracking.files import RunFiles
from varesearch.tracking.location import locate_store
from varesearch.tracking.store import client

SMALL = ["connectivity.n=60", "connectivity.p=0.1", "recording.cells=5", "simulation.duration_ms=200"]
QUICK = {"brian2": [], "nest": ["backend=nest", "cell=izhikevich_delta"]}
LONG = {
    "cython": ["backend.codegen=cython"],
    "standalone": ["backend.codegen=cpp_standalone"],
    "conductances": ["cell=if_cond_exp", "backend=nest", "backend.threads=2"],
    "spinnaker": ["backend=spinnaker"],
}


@pytest.fixture(scope="module")
def root(new_project: Callable[[], Path]) -> Any:
    """A project of its own with a run of each quick back end."""
    folder = new_project()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VARESEARCH_ROOT", str(folder))
        for name, words in QUICK.items():
            assert varesearch([*SMALL, *words, "seed=7", f"tracking.run_name={name}"]) == 0
        yield folder


def test_a_broken_recording_is_found_before_the_run_is_made_again(root, capfd) -> None:
    record = load_run("brian2", root=root)
    assert record.folder is not None
    path = record.folder / "recording.npz"
    whole, before = path.read_bytes(), len(runs(root=root))
    try:
        path.write_bytes(whole[: len(whole) // 2])
        assert varesearch(["rerun", record.run_id[:8]]) == 2
    finally:
        path.write_bytes(whole)
    said = capfd.readouterr().err
    assert "cannot be read as a saved recording" in said and said.count("\n") == 1
    assert len(runs(root=root)) == before


@pytest.mark.parametrize("name", list(QUICK))
def test_a_run_again_is_identical_and_a_run_of_its_own(name, root, capfd) -> None:
    original = load_run(name, root=root)
    assert varesearch(["rerun", original.run_id[:8]]) == 0
    assert "IDENTICAL" in capfd.readouterr().out
    again = runs(root=root)[0]
    assert again.run_id != original.run_id and again.status == "FINISHED"
    assert again.tags["varesearch.rerun_of"] == original.run_id and again.tags["varesearch.rerun"] == "identical"
    for tag in ("varesearch.identity", "varesearch.config_hash", "varesearch.network_hash"):
        assert again.tags[tag] == original.tags[tag]
    assert again.folder is not None
    kept = json.loads((again.folder / "rerun.json").read_text())
    assert kept["identical"] is True and kept["result"] == [] and kept["of"] == original.run_id


@pytest.fixture
def altered(root: Path) -> Any:
    """The run of Brian2, as if it had come out otherwise with other versions: one spike later, numpy 0.1."""
    record = load_run("brian2", root=root)
    assert record.folder is not None
    files = {name: record.folder / name for name in ("recording.npz", "provenance.json", "metrics.csv")}
    kept = {path: path.read_bytes() for path in files.values()}
    before = load_npz(files["recording.npz"])
    exc = before.populations["exc"]
    times = exc.spike_times_ms.copy()
    times[-1] += 1.0
    populations = {**before.populations, "exc": replace(exc, spike_times_ms=times)}
    save_npz(replace(before, populations=populations), files["recording.npz"])
    provenance = json.loads(files["provenance.json"].read_text())
    provenance["versions"]["numpy"] = "0.1"
    files["provenance.json"].write_text(json.dumps(provenance))
    yield int(exc.spike_ids[-1]), float(exc.spike_times_ms[-1])
    for path, content in kept.items():
        path.write_bytes(content)


def test_what_differs_is_named(altered, root, capfd) -> None:
    cell, time_ms = altered
    assert varesearch(["rerun", "brian2"]) == 1
    out = " ".join(capfd.readouterr().out.split())
    assert "DIFFERENT" in out
    assert f"of cell {cell} at {time_ms:g} ms, only the rerun has" in out
    assert f"versions: numpy: 0.1, now {np.__version__}" in out
    again = runs(root=root)[0]
    assert again.tags["varesearch.rerun"] == "different"


def refused(root: Path, name: str, tags: dict[str, str], fails: bool) -> None:
    """A run in the store that cannot be run again."""
    composed = compose([*SMALL, f"tracking.run_name={name}"])

    def work(_: RunFiles) -> None:
        if fails:
            raise RuntimeError("lost its way")

    with suppress(RuntimeError):
        track(describe(composed, tags=tags), StoreSession(composed.config.tracking, root), work)


@pytest.mark.parametrize(
    ("name", "tags", "fails", "said"),
    [
        ("failed", {}, True, "is FAILED; choose a finished one"),
        ("sweep", {"varesearch.kind": "sweep"}, False, "is a sweep; start it again with rerun=true"),
        ("comparison", {"varesearch.kind": "comparison"}, False, "is a comparison"),
        ("mapped", {"varesearch.result": "MAPPED"}, False, "is a mapping only"),
        ("nothing", None, False, "no run of that id or name"),
    ],
)
def test_what_cannot_be_run_again_exits_with_2_and_one_line(name, tags, fails, said, root, capfd) -> None:
    if tags is not None:
        refused(root, name, tags, fails)
    before = len(runs(root=root))
    capfd.readouterr()
    assert varesearch(["rerun", name]) == 2
    error = capfd.readouterr().err
    assert said in error and len(error.strip().splitlines()) == 1
    assert len(runs(root=root)) == before


def test_a_configuration_that_this_version_does_not_know_is_one_line(root, capfd, tmp_path) -> None:
    record = load_run("nest", root=root)
    assert record.folder is not None
    path = record.folder / "config.yaml"
    kept = path.read_text()
    try:
        path.write_text(kept.replace("model: izhikevich_delta", "model: of_another_age"))
        assert varesearch(["rerun", "nest"]) == 2
        assert "cell=of_another_age is unknown here" in capfd.readouterr().err
    finally:
        path.write_text(kept)


def test_a_run_is_looked_for_in_the_store_that_is_named(root, tmp_path, capfd) -> None:
    uri = f"sqlite:///{tmp_path}/elsewhere.db"
    composed = compose(SMALL)
    settings = replace(composed.config, tracking=replace(composed.config.tracking, uri=uri))
    track(describe(replace(composed, config=settings)), StoreSession(settings.tracking), lambda _: None)
    store = client(locate_store(uri).uri)
    (run,) = store.search_runs(["1"])
    store.set_tag(run.info.run_id, "varesearch.result", "MAPPED")
    assert varesearch(["rerun", run.info.run_id, "--uri", uri]) == 2
    assert "is a mapping only" in capfd.readouterr().err
    assert varesearch(["rerun", run.info.run_id]) == 2
    assert "no run of that id" in capfd.readouterr().err


@pytest.mark.slow
@pytest.mark.timeout(1800)  # compilers, on a busy machine
@pytest.mark.parametrize("name", list(LONG))
def test_every_back_end_is_identical_bit_for_bit(name, tmp_path) -> None:
    environment = {**os.environ, "VARESEARCH_ROOT": str(tmp_path)}
    for words in ([*SMALL, *LONG[name], "tracking.run_name=it"], ["rerun", "it"]):
        done = subprocess.run(
            [sys.executable, "-m", "varesearch", *words],
            capture_output=True,
            text=True,
            env=environment,
            check=False,
            timeout=800,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert "IDENTICAL" in done.stdout
