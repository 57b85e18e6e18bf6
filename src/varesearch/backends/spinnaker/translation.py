"""How each quantity of a cell is written for SpiNNaker (sPyNNaker 7.4.1).

sPyNNaker keeps PyNN's units but for three quantities: the current of its Izhikevich cell is in mV/ms whatever its
label says, which is this project's unit; the weight of an alpha current is the charge of the pulse, not its peak; and
the weight of a voltage step is a charge, which moves the membrane by weight / cm. Weights are magnitudes for both
receptors.

On the machine every number is fixed point: parameters and state s16.15 (steps of 2⁻¹⁵, about 3e-5), a weight 16 bits
on a scale that is a power of two for each population and receptor, chosen by sPyNNaker; what that costs is reported by
:mod:`varesearch.backends.spinnaker.quantisation`. A tick reads the arrivals of this step, samples v, updates it,
compares with the threshold and lets the synaptic currents decay: the order of this project's conventions, so that
delays, source spikes and recorded spikes need no shift.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varesearch.backends.table import Context, Convert, Row, same
from varesearch.config.cell import Cell, Synapse
from varesearch.model.propagators import charge_gain
from varesearch.model.simulators import Name, Pynn, name_of

_INPUTS = ("gsyn_exc", "gsyn_inh")
"""sPyNNaker's names of the recorded input from synapses, whatever their kind."""

_FIXED_POINT = "s16.15: rounded to 2⁻¹⁵"
_WEIGHT = "16 bits with one power-of-two scale for each population and receptor; 0 if below half of the smallest weight"

_GAIN = "the machine multiplies it by τ/dt (1 - exp(-dt/τ))"


def alpha_charge(tau_ms: float) -> float:
    """Return the charge of an alpha-shaped pulse of peak 1: the integral of (t/τ) exp(1 - t/τ), which is e τ."""
    return np.e * tau_ms


def charge_of_pulse(values: NDArray[Any], context: Context, receptor: str) -> NDArray[Any]:
    """Return the charge of an alpha pulse from its peak (nA -> nA ms)."""
    return values * alpha_charge(context.parameter(f"tau_syn_{receptor}"))


def charge_of_step(values: NDArray[Any], context: Context, _receptor: str) -> NDArray[Any]:
    """Return the charge that steps the membrane by ``values`` mV within one tick.

    The cell holds the current weight/dt for one step of its closed form, which moves v by
    weight/dt (τ/cm) (1 - exp(-dt/τ)); solved for the weight.
    """
    cm, tau_m, dt = context.parameter("cm"), context.parameter("tau_m"), context.dt_ms
    return values * cm * dt / (tau_m * -np.expm1(-dt / tau_m))


def _same(values: NDArray[Any], _context: Context, _receptor: str) -> NDArray[Any]:
    return values


@dataclass(frozen=True)
class Weight:
    """How weights of a kind of synapse are written: their unit ("": ours), ``convert(values, context, receptor)``.

    ``averaged``: the machine multiplies what arrives by :func:`varesearch.model.propagators.charge_gain`.
    """

    unit: str = ""
    convert: Any = _same
    formula: str = "same"
    note: str = _WEIGHT
    averaged: bool = False


SYNAPSES: Mapping[Synapse, Weight] = {
    Synapse.CURRENT: Weight(note=f"{_WEIGHT}; {_GAIN}, so that its charge is w τ", averaged=True),
    Synapse.CONDUCTANCE: Weight(note=f"{_WEIGHT}; {_GAIN}, so that its integral is w τ", averaged=True),
    Synapse.ALPHA: Weight(
        "nA ms",
        charge_of_pulse,
        "e τ_{receptor} w",
        f"area instead of peak; acts one step later; dt/τ² and the product of two states in s16.15; {_WEIGHT}",
    ),
    Synapse.VOLTAGE_STEP: Weight(
        "nA ms",
        charge_of_step,
        "w cm dt / (τ_m (1 - exp(-dt/τ_m)))",
        f"the decay exp(-dt/τ_m) in s16.15: 3 mV become 2.992 at 0.1 ms and τ_m = 20 ms; {_WEIGHT}",
    ),
}
"""All that depends on the kind of synapse."""


def pynn_description(cell: type[Cell]) -> Pynn | None:
    """Return how the cell's module describes it for sPyNNaker; None if sPyNNaker does not have the cell."""
    description = cell.simulators.get("spinnaker")
    return description if isinstance(description, Pynn) else None


def refractory_ms(values: NDArray[Any], context: Context) -> NDArray[Any]:
    """Return whole steps in ms, less a quarter of a step: the machine rounds up, and s16.15 may lie above."""
    return np.maximum(np.rint(values / context.dt_ms) - 0.25, 0.0) * context.dt_ms


def milliseconds(values: NDArray[Any], context: Context) -> NDArray[Any]:
    """Return the times of whole steps in ms, which sPyNNaker rounds back to steps."""
    return values * context.dt_ms


def steps(values: NDArray[Any], context: Context) -> NDArray[Any]:
    """Return the whole steps of recorded times in ms."""
    return np.rint(values / context.dt_ms).astype(np.int64)


def _parameter(cell: type[Cell], name: str) -> Row:
    description, unit = pynn_description(cell), cell.unit_of(name)
    assert description is not None
    theirs = name_of(description.names, name)
    if name == "tau_refrac":
        formula = "(round(tau_refrac / dt) - 1/4) dt"
        return Row(name, unit, theirs.theirs, unit, refractory_ms, formula, "sPyNNaker rounds it up to whole steps")
    convert: Convert = same if theirs == Name(theirs.theirs) else (lambda values, _context: theirs.value(values))
    return Row(name, unit, theirs.theirs, theirs.unit or unit, convert, theirs.formula, theirs.note or _FIXED_POINT)


def _input(cell: type[Cell], ours: str, theirs: str, receptor: str) -> Row:
    unit, note = cell.unit_of("weight_exc"), "s16.15: cut to steps of 2⁻¹⁵"
    if not SYNAPSES[cell.synapse].averaged:
        return Row(ours, unit, theirs, unit, note=note)
    convert: Convert = lambda values, context: (  # noqa: E731
        values / charge_gain(context.parameter(f"tau_syn_{receptor}"), context.dt_ms)
    )
    return Row(ours, unit, theirs, unit, convert, "x dt/τ / (1 - exp(-dt/τ))", f"undoes the machine's factor; {note}")


def _weight(cell: type[Cell], receptor: str) -> Row:
    unit, weight, letter = cell.unit_of("weight_exc"), SYNAPSES[cell.synapse], receptor[0].upper()
    return Row(
        f"weight_{receptor}",
        unit,
        "weight",
        weight.unit or unit,
        lambda values, context: weight.convert(values, context, letter),
        weight.formula.format(receptor=letter),
        weight.note,
    )


def signals(cell: type[Cell]) -> tuple[str, ...]:
    """Return what sPyNNaker samples of a cell: v, and the input from synapses; of other state variables it has none."""
    return ("v", *cell.synapse.input)


@cache
def rows(cell: type[Cell]) -> tuple[Row, ...]:
    """Return one row for each quantity of a cell that sPyNNaker has."""
    current = cell.unit_of("i_offset")
    labelled = "nA (label; mV/ms in fact)" if current == "mV/ms" else current
    return (
        *(_parameter(cell, name) for name in cell.parameters()),
        *(Row(name, unit, name, unit, note=_FIXED_POINT) for name, unit in cell.variables.items()),
        *(_input(cell, *names) for names in zip(cell.synapse.input, _INPUTS, "EI", strict=False)),
        _weight(cell, "excitatory"),
        _weight(cell, "inhibitory"),
        Row("delay_steps", "steps", "delay", "ms", milliseconds, "n dt", "up to 64 steps with 256 cells on a core"),
        Row("source_steps", "steps", "spike_times", "ms", milliseconds, "k dt"),
        Row("current_step", current, "DCSource or StepCurrentSource", labelled, note=_FIXED_POINT),
        Row("spike_steps", "steps", "spike time", "ms", steps, "round(t / dt)"),
    )
