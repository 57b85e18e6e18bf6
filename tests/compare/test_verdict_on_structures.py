"""The verdict on networks of any populations, as for the pair: eight on Brian2 and NEST, three on the board too."""

import csv

import pytest

from varesearch.cli import main as varesearch
from varesearch.tracking import runs

SIZES = {f"l{layer}{kind}": 20 * layer // (1 if kind == "e" else 4) for layer in (1, 2, 3, 4) for kind in "ei"}
EIGHT = [
    "populations={"
    + ", ".join(
        f"{name}: {{size: {size}, receptor: {'excitatory' if name[-1] == 'e' else 'inhibitory'}}}"
        for name, size in SIZES.items()
    )
    + "}",
    "cell=if_curr_exp",
    "connectivity.p=0.2",
    "stimulus=background_poisson",
    "stimulus.rate_hz=1500",
    "stimulus.weight=0.6",
    "simulation.duration_ms=400",
    "recording.cells=10",
]
THREE = [
    *("experiment=e_pv_sst", "populations.e.size=160", "populations.pv.size=20", "populations.sst.size=40"),
    *("simulation.dt_ms=1", "connectivity.delay_ms=2", "simulation.duration_ms=300", "recording.cells=10"),
]
SCHEME = ["cell.integrator=spinnaker"]
BOARD = ["backend=spinnaker", "backend.machine=software", "backend.neurons_per_core=16", "backend.weight_range=drawn"]


def judged(root) -> dict[str, set[str]]:
    """Of the newest comparison: population -> the states of its metrics."""
    run = next(run for run in runs(root=root) if run.tags.get("varesearch.kind") == "comparison")
    assert run.folder is not None
    found: dict[str, set[str]] = {}
    with (run.folder / "judged.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["population"], set()).add(row["state"])
    return found


def run_as(name: str, *words: str) -> None:
    assert varesearch([*words, f"tracking.run_name={name}"]) == 0


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_eight_populations_are_identical_on_brian2_and_nest_and_judged_by_each(root, capfd):
    run_as("brian2", *EIGHT)
    run_as("nest", *EIGHT, "backend=nest")
    run_as("nest2", *EIGHT, "backend=nest", "seed=2")
    assert varesearch(["compare", "brian2", "nest"]) == 0
    assert "IDENTICAL" in capfd.readouterr().out
    assert varesearch(["compare", "brian2", "nest2"]) == 0
    assert "EQUIVALENT WITHIN NATURAL VARIABILITY" in capfd.readouterr().out
    assert {name for name in judged(root) if "within" in judged(root)[name]} >= set(SIZES)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_three_populations_have_the_same_distributions_on_the_board_and_brian2_with_its_scheme(root, capfd):
    """Only the spike trains part: fixed point moves v by more than the perturbed starts, which this network forgets."""
    run_as("floats", *THREE, *SCHEME)
    run_as("board", *THREE, *BOARD)
    assert varesearch(["compare", "floats", "board"]) == 1
    states = judged(root)
    assert set(states) == {"e", "pv", "sst", "all cells"}
    assert all("beyond" not in states[name] and "within" in states[name] for name in ("e", "pv", "sst")), states
    assert states["all cells"] == {"beyond"}
