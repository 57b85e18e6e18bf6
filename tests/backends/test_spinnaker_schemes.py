"""The ``spinnaker`` integrators on Brian2 against the board: the same step in float64, so v differs by rounding."""

from typing import Any

import numpy as np
import pytest
from one_cell import Arrivals, on, with_arrivals

from varesearch.backends.brian2 import Brian2Settings
from varesearch.backends.spinnaker import SpinnakerSettings
from varesearch.config.cell import Cell
from varesearch.model.cells.if_cond_exp import IfCondExp
from varesearch.model.cells.if_curr_exp_ca2 import IfCurrExpCa2
from varesearch.model.cells.izhikevich_cond_exp import IzhikevichCondExp

LIF: dict[str, Any] = {"v_rest": -65.0, "v_reset": -65.0, "v_thresh": -50.0}
CELLS: dict[str, tuple[type[Cell], dict[str, Any], dict[str, float], float]] = {
    "if_cond_exp": (IfCondExp, LIF | {"tau_syn_E": 2.0}, {"v": -65.0}, 0.004),
    "if_curr_exp_ca2": (
        IfCurrExpCa2,
        LIF | {"tau_syn_E": 2.0, "i_offset": 0.25, "i_alpha": 1 / 32},
        {"v": -65.0, "i_ca2": 1 / 32},
        0.125,
    ),
    "izhikevich_cond_exp": (
        IzhikevichCondExp,
        {"i_offset": 0.0, "tau_syn_E": 2.0, "e_rev_I": -85.0},
        {"v": -70.0, "u": -14.0},
        1 / 32,  # without a spike, whose upstroke makes much of little
    ),
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
def both() -> dict[str, list[list[dict[str, Any]]]]:
    """Name -> what the board and what Brian2 recorded of each case, and last of no input; one run of each simulator."""
    runs = []
    for settings, integrator in ((SpinnakerSettings(machine="software"), "auto"), (Brian2Settings(), "spinnaker")):
        cells = [
            (kind(**given, integrator=integrator), start, each)  # type: ignore[call-arg]
            for kind, given, start, weight in CELLS.values()
            for each in (*arrivals(weight), {})
        ]
        runs.append(on(settings, with_arrivals(cells, 60, 1.0)))
    return {name: [run[4 * k : 4 * k + 4] for run in runs] for k, name in enumerate(CELLS)}


@pytest.mark.parametrize("name", CELLS)
def test_what_input_does_to_v_is_the_boards_but_for_the_rounding_of_numbers_and_weights(name: str, both) -> None:
    """Compared with a cell without input, for the board's 0.04 of Izhikevich's equation is 1311 / 32768."""
    (*board, still), (*brian2, still_too) = both[name]
    for one, other in zip(board, brian2, strict=True):
        assert one["spikes"] == other["spikes"]
        expected = other["v"] - still_too["v"]
        assert np.abs(expected).max() > 0.5
        assert one["v"] - still["v"] == pytest.approx(expected, abs=0.02 * np.abs(expected).max())
