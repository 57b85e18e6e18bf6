"""``varesearch describe`` on the command line, and the page of a run."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from markdown_tables import by, tables
from PIL import Image

from varesearch.cli import main


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, which is also the project's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VARESEARCH_ROOT", str(tmp_path / "project"))
    return tmp_path


def test_it_prints_markdown_and_writes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["describe", "connectivity.p=0.055", "cell=if_curr_exp"]) == 0
    out, err = capsys.readouterr()
    assert err == "" and list(folder.iterdir()) == []
    assert by(tables(out)["Projections by fixed_probability"], "projection")["exc_to_exc"]["p"] == "0.055"


def test_it_prints_latex(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["describe", "--format", "latex"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(r"\documentclass") and out.endswith("\\end{document}\n") and "includegraphics" not in out


def test_it_writes_a_folder_as_a_program(folder: Path) -> None:
    command = [sys.executable, "-m", "varesearch", "describe", "experiment=va_coba", "--to", "new/methods"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    names = ["methods.md", "methods.tex", "network.svg", "network.png"]
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.split() == [f"new/methods/{name}" for name in names]
    written = folder / "new" / "methods"
    assert sorted(path.name for path in written.iterdir()) == sorted(names)
    text = (written / "methods.md").read_text(encoding="utf-8")
    assert by(tables(text)["B: Populations"], "population")["in all"]["cells"] == "4000"
    # The pictures that the texts show are there.
    (shown,) = re.findall(r"!\[.*\]\((.*)\)", text)
    assert (written / shown).is_file() and "network.png" in (written / "methods.tex").read_text(encoding="utf-8")
    Image.open(written / "network.png").verify()


def test_one_format_alone(folder: Path) -> None:
    assert main(["describe", "--to", "here", "--format", "markdown"]) == 0
    assert sorted(path.name for path in (folder / "here").iterdir()) == ["methods.md", "network.png", "network.svg"]


def test_a_cell_of_the_users_own_brings_its_words(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "own").mkdir()
    (folder / "own" / "my_cell.py").write_text(
        '"""A cell."""\n'
        "from dataclasses import dataclass\n"
        "from varesearch.model.cells.if_curr_exp import IfCurrExp\n\n\n"
        "@dataclass\n"
        "class MyCell(IfCurrExp):\n"
        '    """A cell | with a bar.\n\n'
        '    dv/dt = -v/tau_m;  v >= 1: v = 0 (Doe and Roe 2020, J. Cells 1:2)\n    """\n'
    )
    assert main(["describe", "--config-dir", "own", "cell=my_cell"]) == 0
    out = capsys.readouterr().out
    model = by(tables(out)["Neuron model my_cell"], "")
    assert model["Type"]["description"] == "A cell | with a bar."
    assert model["Dynamics"]["description"].startswith("dv/dt = -v/tau_m<br>v >= 1")
    assert "- Doe and Roe 2020, J. Cells 1:2\n" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["cell=izhikevic"], "cell=izhikevic"),
        (["connectivity.p=2"], "connectivity.p=2 must be a probability"),
        (["backend=nest", "cell=if_curr_exp_ca2"], "does not exist on backend=nest"),
        (["cell.integrator=magic"], "cell.integrator=magic"),
        (["analysis.further=[nothing]"], "nothing"),
        (["seed=1,2"], "seed=1,2: one run takes one value"),
        (["projections.x={pre: exc, post: nobody}"], "nobody"),
        (["stimulus=spike_file", "stimulus.file=none.csv"], "none.csv"),
        (["--format", "html"], "--format html: must be one of markdown, latex"),
        (["--to", "a_file"], "--to a_file: cannot be written"),
        (["--to"], "--to needs a value (FOLDER)"),
    ],
)
def test_bad_input_is_one_line(
    words: list[str], message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "a_file").write_text("kept")
    assert main(["describe", *words]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and message in err
    assert [path.name for path in folder.iterdir()] == ["a_file"] and (folder / "a_file").read_text() == "kept"
