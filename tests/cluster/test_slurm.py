"""Children as jobs of a real SLURM: a controller and a node's daemon on this machine."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import launches
import pytest
from launches import ENDLESS, SMALL, Heard, assign, launch, status, wait_until
from local_slurm import LocalSlurm

from varesearch.config.compose import compose
from varesearch.config.errors import ConfigurationError
from varesearch.config.launching import batch_jobs_that_may_live
from varesearch.sweeps.launchers.slurm.queue import QueueError, ask_queue
from varesearch.tracking.location import ROOT_VARIABLE, cache_folder

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SUBMIT = ("launcher=slurm", "launcher.partition=local")


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSlurm]:
    with pytest.MonkeyPatch.context() as patch, LocalSlurm(tmp_path_factory.mktemp("slurm")) as cluster:
        for name, value in cluster.environment.items():
            patch.setenv(name, value)
        yield cluster


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path))
    return tmp_path


@pytest.fixture(autouse=True)
def nothing_left_in_the_queue(slurm: LocalSlurm) -> Iterator[None]:
    yield
    with contextlib.suppress(AssertionError):
        wait_until(lambda: slurm.live() == [], "an empty queue")
    left = slurm.live()
    if left:
        slurm.ask("scancel", *left)
    assert left == []


def test_children_are_jobs_of_one_array_and_leave_their_records(slurm: LocalSlurm, root: Path) -> None:
    assignments = assign(root, [SMALL] * 3)
    heard = Heard(assignments)
    launch([*SUBMIT, "launcher.cpus_per_task=1"], heard)
    assert [end and end.reason for end in heard.ends] == ["", "", ""]
    assert [status(assignment) for assignment in assignments] == ["FINISHED"] * 3
    tags = [heard.tags[assignment.run_id]["varesearch.batch_job"] for assignment in assignments]
    array = tags[0].removeprefix("slurm:").partition("_")[0]
    assert tags == [f"slurm:{array}_{index}" for index in range(3)]
    assert all(end is not None and end.cpu_s and end.peak_memory_mb for end in heard.ends)
    assert not [*root.rglob("*slurm*"), *root.rglob("*.pkl")]
    assert not (cache_folder() / "slurm" / assignments[0].run_id).exists()
    wait_until(lambda: not batch_jobs_that_may_live(tags), "the end of the jobs")


def test_limits_are_kept_by_the_job(slurm: LocalSlurm, root: Path) -> None:
    hangs, grows = Heard(assign(root, [ENDLESS])), Heard(assign(root, [ENDLESS]))
    launch([*SUBMIT, "launcher.time_limit_s=8"], hangs)
    launch([*SUBMIT, "launcher.memory_limit_mb=120"], grows)
    assert hangs.ends[0] is not None and "was not done after 8 s" in hangs.ends[0].reason
    assert grows.ends[0] is not None and "120 MB are allowed" in grows.ends[0].reason
    assert not hangs.ends[0].killed and not grows.ends[0].killed


def test_what_slurm_ends_has_slurms_reason(slurm: LocalSlurm, root: Path) -> None:
    grows, cancelled = Heard(assign(root, [ENDLESS])), Heard(assign(root, [ENDLESS]))
    launch([*SUBMIT, "launcher.slurm={mem: 100M}"], grows)
    end = grows.ends[0]
    assert end is not None and end.signal == signal.SIGKILL and not end.killed
    assert "exceeded memory limit" in end.reason

    def cancel_by_hand() -> None:
        wait_until(lambda: bool(slurm.running()), "a job that runs")
        slurm.ask("scancel", *slurm.running())

    launch(SUBMIT, cancelled, cancel_by_hand)
    end = cancelled.ends[0]
    assert end is not None and "it was cancelled (CANCELLED)" in end.reason and not end.killed


def test_time_that_slurm_gives_ends_with_slurms_reason(slurm: LocalSlurm, root: Path) -> None:
    heard = Heard(assign(root, [ENDLESS]))
    launch([*SUBMIT, "launcher.slurm={time: 1}"], heard)
    end = heard.ends[0]
    assert end is not None and "its time was up (TIMEOUT)" in end.reason and not end.killed


def test_interrupt_empties_the_queue(slurm: LocalSlurm, root: Path) -> None:
    heard = Heard(assign(root, [ENDLESS] * 4))

    def interrupt() -> None:
        wait_until(lambda: bool(slurm.running()), "a job that runs")
        heard.interrupt()

    launch([*SUBMIT, "launcher.slurm={exclusive: true}"], heard, interrupt)
    assert [end and end.killed for end in heard.ends] == [True] * 4


def test_stop_after_a_failure_lets_go_on_what_runs(slurm: LocalSlurm, root: Path) -> None:
    assignments = assign(root, [SMALL] * 3)
    heard = Heard(assignments)

    def stop() -> None:
        wait_until(lambda: bool(slurm.running()), "a job that runs")
        heard.stopping.set()

    launch([*SUBMIT, "launcher.slurm={exclusive: true}"], heard, stop)
    assert [end and end.killed for end in heard.ends] == [False, True, True]
    assert [status(assignment) for assignment in assignments] == ["FINISHED", None, None]


def test_workers_are_the_jobs_in_the_queue(slurm: LocalSlurm, root: Path) -> None:
    heard, most = Heard(assign(root, [SMALL] * 4)), 0

    def count() -> None:
        nonlocal most
        while any(end is None for end in heard.ends):
            most = max(most, len(heard.tags) - sum(end is not None for end in heard.ends))

    launch([*SUBMIT, "launcher.workers=2"], heard, count)
    assert most == 2


def test_jobs_outlive_the_sweep_and_are_not_submitted_again(slurm: LocalSlurm, root: Path) -> None:
    assignments = assign(root, [SMALL] * 3)
    folders = [str(assignment.folder) for assignment in assignments]
    words = [*SUBMIT, "launcher.slurm={exclusive: true}"]
    before = set(slurm.jobs())
    command = [sys.executable, launches.__file__, ";".join(words), str(root), *folders]
    sweep = subprocess.Popen(command, start_new_session=True)
    wait_until(lambda: bool(slurm.running()), "a job that runs")
    os.kill(sweep.pid, signal.SIGKILL)
    sweep.wait()
    heard = Heard(assignments)
    launch(words, heard)
    assert [end and end.reason for end in heard.ends] == ["", "", ""]
    assert [status(assignment) for assignment in assignments] == ["FINISHED"] * 3
    assert len(set(slurm.jobs()) - before) == 3


def test_silent_controller_is_waited_for(slurm: LocalSlurm, root: Path) -> None:
    assignments = assign(root, [(*SMALL, "simulation.duration_ms=5000")] * 2)
    heard = Heard(assignments)

    def silence() -> None:
        # Without a controller SLURM starts nothing, and what it could not start has failed.
        wait_until(lambda: all((one.folder / "run.log").exists() for one in assignments), "children that run")
        with slurm.unreachable():
            with pytest.raises(QueueError, match="squeue"):
                ask_queue(["1"])
            assert batch_jobs_that_may_live(["slurm:1"]) == {"slurm:1"}

    launch(SUBMIT, heard, silence)
    assert [end and end.reason for end in heard.ends] == ["", ""]
    assert [status(assignment) for assignment in assignments] == ["FINISHED"] * 2


SWEEP = [
    *SUBMIT,
    "launcher.slurm={exclusive: true}",
    "seed=1,2,3",
    "connectivity.n=100",
    "simulation.duration_ms=3000",
    "recording=spikes",
]


def sweep_command(*words: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "varesearch", "-m", *SWEEP, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def stored(root: Path) -> dict[str, tuple[str, str | None, str | None]]:
    """Run id -> status, job and parent, as the store has them."""
    tag = "(select value from tags where tags.run_uuid = runs.run_uuid and key = ?)"
    with contextlib.closing(sqlite3.connect(root / "mlruns" / "mlflow.db")) as store:
        rows = store.execute(
            f"select run_uuid, status, {tag}, {tag} from runs", ("varesearch.batch_job", "mlflow.parentRunId")
        )
        return {run_id: (status, job, parent) for run_id, status, job, parent in rows}


def test_killed_sweep_is_resumed_with_the_jobs_that_it_left(slurm: LocalSlurm, root: Path) -> None:
    before = set(slurm.jobs())
    killed = sweep_command()
    wait_until(lambda: bool(slurm.running()), "a job that runs")
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert [status for status, *_ in stored(root).values()] == ["RUNNING"] * 4
    resumed = sweep_command()
    output, _ = resumed.communicate(timeout=240)
    assert resumed.returncode == 0, output
    assert "3 runs: 3 finished" in output
    runs = stored(root)
    assert [status for status, *_ in runs.values()] == ["FINISHED"] * 4
    (parent,) = (run_id for run_id, (_, job, _) in runs.items() if job is None)
    assert [own for _, job, own in runs.values() if job is not None] == [parent] * 3
    assert {job for _, job, _ in runs.values() if job is not None} == {
        f"slurm:{job}" for job in set(slurm.jobs()) - before
    }


def test_interrupted_sweep_leaves_no_job_and_no_run_running(slurm: LocalSlurm, root: Path) -> None:
    sweep = sweep_command()
    wait_until(lambda: bool(slurm.running()), "a job that runs")
    os.kill(sweep.pid, signal.SIGINT)
    output, _ = sweep.communicate(timeout=240)
    assert sweep.returncode == 130, output
    assert "to resume: varesearch sweep" in output
    assert {status for status, *_ in stored(root).values()} <= {"KILLED", "FINISHED"}
    wait_until(lambda: slurm.live() == [], "an empty queue")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["launcher.partition=nowhere"], "invalid partition"),
        (["launcher.memory_limit_mb=1e9"], "not available"),
        (["launcher.slurm={no_such_option: 1}"], "unrecognized option"),
    ],
)
def test_jobs_that_slurm_would_not_take_are_refused(slurm: LocalSlurm, words: list[str], told: str) -> None:
    before = slurm.jobs()
    launcher = compose(["launcher=slurm", *words]).config.launcher
    with pytest.raises(ConfigurationError, match=told):
        launcher.check()
    assert slurm.jobs() == before
