"""Adaptation by calcium: the exact scheme against the equations, SpiNNaker's against a plain loop."""

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from one_cell import Arrivals, on, random_arrivals, with_arrivals
from solved import Cell as Solved
from solved import solve
from solved_cells import calcium_adaptation

from varesearch.backends.brian2 import Brian2Settings
from varesearch.backends.check import checked_backend
from varesearch.config.compose import compose
from varesearch.config.errors import ConfigurationError
from varesearch.model.cells.if_curr_exp_ca2 import IfCurrExpCa2
from varesearch.network.model import Receptor

LIF: dict[str, Any] = {"v_rest": -65.0, "v_reset": -65.0, "v_thresh": -50.0, "tau_refrac": 2.0, "i_alpha": 0.03}
START = {"v": -60.0, "i_ca2": 0.02}
WEIGHTS: dict[Receptor, NDArray[np.float64]] = {
    "excitatory": np.array([0.05, 0.2]),
    "inhibitory": np.array([0.05, 0.1]),
}


def equations(cell: IfCurrExpCa2, dt_ms: float, arrivals: Arrivals) -> Solved:
    return calcium_adaptation(cell, START, arrivals, dt_ms)


@pytest.mark.parametrize("dt_ms", [1.0, 0.1])
def test_the_exact_scheme_gives_the_spikes_and_variables_of_the_equations(dt_ms: float) -> None:
    """The rate as a function of the current, and random input."""
    steps, currents = round(500 / dt_ms), (0.1, 0.16, 0.3, 0.6, 1.0)
    cases: list[tuple[IfCurrExpCa2, Arrivals]] = [(IfCurrExpCa2(**LIF, i_offset=i), {}) for i in currents]
    cases.append((IfCurrExpCa2(**LIF, i_offset=0.2), random_arrivals(1, steps, 100, WEIGHTS)))
    drawn = with_arrivals([(cell, START, arrivals) for cell, arrivals in cases], steps, dt_ms)
    counts = []
    for (cell, arrivals), recorded in zip(cases, on(Brian2Settings(), drawn, ["v", "i_ca2"]), strict=True):
        spikes, samples = solve(equations(cell, dt_ms, arrivals), steps, dt_ms)
        assert recorded["spikes"] == spikes
        assert recorded["v"] == pytest.approx(samples[:, 0], abs=1e-5)
        assert recorded["i_ca2"] == pytest.approx(samples[:, 1], abs=1e-8)
        counts.append(len(spikes))
    assert counts[0] == 0 < counts[2] < counts[3] < counts[4]
    assert counts[5] > 5


def test_adaptation_lengthens_the_intervals_as_the_closed_form_says() -> None:
    """Between two spikes i_ca2 falls by exp(-interval / tau_ca2), so that it settles where a spike restores it."""
    given: dict[str, Any] = LIF | {"i_alpha": 0.1}
    cell = IfCurrExpCa2(**given, i_offset=0.6)  # type: ignore[arg-type]
    (recorded,) = on(Brian2Settings(), with_arrivals([(cell, START, {})], 10_000, 0.1), ["i_ca2"])
    intervals = np.diff(recorded["spikes"]) * 0.1
    assert intervals[0] < 0.7 * intervals[-1]
    after = recorded["i_ca2"][np.array(recorded["spikes"][:-1]) + 1]
    left = math.exp(-intervals[-1] / cell.tau_ca2)
    assert after[-1] == pytest.approx(cell.i_alpha / (1 - left), rel=0.01)


def test_spinnakers_scheme_is_a_plain_loop_over_its_order_of_updates() -> None:
    """Decay of i_ca2, membrane with constant currents, threshold, decay of the synapses' currents."""
    cell, steps, dt_ms = IfCurrExpCa2(**LIF, i_offset=0.3, integrator="spinnaker"), 300, 1.0
    arrivals = random_arrivals(3, steps, 60, WEIGHTS)
    (recorded,) = on(Brian2Settings(), with_arrivals([(cell, START, arrivals)], steps, dt_ms), ["v", "i_ca2"])
    v, calcium, current, refractory, spikes, samples = START["v"], START["i_ca2"], [0.0, 0.0], 0, [], []
    taus, left = (cell.tau_syn_E, cell.tau_syn_I), math.exp(-dt_ms / cell.tau_m)
    for step in range(steps):
        samples.append((v, calcium))
        for k, name in enumerate(("excitatory", "inhibitory")):
            gain = taus[k] / dt_ms * (1 - math.exp(-dt_ms / taus[k]))
            current[k] += gain * sum(weight for at, weight in arrivals[name] if at == step)
        calcium *= math.exp(-dt_ms / cell.tau_ca2)
        if refractory:
            refractory -= 1
        else:
            target = cell.v_rest + cell.tau_m / cell.cm * (current[0] - current[1] - calcium + cell.i_offset)
            v = target - left * (target - v)
            if v >= cell.v_thresh:
                spikes.append(step)
                v, calcium, refractory = cell.v_reset, calcium + cell.i_alpha, 2
        current = [each * math.exp(-dt_ms / tau) for each, tau in zip(current, taus, strict=True)]
    assert len(spikes) > 5
    assert recorded["spikes"] == spikes
    assert recorded["v"] == pytest.approx(np.array(samples)[:, 0], abs=1e-8)
    assert recorded["i_ca2"] == pytest.approx(np.array(samples)[:, 1], abs=1e-10)


def test_nest_which_has_no_such_cell_is_refused_in_one_line() -> None:
    config = compose(["cell=if_curr_exp_ca2", "backend=nest"]).config
    with pytest.raises(ConfigurationError, match="cell=if_curr_exp_ca2 does not exist on backend=nest") as refused:
        checked_backend(config)
    assert "exists on backend=brian2, spinnaker" in str(refused.value)
    assert "\n" not in str(refused.value)
