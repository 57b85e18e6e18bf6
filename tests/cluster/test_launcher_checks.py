"""What a cluster's launcher says before anything is begun, without a cluster."""

import shutil
import socket
import sys
from pathlib import Path

import pytest

from varesearch.config.compose import compose
from varesearch.config.errors import ConfigurationError
from varesearch.config.launching import batch_jobs_that_may_live
from varesearch.sweeps.launchers.slurm.queue import QueueError, ask_queue
from varesearch.sweeps.space import Space


def check(*words: str) -> None:
    compose(words).config.launcher.check()


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all of the PATH, but for the shell."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def command(folder: Path, name: str, says: str, exit_code: int = 0, stream: int = 1) -> None:
    script = folder / name
    (folder / f"{name}.txt").write_text(says)
    script.write_text(f"#!/bin/sh\n/bin/cat {folder / name}.txt >&{stream}\nexit {exit_code}\n")
    script.chmod(0o755)


@pytest.mark.parametrize(("launcher", "package", "extra"), [("slurm", "submitit", "slurm"), ("ray", "ray", "ray")])
def test_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch, launcher: str, package: str, extra: str) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ConfigurationError, match=rf"launcher={launcher} .*pip install 'varesearch\[{extra}\]'"):
        check(f"launcher={launcher}")


def test_missing_optuna_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    settings = compose(["sweeper=optuna", "sweeper.metric=exc.cv_isi"]).config.sweeper
    with pytest.raises(ConfigurationError, match=r"pip install 'varesearch\[optuna\]'"):
        settings.plan(Space((), (), ()), None)


def test_machine_without_slurm_is_named(commands: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"sbatch is not on the PATH.*launcher=local"):
        check("launcher=slurm")


def test_what_sbatch_says_is_passed_on_with_the_options(commands: Path) -> None:
    for name in ("srun", "squeue", "scancel"):
        command(commands, name, "")
    command(commands, "sbatch", "sbatch: error: invalid partition specified: gpu\n", 1, stream=2)
    words = ("launcher.partition=gpu", "launcher.time_limit_s=61", "launcher.memory_limit_mb=1000")
    with pytest.raises(ConfigurationError, match=r"--partition=gpu --time=7 --mem=1300M.*invalid partition") as said:
        check("launcher=slurm", *words)
    assert "\n" not in str(said.value)


@pytest.mark.parametrize(
    ("address", "told"), [("nowhere", "cannot be read"), ("127.0.0.1:port", "cannot be read"), ("ray://:1", "cannot")]
)
@pytest.mark.slow  # as all that needs ray itself, which only make test-slow installs
def test_address_that_is_none(address: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=f"launcher.address={address} {told}"):
        check("launcher=ray", f"launcher.address='{address}'")


@pytest.mark.slow
def test_cluster_that_does_not_answer() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(ConfigurationError, match=f"{address} does not answer .*refused"):
            check("launcher=ray", f"launcher.address='{address}'")


def test_queue_is_read_as_squeue_prints_it(commands: Path) -> None:
    """Lines of SLURM 22.05; the exit codes are wait statuses."""
    command(
        commands,
        "squeue",
        "2                    FAILED              35072     NonZeroExitCode                \n"
        "3_2                  FAILED              139       NonZeroExitCode                \n"
        "3_1                  FAILED              768       NonZeroExitCode                \n"
        "3_0                  TIMEOUT             15        TimeLimit                      \n"
        "4                    PENDING             0         launch failed requeued held    \n",
    )
    jobs = ask_queue(["2", "3_0", "3_1", "3_2", "4", "5"])
    assert {job_id: (job.live, job.exit_code, job.signal) for job_id, job in jobs.items()} == {
        "2": (False, 137, 9),
        "3_2": (False, None, 11),
        "3_1": (False, 3, None),
        "3_0": (False, None, 15),
        "4": (True, None, None),
    }
    assert jobs["3_0"].ended == "SLURM job 3_0: its time was up (TIMEOUT), SIGTERM"
    assert jobs["3_1"].ended == "SLURM job 3_1: it failed (FAILED), exit code 3"
    assert jobs["4"].reason == "launch failed requeued held"
    several = [f"slurm:{job_id}" for job_id in ("2", "4", "3_1", "5")]
    assert batch_jobs_that_may_live([*several, "", "other:4"]) == {"slurm:4"}


def test_the_queue_is_asked_once_for_all_runs_of_an_array(commands: Path) -> None:
    count = commands / "asked"
    (commands / "squeue").write_text(f"#!/bin/sh\necho asked >> {count}\necho '4_7 RUNNING 0 None'\n")
    (commands / "squeue").chmod(0o755)
    several = [f"slurm:4_{number}" for number in range(5000)]
    assert batch_jobs_that_may_live(several) == {"slurm:4_7"}
    assert count.read_text().split() == ["asked"]
    assert batch_jobs_that_may_live(["", ""]) == set()
    assert count.read_text().split() == ["asked"]


def test_job_that_the_queue_has_forgotten_does_not_live(commands: Path) -> None:
    command(commands, "squeue", "slurm_load_jobs error: Invalid job id specified\n", 1, stream=2)
    assert ask_queue(["7"]) == {}
    assert batch_jobs_that_may_live(["slurm:7"]) == set()


def test_silent_queue_says_nothing_of_a_job(commands: Path) -> None:
    assert shutil.which("squeue") is None
    assert batch_jobs_that_may_live(["slurm:7"]) == {"slurm:7"}
    command(commands, "squeue", "slurm_load_jobs error: Unable to contact slurm controller\n", 1, stream=2)
    with pytest.raises(QueueError, match="Unable to contact"):
        ask_queue(["7"])
    assert batch_jobs_that_may_live(["slurm:7"]) == {"slurm:7"}
