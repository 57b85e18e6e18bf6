"""What users of other simulators and front ends reported, and what held here: so it stays.

Each on every back end that has it, through the same checks and phases as the command.
"""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import mlflow
import numpy as np
import pytest
from crossing_cases import OF_THIS_MACHINE
from crossing_runs import Trains, checked, first_difference, run

from varesearch.backends import backends
from varesearch.config.errors import ConfigurationError

SMALL = (
    "connectivity.n=10",
    "connectivity.p=0.3",
    "analysis.warmup_ms=0",
    "analysis.fano_window_ms=5",
    "recording=spikes",
)
QUIET = ("cell=if_curr_delta", "cell.v_rest=-60", "cell.v_init=-60", "connectivity.p=0", "stimulus.weight=30")
"""Cells at rest that fire at once when a source's spike arrives, and drive nobody."""


def overriding(*words: str) -> tuple[str, ...]:
    """The words, of each setting the last one."""
    return tuple({word.partition("=")[0]: word for word in words}.values())


def on(backend: str, *words: str, compiled: Path) -> Trains:
    return run(overriding(*SMALL, *words, f"backend={backend}", *OF_THIS_MACHINE.get(backend, ())), compiled)


@pytest.mark.parametrize("backend", backends())
def test_the_refractory_time_does_not_depend_on_the_absolute_time(backend: str, compiled: Path) -> None:
    """A cell under a strong constant current fires as regularly late as early, one interval after another."""
    cell = ("cell=if_curr_exp", "cell.i_offset=2", "cell.tau_refrac=3", "cell.v_init=-60", "connectivity.p=0")
    step = ("stimulus=none", "simulation.dt_ms=0.1", "simulation.duration_ms=400")
    trains = on(backend, *cell, *step, compiled=compiled).spikes["exc"]
    intervals = np.diff(trains[trains[:, 1] == 0][:, 0])
    assert len(intervals) > 50
    assert set(intervals[1:]) == {intervals[1]}
    assert intervals[1] > 30


@pytest.mark.parametrize("backend", backends())
@pytest.mark.parametrize("step", [0, 1])
def test_sources_fire_at_time_0_and_after_one_step(step: int, backend: str, compiled: Path) -> None:
    """A spike of step k with a delay of n steps acts in step k + n, where a voltage step fires the cell at once."""
    source = ("stimulus=spike_list", f"stimulus.times_ms=[[{step / 10}]]", "stimulus.delay_ms=0.5")
    run_time = ("simulation.dt_ms=0.1", "simulation.duration_ms=20")
    trains = on(backend, *QUIET, *source, *run_time, compiled=compiled).spikes
    for name, size in (("exc", 8), ("inh", 2)):
        assert trains[name].tolist() == [[step + 5, cell] for cell in range(size)]


@pytest.mark.parametrize("backend", backends())
def test_a_source_that_fires_in_every_step_loses_none(backend: str, compiled: Path) -> None:
    source = ("stimulus=background_poisson", "stimulus.law=bernoulli", "stimulus.rate_hz=1000", "stimulus.delay_ms=1")
    run_time = ("cell.tau_refrac=0", "simulation.duration_ms=50")
    trains = on(backend, *QUIET, *source, *run_time, compiled=compiled).spikes["exc"]
    for cell in range(8):
        np.testing.assert_array_equal(trains[trains[:, 1] == cell][:, 0], np.arange(1, 50))


@pytest.mark.parametrize("backend", backends())
def test_a_delay_of_half_a_second_arrives_to_the_step(backend: str, compiled: Path) -> None:
    source = ("stimulus=spike_list", "stimulus.times_ms=[[7]]", "stimulus.delay_ms=500")
    trains = on(backend, *QUIET, *source, "simulation.duration_ms=600", compiled=compiled).spikes["exc"]
    assert trains.tolist() == [[507, cell] for cell in range(8)]


@pytest.mark.parametrize("setting", ["simulation.duration_ms=20.05", "cell.tau_refrac=2.55", "stimulus.start_ms=0.15"])
@pytest.mark.parametrize("backend", backends())
def test_what_is_off_the_grid_is_refused_and_never_rounded(backend: str, setting: str) -> None:
    cell, key = ("cell=if_curr_exp", "simulation.dt_ms=0.1", "simulation.duration_ms=20"), setting.partition("=")[0]
    words = overriding(*SMALL, *cell, f"backend={backend}", *OF_THIS_MACHINE.get(backend, ()), setting)
    with pytest.raises(ConfigurationError, match=f"{key}=.*multiple of simulation.dt_ms=0.1; write") as refused:
        checked(words)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("cell", ["izhikevich", "if_curr_exp"])
def test_threads_change_no_spike(cell: str, compiled: Path) -> None:
    words = (f"cell={cell}", "stimulus=background_poisson", "connectivity.n=60", "simulation.duration_ms=100")
    delays = "connectivity.delay_ms={distribution: uniform, low: 2, high: 6}"
    alone, two, four = (
        on("nest", *words, delays, f"backend.threads={count}", compiled=compiled) for count in (1, 2, 4)
    )
    assert alone.total > 100
    assert first_difference(alone, two) == first_difference(alone, four) == ""


NAME = "Größe ∑ 漢字"


def started(root: Path, *words: str) -> subprocess.Popen[str]:
    """The command in a process of its own, in a store of its own or a shared one."""
    return subprocess.Popen(
        [sys.executable, "-m", "varesearch", *SMALL, "simulation.duration_ms=20", *words],
        env={**os.environ, "VARESEARCH_ROOT": str(root), "HOME": str(root.parent / "home"), "COLUMNS": "80"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def stored(root: Path, experiment: str) -> list[str]:
    """The names of the FINISHED runs of an experiment."""
    client = mlflow.MlflowClient(f"sqlite:///{root}/mlruns/mlflow.db")
    (found,) = [each for each in client.search_experiments() if each.name == experiment]
    runs = client.search_runs([found.experiment_id])
    assert {each.info.status for each in runs} == {"FINISHED"}
    return [str(each.info.run_name) for each in runs]


def test_names_outside_ascii(tmp_path: Path) -> None:
    """Of the folder of the store, of the experiment and of the run."""
    root = tmp_path / NAME
    root.mkdir()
    process = started(root, f"tracking.experiment={NAME!r}", f"tracking.run_name={NAME!r}")
    said, _ = process.communicate(timeout=250)
    assert process.returncode == 0, said
    assert stored(root, NAME) == [NAME]
    assert list(root.rglob("recording.npz"))


@pytest.mark.slow
def test_six_first_runs_at_once(tmp_path: Path) -> None:
    """No store, no caches, one NEST cell to compile: six processes want all of them at the same moment."""
    root = tmp_path / "store"
    root.mkdir()
    words = [("backend=nest", f"seed={k}") if k % 2 else ("backend=brian2", f"seed={k}") for k in range(6)]
    processes = [started(root, *each) for each in words]
    for each, process in zip(words, processes, strict=True):
        said, _ = process.communicate(timeout=280)
        assert process.returncode == 0, f"{shlex.join(each)}: {said}"
    assert len(stored(root, "varesearch")) == 6


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_two_programs_are_built_at_once(tmp_path: Path) -> None:
    """C++ standalone: each build is in a folder of its own, each program gives its own seed's trains."""
    root = tmp_path / "store"
    root.mkdir()
    processes = [started(root, "backend.codegen=cpp_standalone", f"seed={seed}") for seed in (1, 2)]
    processes += [started(root, "backend.codegen=numpy", f"seed={seed}") for seed in (1, 2)]
    for process in processes:
        said, _ = process.communicate(timeout=1000)
        assert process.returncode == 0, said
    client = mlflow.MlflowClient(f"sqlite:///{root}/mlruns/mlflow.db")
    rates: dict[tuple[str, str], set[float]] = {}
    for each in client.search_runs([each.experiment_id for each in client.search_experiments()]):
        key = ("exc.rate_hz", each.data.params["seed"])
        rates.setdefault(key, set()).add(each.data.metrics[key[0]])
    assert [len(values) for values in rates.values()] == [1, 1]
