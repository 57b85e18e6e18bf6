"""How each cell is written for Brian2.

The cell types are PyNN cell types of this project whose Brian2 variables are plain numbers in the project's units
(mV, ms, nF, nA, µS; mV/ms for Izhikevich), so that most rows change nothing but a name. Signs follow PyNN: the
inhibitory weight is negative for currents and voltage steps, positive for conductances.

Delays. Brian2 takes the spikes of a step from its thresholds slot and counts the delay from the end of that step. With
the arrivals of step k + n delivered in step k + n (before the update of v for currents and conductances, between the
update and the threshold for voltage steps), a delay of n steps is n - 1 steps of Brian2. Whatever the cell, the first
sample of v that can differ is that of step k + n + 1.
"""

from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varesearch.backends.translation.table import Context, Row, negated
from varesearch.config.cell import Cell
from varesearch.config.parts import parts
from varesearch.model.cells.if_cond_exp import IfCondExp
from varesearch.model.cells.if_curr_delta import IfCurrDelta
from varesearch.model.cells.izhikevich_delta import IzhikevichDelta
from varesearch.narrowing import int64_steps


def refractory_steps(values: NDArray[Any], context: Context) -> NDArray[Any]:
    """The number of updates for which v is held after a spike, as NEST and SpiNNaker count them."""
    return int64_steps(np.rint(values / context.dt_ms), "cell.tau_refrac in steps")


def one_step_less(values: NDArray[Any], _context: Context) -> NDArray[Any]:
    """Steps from the end of the step of the spike, where ours count from its start."""
    return values - 1


def charge_gain(tau_ms: float, dt_ms: float) -> float:
    """τ/dt (1 - exp(-dt/τ)): with it, the currents a spike injects over all steps sum up to weight times τ.

    SpiNNaker multiplies every exponential input by it (sPyNNaker, exponential synapse: ``init``).
    """
    return tau_ms / dt_ms * -np.expm1(-dt_ms / tau_ms)


def excitatory_current(values: NDArray[Any], context: Context) -> NDArray[Any]:
    """The step of the excitatory current at a spike."""
    return values * _gain(context, "tau_syn_E")


def inhibitory_current(values: NDArray[Any], context: Context) -> NDArray[Any]:
    """The step of the inhibitory current at a spike, downwards."""
    return -values * _gain(context, "tau_syn_I")


def _gain(context: Context, tau: str) -> float:
    if context.cell.integrator == "spinnaker":
        return charge_gain(getattr(context.cell, tau), context.dt_ms)
    return 1.0


def _parameter(name: str, unit: str) -> Row:
    if name == "tau_refrac":
        return Row(
            name, unit, "held_steps", "steps", refractory_steps, "round(tau_refrac / dt)", "v held for so many updates"
        )
    # To Brian2, cm is the centimetre.
    return Row(name, unit, "c_m" if name == "cm" else name, unit)


def _weights(cell: type[Cell], unit: str) -> tuple[Row, Row]:
    if cell is IfCondExp:
        return Row("weight_excitatory", unit, "ge", unit), Row("weight_inhibitory", unit, "gi", unit)
    if cell in (IzhikevichDelta, IfCurrDelta):
        return (
            Row("weight_excitatory", unit, "v", unit),
            Row("weight_inhibitory", unit, "v", unit, negated, "-w"),
        )
    if "spinnaker" in integrators(cell):
        formula, note = "w; spinnaker: w τ/dt (1 - exp(-dt/τ))", "as SpiNNaker scales an exponential input"
        return (
            Row("weight_excitatory", unit, "ie", unit, excitatory_current, formula, note),
            Row("weight_inhibitory", unit, "ii", unit, inhibitory_current, f"-({formula})", note),
        )
    variable = "y" if cell.__name__ == "IfCurrAlpha" else "i"
    return (
        Row("weight_excitatory", unit, f"{variable}e", unit),
        Row("weight_inhibitory", unit, f"{variable}i", unit, negated, "-w"),
    )


def integrators(cell: type[Cell]) -> tuple[str, ...]:
    """The schemes that the Brian2 back end has for a cell, its default first."""
    return {
        "izhikevich": ("euler", "spinnaker"),
        "izhikevich_delta": ("euler",),
        "if_cond_exp": ("exponential_euler", "euler", "spinnaker"),
    }.get(cell.model, ("exact",))


def _rows(cell: type[Cell]) -> tuple[Row, ...]:
    units = {field.name: field.metadata.get("unit", "") for field in fields(cell)}
    parameters = tuple(_parameter(name, unit) for name, unit in units.items() if name in cell.parameters())
    initial = tuple(
        Row(name.removesuffix("_init"), units[name], name.removesuffix("_init"), units[name])
        for name in ("v_init", "u_init")
        if name in units
    )
    return (
        *parameters,
        *initial,
        *_weights(cell, units["weight_exc"]),
        Row("delay_steps", "steps", "delay", "steps", one_step_less, "n - 1", "counted from the end of the step"),
        Row("source_steps", "steps", "times", "steps"),
        Row("current_step", units["i_offset"], "i_step(t)", units["i_offset"]),
        Row("spike_steps", "steps", "t", "steps"),
    )


ROWS: dict[str, tuple[Row, ...]] = {cell.model: _rows(cell) for cell in parts(Cell).values()}
"""Cell model -> one row for each quantity."""
