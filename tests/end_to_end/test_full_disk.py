"""Disks that are full, too small for a sweep, or read-only: real ones, by the command line."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

SCRIPT = r"""
set -u
mount -t tmpfs -o size=24m none "$VARESEARCH_ROOT"
cd "$VARESEARCH_ROOT"
( while ! ls mlruns/artifacts/varesearch/*/artifacts/.recording* >/dev/null 2>&1; do :; done
  dd if=/dev/zero of=filler bs=64k >/dev/null 2>&1 ) &
"$PYTHON" -m varesearch connectivity.n=1500 >"$OUT/full.out" 2>"$OUT/full.err"
echo $? >"$OUT/full.code"
wait
cp -r mlruns "$OUT/mlruns"
rm filler
"$PYTHON" -m varesearch -m connectivity.n=20 seed=range\(20\) >"$OUT/sweep.out" 2>"$OUT/sweep.err"
echo $? >"$OUT/sweep.code"
cp mlruns/mlflow.db "$OUT/after.db"
mount -o remount,ro none "$VARESEARCH_ROOT"
"$PYTHON" -m varesearch -m connectivity.n=20 seed=range\(2\) >"$OUT/ro.out" 2>"$OUT/ro.err"
echo $? >"$OUT/ro.code"
"""


def test_a_full_and_a_read_only_disk(tmp_path: Path) -> None:
    root, out = tmp_path / "root", tmp_path / "out"
    root.mkdir()
    out.mkdir()
    environment = {**os.environ, "VARESEARCH_ROOT": str(root), "OUT": str(out), "PYTHON": sys.executable}
    command = ["unshare", "--user", "--map-root-user", "--mount", "bash", "-c", SCRIPT]
    subprocess.run(command, env=environment, check=True, timeout=280)

    assert (out / "full.code").read_text() == "1\n"
    (line,) = (out / "full.err").read_text().splitlines()
    assert line.startswith("varesearch: FAILED: not kept: recording.npz")
    assert "No space left on device" in line
    assert "rate_hz" in (out / "full.out").read_text()
    with closing(sqlite3.connect(out / "mlruns/mlflow.db")) as store:
        assert store.execute("SELECT status FROM runs").fetchall() == [("FAILED",)]
        metrics = dict(store.execute("SELECT key, value FROM latest_metrics"))
        (reason,) = store.execute("SELECT value FROM tags WHERE key = 'varesearch.ended'").fetchone()
    assert metrics["exc.rate_hz"] > 0
    assert reason.startswith("not kept: recording.npz")
    assert not list(out.rglob("recording.npz")) and not list(out.rglob(".re*"))

    # 20 runs fit one by one, but not together.
    assert (out / "sweep.code").read_text() == "2\n"
    (line,) = (out / "sweep.err").read_text().splitlines()
    assert line.startswith("varesearch: 20 runs: their files will take about ")
    assert "MB are free in " in line and "recording.cells" in line
    assert (out / "sweep.out").read_text() == ""
    with closing(sqlite3.connect(out / "after.db")) as store:
        assert store.execute("SELECT count(*) FROM runs").fetchall() == [(1,)]

    assert (out / "ro.code").read_text() == "2\n"
    assert (out / "ro.err").read_text().count("\n") == 1
    assert (out / "ro.out").read_text() == ""


EVERY_FILE = r"""
set -u
mount -t tmpfs -o size=24m none "$VARESEARCH_ROOT"
"$PYTHON" "$DRIVER" "$VARESEARCH_ROOT" >"$OUT/results.json" && cp -r "$VARESEARCH_ROOT/mlruns" "$OUT"
"""
AT_THE_START = ["anything", "overrides.yaml", "provenance.json"]
LOST = {
    "network.json": "network.json, recording.npz, ",
    "log": "recording.npz, ",
    "recording": "recording.npz, recording.mat, metrics.csv, figures, phases.csv (",
    "metrics.csv": "metrics.csv, figures, phases.csv (",
    "figures": "figures, phases.csv (",
    "phases.csv": "phases.csv (",
}
"""The disk is full from when this is to be written on -> what the run's last line says is not kept."""


def test_a_disk_that_is_full_from_any_file_of_a_run_on(tmp_path: Path) -> None:
    root, out = tmp_path / "root", tmp_path / "out"
    root.mkdir()
    out.mkdir()
    driver = Path(__file__).with_name("full_disk_runs.py")
    environment = {**os.environ, "VARESEARCH_ROOT": str(root), "OUT": str(out), "PYTHON": sys.executable}
    command = ["unshare", "--user", "--map-root-user", "--mount", "bash", "-c", EVERY_FILE]
    subprocess.run(command, env={**environment, "DRIVER": str(driver)}, check=True, timeout=280)
    results = json.loads((out / "results.json").read_text())

    with closing(sqlite3.connect(out / "mlruns/mlflow.db")) as store:
        assert store.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        states = dict(store.execute("SELECT name, status FROM runs"))
        query = "SELECT name, m.value FROM runs r JOIN latest_metrics m USING (run_uuid) WHERE key = 'exc.rate_hz'"
        rates = dict(store.execute(query))

    whole = ["first", "last"]
    assert [results[name]["exit"] for name in whole] == [0, 0]
    # What the store did not take at the run's end, the next run handed in.
    assert [name for name, state in states.items() if state == "FINISHED"] == ["first", "store", "last"]
    assert "RUNNING" not in states.values()
    assert set(rates) == {*whole, *LOST, "store"} and len(set(rates.values())) == 1

    for name, result in results.items():
        if name in whole:
            continue
        # 2: the store refused what is written before anything is drawn.
        assert result["exit"] == (2 if name in ("provenance.json", "no run yet") else 1), (name, result)
        (line,) = result["err"].splitlines()
        assert "No space left on device" in line or "database or disk is full" in line
        # The results are shown before the store is told of the end.
        assert ("rate_hz" in result["out"]) == (name in (*LOST, "store")), name
        if name in LOST:
            assert line.startswith(f"varesearch: FAILED: not kept: {LOST[name]}"), line
    assert {name: states[name] for name in LOST} == dict.fromkeys(LOST, "FAILED")
    assert set(results) == {*whole, *LOST, *AT_THE_START, "store", "no run yet"}
