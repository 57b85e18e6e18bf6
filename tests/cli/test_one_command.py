"""All commands of ``varesearch`` have one style: help, errors in one line, and quick imports."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from outcomes import Command

from varesearch.cli import app, main

SRC = Path(__file__).parents[2] / "src"
PAGE = (SRC.parent / "docs" / "reference" / "commands.md").read_text()
HEAVY = ("brian2", "pyNN", "nest", "mlflow", "matplotlib", "neo", "pandas", "scipy", "numpy", "spynnaker")


def every_command() -> list[list[str]]:
    """The words of each command, and of the commands of commands."""
    with click.Context(app) as context:
        found = [[name] for name in app.list_commands(context)]
        for words in list(found):
            command = app.get_command(context, words[0])
            if isinstance(command, click.Group):
                found += [[*words, name] for name in command.list_commands(context)]
    return found


# The board is a program of its own, which takes the place of the process.
COMMANDS = [words for words in every_command() if words != ["board"]]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_command_explains_itself(words: list[str], command: Command) -> None:
    shown = command([*words, "--help"])
    assert shown.code == 0 and shown.err == "" and shown.files == []
    assert shown.out.startswith("varesearch " if words == ["run"] else f"Usage: varesearch {' '.join(words)} [")
    assert command([*words, "-h"]).out == shown.out
    if len(words) == 1:
        assert command(["--help", *words]).out == shown.out


@pytest.mark.parametrize(
    "words", [words for words in COMMANDS if words not in (["bench", "measure"], ["bench", "board"])]
)
def test_a_flag_that_does_not_exist_is_one_line(words: list[str], command: Command) -> None:
    refused = command([*words, "--hlep"])
    assert refused.code == 2 and refused.out == "" and refused.files == []
    assert re.fullmatch(r"varesearch: --hlep is unknown; the flags are .*; did you mean --help\?\n", refused.err)


@pytest.mark.parametrize("name", [words[0] for words in every_command() if len(words) == 1])
def test_the_page_of_commands_has_it(name: str) -> None:
    assert re.search(rf"^\| `varesearch {name}`", PAGE, re.M)
    assert re.search(rf"^\$ varesearch {name} .*--help", PAGE, re.M)


def test_help_of_every_command_imports_nothing_heavy() -> None:
    """That of ``run`` shows all settings, and is held to less in test_process.py."""
    code = (
        "import sys; from varesearch.cli import main\n"
        f"for words in {COMMANDS!r}: assert words == ['run'] or main([*words, '--help']) == 0\n"
        "assert main(['--version']) == 0\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"


def test_nothing_that_a_user_imports_needs_the_tools_of_the_project() -> None:
    importing = set()
    for path in [*(SRC / "varesearch").rglob("*.py"), *(SRC / "spinnaker_board").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(name.split(".")[0] == "varesearch_tools" for name in names):
                importing.add(path.relative_to(SRC / "varesearch").as_posix())
    assert importing == {"commands/bench.py", "commands/studies.py"}


def test_an_installation_without_the_tools_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("varesearch.commands.options.find_spec", lambda _name: None)
    for words in (["studies"], ["bench", "compare"]):
        assert main(words) == 2
        out, err = capsys.readouterr()
        assert out == "" and err.startswith("varesearch: benchmarks and studies belong to a checkout")


def test_the_board_is_started_by_our_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "varesearch", "board", "--threads", "0"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("spinnaker-board: ") and done.stderr.count("\n") == 1
