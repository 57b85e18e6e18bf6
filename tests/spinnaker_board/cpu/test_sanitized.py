"""The processor's tests once more with the C code under the address and undefined-behaviour sanitizers."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest


@pytest.mark.slow
def test_suite_is_clean_under_the_sanitizers() -> None:
    compiler = os.environ.get("CC", sysconfig.get_config_var("CC") or "cc").split()[0]
    runtime = subprocess.run([compiler, "-print-file-name=libasan.so"], check=True, capture_output=True, text=True)
    environment = os.environ | {
        "BOARD_SANITIZE": "1",
        "LD_PRELOAD": runtime.stdout.strip(),
        "ASAN_OPTIONS": "detect_leaks=0",  # Python's own
        "UBSAN_OPTIONS": "print_stacktrace=1",
    }
    here = Path(__file__).parent
    files = [str(here / name) for name in ("test_engine.py", "test_manual.py", "test_translation.py")]
    tests = [*files, f"{here / 'test_unicorn.py'}::test_arm_forms"]
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
