"""How each cell is written for SpiNNaker (sPyNNaker 7.4.1).

sPyNNaker keeps PyNN's units but for three quantities: the current of its Izhikevich cell is in mV/ms whatever its
label says, which is this project's unit; the weight of IF_curr_alpha is the charge of the pulse, not its peak; and the
weight of IF_curr_delta is a charge, which moves the membrane by weight / cm. Weights are magnitudes for both receptors.

On the machine every number is fixed point: parameters and state s16.15 (steps of 2⁻¹⁵, about 3e-5), a weight 16 bits
on a scale that is a power of two for each population and receptor, chosen by sPyNNaker; what that costs is reported by
:mod:`varesearch.backends.spinnaker.quantisation`. A tick reads the arrivals of this step, samples v, updates it,
compares with the threshold and lets the synaptic currents decay: the order of this project's conventions, so that
delays, source spikes and recorded spikes need no shift.
"""

from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varesearch.backends.translation.table import Context, Row
from varesearch.config.cell import Cell
from varesearch.config.parts import parts
from varesearch.model.cells.if_cond_exp import IfCondExp
from varesearch.model.cells.if_curr_alpha import IfCurrAlpha
from varesearch.model.cells.if_curr_delta import IfCurrDelta
from varesearch.model.cells.izhikevich import Izhikevich
from varesearch.model.cells.izhikevich_delta import IzhikevichDelta

_FIXED_POINT = "s16.15: rounded to 2⁻¹⁵"
_WEIGHT = "16 bits, one power-of-two scale for each population and receptor; zero if below half a step"

CELL_TYPES: dict[str, str] = {
    "izhikevich": "Izhikevich",
    "if_cond_exp": "IF_cond_exp",
    "if_curr_exp": "IF_curr_exp",
    "if_curr_alpha": "IF_curr_alpha",
    "if_curr_delta": "IF_curr_delta",
}
"""Cell model -> name of sPyNNaker's cell type. ``izhikevich_delta`` is missing: it has no voltage-step Izhikevich."""


def integrators(cell: type[Cell]) -> tuple[str, ...]:
    """SpiNNaker's one scheme for each cell: a midpoint rule for Izhikevich, the closed-form step for the others.

    That step takes the synaptic current for constant, which it is not for conductances: there the scheme is its own.
    """
    return ("spinnaker",) if cell.model in ("izhikevich", "if_cond_exp") else ("exact",)


def alpha_charge(tau_ms: float) -> float:
    """Charge of an alpha-shaped pulse of peak 1: the integral of (t/τ) exp(1 - t/τ), which is e τ."""
    return np.e * tau_ms


def excitatory_charge(values: NDArray[Any], context: Context) -> NDArray[Any]:
    """Charge of an excitatory alpha pulse from its peak (nA -> nA ms)."""
    return values * alpha_charge(getattr(context.cell, "tau_syn_E"))  # noqa: B009 (a field of some cells only)


def inhibitory_charge(values: NDArray[Any], context: Context) -> NDArray[Any]:
    """Charge of an inhibitory alpha pulse from its peak (nA -> nA ms)."""
    return values * alpha_charge(getattr(context.cell, "tau_syn_I"))  # noqa: B009 (a field of some cells only)


def step_charge(values: NDArray[Any], context: Context) -> NDArray[Any]:
    """Charge that steps the membrane by ``values`` mV within one tick.

    The cell holds the current weight/dt for one step of its closed form, which moves v by
    weight/dt (τ/cm) (1 - exp(-dt/τ)); solved for the weight.
    """
    cell, dt = context.cell, context.dt_ms
    assert isinstance(cell, IfCurrDelta)
    return values * cell.cm * dt / (cell.tau_m * -np.expm1(-dt / cell.tau_m))


def refractory_ms(values: NDArray[Any], context: Context) -> NDArray[Any]:
    """A quarter of a step short, since the machine rounds the number of steps up and s16.15 may lie above."""
    return np.maximum(np.rint(values / context.dt_ms) - 0.25, 0.0) * context.dt_ms


def milliseconds(values: NDArray[Any], context: Context) -> NDArray[Any]:
    """Whole steps as the time that sPyNNaker rounds back to them."""
    return values * context.dt_ms


def steps(values: NDArray[Any], context: Context) -> NDArray[Any]:
    """Recorded times back to whole steps."""
    return np.rint(values / context.dt_ms).astype(np.int64)


def _parameter(name: str, unit: str) -> Row:
    if name == "tau_refrac":
        return Row(name, unit, name, unit, refractory_ms, "(round(tau_refrac / dt) - 1/4) dt", "rounded up to steps")
    return Row(name, unit, name, unit, note=_FIXED_POINT)


def _weights(cell: type[Cell], unit: str) -> tuple[Row, Row]:
    names = ("weight_excitatory", "weight_inhibitory")
    if cell is IfCurrAlpha:
        note = f"area for peak; acts one step later, dt/τ² and a product of two states in s16.15; {_WEIGHT}"
        converts = (excitatory_charge, inhibitory_charge)
        first, second = (
            Row(name, unit, "weight", "nA ms", convert, f"e τ_{receptor} w", note)
            for name, convert, receptor in zip(names, converts, "EI", strict=True)
        )
        return first, second
    if cell is IfCurrDelta:
        formula = "w cm dt / (τ_m (1 - exp(-dt/τ_m)))"
        note = f"the decay exp(-dt/τ_m) in s16.15: 3 mV become 2.992 at 0.1 ms and τ_m = 20 ms; {_WEIGHT}"
        first, second = (Row(name, unit, "weight", "nA ms", step_charge, formula, note) for name in names)
        return first, second
    scheme = "" if cell is IfCondExp else "; times τ/dt (1 - exp(-dt/τ)) on the machine: charge w τ"
    first, second = (Row(name, unit, "weight", unit, note=_WEIGHT + scheme) for name in names)
    return first, second


def _rows(cell: type[Cell]) -> tuple[Row, ...]:
    units = {field.name: field.metadata.get("unit", "") for field in fields(cell)}
    their_current = "nA (label; mV/ms in fact)" if cell is Izhikevich else units["i_offset"]
    initial = tuple(
        Row(name.removesuffix("_init"), units[name], name.removesuffix("_init"), units[name], note=_FIXED_POINT)
        for name in ("v_init", "u_init")
        if name in units
    )
    return (
        *(_parameter(name, unit) for name, unit in units.items() if name in cell.parameters()),
        *initial,
        *_weights(cell, units["weight_exc"]),
        Row("delay_steps", "steps", "delay", "ms", milliseconds, "n dt", "up to 64 steps with 256 cells on a core"),
        Row("source_steps", "steps", "spike_times", "ms", milliseconds, "k dt"),
        Row("current_step", units["i_offset"], "DCSource amplitude", their_current, note=_FIXED_POINT),
        Row("spike_steps", "steps", "spike time", "ms", steps, "round(t / dt)"),
    )


ROWS: dict[str, tuple[Row, ...]] = {
    cell.model: _rows(cell) for cell in parts(Cell).values() if cell is not IzhikevichDelta
}
"""Cell model -> one row for each quantity."""
