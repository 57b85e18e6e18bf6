"""Start the measurements, which are tests marked ``benchmark`` below ``tests/benchmarks``."""

import subprocess
import sys
from collections.abc import Sequence

from varesearch.config.errors import ConfigurationError
from varesearch.tracking.location import checkout_root, project_root
from varesearch_tools.benchmarks.session import SESSIONS


def measure_matrix(words: Sequence[str]) -> int:
    """Measure every case, and keep the session; ``words`` are further options of pytest. The exit code."""
    return _pytest(
        "test_matrix.py",
        f"--benchmark-storage=file://{project_root() / SESSIONS}",
        "--benchmark-autosave",
        "--benchmark-columns=min,max,rounds",
        "--benchmark-group-by=group",
        *words,
    )


def measure_board(words: Sequence[str]) -> int:
    """Measure the software board's own speed; ``words`` are further options of pytest. The exit code."""
    return _pytest("test_board_speed.py", "-s", "--benchmark-disable", *words)


def _pytest(file: str, *words: str) -> int:
    top = checkout_root()
    if top is None or not (top / "tests" / "benchmarks" / file).is_file():
        raise ConfigurationError("the benchmarks need a checkout with its tests, and there is none here")
    return subprocess.call(
        [sys.executable, "-m", "pytest", f"tests/benchmarks/{file}", "-m", "benchmark", *words], cwd=top
    )
