"""``make bench``: every case of the matrix in processes of its own, held by pytest-benchmark. Asserts no timing."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from bench_processes import run_python
from matrix import Cell, command, matrix

from varesearch.phases import PhaseTime
from varesearch_tools.benchmarks.measured import Measured, measured_from
from varesearch_tools.benchmarks.session import Case, Repetition

MATRIX = matrix()


class Homes:
    """A folder for each program and simulator, in which it keeps what it may use again: home and project in one."""

    def __init__(self, top: Path) -> None:
        self._top = top
        self._warm: set[Path] = set()

    def of(self, case: Case) -> Path:
        """The folder of a case."""
        name = f"{case.network}-{case.program}-{case.simulator}" if case.cache != "none" else "none"
        folder = self._top / name
        folder.mkdir(exist_ok=True)
        return folder

    def is_ready(self, case: Case) -> bool:
        """Is there what a warm case wants to find, and nothing where a cold one wants nothing?"""
        return case.cache == "none" or (self.of(case) in self._warm) == (case.cache == "warm")

    def used(self, case: Case) -> None:
        """A process has run there."""
        self._warm.add(self.of(case))


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Homes:
    """Empty ones."""
    return Homes(tmp_path_factory.mktemp("homes"))


def repetition(case: Case, home: Path) -> Repetition:
    """Run a case once."""
    own = {name: str(home) for name in ("HOME", "VARESEARCH_ROOT", "XDG_CACHE_HOME")}
    output, process = run_python(command(case, home), own)
    measured = measured_command(home) if case.program == "command" else measured_from(output)
    assert measured.facts["spikes"] > 0, f"{case.key}: nothing fired, so this is the speed of nothing"
    return Repetition(measured, process)


def measured_command(home: Path) -> Measured:
    """What the tracker knows of the newest run there: the command prints for people."""
    from varesearch.tracking import runs

    run = runs(root=home)[0]
    spent = {name.removeprefix("phase."): value for name, value in run.metrics.items() if name.startswith("phase.")}
    phases = {
        name.removesuffix("_cpu_s"): PhaseTime(spent[f"{name.removesuffix('_cpu_s')}_s"], cpu_s)
        for name, cpu_s in spent.items()
        if name.endswith("_cpu_s")
    }
    facts = {
        "cells": float(run.params["network.cells"]),
        "synapses": float(run.params["network.synapses"]),
        "spikes": run.metrics["exc.spike_count"] + run.metrics["inh.spike_count"],
    }
    return Measured(
        phases, facts, notes={"network": run.params["network.hash"][:12]}, memory_mb=run.metrics["peak_memory_mb"]
    )


@pytest.mark.benchmark
@pytest.mark.timeout(900)
@pytest.mark.parametrize("cell", MATRIX, ids=lambda cell: cell.case.key)
def test_case(cell: Cell, homes: Homes, benchmark: Any, capsys: pytest.CaptureFixture[str]) -> None:
    case, repetitions = cell.case, []
    if not homes.is_ready(case):
        assert case.cache == "warm", f"{case.key} comes after a warm case that used its folder"
        repetition(case, homes.of(case))  # a warm case that was chosen without the cold one
    benchmark.group = f"{case.network} {case.cells}{' with v' if case.with_v else ''}"
    benchmark.pedantic(lambda: repetitions.append(repetition(case, homes.of(case))), rounds=cell.rounds)
    homes.used(case)
    benchmark.extra_info.update(case=asdict(case), repetitions=[asdict(one) for one in repetitions])
    simulate_s = min(one.measured.phases["simulate"].wall_s for one in repetitions)
    process_s = min(one.process.wall_s for one in repetitions)
    with capsys.disabled():
        place = f"[{MATRIX.index(cell) + 1}/{len(MATRIX)}]"
        print(f" {place} {case.key}: simulate {simulate_s:.3g} s, process {process_s:.3g} s", flush=True)
