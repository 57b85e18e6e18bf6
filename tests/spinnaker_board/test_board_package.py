"""The board is a package of its own: what it imports, who imports it, and what its README tells a user to do."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from spinnaker_board.layout import CORE, numbers

SRC = Path(__file__).parents[2] / "src"
BOARD = SRC / "spinnaker_board"
README = (BOARD / "README.md").read_text()
ADDRESS = "127.0.0.241"

SCRIPT = """
import pyNN.spiNNaker as sim
sim.setup(1.0)
source = sim.Population(1, sim.SpikeSourceArray([[5.0, 11.0]]))
source.record("spikes")
sim.run(20)
print("spikes:", source.get_data("spikes").segments[0].spiketrains[0].magnitude.tolist())
sim.end()
"""


def imported(path: Path) -> set[str]:
    """Names of the modules that a file imports, anywhere in it; its own package's for a relative import."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module if node.module and not node.level else path.parent.name)
    return names


def importers(folder: Path, package: str) -> set[str]:
    """The files of a folder that import a package or a module of it."""
    return {
        path.relative_to(SRC).as_posix()
        for path in folder.rglob("*.py*")
        if path.suffix in (".py", ".pyi") and any(name.split(".")[0] == package for name in imported(path))
    }


def test_the_board_imports_nothing_but_numpy_and_the_rule_of_private_folders() -> None:
    files = [path for path in BOARD.rglob("*.py*") if path.suffix in (".py", ".pyi")]
    packages = {name.split(".")[0] for path in files for name in imported(path)}
    assert len(files) > 25
    assert packages - sys.stdlib_module_names == {"spinnaker_board", "private_folder", "numpy"}


def test_the_rule_of_private_folders_imports_the_standard_library_alone() -> None:
    packages = {name.split(".")[0] for path in (SRC / "private_folder").rglob("*.py") for name in imported(path)}
    assert packages <= sys.stdlib_module_names


def test_the_harness_imports_the_board_in_its_spinnaker_back_end_only() -> None:
    found = importers(SRC / "varesearch", "spinnaker_board")
    assert found == {"varesearch/backends/spinnaker/machines/software.py"}


def test_a_board_runs_without_the_harness() -> None:
    """Nothing of it is loaded by the command either, through whatever else."""
    code = "import sys, spinnaker_board.__main__, spinnaker_board.process; print(*sys.modules, sep='\\n')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not [name for name in done.stdout.split() if name.split(".")[0] in ("varesearch", "hydra", "mlflow")]


def test_the_script_is_the_command() -> None:
    scripts = tomllib.loads((SRC.parent / "pyproject.toml").read_text())["project"]["scripts"]
    module, _, function = scripts["spinnaker-board"].partition(":")
    command = getattr(import_module(module), function)
    with pytest.raises(SystemExit) as ended:
        command(["--help"])
    assert ended.value.code == 0


@pytest.fixture
def started() -> Iterator[str]:
    """The README's command, at an address that no other test uses; what it prints first."""
    found = re.search(r"^\$ python (-m spinnaker_board .*)$", README, re.M)
    assert found is not None
    command = [sys.executable, *found[1].split(), "--address", ADDRESS]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as board:
        assert board.stdout is not None
        try:
            yield board.stdout.readline()
        finally:
            board.terminate()


def test_an_unmodified_script_runs_on_the_board_that_the_readme_starts(started: str, tmp_path: Path) -> None:
    assert f"machine_name = {ADDRESS}" in started and "version = 3" in started
    found = re.search(r"```ini\n(.*?)```", README, re.S)
    assert found is not None and found[1].count("127.0.0.2\n") == 1
    home = tmp_path / "home"
    home.mkdir()
    (home / ".spynnaker.cfg").write_text(found[1].replace("127.0.0.2\n", f"{ADDRESS}\n"))
    (tmp_path / "script.py").write_text(SCRIPT)
    environment = {name: value for name, value in os.environ.items() if name != "XDG_CONFIG_HOME"} | {"HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "spikes: [5.0, 11.0]" in done.stdout


def test_the_readmes_lines_of_python_run(tmp_path: Path) -> None:
    found = re.search(r"```python\n(.*?)```", README, re.S)
    assert found is not None
    done = subprocess.run([sys.executable, "-c", found[1]], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("machine_name = 127.0.0.") and "booted=True" in done.stdout


def test_the_readme_names_every_module() -> None:
    layout = README.partition("## Layout")[2]
    for path in BOARD.glob("*.py"):
        assert path.name == "__init__.py" or f"`{path.name}`" in layout, path.name


def test_every_c_file_has_the_one_style(tmp_path: Path) -> None:
    """``make lint`` runs this on every C file."""
    program = Path(sys.executable).with_name("clang-format")
    shutil.copy(SRC.parent / ".clang-format", tmp_path)
    (tmp_path / "wrong.c").write_text("int f(void)\n{\n  return 1;\n}\n")
    check = [program, "--dry-run", "--Werror"]
    assert subprocess.run([*check, "wrong.c"], cwd=tmp_path, capture_output=True, check=False).returncode == 1
    top = SRC.parent
    paths = [path for name in ("src", "tests") for path in (top / name).rglob("*")]
    files = [path for path in paths if path.suffix in (".c", ".h", ".cpp")]
    assert len(files) > 30
    done = subprocess.run([*check, *files], cwd=top, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:2000]


def test_every_shared_number_can_be_read_by_both_languages() -> None:
    """What the core's headers define as numbers, layout.py takes from there: a line that it cannot read is a fault."""
    for header in ("layout.h", "cost.h"):
        lines = (CORE / header).read_text().splitlines()
        defined = [line.split()[1] for line in lines if line.startswith("#define") and len(line.split()) > 2]
        assert list(numbers(header)) == defined
        assert len(defined) >= 8
