"""How each quantity of a cell is written for Brian2.

The cell types are PyNN cell types of this project whose Brian2 variables are plain numbers in the project's units
(mV, ms, nF, nA, µS; mV/ms for cells without a capacitance), so that most rows change nothing but a name. Signs follow
PyNN: the inhibitory weight is negative for currents and voltage steps, positive for conductances.

Delays. Brian2 takes the spikes of a step from its thresholds slot and counts the delay from the end of that step. With
the arrivals of step k + n delivered in step k + n (before the update of v for currents and conductances, between the
update and the threshold for voltage steps), a delay of n steps is n - 1 steps of Brian2. Whatever the cell, the first
sample of v that can differ is that of step k + n + 1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varesearch.backends.brian2.equations import euler_step
from varesearch.backends.table import Context, Convert, Row
from varesearch.config.cell import Cell, Synapse
from varesearch.model.simulators import Equations, Step, Steps, derived
from varesearch.narrowing import int64_steps

BEFORE_ARRIVALS = "groups"
AFTER_ARRIVALS = "after_synapses"


@dataclass(frozen=True)
class Arrivals:
    """What a kind of synapse adds to a cell.

    Attributes
    ----------
    variables
        The state that it adds.
    into
        The variables to which the weights of excitatory and of inhibitory spikes are added.
    inhibition
        The sign of an inhibitory weight.
    when
        Where in the step the cell's update is made: after the arrivals, if these go to currents or conductances; before
        them, if they step v itself, so that a step over threshold is seen in the same step.
    decay
        What becomes of its variables in each step, after the cell's update.
    current
        The input that it gives to dv/dt of cells that are given by equations.
    rises
        Whether the current or conductance rises from 0 after a spike, and does not jump.
    input
        The variables that hold the excitatory and the inhibitory current or conductance.
    """

    variables: tuple[str, ...]
    into: tuple[str, str]
    inhibition: int
    when: str
    decay: str
    current: str
    rises: bool = False
    input: tuple[str, ...] = ()


SYNAPSES: Mapping[Synapse, Arrivals] = {
    Synapse.CURRENT: Arrivals(
        ("ie", "ii"),
        ("ie", "ii"),
        -1,
        AFTER_ARRIVALS,
        "ie = ie*decay_E\nii = ii*decay_I",
        "ie + ii",
        input=("ie", "ii"),
    ),
    Synapse.ALPHA: Arrivals(
        ("ie", "ye", "ii", "yi"),
        ("ye", "yi"),
        -1,
        AFTER_ARRIVALS,
        "ie = ie*decay_E + rise_E*ye\nii = ii*decay_I + rise_I*yi\nye = ye*decay_E\nyi = yi*decay_I",
        "ie + ii",
        rises=True,
        input=("ie", "ii"),
    ),
    Synapse.CONDUCTANCE: Arrivals(
        ("ge", "gi"),
        ("ge", "gi"),
        1,
        AFTER_ARRIVALS,
        "ge = ge*decay_E\ngi = gi*decay_I",
        "ge*(e_rev_E - v) + gi*(e_rev_I - v)",
        input=("ge", "gi"),
    ),
    Synapse.ALPHA_CONDUCTANCE: Arrivals(
        ("ge", "ye", "gi", "yi"),
        ("ye", "yi"),
        1,
        AFTER_ARRIVALS,
        "ge = ge*decay_E + rise_E*ye\ngi = gi*decay_I + rise_I*yi\nye = ye*decay_E\nyi = yi*decay_I",
        "ge*(e_rev_E - v) + gi*(e_rev_I - v)",
        rises=True,
        input=("ge", "gi"),
    ),
    Synapse.VOLTAGE_STEP: Arrivals((), ("v", "v"), -1, BEFORE_ARRIVALS, "", ""),
}
"""All of Brian2's code that depends on the kind of synapse."""


def steps_of(cell: type[Cell]) -> Mapping[str, Step]:
    """Return the steps of a cell: integrator -> step; empty if Brian2 does not have the cell."""
    described = cell.simulators.get("brian2")
    if isinstance(described, Equations):
        return {"euler": euler_step(cell, described, SYNAPSES[cell.synapse].current)}
    return described.steps if isinstance(described, Steps) else {}


def refractory_steps(values: NDArray[Any], context: Context) -> NDArray[Any]:
    """Return the number of updates for which v is held after a spike, as NEST and SpiNNaker count them."""
    return int64_steps(np.rint(values / context.dt_ms), "cell.tau_refrac in steps")


def one_step_less(values: NDArray[Any], _context: Context) -> NDArray[Any]:
    """Return delays counted from the end of the step of the spike instead of its start."""
    return values - 1


_PARAMETERS: Mapping[str, Row] = {
    "tau_refrac": Row(
        "tau_refrac",
        "ms",
        "held_steps",
        "steps",
        refractory_steps,
        "round(tau_refrac / dt)",
        "v is held for this number of updates",
    ),
    "cm": Row("cm", "nF", "c_m", "nF"),  # to Brian2, cm is the centimetre
}
"""The parameters that change their name or number, whatever the cell."""


def _gain(receptor: str, context: Context) -> Any:
    """Return the factor by which the cell's step wants the weights of a receptor: 1 for most steps."""
    gain = steps_of(type(context.cell))[context.cell.integrator].gain if context.has_steps else None
    if gain is None:
        return 1.0
    tau_ms = context.parameter(f"tau_syn_{receptor}")
    return derived(lambda it, dt_ms: {"": gain(it[""], dt_ms)}, {"": tau_ms}, context.dt_ms)[""]


def _weight(sign: int, receptor: str) -> Convert:
    """Return the weight with its sign, and with the gain of the cell's step if it has one."""
    return lambda values, context: values * sign * _gain(receptor, context)


def _input(cell: type[Cell]) -> tuple[Row, ...]:
    """Return one row for each input that is recorded; each converts Brian2's values to ours."""
    arrivals, unit = SYNAPSES[cell.synapse], cell.unit_of("weight_exc")
    scaled = [name for name, step in steps_of(cell).items() if step.gain]

    def row_of(ours: str, theirs: str, sign: int, receptor: str) -> Row:
        # Adding 0 makes 0 of the -0 of a cell without inhibition.
        convert: Convert = lambda values, context: values * sign / _gain(receptor, context) + 0.0  # noqa: E731
        formula = "-x" if sign < 0 else "x"
        if scaled:
            formula += f"; {', '.join(scaled)}: {formula} dt/τ / (1 - exp(-dt/τ))"
        return Row(ours, unit, theirs, unit, convert, "same" if formula == "x" else formula)

    signs = (1, arrivals.inhibition)
    return tuple(row_of(*each) for each in zip(cell.synapse.input, arrivals.input, signs, "EI", strict=False))


def _weights(cell: type[Cell], unit: str) -> tuple[Row, Row]:
    arrivals, scaled = SYNAPSES[cell.synapse], [name for name, step in steps_of(cell).items() if step.gain]
    formula = f"w; {', '.join(scaled)}: w τ/dt (1 - exp(-dt/τ))" if scaled else "w"
    note = "scaled as SpiNNaker scales an exponential input" if scaled else ""
    negative = f"-({formula})" if scaled else "-w"
    first = Row("weight_excitatory", unit, arrivals.into[0], unit, _weight(1, "E"), formula if scaled else "same", note)
    second = Row(
        "weight_inhibitory",
        unit,
        arrivals.into[1],
        unit,
        _weight(arrivals.inhibition, "I"),
        negative if arrivals.inhibition < 0 else first.formula,
        note,
    )
    return first, second


@cache
def rows(cell: type[Cell]) -> tuple[Row, ...]:
    """Return one row for each quantity of a cell."""
    unit = cell.unit_of
    return (
        *(_PARAMETERS.get(name, Row(name, unit(name), name, unit(name))) for name in cell.parameters()),
        *(Row(name, its_unit, name, its_unit) for name, its_unit in cell.variables.items()),
        *_input(cell),
        *_weights(cell, unit("weight_exc")),
        Row(
            "delay_steps",
            "steps",
            "delay",
            "steps",
            one_step_less,
            "n - 1",
            "counted from the end of a step",
        ),
        Row("source_steps", "steps", "times", "steps"),
        Row("current_step", unit("i_offset"), "i_step(t) or i_step(t, i)", unit("i_offset")),
        Row("spike_steps", "steps", "t", "steps"),
    )
