"""The board's tests once more with its C core under the address and undefined-behaviour sanitizers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FLAGS = "-fsanitize=address,undefined"


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_suite_is_clean_under_the_sanitizers(tmp_path: Path) -> None:
    """Devices, heaps, hostile datagrams and real binaries; any finding ends a process, which fails its test."""
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    build = [sys.executable, "setup.py", "-q", "build_ext", "--inplace"]
    flags = {"CFLAGS": f"-g {FLAGS} -fno-sanitize-recover=undefined", "LDFLAGS": FLAGS}
    subprocess.run(build, cwd=tmp_path, env=os.environ | flags, check=True, capture_output=True)
    assert list((tmp_path / "src/spinnaker_board").glob("_core*"))

    compiler = os.environ.get("CC", sysconfig.get_config_var("CC") or "cc").split()[0]
    libraries = [
        subprocess.run(
            [compiler, f"-print-file-name={name}"], check=True, capture_output=True, text=True
        ).stdout.strip()
        for name in ("libasan.so", "libubsan.so")
    ]
    environment = os.environ | {
        "LD_PRELOAD": " ".join(libraries),
        "ASAN_OPTIONS": "detect_leaks=0:quarantine_size_mb=8",  # Python leaks; memory is kept a while
        "PYTHONPATH": str(tmp_path / "src"),
    }
    here = Path(__file__).parent
    names = ("devices", "comms", "heap", "routes", "server", "limits", "mailboxes", "fuzz", "arithmetic")
    files = [str(here / f"test_{name}.py") for name in names]
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *files]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
