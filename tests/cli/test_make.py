"""``make TARGET WORDS``: what make would ignore is refused in one line, with the command that says it."""

import shlex
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]


def made(command: str) -> subprocess.CompletedProcess[str]:
    """What a shell makes of a command at the top of the checkout; make only prints what it would do."""
    assert command.startswith("make ")
    command = command.replace("make ", "make --dry-run --old-file=.venv/.ready ", 1)
    # As typed at a prompt: without the variables of the make that may run these tests.
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
    return subprocess.run(["sh", "-c", command], cwd=TOP, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("make run backend=nest", ["backend=nest"]),
        ("make run experiment=va_coba", ["experiment=va_coba"]),
        ("make backend=nest", ["backend=nest"]),
        ("make run seed=2 ARGS=backend=nest", ["backend=nest", "seed=2"]),
        ("make run ARG=seed=2", ["seed=2"]),
        ("make run -m 'seed=range(5)'", ["seed=range(5)"]),
        ("make run 'connectivity.delay_ms={distribution: uniform, low: 1, high: 5}'",
         ["connectivity.delay_ms={distribution: uniform, low: 1, high: 5}"]),
        ("make run 'cell.a=${cell.b}'", ["cell.a=${cell.b}"]),
    ],
)  # fmt: skip
def test_settings_that_make_would_take_for_its_own_variables(typed: str, words: list[str]) -> None:
    done = made(typed)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    mend = done.stderr.partition(": write ")[2].rpartition(", every word")[0]
    again = made(mend)
    assert again.returncode == 0, again.stderr
    assert shlex.split(again.stdout) == [".venv/bin/python", "-m", "varesearch", *words]


@pytest.mark.parametrize(
    ("typed", "mend"),
    [
        ("make test tests/cli", 'write make test ARGS="tests/cli"'),
        ("make test-slow tests/cli -k", 'write make test-slow ARGS="tests/cli"'),
        ("make ui run=1234", 'write make ui ARGS="run=1234"'),
        ("make bench cell=izhikevich", 'write make bench ARGS="cell=izhikevich"'),
        ("make lint src", "make lint takes no arguments"),
        ("make docs ARGS=--strict", "make docs takes no arguments"),
        ("make run lint ARGS=seed=2", "make lint takes no arguments"),
    ],
)
def test_words_that_a_target_would_not_see(typed: str, mend: str) -> None:
    done = made(typed)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1 and mend in done.stderr


def test_variables_of_the_environment_and_of_the_makefile_are_taken() -> None:
    done = made("make run VARESEARCH_ROOT=/somewhere PYTHON=python3.12 https_proxy=here ARGS='seed=2'")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == [".venv/bin/python", "-m", "varesearch", "seed=2"]
