"""Runs that end well, fail, are interrupted, terminated or killed, read back from the SQLite store."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import conduct, folder_of, rows, statuses, tags

Results = dict[str, list[dict[str, Any]]]

_PHASES = ("open", "simulate", "analyse", "end")
_KILLS = {f"{signal} in {phase}": (phase, signal) for phase in _PHASES for signal in ("SIGINT", "SIGTERM", "SIGKILL")}
_EXITS = {"SIGINT": 130, "SIGTERM": 143, "SIGKILL": -9}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Results]:
    """A project whose path has what paths may have, and every case of this file run in it."""
    root = tmp_path_factory.mktemp("ends") / "a project, 100% #1 é"
    root.mkdir()
    cases: list[dict[str, Any]] = [{"name": "good"}, {"name": "failed", "does": "fail"}]
    cases += [{"name": name, "at": {phase: [signal]}} for name, (phase, signal) in _KILLS.items()]
    cases += [
        {"name": "hang-up", "at": {"simulate": ["SIGHUP"]}},
        {"name": "Ctrl-C twice", "at": {"simulate": ["SIGINT"], "end": ["SIGINT", "SIGTERM", "SIGINT"]}},
        {"name": "impatient", "does": "close_slowly", "at": {"running": ["SIGINT"], "closing": ["SIGINT"]}},
        {"name": "sent by several", "does": "close_slowly", "at": {"running": ["SIGINT", "SIGTERM"]}},
        {"name": "killed while writing", "does": "write_recording", "at": {"rename": ["SIGKILL"]}},
        {"name": "interrupted while writing", "does": "write_recording", "at": {"rename": ["SIGINT"]}},
        {"name": "last"},
    ]
    return root, conduct(root, [{"root": str(root), **case} for case in cases])


def _run_of(project: tuple[Path, Results], name: str) -> str:
    """The run id of a case: runs were made in the order of the cases."""
    root, results = project
    return list(statuses(root))[list(results).index(name)]


def test_good_run_is_finished_and_complete(project: tuple[Path, Results]) -> None:
    root, results = project
    run_id = _run_of(project, "good")
    assert results["good"][0]["exit"] == 0
    assert results["good"][0]["out"] == f"FINISHED {run_id}\n"
    assert results["good"][0]["err"] == ""
    assert statuses(root)[run_id] == "FINISHED"
    metrics = dict(rows(root, "SELECT key, value FROM latest_metrics WHERE run_uuid = ?", run_id))
    assert metrics["exc.rate_hz"] == 7.25
    assert "exc.cv_isi" not in metrics
    assert metrics["realtime_factor"] == 1.5
    assert metrics["phase.within.kernel_s"] == 0.01
    assert {"phase.draw_s", "phase.simulate_cpu_s", "peak_memory_mb"} <= metrics.keys()
    params = dict(rows(root, "SELECT key, value FROM params WHERE run_uuid = ?", run_id))
    assert params["cell.a"] == "0.02"
    assert params["cell.v_init"] == "uniform(low=-65.0, high=-14.0)"
    assert params["network.cells"] == "10"
    assert not {key for key in params if key.startswith("tracking")}
    found = tags(root, run_id)
    assert found["mlflow.runName"] == "izhikevich brian2 n=10 seed=3"
    assert len(found["varesearch.network_hash"]) == 64
    assert len(found["varesearch.config_hash"]) == 64
    assert found["machine"] == "none"


def test_good_run_keeps_its_files(project: tuple[Path, Results]) -> None:
    root, _ = project
    folder = folder_of(root, _run_of(project, "good"))
    with (folder / "metrics.csv").open(newline="") as handle:
        table = list(csv.DictReader(handle))
    assert [row["unit"] for row in table] == ["Hz", ""]
    assert table[0]["value"] == "7.25"
    assert (table[1]["value"], table[1]["undefined because"]) == ("", "no cell has 5 intervals")
    with (folder / "phases.csv").open(newline="") as handle:
        assert "simulate" in [row["phase"] for row in csv.DictReader(handle)]
    assert yaml.safe_load((folder / "config.yaml").read_text())["connectivity"]["n"] == 10
    assert "seed=3" in yaml.safe_load((folder / "overrides.yaml").read_text())["overrides"]
    made = json.loads((folder / "provenance.json").read_text())
    assert made["versions"]["numpy"]
    assert made["machine"]["logical_cores"] >= 1
    assert re.fullmatch("[0-9a-f]{40}", made["commit"])
    assert not list(folder.glob(".unsent*"))


def test_log_holds_python_and_file_descriptors(project: tuple[Path, Results]) -> None:
    root, _ = project
    log = (folder_of(root, _run_of(project, "good")) / "run.log").read_text()
    for line in ("python says hello", "the child says hello", "and complains"):
        assert f"{line}\n" in log
    assert "INFO    varesearch.tracking.run: run" in log


def test_failed_run_keeps_its_traceback(project: tuple[Path, Results]) -> None:
    root, results = project
    run_id = _run_of(project, "failed")
    assert results["failed"][0]["exit"] == 1
    assert results["failed"][0]["err"] == "FAILED RuntimeError: the simulator has lost its way\n"
    assert statuses(root)[run_id] == "FAILED"
    folder = folder_of(root, run_id)
    for name in ("traceback.txt", "run.log"):
        assert 'raise RuntimeError("the simulator has lost its way")' in (folder / name).read_text()
    assert tags(root, run_id)["varesearch.ended"] == "RuntimeError: the simulator has lost its way"


@pytest.mark.parametrize("name", _KILLS)
def test_killed_run(project: tuple[Path, Results], name: str) -> None:
    root, results = project
    phase, signal = _KILLS[name]
    run_id = _run_of(project, name)
    assert results[name][0]["exit"] == _EXITS[signal]
    # A signal that comes while the record is being written waits for it: what was finished is recorded as such, even
    # when the process is killed then, for its last words are in its folder by that time.
    assert statuses(root)[run_id] == ("FINISHED" if phase == "end" else "KILLED")
    end = rows(root, "SELECT start_time, end_time FROM runs WHERE run_uuid = ?", run_id)[0]
    assert end[1] >= end[0] > 0
    if phase != "end":
        reason = {"SIGINT": "interrupted (Ctrl-C)", "SIGTERM": "ended by SIGTERM", "SIGKILL": "killed: process"}[signal]
        assert tags(root, run_id)["varesearch.ended"].startswith(reason)
    if phase in ("analyse", "end") and signal != "SIGKILL":
        assert rows(root, "SELECT value FROM latest_metrics WHERE run_uuid = ? AND key = 'exc.rate_hz'", run_id) == [
            (7.25,)
        ]
    if phase in ("simulate", "analyse"):
        assert "python says hello" in (folder_of(root, run_id) / "run.log").read_text()


def test_hang_up(project: tuple[Path, Results]) -> None:
    root, results = project
    assert results["hang-up"][0]["exit"] == 129
    assert statuses(root)[_run_of(project, "hang-up")] == "KILLED"


@pytest.mark.parametrize(("name", "closed"), [("impatient", False), ("sent by several", True)])
def test_a_second_request_does_not_wait_for_the_simulator_to_close(
    project: tuple[Path, Results], name: str, closed: bool
) -> None:
    root, results = project
    run_id = _run_of(project, name)
    assert results[name][0]["exit"] == 130
    assert results[name][0]["err"] == "KILLED interrupted (Ctrl-C)\n"
    assert statuses(root)[run_id] == "KILLED"
    assert ("\nclosed\n" in (folder_of(root, run_id) / "run.log").read_text()) is closed


def test_second_interrupt_does_not_tear_the_record(project: tuple[Path, Results]) -> None:
    root, results = project
    run_id = _run_of(project, "Ctrl-C twice")
    assert results["Ctrl-C twice"][0]["exit"] == 130
    assert results["Ctrl-C twice"][0]["err"] == "KILLED interrupted (Ctrl-C)\n"
    assert statuses(root)[run_id] == "KILLED"
    assert not list(folder_of(root, run_id).glob(".unsent*"))


@pytest.mark.parametrize("name", ["killed while writing", "interrupted while writing"])
def test_nothing_half_written_is_left(project: tuple[Path, Results], name: str) -> None:
    root, _ = project
    run_id = _run_of(project, name)
    assert statuses(root)[run_id] == "KILLED"
    hidden = [path.name for path in folder_of(root, run_id).rglob("*") if path.name.startswith(".")]
    assert hidden == [] and not (folder_of(root, run_id) / "recording.npz").exists()


def test_nothing_is_left_running(project: tuple[Path, Results]) -> None:
    root, results = project
    assert len(statuses(root)) == len(results)
    assert set(statuses(root).values()) == {"FINISHED", "FAILED", "KILLED"}
    assert rows(root, "PRAGMA integrity_check") == [("ok",)]
