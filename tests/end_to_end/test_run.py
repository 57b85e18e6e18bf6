"""The command as people use it: a subprocess in an empty project, then the store, the files and the figures."""

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from varesearch.config.compose import compose
from varesearch.network import draw
from varesearch.recording_io import load_npz
from varesearch.tracking import RunRecord, load_run


def varesearch(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "VARESEARCH_ROOT": str(root)}
    return subprocess.run(
        [sys.executable, "-m", "varesearch", *words],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def seed_run(tmp_path_factory) -> tuple[subprocess.CompletedProcess[str], RunRecord, Path]:
    root = tmp_path_factory.mktemp("seed")
    done = varesearch(root, "experiment=seed_izhikevich", "analysis.svg=true", "tracking.neo=true")
    assert done.returncode == 0, done.stderr
    (run_id,) = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("run ")]
    return done, load_run(run_id, root=root), root


def test_the_terminal_shows_a_head_a_table_and_where_the_run_is(seed_run):
    done, run, _ = seed_run
    lines = done.stdout.splitlines()
    assert "izhikevich on brian2: 1,200 exc + 300 inh cells" in lines[0]
    assert lines[1].split() == ["metric", "exc", "inh", "unit"]
    assert any(line.startswith("rate_hz") for line in lines)
    assert lines[-2] == f"run {run.run_id} FINISHED: {run.folder}"
    assert done.stderr == ""
    assert len(lines) < 30


def test_nothing_is_written_beside_the_store(seed_run):
    _, _, root = seed_run
    assert [path.name for path in root.iterdir()] == ["mlruns"]


def test_the_store_holds_the_run(seed_run):
    _, run, root = seed_run
    with sqlite3.connect(root / "mlruns" / "mlflow.db") as store:
        assert store.execute("select status, name from runs").fetchall() == [("FINISHED", run.name)]
        metrics = dict(store.execute("select key, value from latest_metrics").fetchall())
        params = dict(store.execute("select key, value from params").fetchall())
    phases = ("import", "draw", "build", "simulate", "collect", "analyse", "plot", "track")
    assert {f"phase.{phase}_s" for phase in phases} <= metrics.keys()
    assert metrics["realtime_factor"] == pytest.approx(metrics["phase.simulate_s"] / 1.0)
    assert metrics["peak_memory_mb"] > 50
    assert metrics["exc.rate_hz"] == run.metrics["exc.rate_hz"] > 0
    assert params["cell.i_offset"] == "5.0" and params["seed"] == "98766987"
    assert params["connectivity.weight_exc"] == "1.0" and params["connectivity.weight_inh"] == "2.5"
    assert run.tags["varesearch.network_hash"] == draw(compose(["experiment=seed_izhikevich"]).config).hash


def test_the_recording_is_the_run(seed_run):
    """Metrics recomputed by hand from the saved spikes."""
    _, run, _ = seed_run
    recording = run.recording()
    assert list(recording.populations) == ["exc", "inh"]
    for name, size in (("exc", 1200), ("inh", 300)):
        population = recording.populations[name]
        kept = population.spike_times_ms >= 100.0
        assert run.metrics[f"{name}.spike_count"] == np.count_nonzero(kept)
        assert run.metrics[f"{name}.rate_hz"] == pytest.approx(np.count_nonzero(kept) / size / 0.9)
        assert population.signals["v"].values.shape == (1000, size)
        assert population.signals["v"].times_ms[0] == 0.0


def test_the_seeds_outputs_exist(seed_run):
    """Rasters of both populations, event plot, histogram of v, saved data that load back equal."""
    _, run, _ = seed_run
    figures = {path.stem: path for path in run.artifacts() if path.suffix == ".png"}
    assert {"raster", "events", "v_histogram", "v_traces", "distributions"} == figures.keys()
    for path in figures.values():
        with Image.open(path) as image:
            assert min(image.size) > 300
            colours = image.convert("RGB").getcolors(1 << 24)
        assert colours is not None
        present = {colour for _, colour in colours}
        assert (0x00, 0x72, 0xB2) in present, f"{path.name} shows no excitatory cells"
        assert (0xD5, 0x5E, 0x00) in present, f"{path.name} shows no inhibitory cells"
    assert {path.stem for path in run.artifacts() if path.suffix == ".svg"} == figures.keys()
    assert any(
        "neo" in path.name or (path.name.startswith("recording.") and path.suffix != ".npz") for path in run.artifacts()
    )
    assert run.folder is not None
    again = load_npz(run.folder / "recording.npz")
    for name, population in run.recording().populations.items():
        assert np.array_equal(population.spike_times_ms, again.populations[name].spike_times_ms)


def test_provenance_says_what_ran(seed_run):
    _, run, _ = seed_run
    assert run.folder is not None
    provenance = json.loads((run.folder / "provenance.json").read_text())
    text = json.dumps(provenance)
    for package in ("brian2", "numpy", "mlflow", "hydra-core"):
        assert package in text.lower()
    assert run.config()["experiment" if "experiment" in run.config() else "seed"] is not None


@pytest.mark.parametrize("experiment", ["seed_original_weights", "va_coba", "va_cuba"])
def test_every_preset_runs(experiment, tmp_path):
    """Cut short: their figures are the slow tests' business."""
    done = varesearch(
        tmp_path,
        f"experiment={experiment}",
        "simulation.duration_ms=300",
        "analysis.warmup_ms=100",
        "connectivity.n=400",
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.timeout(1800)  # 14 modules are compiled
def test_cells_are_reset_on_cython_from_a_first_compile_on(tmp_path):
    """An integrate-and-fire cell at 0.1 ms, whose reset Cython once refused without a word: 160 times the spikes."""
    found = {}
    for codegen in ("numpy", "cython"):
        root = tmp_path / codegen
        root.mkdir()
        words = ["cell=if_curr_exp", "connectivity.n=500", "simulation.duration_ms=500", "simulation.dt_ms=0.1"]
        words += ["stimulus=background_poisson", f"backend.codegen={codegen}"]
        done = subprocess.run(
            [sys.executable, "-m", "varesearch", *words],
            env=os.environ | {"VARESEARCH_ROOT": str(root), "XDG_CACHE_HOME": str(root / "cache")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        (line,) = [line for line in done.stdout.splitlines() if line.startswith("spike_count")]
        found[codegen] = line.split()[1:3]
    assert found["cython"] == found["numpy"] == ["4,533", "1,106"]
