"""Where a run is to be kept, as a person names it: odd names work or are refused in one line, and nothing strays."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outcomes import Command

from varesearch.tracking import load_run, runs
from varesearch.tracking.store import _folder_name

SMALL = ["connectivity.n=10", "simulation.duration_ms=20", "analysis.warmup_ms=0", "analysis.fano_window_ms=5"]


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("sqlite:////proc/nowhere.db", "the store cannot be created"),
        ("sqlite:////proc/nowhere/runs.db", "there is no folder /proc/nowhere"),
        ("sqlite:///not/there/runs.db", "not/there; create it first"),
        ("sqlite:////dev/null/runs.db", "there is no folder /dev/null"),
    ],
)
@pytest.mark.parametrize("multirun", [[], ["-m", "seed=1,2"]], ids=["run", "sweep"])
def test_a_store_that_cannot_be_made(command: Command, uri: str, said: str, multirun: list[str]) -> None:
    outcome = command([*multirun, f"tracking.uri={uri}", *SMALL])
    assert outcome.code == 2
    assert outcome.err.startswith("varesearch: tracking.uri=") and said in outcome.err
    assert outcome.err.count("\n") == 1
    assert [path for path in outcome.files if path.suffix in (".db", ".lock") or path.name in ("not", "there")] == []


@pytest.mark.parametrize("name", ["what?", "a%41b"])
def test_a_root_that_would_be_another_folder(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    root = tmp_path / name
    root.mkdir()
    monkeypatch.setenv("VARESEARCH_ROOT", str(root))
    outcome = command(SMALL)
    assert outcome.code == 2 and outcome.err.count("\n") == 1 and "rename the folder" in outcome.err
    assert list(root.iterdir()) == []


def test_a_run_under_every_odd_name_at_once(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signs that are special to SQLite's addresses, to MLflow, to configparser, to a shell and to file systems."""
    root = tmp_path / "all" / "100% of 'Größe' & \"#1\"; %(x)s %%d [日本] {y} $HOME a+b@c:d\\e"
    root.mkdir(parents=True)
    monkeypatch.setenv("VARESEARCH_ROOT", str(root))
    experiment = "ß" * 250
    assert command([*SMALL, f'tracking.experiment="{experiment}"']).code == 0
    (record,) = runs(experiment=experiment)
    assert record.folder is not None and root in record.folder.parents
    assert load_run(record.run_id).recording().populations
    assert [path.name for path in root.parent.iterdir()] == [root.name]
    assert [path.name for path in root.iterdir()] == ["mlruns"]


@given(st.lists(st.text(min_size=1, max_size=250), min_size=2, max_size=2, unique=True))
def test_the_folder_of_an_experiment_is_one_that_any_file_system_takes(names: list[str]) -> None:
    for name in names:
        folder = _folder_name(name)
        assert 1 <= len(folder.encode(errors="replace")) <= 140
        assert "/" not in folder and "\0" not in folder and folder not in (".", "..")
