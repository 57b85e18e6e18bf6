"""The command line as a process of its own: exit codes, streams, and what it does not import."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("brian2", "pyNN", "nest", "mlflow", "matplotlib", "neo", "elephant", "pandas", "scipy", "spynnaker")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "VARESEARCH_ROOT": str(tmp_path), "HOME": str(tmp_path)}


def _run(
    words: list[str], environment: dict[str, str], stdout: int = subprocess.PIPE
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        cwd=environment["HOME"],
        env=environment,
        check=False,
    )


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--help"], 0),
        (["--backends"], 0),
        (["--help", "cell=izhikevich"], 0),
        (["dry_run=true"], 0),
        (["connectivity.p=2"], 2),
        (["cell=izhikevich_delta", "backend=spinnaker"], 2),
    ],
)
def test_nothing_heavy_is_imported_and_nothing_written(
    words: list[str], code: int, environment: dict[str, str], tmp_path: Path
) -> None:
    script = (
        "import sys; from varesearch.cli import main; code = main(sys.argv[1:]);"
        f"print([m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr); sys.exit(code)"
    )
    done = _run(["-c", script, *words], environment)
    assert done.returncode == code
    assert done.stderr.splitlines()[-1] == "[]"
    assert list(tmp_path.iterdir()) == []


def test_bad_input_of_a_real_process(environment: dict[str, str], tmp_path: Path) -> None:
    done = _run(["-m", "varesearch", "cell=izhikevitch"], environment)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("varesearch: cell=izhikevitch") and done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_goes_away_is_no_error(environment: dict[str, str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = _run(["-m", "varesearch", "--help"], environment, stdout=writing)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_that_is_stopped_says_so_by_its_exit_code(
    signum: signal.Signals, code: int, environment: dict[str, str], tmp_path: Path
) -> None:
    words = ["simulation.duration_ms=1000000", "recording.signals=[]", "connectivity.n=50"]
    with subprocess.Popen(
        [sys.executable, "-m", "varesearch", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=environment,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("izhikevich on brian2")
        process.send_signal(signum)
        process.communicate(timeout=120)
    assert process.returncode == code
