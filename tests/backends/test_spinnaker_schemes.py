"""The ``spinnaker`` integrators on Brian2 against the board: the same step in float64, so v differs by rounding."""

from typing import Any

import numpy as np
import pytest
from one_cell import Arrivals, on, with_arrivals

from varesearch.backends.brian2 import Brian2Settings
from varesearch.backends.spinnaker import SpinnakerSettings
from varesearch.config.cell import Cell
from varesearch.model.cells.if_cond_exp import IfCondExp

LIF: dict[str, Any] = {"v_rest": -65.0, "v_reset": -65.0, "v_thresh": -50.0}
CELLS: dict[str, tuple[type[Cell], dict[str, Any], dict[str, float], float]] = {
    "if_cond_exp": (IfCondExp, LIF | {"tau_syn_E": 2.0}, {"v": -65.0}, 0.004),
}
"""Name -> the cell, its settings, its state at time 0, and a weight that makes it fire no more than at times."""


def arrivals(weight: float) -> list[Arrivals]:
    """Excitation alone, inhibition alone, both."""
    excitation, inhibition = [(5, weight), (11, 2 * weight), (30, weight)], [(20, weight), (31, 3 * weight)]
    return [
        {"excitatory": excitation},
        {"inhibitory": inhibition},
        {"excitatory": excitation, "inhibitory": inhibition},
    ]


@pytest.fixture(scope="module")
def both() -> dict[str, list[tuple[dict[str, Any], dict[str, Any]]]]:
    """Name -> for each case what the board and what Brian2 recorded; all cells in one run of each."""
    runs = []
    for settings, integrator in ((SpinnakerSettings(machine="software"), "auto"), (Brian2Settings(), "spinnaker")):
        cells = [
            (kind(**given, integrator=integrator), start, each)  # type: ignore[call-arg]
            for kind, given, start, weight in CELLS.values()
            for each in arrivals(weight)
        ]
        runs.append(on(settings, with_arrivals(cells, 80, 1.0)))
    pairs = list(zip(*runs, strict=True))
    return {name: pairs[3 * k : 3 * k + 3] for k, name in enumerate(CELLS)}


@pytest.mark.parametrize("name", CELLS)
def test_v_is_the_boards_but_for_the_rounding_of_numbers_and_weights(name: str, both) -> None:
    for board, brian2 in both[name]:
        assert board["spikes"] == brian2["spikes"]
        assert np.abs(board["v"] - board["v"][0]).max() > 0.5
        # A weight has steps of 1/256 of the largest or finer: up to 1 % of the smallest here.
        assert board["v"] == pytest.approx(brian2["v"], abs=0.02 * np.abs(brian2["v"] - brian2["v"][0]).max())
