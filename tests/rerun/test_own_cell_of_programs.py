"""Runs that a Python program made with a cell of the user's own: run again, reported, and refused without the cell."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

import varesearch as va
from varesearch import cli
from varesearch.config.cell import Cell
from varesearch.config.compose import compose
from varesearch.config.parts import parts
from varesearch.network import draw
from varesearch.tracking import load_run

pytestmark = pytest.mark.usefixtures("root")

CELL = '''"""A perfect integrator."""

from dataclasses import dataclass

from varesearch.model.cells import Cell, Equations, Synapse, ValueSetting, drawn, quantity

@dataclass
class Mine(Cell):
    """cm dv/dt = input."""

    synapse = Synapse.VOLTAGE_STEP
    simulators = {"brian2": Equations({"v": "input/cm"}, threshold="v >= v_thresh", reset="v = v_reset")}

    i_offset: float = quantity(0.1937, "nA", "constant input current")
    v_init: ValueSetting = drawn(-60.0, "mV", "v at time 0")
    v_reset: float = quantity(-60.0, "mV", "v after a spike")
    v_thresh: float = quantity(-50.0, "mV", "spike threshold")
    cm: float = quantity(0.2, "nF", "membrane capacitance")
    weight_exc: ValueSetting = drawn(0.4, "mV", "excitatory weight")
    weight_inh: ValueSetting = drawn(0.5, "mV", "inhibitory weight")
    weight_stimulus: ValueSetting = drawn(2.5, "mV", "weight of the stimulus")
'''
SMALL = {"connectivity": {"n": 20}, "simulation": {"duration_ms": 100}, "stimulus": "none"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("my parts")
    (path / "integrator.py").write_text(CELL)
    return path


@pytest.fixture(scope="module")
def described(root: Path, folder: Path) -> va.Run:
    return va.run(cell="integrator", config_dir=folder, analysis={"warmup_ms": 0}, **SMALL)


@pytest.fixture(scope="module")
def given(root: Path, folder: Path) -> va.Run:
    """Only the second population has the user's cell, so that no setting names it."""
    small = ["connectivity.n=20", "simulation.duration_ms=100", "stimulus=none", "cell=if_curr_delta"]
    exc, inh = (drawn := draw(compose(small).config)).populations
    inh = replace(inh, cell=parts(Cell, folder.resolve())["integrator"]())
    network = replace(drawn, populations=(exc, inh))
    return va.simulate(network, config_dir=folder, analysis={"warmup_ms": 0})


@pytest.mark.parametrize("kind", ["described", "given"])
def test_a_rerun_needs_the_folder_and_is_then_identical(
    kind: str, folder: Path, request: pytest.FixtureRequest, capfd: pytest.CaptureFixture[str]
) -> None:
    run: va.Run = request.getfixturevalue(kind)
    assert (run.folder / "parts" / "integrator.py").read_text() == CELL
    assert "--config-dir" in run.record.tags["mlflow.note.content"]
    capfd.readouterr()
    assert cli.main(["rerun", run.id]) == 2
    refused = capfd.readouterr().err.strip()
    assert "\n" not in refused and "integrator" in refused and "--config-dir" in refused
    assert cli.main(["rerun", run.id, "--config-dir", str(folder)]) == 0
    said = capfd.readouterr().out
    assert "IDENTICAL" in said
    again = load_run(re.findall(r"run=(\w{8})", said)[-1])
    assert again.identity == run.record.identity and again.rerun_of == run.id


def test_a_report_with_the_folder_knows_the_units_of_the_cell(
    described: va.Run, folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pages = {}
    for name, words in {"with": ["--config-dir", str(folder)], "without": []}.items():
        assert cli.main(["report", described.id[:8], *words, "--out", str(tmp_path / name)]) == 0
        pages[name] = " ".join((tmp_path / name).read_text().split())
    assert "cell.v_thresh" in pages["without"]
    row = r"<td>cell\.v_thresh</td><td>-50(\.0)?</td><td>{}</td>"
    assert re.search(row.format("mV"), pages["with"]) and re.search(row.format(""), pages["without"])


@pytest.mark.parametrize("words", [["report"], ["rerun"], ["ui", "--run"], ["compare"]])
def test_the_shell_completes_ids(words: list[str], described: va.Run, given: va.Run) -> None:
    complete = ShellComplete(cli.app, {}, "varesearch", "_VARESEARCH_COMPLETE").get_completions
    for run in (described, given):
        assert run.id[:8] in {item.value for item in complete(words, run.id[:3])}
        assert [item.value for item in complete(words, run.id[:10])] == [run.id]
    assert not complete([*words[:1], "--uri", "http://127.0.0.1:9", *words[1:]], "0000")
