"""Sweeps with real children that crash, hang, eat memory, are struck down; the store read back after each command."""

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

STORIES = Path(__file__).with_name("robust_stories.py")
FAULTS = STORIES.with_name("faults")

SMALL = ["connectivity.n=20", "simulation.duration_ms=100", "analysis.warmup_ms=0", "stimulus=none"]
FOUR = [*SMALL, "seed=range(4)"]
Step = dict[str, Any]


def told(folder: Path, stories: list[dict[str, Any]], patience_s: float = 280) -> list[list[Step]]:
    """What became of the stories."""
    path = folder / "stories.json"
    path.write_text(json.dumps(stories))
    environment = {**os.environ, "PYTHONPATH": str(FAULTS), "MPLCONFIGDIR": str(folder / "matplotlib")}
    process = subprocess.Popen(
        [sys.executable, str(STORIES), str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=patience_s)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 0, err
    return json.loads(out)


def project(store: Path, folder: Path) -> str:
    """A project folder with an empty store."""
    shutil.copytree(store / "mlruns", folder / "mlruns")
    return str(folder)


def parent_of(step: Step) -> dict[str, Any]:
    """The run of the sweep."""
    (parent,) = [run for run in step["runs"] if run["tags"].get("varesearch.kind") == "sweep"]
    return parent


def children(step: Step, *status: str) -> dict[str, list[str]]:
    """Seed -> ids of the runs with that status (any, if none is given), nested under the sweep's run."""
    found: dict[str, list[str]] = {}
    parent = parent_of(step)["id"]
    for run in step["runs"]:
        if run["tags"].get("mlflow.parentRunId") == parent and (not status or run["status"] in status):
            found.setdefault(run["seed"], []).append(run["id"])
    return found


def counts(step: Step) -> tuple[int, ...]:
    """As the sweep's run has them: finished, taken over, failed, killed, not begun."""
    names = ("finished", "taken_over", "failed", "killed", "not_begun")
    return tuple(int(parent_of(step)["metrics"][f"sweep.{name}"]) for name in names)


def run_of(step: Step, seed: int, status: str) -> dict[str, Any]:
    """The only child with that seed and status."""
    (run_id,) = children(step, status)[str(seed)]
    (run,) = [run for run in step["runs"] if run["id"] == run_id]
    return run


def whole(step: Step, seeds: int) -> None:
    """Everything is done, once; nothing is left running."""
    assert step["ends"][0]["exit"] == 0, step["ends"]
    assert {seed: len(ids) for seed, ids in children(step, "FINISHED").items()} == {str(s): 1 for s in range(seeds)}
    assert parent_of(step)["status"] == "FINISHED"
    assert not [run for run in step["runs"] if run["status"] == "RUNNING"]


@pytest.fixture(scope="module")
def disasters(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Step]:
    """One sweep, started five times."""
    folder = tmp_path_factory.mktemp("disasters")
    words = [*FOUR, "launcher.memory_limit_mb=900"]
    steps = [
        {"words": words, "faults": {"1": "crash", "2": "eat", "3": "killed"}},
        {"words": words, "faults": {"2": "interrupt"}},
        {"words": words, "faults": {"2": "kill_sweep"}},
        {"words": words},
        {"words": words},
    ]
    return told(folder, [{"root": project(empty_store, folder / "project"), "steps": steps}])[0]


def test_crash_memory_and_kill_9_of_a_worker_are_failures_of_that_child_alone(disasters: list[Step]) -> None:
    step = disasters[0]
    assert step["ends"][0]["exit"] == 1
    assert counts(step) == (1, 0, 3, 0, 0)
    crash, eat, killed = (run_of(step, seed, "FAILED")["tags"] for seed in (1, 2, 3))
    assert crash["varesearch.ended"] == "ended by SIGSEGV, a segmentation fault"
    assert crash["varesearch.child.signal"] == str(int(signal.SIGSEGV))
    peak = int(eat["varesearch.child.peak_memory_mb"])
    assert peak > 900
    assert eat["varesearch.ended"] == f"took {peak} MB of memory, and 900 MB are allowed: killed"
    assert killed["varesearch.ended"] == "ended by SIGKILL from outside: by hand, or by the kernel for want of memory"
    assert parent_of(step)["status"] == "FAILED"
    assert "to resume: varesearch sweep" in step["ends"][0]["out"]


def test_ctrl_c_half_way(disasters: list[Step]) -> None:
    """What was done is kept and not done again, what ran is KILLED, what had not begun has no run."""
    before, step = disasters[0], disasters[1]
    assert step["ends"][0]["exit"] == 130
    assert step["struck"] is False
    assert children(step, "FINISHED")["0"] == children(before, "FINISHED")["0"]
    assert set(children(step, "FINISHED")) == {"0", "1"}
    assert run_of(step, 2, "KILLED")["tags"]["varesearch.ended"] == "the sweep was interrupted"
    assert len(children(step)["3"]) == 1
    assert counts(step) == (2, 1, 0, 1, 1)
    assert parent_of(step)["status"] == "KILLED"
    assert parent_of(step)["id"] == parent_of(before)["id"]
    assert not [run for run in step["runs"] if run["status"] == "RUNNING"]
    assert "to resume: varesearch sweep" in step["ends"][0]["out"]


def test_kill_9_of_the_sweep_ends_its_children(disasters: list[Step]) -> None:
    step = disasters[2]
    assert step["ends"][0]["exit"] == -signal.SIGKILL
    assert step["struck"] is False
    assert parent_of(step)["status"] == "RUNNING"  # nobody was left to say otherwise, until the next command
    assert len(children(step, "RUNNING")["2"]) == 1


def test_resumed_after_all_that_nothing_is_lost_or_done_twice(disasters: list[Step]) -> None:
    _, interrupted, dead, step, again = disasters
    whole(step, 4)
    for seed in ("0", "1"):
        assert children(step, "FINISHED")[seed] == children(interrupted, "FINISHED")[seed]
    (orphan,) = children(dead, "RUNNING")["2"]
    assert orphan in children(step, "KILLED")["2"]
    assert {seed: len(ids) for seed, ids in children(step).items()} == {"0": 1, "1": 2, "2": 4, "3": 2}
    assert counts(step) == (4, 2, 0, 0, 0)
    assert again["runs"] == step["runs"]
    assert "FINISHED already" in again["ends"][0]["out"]


@pytest.fixture(scope="module")
def disks(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> list[list[Step]]:
    """A disk that fills up during the second child and is then read-only for a while; and children without an end."""
    folder = tmp_path_factory.mktemp("disks")
    roots = [project(empty_store, folder / name) for name in ("full", "hang", "insist")]
    two = [*SMALL, "seed=range(2)"]
    hang = [*SMALL, "seed=0"]
    stories = [
        {
            "root": roots[0],
            "disk_mb": 24,
            "steps": [
                {"words": two, "faults": {"1": "fill"}},
                {"before": "read-only", "words": two},
                {"before": "writable", "words": two},
                {"before": "remove filler", "words": two},
            ],
        },
        {
            "root": roots[1],
            "steps": [{"words": [*hang, "launcher.time_limit_s=2"], "faults": {"0": "hang"}}, {"words": hang}],
        },
        {"root": roots[2], "steps": [{"words": two, "faults": {"0": "insist"}}]},
    ]
    return told(folder, stories)


def test_full_disk_and_then_a_read_only_one(disks: list[list[Step]]) -> None:
    """Real ones. What is said is short; what was done is kept; with room again the rest is done."""
    full, read_only, still_full, step = disks[0]
    assert full["ends"][0]["exit"] == 1
    assert len(children(full, "FINISHED")["0"]) == 1
    assert "Traceback" not in full["ends"][0]["err"]
    assert read_only["ends"][0]["exit"] == 2
    assert read_only["ends"][0]["err"].count("\n") == 1
    assert read_only["runs"] == full["runs"]
    assert still_full["ends"][0]["exit"] == 2
    whole(step, 2)
    assert children(step, "FINISHED")["0"] == children(full, "FINISHED")["0"]


def test_child_without_an_end(disks: list[list[Step]]) -> None:
    hang, step = disks[1]
    assert hang["ends"][0]["exit"] == 1
    assert run_of(hang, 0, "FAILED")["tags"]["varesearch.ended"] == "was not done after 2 s, the time allowed: ended"
    whole(step, 1)


def test_a_second_ctrl_c_does_not_wait_for_a_child_that_tidies_up(disks: list[list[Step]]) -> None:
    (step,) = disks[2]
    assert step["ends"][0]["exit"] == 130
    assert step["ends"][0]["err"].count("\n") == 1 and "interrupted (Ctrl-C)" in step["ends"][0]["err"]
    assert step["struck"] is False and "tidied" not in step["files"]
    assert counts(step) == (0, 0, 0, 1, 1)
    assert {run["status"] for run in step["runs"]} == {"KILLED"}


@pytest.mark.slow
def test_three_sweeps_at_once_and_no_store(tmp_path: Path) -> None:
    _together(tmp_path, 3, 1)


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_eight_sweeps_at_once_and_no_store_many_times(tmp_path: Path) -> None:
    _together(tmp_path, 8, 10)


def _together(folder: Path, processes: int, times: int) -> None:
    """Different sweeps, of one child each, in one project that has no store."""
    roots = [folder / str(k) for k in range(times)]
    for root in roots:
        root.mkdir()
    words = [*SMALL, "seed=SEED"]
    stories = [{"root": str(root), "steps": [{"words": words, "together": processes}]} for root in roots]
    for (step,) in told(folder, stories, 7000):
        assert [end["exit"] for end in step["ends"]] == [0] * processes, step["ends"]
        assert [end["err"] for end in step["ends"]] == [""] * processes
        assert len(step["runs"]) == 2 * processes
        assert {run["status"] for run in step["runs"]} == {"FINISHED"}
        done = [run["seed"] for run in step["runs"] if "mlflow.parentRunId" in run["tags"]]
        assert sorted(done) == sorted(str(number) for number in range(processes))
