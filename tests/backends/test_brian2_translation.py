"""The rows of the Brian2 translation: complete, of the right sign, and the ones that the build uses."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from varesearch.backends.brian2.schemes import SCHEMES, linear_propagator
from varesearch.backends.translation.brian2 import ROWS, charge_gain, integrators
from varesearch.backends.translation.table import Context, row, translate
from varesearch.config.cell import Cell
from varesearch.config.parts import parts
from varesearch.model.cells.izhikevich import Izhikevich

NOT_TRANSLATED = {"model", "integrator", "v_init", "u_init", "weight_exc", "weight_inh", "weight_stimulus"}


@pytest.mark.parametrize("cell", parts(Cell).values(), ids=lambda cell: cell.model)
def test_every_quantity_has_one_row_with_its_unit(cell: type[Cell]) -> None:
    ours = [r.ours for r in ROWS[cell.model]]
    parameters = {f.name for f in fields(cell)} - NOT_TRANSLATED
    others = {
        "v",
        "weight_excitatory",
        "weight_inhibitory",
        "delay_steps",
        "source_steps",
        "current_step",
        "spike_steps",
    }
    others |= {"u"} if cell.model.startswith("izhikevich") else set()
    assert sorted(ours) == sorted(parameters | others)
    assert all(r.unit and r.their_unit for r in ROWS[cell.model])
    assert {integrator for model, integrator in SCHEMES if model == cell.model} == set(integrators(cell))


@pytest.mark.parametrize("cell", parts(Cell).values(), ids=lambda cell: cell.model)
@settings(deadline=None)
@given(weight=st.floats(1e-6, 1e3))
def test_inhibition_is_negative_for_currents_and_voltage_steps_and_positive_for_conductances(
    cell: type[Cell], weight: float
) -> None:
    context = Context(cell(), 1.0)
    rows = ROWS[cell.model]
    assert translate(rows, "weight_excitatory", weight, context) == weight
    expected = weight if cell.model == "if_cond_exp" else -weight
    assert translate(rows, "weight_inhibitory", weight, context) == expected


@settings(deadline=None)
@given(tau=st.floats(0.5, 100.0), dt=st.sampled_from([0.1, 0.5, 1.0]))
def test_spinnakers_gain_makes_the_charge_of_a_spike_weight_times_tau(tau: float, dt: float) -> None:
    decay = np.exp(-dt / tau)
    steps = np.arange(int(40 * tau / dt))
    assert (charge_gain(tau, dt) * decay**steps).sum() * dt == pytest.approx(tau, rel=1e-9)
    rows, cell = ROWS["izhikevich"], Izhikevich(tau_syn_E=tau, tau_syn_I=2 * tau, integrator="spinnaker")
    assert translate(rows, "weight_excitatory", 3.0, Context(cell, dt)) == pytest.approx(3.0 * charge_gain(tau, dt))
    assert translate(rows, "weight_inhibitory", 3.0, Context(cell, dt)) == pytest.approx(
        -3.0 * charge_gain(2 * tau, dt)
    )


@settings(deadline=None)
@given(steps=st.lists(st.integers(1, 2000), min_size=1))
def test_a_delay_of_n_steps_is_n_minus_1_of_brian2s(steps: list[int]) -> None:
    for rows in ROWS.values():
        got = translate(rows, "delay_steps", np.array(steps, dtype=np.int32), Context(Izhikevich(), 1.0))
        assert list(got) == [n - 1 for n in steps]


def test_a_refractory_period_is_a_number_of_steps() -> None:
    for dt_ms, expected in ((0.1, 50), (1.0, 5)):
        assert translate(ROWS["if_cond_exp"], "tau_refrac", 5.0, Context(parts(Cell).values()[2](), dt_ms)) == expected


def test_an_unknown_quantity_has_no_row() -> None:
    with pytest.raises(KeyError):
        row(ROWS["izhikevich"], "cm")


@settings(deadline=None)
@given(a=st.floats(0.01, 20.0), b=st.floats(0.01, 20.0), c=st.floats(-5.0, 5.0), dt_ms=st.sampled_from([0.1, 1.0]))
def test_the_propagator_is_the_matrix_exponential(a: float, b: float, c: float, dt_ms: float) -> None:
    matrix = np.array([[-a, c, 0.0], [0.0, -b, c], [0.0, 0.0, -b]])
    np.testing.assert_allclose(linear_propagator(matrix, dt_ms), expm(matrix * dt_ms), rtol=1e-10, atol=1e-13)
