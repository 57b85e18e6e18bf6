"""A real sweep: children in processes of their own, on a real simulator, against the same runs made singly."""

from pathlib import Path

import numpy as np
import pytest
from planted import Row, Sweeps, statuses

from varesearch.cli import main

WORDS = ("connectivity.n=20", "simulation.duration_ms=30", "analysis.warmup_ms=0", "analysis.fano_window_ms=10")


def bits(run: Row) -> dict[str, tuple[str, bytes]]:
    with np.load(run.folder / "recording.npz", allow_pickle=False) as kept:
        return {name: (str(kept[name].dtype), kept[name].tobytes()) for name in kept.files}


def test_a_sweep_makes_the_runs_that_single_commands_make_and_takes_over_those_that_are_there(
    sweeps: Sweeps, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main([*WORDS, "seed=0"]) == 0
    assert main(["-m", *WORDS, "seed=range(3)", "launcher=local", "launcher.workers=2"]) == 0
    assert "3 runs: 3 finished, 1 taken over" in capfd.readouterr().out
    (parent,) = sweeps.parents()
    children = sweeps.children()
    assert statuses(children) == {"FINISHED": 2} and parent.metrics["sweep.taken_over"] == 1
    assert sorted(child.params["seed"] for child in children) == ["1", "2"]

    assert main([*WORDS, "seed=1"]) == 0
    single = sweeps.runs()[-1]
    (child,) = (child for child in children if child.params["seed"] == "1")
    for name in ("varesearch.identity", "varesearch.config_hash", "varesearch.network_hash", "mlflow.note.content"):
        assert child.tags[name] == single.tags[name]
    assert (child.name, child.params) == (single.name, single.params)
    assert bits(child) == bits(single)
    files = {path.relative_to(single.folder) for path in single.folder.rglob("*")} - {Path("uncommitted.diff")}
    assert {path.relative_to(child.folder) for path in child.folder.rglob("*")} == files
