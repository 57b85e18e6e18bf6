"""Three simulators in one process, in turn: each gives what it gave alone, and nothing of the process stays changed."""

import logging
import os
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from small_runs import result_of

from varesearch.backends import backend_class
from varesearch.config.compose import compose
from varesearch.config.schema import Config
from varesearch.network import draw

COMMON = ("cell=if_curr_exp", "connectivity.n=100", "simulation.duration_ms=100", "analysis.warmup_ms=10")


def settings() -> list[Config]:
    """One small network for each back end."""
    chosen = (("backend=brian2",), ("backend=nest",), ("backend=spinnaker", "backend.machine=mapping"))
    return [compose([*COMMON, *overrides]).config for overrides in chosen]


def run(config: Config) -> Any:
    """Spikes of all populations, or what a mapping found."""
    result = result_of(draw(config), backend_class(type(config.backend))(config))
    if result.recording is None:
        return {name: value for name, value in result.metrics.items() if not name.endswith("_s")}
    return {
        name: (population.spike_ids.tolist(), population.spike_times_ms.tolist())
        for name, population in result.recording.populations.items()
    }


def state() -> dict[str, Any]:
    """Of the process what simulators like to change."""
    return {
        "hook": sys.excepthook,
        "signals": [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)],
        "HOME": os.environ.get("HOME"),
        "XDG_CONFIG_HOME": os.environ.get("XDG_CONFIG_HOME"),
        "filters": [list(handler.filters) for handler in logging.getLogger().handlers],
        "folder": Path.cwd(),
    }


def interleave(rounds: int, home: Path) -> list[int]:
    """Run all in turn, checking each result; the resident memory after each round."""
    configs = settings()
    first = [run(config) for config in configs]
    before, memory = state(), []
    for _ in range(rounds):
        assert [run(config) for config in configs] == first
        assert state() == before
        memory.append(psutil.Process().memory_info().rss)
    assert list(home.iterdir()) == []
    return memory


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home; matplotlib, which the simulators import, has its caches elsewhere."""
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path / "matplotlib"))
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return folder


def test_one_round_of_three_simulators(home: Path) -> None:
    interleave(1, home)


@pytest.mark.slow
def test_thirty_runs_of_three_simulators_keep_the_memory_flat(home: Path) -> None:
    memory = interleave(10, home)
    assert np.median(memory[-3:]) < memory[1] + 30e6
