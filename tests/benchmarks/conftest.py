"""What a session of benchmarks says of its machine, and where it is kept: in its JSON file and in the tracker."""

import os
from typing import Any

import pytest

from varesearch.tracking.provenance import machine, versions

TOLD = ("brian2", "cython", "mlflow", "nest-simulator", "numpy", "pynn", "python", "spynnaker")
"""The packages whose versions decide the times."""


def pytest_benchmark_update_machine_info(machine_info: dict[str, Any]) -> None:
    """Add what the page of the benchmarks tells."""
    here, installed = machine(), versions()
    machine_info["varesearch"] = {
        "machine": {
            "processor": here["processor"],
            "cores": here["usable_cores"],
            "memory_gb": round(here["memory_bytes"] / 1e9, 1),
            "system": here["system"],
            "load": round(os.getloadavg()[2], 1),
        },
        "versions": {name: installed[name] for name in TOLD if name in installed},
    }


MEASURED = pytest.StashKey[dict[str, Any]]()
"""The content of the file in which the session is stored."""


def pytest_benchmark_update_json(config: pytest.Config, output_json: dict[str, Any]) -> None:
    """Remember a session of the matrix; what else is timed here has no case."""
    if any("case" in entry["extra_info"] for entry in output_json["benchmarks"]):
        config.stash[MEASURED] = output_json


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Keep the session in the tracker too, once it is stored: a store that fails must not cost the measurement."""
    if MEASURED in session.config.stash:
        from varesearch_tools.benchmarks.session import read_session
        from varesearch_tools.benchmarks.tracking import track_session

        track_session(read_session(session.config.stash[MEASURED], "this session"))
