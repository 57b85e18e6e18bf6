"""The real program struck down in every phase: the store opens, nothing is left RUNNING, nothing kept is lost."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from varesearch.recording_io import load_npz
from varesearch.tracking import load_run, runs

SMALL = ["connectivity.n=100", "connectivity.p=0.1", "simulation.duration_ms=300", "recording.cells=10"]
PHASES = ("import", "draw", "build", "simulate", "collect", "analyse", "plot")
EXITS = {"SIGINT": 130, "SIGTERM": 143, "SIGKILL": -9}
CASES = [(phase, signal) for phase in PHASES for signal in EXITS]


@pytest.fixture(scope="module")
def struck(tmp_path_factory) -> tuple[Path, dict[tuple[str, str], dict[str, Any]]]:
    """A project in which every case was run, each under its own name, and then one run that was left alone."""
    root = tmp_path_factory.mktemp("struck")
    cases: list[dict[str, Any]] = [
        {
            "root": str(root),
            "words": [*SMALL, f"tracking.run_name={signal} in {phase}"],
            "phase": phase,
            "signal": signal,
        }
        for phase, signal in CASES
    ]
    failing = {"phase": "simulate", "error": "the simulator has lost its way"}
    cases.append({"root": str(root), "words": [*SMALL, "tracking.run_name=fails"], **failing})
    reporting = {"phase": "simulate", "logged": "one core of two answers"}
    cases.append({"root": str(root), "words": [*SMALL, "tracking.run_name=reports"], **reporting})
    cases.append({"root": str(root), "words": [*SMALL, "tracking.run_name=whole"]})
    plan = root / "cases.json"
    plan.write_text(json.dumps(cases))
    driver = Path(__file__).with_name("real_runs.py")
    done = subprocess.run([sys.executable, driver, plan], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    return root, dict(zip([*CASES, ("", "fails"), ("", "reports"), ("", "whole")], results, strict=True))


def test_the_run_after_all_of_them_is_whole(struck):
    root, results = struck
    assert results["", "whole"]["exit"] == 0, results["", "whole"]
    assert load_run("whole", root=root).status == "FINISHED"


def test_the_store_opens_and_nothing_is_left_running(struck):
    root, _ = struck
    with sqlite3.connect(root / "mlruns" / "mlflow.db") as store:
        assert store.execute("pragma integrity_check").fetchone() == ("ok",)
        assert dict(store.execute("select status, count(*) from runs group by status")) == {
            "FINISHED": 1,
            "FAILED": 2,
            "KILLED": len(CASES),
        }
    assert len(runs(root=root)) == len(CASES) + 3


def test_a_simulation_that_fails_keeps_its_traceback(struck):
    root, results = struck
    result = results["", "fails"]
    assert result["exit"] == 1
    assert len(result["err"].strip().splitlines()) == 1
    assert "FAILED: RuntimeError: the simulator has lost its way" in result["err"]
    run = load_run("fails", root=root)
    assert run.status == "FAILED"
    assert run.folder is not None and str(run.folder) in result["err"]
    for name in ("traceback.txt", "run.log"):
        assert "Traceback" in (run.folder / name).read_text()


def test_an_error_that_a_simulator_reports_fails_the_run_and_what_was_recorded_is_kept(struck):
    root, results = struck
    result = results["", "reports"]
    assert result["exit"] == 1
    (line,) = result["err"].strip().splitlines()
    assert "FAILED: SimulatorError: brian2.devices reported an error: one core of two answers" in line
    run = load_run("reports", root=root)
    assert run.status == "FAILED"
    assert "one core of two answers" in run.tags["varesearch.ended"]
    assert run.folder is not None
    whole = load_run("whole", root=root)
    kept, sound = (each.recording().populations["exc"].spike_ids for each in (run, whole))
    assert kept.tolist() == sound.tolist()
    assert not [name for name in run.metrics if name.startswith("rate")]


@pytest.mark.parametrize(("phase", "signal"), CASES)
def test_exit_code_and_message(phase, signal, struck):
    _, results = struck
    result = results[phase, signal]
    assert result["exit"] == EXITS[signal]
    if signal != "SIGKILL":
        assert "KILLED" in result["err"] and len(result["err"].strip().splitlines()) == 1
        assert "Traceback" not in result["out"] + result["err"]


@pytest.mark.parametrize(("phase", "signal"), CASES)
def test_what_was_there_is_kept(phase, signal, struck):
    root, _ = struck
    run = load_run(f"{signal} in {phase}", root=root)
    kept = {path.name for path in run.artifacts()}
    assert {"run.log", "config.yaml", "provenance.json"} <= kept
    if phase in ("analyse", "plot"):
        assert load_npz(next(path for path in run.artifacts() if path.name == "recording.npz")).duration_ms == 300.0
    assert ("metrics.csv" in kept) == (phase == "plot")
