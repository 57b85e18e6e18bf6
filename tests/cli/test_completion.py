"""The tab key in Bash: a real shell reads the function that ``varesearch`` prints, and is asked for completions."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).with_name("varesearch")
ASK = """
COMP_LINE=$1; COMP_POINT=${#COMP_LINE}
compopt() { echo "no space" >&2; }
_varesearch_completion varesearch
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    home = tmp_path_factory.mktemp("home")
    path = f"{PROGRAM.parent}:{os.environ['PATH']}"
    return {"PATH": path, "HOME": str(home), "VARESEARCH_ROOT": str(home)}


@pytest.fixture(scope="module")
def function(environment: dict[str, str]) -> str:
    asked = {**environment, "_VARESEARCH_COMPLETE": "bash_source"}
    return subprocess.run([PROGRAM], env=asked, capture_output=True, text=True, check=True).stdout


def tab(line: str, function: str, environment: dict[str, str]) -> tuple[set[str], bool]:
    """What Bash offers when the tab key is pressed at the end of a line, and whether a space is to follow."""
    shell = ["bash", "--norc", "-c", function + ASK, "bash", line]
    done = subprocess.run(shell, env=environment, capture_output=True, text=True, check=True)
    assert set(done.stderr.splitlines()) <= {"no space"}, done.stderr
    return set(done.stdout.split()), not done.stderr


@pytest.mark.parametrize(
    ("line", "offered", "space"),
    [
        ("varesearch comp", {"compare"}, True),
        ("varesearch rerun --mach", {"--machine-from-record"}, True),
        ("varesearch prune --status K", {"KILLED"}, True),
        # Bash replaces only what follows the =.
        ("varesearch cell=if_curr_d", {"if_curr_delta"}, True),
        ("varesearch sweep cell=izhikevich,if_curr_d", {"izhikevich,if_curr_delta"}, True),
        ("varesearch run cell=if_cond_exp cell.e_r", {"cell.e_rev_E=", "cell.e_rev_I="}, False),
        ("varesearch sweep stim", {"stimulus=", "stimulus.", "stimuli="}, False),
        ("varesearch compare brian2 nest see", {"seed="}, False),
        ("varesearch cell=nonsense cell.e_r", set(), True),
    ],
)
def test_the_tab_key(line: str, offered: set[str], space: bool, function: str, environment: dict[str, str]) -> None:
    assert tab(line, function, environment) == (offered, space)


def test_every_command_is_offered(function: str, environment: dict[str, str]) -> None:
    listed = subprocess.run([PROGRAM, "--help"], env=environment, capture_output=True, text=True, check=True).stdout
    page = listed.partition("COMMANDS")[2].partition("\n\n")[0]
    commands = {line.split()[0] for line in page.splitlines()[1:] if line.startswith("  ") and line[2] != " "}
    assert len(commands) >= 8
    assert tab("varesearch ", function, environment)[0] == commands


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_get_a_script(shell: str, environment: dict[str, str]) -> None:
    asked = {**environment, "_VARESEARCH_COMPLETE": f"{shell}_source"}
    done = subprocess.run([PROGRAM], env=asked, capture_output=True, text=True, check=True)
    assert f"{shell}_complete" in done.stdout and done.stderr == ""


def test_nothing_is_written(environment: dict[str, str]) -> None:
    assert list(Path(environment["HOME"]).iterdir()) == []
