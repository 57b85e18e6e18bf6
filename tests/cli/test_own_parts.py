"""Parts of a user's own: found in the folder that the command line names, refused in one line if they are broken."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from varesearch import cli
from varesearch.config.cell import Cell
from varesearch.config.compose import compose
from varesearch.config.errors import ConfigurationError
from varesearch.config.options import options
from varesearch.config.parts import Part, own_sources, parts
from varesearch.config.restore import restore
from varesearch.config.rule import Rule
from varesearch.config.stimulus import Stimulus
from varesearch.config.values import Constant
from varesearch.metrics.metric import MetricDefinition
from varesearch.plots.figure import FigureDefinition

CELL = '''"""A cell of my own."""

from dataclasses import dataclass

from varesearch.model.cells import Cell, Synapse, ValueSetting, drawn, quantity, refuse


@dataclass
class Mine(Cell):
    """A cell that nobody else has."""

    synapse = Synapse.CURRENT

    i_offset: float = quantity(0.5, "nA", "constant input current")
    v_init: ValueSetting = drawn(-65.0, "mV", "v at time 0")
    weight_exc: ValueSetting = drawn(0.1, "nA", "excitatory weight")
    weight_inh: ValueSetting = drawn(0.2, "nA", "inhibitory weight")
    weight_stimulus: ValueSetting = drawn(0.3, "nA", "weight of the stimulus")
    slope: float = quantity(2.0, "1/ms", "slope of everything")

    def check(self, dt_ms: float) -> None:
        if self.slope * dt_ms > 5:
            refuse("cell.slope", self.slope, "is too steep")
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "my_cell.py").write_text(CELL)
    return tmp_path


def message(folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The one line that refuses a command."""
    assert cli.main(["--config-dir", str(folder), *words]) == 2
    shown = capsys.readouterr()
    assert shown.out == "" and shown.err.count("\n") == 1
    return shown.err


def test_an_own_cell_is_chosen_by_its_files_name(folder: Path) -> None:
    composed = compose(["cell=my_cell", "cell.slope=3"], folder)
    cell = composed.config.cell
    assert (type(cell).__name__, cell.model, composed.resolved["cell"]["slope"]) == ("Mine", "my_cell", 3.0)
    assert composed.config.connectivity.weight_inh == Constant(0.2)
    assert composed.choices["cell"] == "my_cell"


@pytest.mark.parametrize("kind", [Cell, Rule, Stimulus, MetricDefinition, FigureDefinition])
def test_the_parts_that_varesearch_has_are_complete(kind: type[Part]) -> None:
    """A user's part is checked when it is imported; ours are checked here, which spares every start the time."""
    assert parts(kind)
    assert {name: fault for name, part in parts(kind).items() if (fault := part.definition_fault())} == {}


def test_help_lists_an_own_cell_and_its_settings(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--config-dir", str(folder), "--help"]) == 0
    assert "my_cell" in capsys.readouterr().out
    assert cli.main(["--config-dir", str(folder), "--help", "cell=my_cell"]) == 0
    shown = capsys.readouterr().out
    assert "A cell that nobody else has." in shown
    assert "cell.slope=2 1/ms" in shown and "slope of everything" in shown


def test_an_own_cell_checks_its_own_settings(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "cell.slope=9 is too steep" in message(folder, capsys, "cell=my_cell", "cell.slope=9")


def test_a_cell_of_one_simulator_is_refused_on_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    only = 'synapse = Synapse.CURRENT\n    simulators = {"nest": NativeModel("iaf_psc_exp", ("exact",))}'
    text = CELL.replace("synapse = Synapse.CURRENT", only).replace("import Cell,", "import Cell, NativeModel,")
    (tmp_path / "nest_only.py").write_text(text)
    assert cli.main(["--config-dir", str(tmp_path), "cell=nest_only", "backend=nest", "dry_run=true"]) == 0
    capsys.readouterr()
    for backend in ("brian2", "spinnaker"):
        refused = message(tmp_path, capsys, "cell=nest_only", f"backend={backend}")
        assert f"cell=nest_only does not exist on backend={backend}" in refused
        assert refused.endswith("nest_only exists on backend=nest\n")


def test_an_option_of_values_starts_from_an_own_cell(folder: Path) -> None:
    (folder / "cell").mkdir()
    (folder / "cell" / "flat.yaml").write_text("# A flat one.\ndefaults: [my_cell, _self_]\nslope: 0.5\n")
    assert compose(["cell=flat"], folder).resolved["cell"]["slope"] == 0.5
    assert options(folder)["cell"]["flat"].about == "A flat one."


def test_two_folders_in_one_process_do_not_mix(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "my_cell.py").write_text(CELL.replace("2.0", "7.0"))
    assert compose(["cell=my_cell"], folder).resolved["cell"]["slope"] == 2.0
    assert compose(["cell=my_cell"], other).resolved["cell"]["slope"] == 7.0
    assert compose(["cell=my_cell"], folder).resolved["cell"]["slope"] == 2.0
    with pytest.raises(ConfigurationError, match="cell has no such option"):
        compose(["cell=my_cell"])


def test_files_may_share_a_module_that_begins_with_an_underscore(folder: Path) -> None:
    (folder / "_shared.py").write_text("STEEP = 4.5\n")
    (folder / "steep.py").write_text(
        CELL.replace('"""A cell', "from ._shared import STEEP\n", 1)
        .replace('of my own."""', "", 1)
        .replace("quantity(2.0,", "quantity(STEEP,")
    )
    assert compose(["cell=steep"], folder).resolved["cell"]["slope"] == 4.5
    assert set(own_sources(parts(Cell, folder)["steep"])) == {"steep.py", "_shared.py"}
    assert own_sources(parts(Cell, folder)["my_cell"])["my_cell.py"] == CELL.encode()
    assert own_sources(parts(Cell, folder)["izhikevich"]) == {}


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "broken",
            "import nothing_of_this_name\n",
            "broken.py, line 1 cannot be imported (ModuleNotFoundError: No mod",
        ),
        ("broken", "\n\nx = 1 / 0\n", "broken.py, line 3 cannot be imported (ZeroDivisionError: division by zero)"),
        ("broken", "def f(:\n", "broken.py, line 1 cannot be imported (SyntaxError: invalid syntax)"),
        ("broken", "raise SystemExit(3)\n", "broken.py, line 1 cannot be imported (SystemExit: 3)"),
        ("broken", "raise ValueError('one\\ntwo')\n", "(ValueError: one two)"),
        ("broken", b"\xff\xfe\n", "broken.py, line 1 cannot be imported (SyntaxError: (unicode error)"),
        ("empty", "x = 1\n", "empty.py holds no part: define a class"),
        ("two", CELL + CELL[CELL.index("@dataclass") :].replace("Mine", "Yours"), "holds 2 parts (Mine, Yours)"),
        ("izhikevich", CELL, "cell=izhikevich is defined twice, by varesearch and by "),
        ("plain", CELL.replace("@dataclass\n", ""), "Mine is not a dataclass: write @dataclass above it"),
        ("dumb", CELL.replace("    synapse = Synapse.CURRENT\n", ""), "Mine names no kind of synapse"),
        ("bare", CELL.replace('quantity(2.0, "1/ms", "slope of everything")', "2.0"), "declares slope without a unit"),
        ("less", CELL.replace("    v_init", "    v_start"), "Mine has no v_init: declare it with drawn("),
        ("wide", CELL.replace("slope: float", "slope: set[int]"), "cannot be configured: Unexpected type"),
    ],
)
def test_a_broken_part_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, text: str | bytes, expected: str
) -> None:
    (tmp_path / f"{name}.py").write_bytes(text if isinstance(text, bytes) else text.encode())
    assert expected in message(tmp_path, capsys, "dry_run=true")
    assert expected in message(tmp_path, capsys, "--help")
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{name}.py"]


def test_a_recorded_run_does_not_load_code(folder: Path) -> None:
    resolved = compose(["cell=my_cell"], folder).resolved
    with pytest.raises(ConfigurationError, match="cell=my_cell is unknown here; if it is a part of your own"):
        restore(resolved)
    assert restore(resolved, config_dir=folder).cell.model == "my_cell"


INSTALLED = """
from varesearch.config.compose import compose
print(compose(["cell=from_elsewhere"]).resolved["cell"])
"""


def test_an_installed_distribution_brings_a_cell(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "from_elsewhere.py").write_text(CELL)
    record = tmp_path / "elsewhere-1.0.dist-info"
    record.mkdir()
    (record / "METADATA").write_text("Metadata-Version: 2.1\nName: elsewhere\nVersion: 1.0\n")
    (record / "entry_points.txt").write_text("[varesearch.parts]\nfrom_elsewhere = elsewhere.from_elsewhere\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", INSTALLED], env=environment, capture_output=True, text=True, check=True
    )
    assert "'model': 'from_elsewhere'" in done.stdout
    (tmp_path / "elsewhere" / "from_elsewhere.py").write_text("x = 1 / 0\n")
    done = subprocess.run(
        [sys.executable, "-m", "varesearch", "dry_run=true"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "the installed module elsewhere.from_elsewhere (elsewhere), line 1 cannot be imported" in done.stderr
