"""The rows of the Brian2 translation: complete, of the right sign, and the ones that the build uses."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from varesearch.backends.brian2.schemes import scheme_of
from varesearch.backends.brian2.translation import rows, steps_of
from varesearch.backends.table import Context, row, translate, translated_parameters
from varesearch.config.cell import Cell, Synapse
from varesearch.config.parts import parts
from varesearch.model.cells.if_cond_exp import IfCondExp
from varesearch.model.cells.izhikevich import Izhikevich
from varesearch.model.propagators import charge_gain, linear_propagator

CELLS = {name: cell for name, cell in parts(Cell).items() if steps_of(cell)}


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_a_cell_starts_and_is_drawn_with_whatever_it_declares(cell: type[Cell]) -> None:
    """Every parameter and variable of every cell reaches Brian2, in whatever step it is solved."""
    for integrator in steps_of(cell):
        one = cell(integrator=integrator)
        context = Context(one, 1.0)
        given = translated_parameters(rows(cell), context)
        assert len(given) == len(one.parameters())
        code = f"{scheme_of(one).update} {scheme_of(one).step.threshold} {scheme_of(one).step.reset}"
        known = {*given, *scheme_of(one).state, *scheme_of(one).constants(given, 1.0), "free_from", "t_in_timesteps"}
        made = {line.partition("=")[0].strip("+ ") for line in code.splitlines()}
        used = set(re.findall(r"(?<![\w.])[a-zA-Z_]\w*", code.replace("{drive}", "i_offset")))
        assert used - made - known <= {"abs", "and", "clip", "exp", "int", "log", "sinh"}


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
@settings(deadline=None)
@given(weight=st.floats(1e-6, 1e3))
def test_inhibition_is_negative_for_currents_and_voltage_steps_and_positive_for_conductances(
    cell: type[Cell], weight: float
) -> None:
    context = Context(cell(), 1.0)
    assert translate(rows(cell), "weight_excitatory", weight, context) == weight
    expected = weight if cell.synapse in (Synapse.CONDUCTANCE, Synapse.ALPHA_CONDUCTANCE) else -weight
    assert translate(rows(cell), "weight_inhibitory", weight, context) == expected


@settings(deadline=None)
@given(tau=st.floats(0.5, 100.0), dt=st.sampled_from([0.1, 0.5, 1.0]))
def test_spinnakers_gain_makes_the_charge_of_a_spike_weight_times_tau(tau: float, dt: float) -> None:
    decay = np.exp(-dt / tau)
    steps = np.arange(int(40 * tau / dt))
    assert (charge_gain(tau, dt) * decay**steps).sum() * dt == pytest.approx(tau, rel=1e-9)
    of_cell, cell = rows(Izhikevich), Izhikevich(tau_syn_E=tau, tau_syn_I=2 * tau, integrator="spinnaker")
    assert translate(of_cell, "weight_excitatory", 3.0, Context(cell, dt)) == pytest.approx(3.0 * charge_gain(tau, dt))
    assert translate(of_cell, "weight_inhibitory", 3.0, Context(cell, dt)) == pytest.approx(
        -3.0 * charge_gain(2 * tau, dt)
    )


@settings(deadline=None)
@given(steps=st.lists(st.integers(1, 2000), min_size=1))
def test_a_delay_of_n_steps_is_n_minus_1_of_brian2s(steps: list[int]) -> None:
    for cell in CELLS.values():
        got = translate(rows(cell), "delay_steps", np.array(steps, dtype=np.int32), Context(Izhikevich(), 1.0))
        assert list(got) == [n - 1 for n in steps]


def test_a_refractory_period_is_a_number_of_steps() -> None:
    for dt_ms, expected in ((0.1, 50), (1.0, 5)):
        assert translate(rows(IfCondExp), "tau_refrac", 5.0, Context(IfCondExp(), dt_ms)) == expected


def test_an_unknown_quantity_has_no_row() -> None:
    with pytest.raises(KeyError):
        row(rows(Izhikevich), "cm")


@settings(deadline=None)
@given(a=st.floats(0.01, 20.0), b=st.floats(0.01, 20.0), c=st.floats(-5.0, 5.0), dt_ms=st.sampled_from([0.1, 1.0]))
def test_the_propagator_is_the_matrix_exponential(a: float, b: float, c: float, dt_ms: float) -> None:
    matrix = np.array([[-a, c, 0.0], [0.0, -b, c], [0.0, 0.0, -b]])
    np.testing.assert_allclose(linear_propagator(matrix, dt_ms), expm(matrix * dt_ms), rtol=1e-10, atol=1e-13)
