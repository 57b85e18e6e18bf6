"""How each cell is written for NEST.

Cell parameters go to PyNN's cell types under PyNN's names and units; PyNN writes them for NEST (pF, pA, nS). Initial
values, weights, delays, currents and spike times go to NEST itself, in its units: whole arrays, which PyNN hands over
one by one.

Delays. A spike of our step k is an event at the end of that step for NEST. With a delay of m NEST steps it arrives at
the end of step k + m: a voltage step moves v there and then, so that m is our n; a current or a conductance changes
only after v was updated and acts from step k + m + 1 on, so that m is n - 1. NEST has no delay below one step: currents
and conductances need a delay of at least two steps (:func:`least_delay_steps`). The Izhikevich cell with exponential
currents is one of ours (``backends/nest/native``): its arrivals act in the step in which they arrive, so that m is n.

Weights are rounded to multiples of :data:`WEIGHT_GRID`. Then the sum of the weights that arrive in one step is exact,
hence the same in whatever order they arrive: the order changes with the number of threads and with where the run is cut
into slices, and without the rounding the last bit of the sums, and with it in time the spikes, would change too.
"""

from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varesearch.backends.translation.table import Context, Row, same
from varesearch.config.cell import Cell
from varesearch.model.cells.if_cond_exp import IfCondExp
from varesearch.model.cells.if_curr_alpha import IfCurrAlpha
from varesearch.model.cells.if_curr_delta import IfCurrDelta
from varesearch.model.cells.if_curr_exp import IfCurrExp
from varesearch.model.cells.izhikevich import Izhikevich
from varesearch.model.cells.izhikevich_delta import IzhikevichDelta

CELLS: tuple[type[Cell], ...] = (Izhikevich, IzhikevichDelta, IfCondExp, IfCurrExp, IfCurrAlpha, IfCurrDelta)
"""The cells that the back end has."""

WEIGHT_GRID = 2.0**-40
"""In the cell's own unit. The sums are exact up to 64 nA or µS (multiplied by 1000 they take 7 bits more), 8192 mV."""

_IZHIKEVICH = (Izhikevich, IzhikevichDelta)
_VOLTAGE_STEPS = (IzhikevichDelta, IfCurrDelta)

# Not equations' parameters: which model and scheme, and what the network's draw has already used.

_NEST_NAME = {
    "v_rest": "E_L",
    "v_reset": "V_reset",
    "v_thresh": "V_th",
    "cm": "C_m, x 1000 in pF",
    "tau_refrac": "t_ref",
    "tau_syn_E": "tau_syn_ex",
    "tau_syn_I": "tau_syn_in",
    "e_rev_E": "E_ex",
    "e_rev_I": "E_in",
    "i_offset": "I_e, x 1000 in pA",
}


def thousandfold(values: NDArray[Any], _context: Context) -> NDArray[Any]:
    """nA to pA."""
    return values * 1000.0


def on_grid(values: NDArray[Any], _context: Context) -> NDArray[Any]:
    """Weights that keep their unit."""
    return np.rint(values / WEIGHT_GRID) * WEIGHT_GRID


def minus_on_grid(values: NDArray[Any], context: Context) -> NDArray[Any]:
    """Inhibitory weights that keep their unit."""
    return -on_grid(values, context)


def thousandfold_on_grid(values: NDArray[Any], context: Context) -> NDArray[Any]:
    """Weights from nA to pA or from µS to nS."""
    return on_grid(values, context) * 1000.0


def minus_thousandfold_on_grid(values: NDArray[Any], context: Context) -> NDArray[Any]:
    """Inhibitory weights, to pA or nS: NEST writes inhibition with a minus sign for conductances too."""
    return on_grid(values, context) * -1000.0


def thousandth(values: NDArray[Any], _context: Context) -> NDArray[Any]:
    """The nA that PyNN multiplies by 1000 for the I_e that NEST's izhikevich adds to dv/dt in mV/ms."""
    return values / 1000.0


def delay_of_step(values: NDArray[Any], context: Context) -> NDArray[Any]:
    """Delay in ms of what acts in the step of its arrival."""
    return values * context.dt_ms


def delay_of_current(values: NDArray[Any], context: Context) -> NDArray[Any]:
    """Delay in ms of a current or a conductance, which NEST lets act one step after its arrival."""
    return (values - 1) * context.dt_ms


def end_of_step(values: NDArray[Any], context: Context) -> NDArray[Any]:
    """The end in ms of each step: when NEST says that a spike of it was fired."""
    return (values + 1) * context.dt_ms


def step_before(values: NDArray[Any], _context: Context) -> NDArray[Any]:
    """The step that ends at each of NEST's time stamps, these in steps."""
    return values - 1


def least_delay_steps(model: str) -> int:
    """The shortest delay in steps that NEST can give a cell."""
    return 1 if model in {cell().model for cell in (Izhikevich, *_VOLTAGE_STEPS)} else 2


def integrators(cell: type[Cell]) -> tuple[str, ...]:
    """NEST's one scheme for each cell; conductances take an adaptive Runge-Kutta-Fehlberg rule."""
    if cell in _IZHIKEVICH:
        return ("euler",)
    return ("rkf45",) if cell is IfCondExp else ("exact",)


def _parameter(cell: type[Cell], name: str, unit: str) -> Row:
    if cell is Izhikevich:
        return Row(name, unit, {"i_offset": "I_e"}.get(name, _NEST_NAME.get(name, name)), unit)
    note = f"NEST: {_NEST_NAME[name]}" if name in _NEST_NAME else ""
    if cell is IzhikevichDelta and name == "i_offset":
        return Row(name, unit, name, "nA", thousandth, "i / 1000", "NEST: I_e, PyNN's x 1000, added to dv/dt in mV/ms")
    if cell is IfCondExp and name == "tau_m":
        note = "NEST: g_L = 1000 cm / tau_m in nS"
    return Row(name, unit, name, unit, note=note)


def _weights(cell: type[Cell], unit: str) -> tuple[Row, Row]:
    note = "rounded to 2^-40 of our unit: exact sums"
    if cell in (Izhikevich, *_VOLTAGE_STEPS):
        return (
            Row("weight_excitatory", unit, "weight", unit, on_grid, "w", note),
            Row("weight_inhibitory", unit, "weight", unit, minus_on_grid, "-w", note),
        )
    native = "nS" if cell is IfCondExp else "pA"
    return (
        Row("weight_excitatory", unit, "weight", native, thousandfold_on_grid, "1000 w", note),
        Row("weight_inhibitory", unit, "weight", native, minus_thousandfold_on_grid, "-1000 w", note),
    )


def _state_and_current(cell: type[Cell], units: dict[str, str]) -> tuple[Row, ...]:
    if cell in _IZHIKEVICH:
        initial = (Row("v", "mV", "V_m", "mV"), Row("u", units["u_init"], "U_m", "mV/ms"))
        current, native, formula = same, "mV/ms", "same"
    else:
        initial = (Row("v", "mV", "V_m", "mV"),)
        current, native, formula = thousandfold, "pA", "1000 i"
    return (
        *initial,
        Row("current_step", units["i_offset"], "I_e", native, current, formula, "added while the current lasts"),
    )


def _delay(cell: type[Cell]) -> Row:
    if cell in (Izhikevich, *_VOLTAGE_STEPS):
        return Row("delay_steps", "steps", "delay", "ms", delay_of_step, "n dt")
    note = "acts one step after its arrival; n >= 2"
    return Row("delay_steps", "steps", "delay", "ms", delay_of_current, "(n - 1) dt", note)


def _rows(cell: type[Cell]) -> tuple[Row, ...]:
    units = {field.name: field.metadata.get("unit", "") for field in fields(cell)}
    return (
        *(_parameter(cell, name, unit) for name, unit in units.items() if name in cell.parameters()),
        *_state_and_current(cell, units),
        *_weights(cell, units["weight_exc"]),
        _delay(cell),
        Row("source_steps", "steps", "spike_times", "ms", end_of_step, "(k + 1) dt"),
        Row("spike_steps", "steps", "times", "steps", step_before, "stamp - 1", "NEST stamps the end of the step"),
    )


ROWS: dict[str, tuple[Row, ...]] = {cell().model: _rows(cell) for cell in CELLS}
"""Cell model -> one row for each quantity."""
