"""Real runs on a real disk that is full from a given moment on; see ``test_full_disk.py``.

``python full_disk_runs.py ROOT`` makes one run for each of :data:`MOMENTS` in a process of its own, in the same store,
then one that is left alone, and prints their results as JSON.
"""

import gc
import json
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import real_runs

import varesearch.metrics
import varesearch.plots
import varesearch.runner
from varesearch.backends import backends
from varesearch.backends.brian2.simulation import Brian2Simulation
from varesearch.config.compose import compose
from varesearch.tracking import files, run
from varesearch.tracking.files import RunFiles

SMALL = ["connectivity.n=60", "connectivity.p=0.1", "simulation.duration_ms=200", "tracking.neo=true"]


def fill(folder: Path) -> None:
    """Leave not a byte."""
    with (folder / "filler").open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(1 << 16))
    with (folder / "filler").open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"0")


def flood() -> None:
    """A simulator that prints without end."""
    for _ in range(40):
        print("x" * 999_999)


MOMENTS: dict[str, tuple[Any, str]] = {
    "anything": (RunFiles, "describe"),
    "overrides.yaml": (RunFiles, "_given"),
    "provenance.json": (RunFiles, "_write_json"),
    "network.json": (RunFiles, "log_network"),
    "log": (Brian2Simulation, "run"),
    "recording": (RunFiles, "log_recording"),
    "metrics.csv": (files, "write_metrics"),
    "figures": (varesearch.plots, "write_figures"),
    "phases.csv": (files, "write_phases"),
    "store": (run.StoreSession, "deliver"),
    "no run yet": (run.StoreSession, "create_run"),
}
"""What is about to be written -> the function before which the disk becomes full."""


def before(owner: Any, name: str, then: Callable[[], None]) -> None:
    """Do something before each call of a function."""
    original = getattr(owner, name)

    def changed(*arguments: Any, **named: Any) -> Any:
        then()
        return original(*arguments, **named)

    setattr(owner, name, changed)


def main() -> None:
    """Import what every run needs, then make the runs."""
    import mlflow.store.tracking.sqlalchemy_store  # noqa: F401

    root = Path(sys.argv[1])
    backends()["brian2"](compose([]).config).load()
    gc.freeze()
    results = {"first": real_runs.conduct({"root": str(root), "words": [*SMALL, "tracking.run_name=first"]})}
    for moment, (owner, name) in MOMENTS.items():
        original = getattr(owner, name)
        before(owner, name, flood if moment == "log" else lambda: fill(root))
        results[moment] = real_runs.conduct({"root": str(root), "words": [*SMALL, f'tracking.run_name="{moment}"']})
        setattr(owner, name, original)
        (root / "filler").unlink(missing_ok=True)
        for path in root.rglob(files.LOG_FILE):
            if path.stat().st_size > 1_000_000:
                path.write_text("emptied, for the next runs")
    results["last"] = real_runs.conduct({"root": str(root), "words": [*SMALL, "tracking.run_name=last"]})
    print(json.dumps(results))


if __name__ == "__main__":
    main()
