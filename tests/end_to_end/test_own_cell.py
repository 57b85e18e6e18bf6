"""A user's own cell, one file outside the project: on two back ends, in a sweep's workers, run again, compared."""

import re
from pathlib import Path

import pytest

from varesearch import cli
from varesearch.tracking.read import load_run
from varesearch.tracking.tags import IDENTITY

pytestmark = pytest.mark.usefixtures("root")

CELL = '''"""A leaky cell with an adaptation that nobody else has."""

from dataclasses import dataclass

from varesearch.model.cells import Cell, Equations, Name, NativeModel, Synapse, ValueSetting, drawn, quantity


@dataclass
class Mine(Cell):
    """Perfect integrate-and-fire: cm dv/dt = input."""

    synapse = Synapse.VOLTAGE_STEP
    simulators = {
        "brian2": Equations({"v": "input/cm"}, threshold="v >= v_thresh", reset="v = v_reset"),
        "nest": NativeModel(
            "iaf_psc_delta",
            ("exact",),
            names={
                "cm": Name("C_m", "pF", times=1000.0),
                "i_offset": Name("I_e", "pA", times=1000.0),
                "v_reset": "V_reset",
                "v_thresh": "V_th",
            },
            fixed={"tau_m": 1e9, "t_ref": 0.0, "E_L": 0.0},
            variables={"v": "V_m"},
        ),
    }

    i_offset: float = quantity(0.1937, "nA", "constant input current")
    v_init: ValueSetting = drawn(-60.0, "mV", "v at time 0")
    v_reset: float = quantity(-60.0, "mV", "v after a spike")
    v_thresh: float = quantity(-50.0, "mV", "spike threshold")
    cm: float = quantity(0.2, "nF", "membrane capacitance")
    weight_exc: ValueSetting = drawn(0.4, "mV", "excitatory weight")
    weight_inh: ValueSetting = drawn(0.5, "mV", "inhibitory weight")
    weight_stimulus: ValueSetting = drawn(2.5, "mV", "weight of the stimulus")
'''
SMALL = ["cell=my_cell", "connectivity.n=20", "simulation.duration_ms=200", "stimulus=none", "tracking.experiment=own"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("parts of my own")
    (path / "my_cell.py").write_text(CELL)
    return path


def run(folder: Path, capfd: pytest.CaptureFixture[str], *words: str) -> str:
    """The id of the run that a command makes."""
    assert cli.main(["--config-dir", str(folder), *SMALL, *words]) == 0
    return re.findall(r"run (\w{32})", capfd.readouterr().out)[-1]


def test_an_own_cell_runs_on_two_back_ends_and_is_kept_with_its_source(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Alone, 0.9685 mV/ms take eleven updates to 10 mV; both simulators give the same trains with synapses too."""
    records = [load_run(run(folder, capfd, f"backend={backend}")) for backend in ("brian2", "nest")]
    first, other = (record.recording().populations["exc"] for record in records)
    assert (first.spike_times_ms == other.spike_times_ms).all() and (first.spike_ids == other.spike_ids).all()
    assert first.spike_times_ms[0] == 10.0
    for record in records:
        assert record.folder is not None
        assert (record.folder / "parts" / "my_cell.py").read_text() == CELL
    assert len({record.tags[IDENTITY] for record in records}) == 2


def test_an_own_cell_is_run_again_only_with_its_folder(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    made = run(folder, capfd)
    assert cli.main(["rerun", made]) == 2
    assert "cell=my_cell is unknown here" in capfd.readouterr().err
    assert cli.main(["rerun", made, "--config-dir", str(folder)]) == 0
    assert "IDENTICAL" in capfd.readouterr().out


def test_an_own_cell_is_swept_by_two_workers_and_taken_over(folder: Path, root: Path) -> None:
    words = ["-m", "--config-dir", str(folder), *SMALL, "seed=1,2,3", "launcher=local", "launcher.workers=2"]
    words += ["connectivity.p=0.1"]

    def kept() -> int:
        """The runs that have a recording."""
        return len(list(root.rglob("recording.npz")))

    before = kept()
    assert cli.main(words) == 0
    assert kept() == before + 3
    # The same words again make no run: the identity of each child is that of a finished one.
    assert cli.main(words) == 0
    assert kept() == before + 3


def test_another_law_is_another_identity_and_another_comment_is_not(tmp_path: Path) -> None:
    from varesearch.config.compose import compose
    from varesearch.identity import identity

    def of(name: str, text: str) -> str:
        (tmp_path / name).mkdir()
        (tmp_path / name / "my_cell.py").write_text(text)
        return identity(compose(SMALL, tmp_path / name))

    first = of("first", CELL)
    assert of("comment", CELL.replace("that nobody else has", "of mine")) == first
    assert of("law", CELL.replace("input/cm", "input/cm/2")) != first
