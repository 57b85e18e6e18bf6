"""A disk that fills up while a run's recording is written, and a read-only one: real disks, by the command line."""

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

    assert (out / "ro.code").read_text() == "2\n"
    assert (out / "ro.err").read_text().count("\n") == 1
    assert (out / "ro.out").read_text() == ""
