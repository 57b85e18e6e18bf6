"""How each quantity of a cell is written for NEST.

The parameters of most cells go to PyNN's cell types under PyNN's names and units; PyNN writes them for NEST (pF, pA,
nS). Initial values, weights, delays, currents and spike times go to NEST itself, in its units: whole arrays, which PyNN
hands over one by one.

Delays. A spike of our step k is an event at the end of that step for NEST. With a delay of m NEST steps it arrives at
the end of step k + m. A voltage step moves v at once, so that m is our n; a current or a conductance changes
only after v was updated and acts from step k + m + 1 on, so that m is n - 1. NEST has no delay below one step: currents
and conductances need a delay of at least two steps (:func:`least_delay_steps`). In models of our own
(``backends/nest/native``) arrivals act in the step in which they arrive, so that m is n.

Samples. NEST samples at the end of a step, after it has added what arrives there to currents and conductances: what
acts in the next step. So its sample at the end of step k is ours of step k + 1. A model of our own reads the arrivals
of a step only when it begins; it records the currents as they acted in the step, one step later (:func:`sampled_late`).

Weights are rounded to multiples of :data:`WEIGHT_GRID`. Then the sum of the weights that arrive in one step is exact,
hence the same in whatever order they arrive: the order changes with the number of threads and with where the run is cut
into slices, and without the rounding the last bit of the sums, and with it in time the spikes, would change too.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varesearch.backends.table import Context, Convert, Row, same
from varesearch.config.cell import Cell, Synapse
from varesearch.model.simulators import Name, NativeModel, Pynn, name_of

WEIGHT_GRID = 2.0**-40
"""In the cell's own unit. The sums are exact up to 64 nA or µS (multiplied by 1000 they take 7 bits more), 8192 mV."""

ACTS_AFTER: Mapping[Synapse, int] = {
    Synapse.CURRENT: 1,
    Synapse.ALPHA: 1,
    Synapse.CONDUCTANCE: 1,
    Synapse.ALPHA_CONDUCTANCE: 1,
    Synapse.VOLTAGE_STEP: 0,
}
"""Kind of synapse -> how many steps after its arrival a spike acts. Inhibition has a minus sign for every kind."""

_CURRENTS, _CONDUCTANCES = (("I_syn_ex", 1), ("I_syn_in", -1)), (("g_ex", 1), ("g_in", 1))
INPUTS: Mapping[Synapse, tuple[tuple[str, int], ...]] = {
    Synapse.CURRENT: _CURRENTS,
    Synapse.ALPHA: _CURRENTS,
    Synapse.CONDUCTANCE: _CONDUCTANCES,
    Synapse.ALPHA_CONDUCTANCE: _CONDUCTANCES,
    Synapse.VOLTAGE_STEP: (),
}
"""Kind of synapse -> NEST's names and signs of the excitatory and the inhibitory current or conductance."""

UNITS: Mapping[str, tuple[str, float]] = {"nA": ("pA", 1000.0), "µS": ("nS", 1000.0)}
"""Our unit -> NEST's, and the factor; other units are NEST's too."""


def nest_description(cell: type[Cell]) -> Pynn | NativeModel | None:
    """Return how the cell's module describes it for NEST; None if NEST does not have the cell."""
    description = cell.simulators.get("nest")
    return description if isinstance(description, Pynn | NativeModel) else None


def integrators(cell: type[Cell]) -> tuple[str, ...]:
    """Return the schemes by which NEST can integrate a cell; none if it does not have the cell."""
    description = nest_description(cell)
    return () if description is None else description.integrators


def compiled_model(cell: type[Cell]) -> str | None:
    """Return the model's name if it belongs to this project and is compiled for NEST; else None."""
    description = nest_description(cell)
    return description.model if isinstance(description, NativeModel) and description.compiled else None


def _scaled(name: Name) -> Convert:
    return lambda values, _context: name.value(values)


def _weight(sign: float, factor: float) -> Convert:
    return lambda values, _context: np.rint(values / WEIGHT_GRID) * WEIGHT_GRID * (sign * factor)


def end_of_step(values: NDArray[Any], context: Context) -> NDArray[Any]:
    """Return the end of each step in ms, which is NEST's time stamp of the spikes in that step."""
    return (values + 1) * context.dt_ms


def step_before(values: NDArray[Any], _context: Context) -> NDArray[Any]:
    """Return the step that ends at each of NEST's time stamps, which are given in steps."""
    return values - 1


def acts_after(cell: type[Cell]) -> int:
    """Return how many steps after its arrival a spike acts on a cell."""
    description = nest_description(cell)
    return 0 if isinstance(description, NativeModel) and description.acts_on_arrival else ACTS_AFTER[cell.synapse]


def least_delay_steps(cell: type[Cell]) -> int:
    """Return the shortest delay in steps that NEST can give a cell."""
    return 1 + acts_after(cell)


def variables(cell: type[Cell]) -> dict[str, Name]:
    """Return NEST's name of each state variable of a cell."""
    description = nest_description(cell)
    return {} if description is None else {name: name_of(description.variables, name) for name in cell.variables}


def inputs(cell: type[Cell]) -> dict[str, Name]:
    """Return NEST's name of each input from synapses that can be recorded of a cell."""
    description = nest_description(cell)
    # A model of NEST that acts on arrival may sample before the arrivals of a step or after them.
    if description is None or (sampled_late(cell) and compiled_model(cell) is None):
        return {}
    unit, factor = UNITS.get(cell.unit_of("weight_exc"), ("", 1.0))
    names = zip(cell.synapse.input, INPUTS[cell.synapse], strict=True)
    return {ours: Name(theirs, unit, times=sign * factor) for ours, (theirs, sign) in names}


def sampled_late(cell: type[Cell]) -> bool:
    """Return whether the input from synapses is sampled at the end of the step in which it acts, not at its start."""
    return acts_after(cell) == 0


def multimeters(cell: type[Cell], names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the signals to sample at the end of the step before, and those at the end of the step itself."""
    late = [name for name in names if name in cell.synapse.input and sampled_late(cell)]
    return [name for name in names if name not in late], late


def _input(cell: type[Cell], ours: str, name: Name) -> Row:
    unit, sign = cell.unit_of("weight_exc"), "-" if name.times < 0 else ""
    formula = f"{sign}x / {abs(name.times):g}".removesuffix(" / 1")
    note = "NEST's sample at the end of the step" if sampled_late(cell) else ""
    # Adding 0 makes 0 of the -0 of a cell without inhibition.
    convert: Convert = lambda values, _context: name.ours(values) + 0.0  # noqa: E731
    return Row(ours, unit, name.theirs, name.unit or unit, convert, "same" if formula == "x" else formula, note)


def _parameter(cell: type[Cell], name: str) -> Row:
    description, unit = nest_description(cell), cell.unit_of(name)
    assert description is not None
    theirs = name_of(description.names, name)
    note = theirs.note
    if isinstance(description, Pynn) and name in description.native:
        note = f"NEST: {description.native[name]}"
    return Row(name, unit, theirs.theirs, theirs.unit or unit, _scaled(theirs), theirs.formula, note)


def _weights(unit: str) -> tuple[Row, Row]:
    their_unit, factor = UNITS.get(unit, (unit, 1.0))
    formula = "w" if factor == 1.0 else f"{factor:g} w"
    note = "rounded to 2⁻⁴⁰ of our unit, so that sums are exact"
    return (
        Row("weight_excitatory", unit, "weight", their_unit, _weight(1.0, factor), formula, note),
        Row("weight_inhibitory", unit, "weight", their_unit, _weight(-1.0, factor), f"-{formula}", note),
    )


def _delay(cell: type[Cell]) -> Row:
    if not (late := acts_after(cell)):
        return Row("delay_steps", "steps", "delay", "ms", lambda steps, context: steps * context.dt_ms, "n dt")
    note = "a spike acts one step after its arrival, so n must be at least 2"
    return Row(
        "delay_steps", "steps", "delay", "ms", lambda n, context: (n - late) * context.dt_ms, f"(n - {late}) dt", note
    )


def _current(unit: str) -> Row:
    their_unit, factor = UNITS.get(unit, (unit, 1.0))
    convert: Convert = same if factor == 1.0 else (lambda values, _context: values * factor)
    formula = "same" if factor == 1.0 else f"{factor:g} i"
    note = "by I_e in the first steps, then by a generator that begins earlier by its delay and one step"
    return Row("current_step", unit, "I_e, step_current_generator", their_unit, convert, formula, note)


@cache
def rows(cell: type[Cell]) -> tuple[Row, ...]:
    """Return one row for each quantity of a cell that NEST has."""
    return (
        *(_parameter(cell, name) for name in cell.parameters()),
        *(
            Row(ours, cell.variables[ours], name.theirs, name.unit or cell.variables[ours], _scaled(name), name.formula)
            for ours, name in variables(cell).items()
        ),
        *(_input(cell, ours, name) for ours, name in inputs(cell).items()),
        *_weights(cell.unit_of("weight_exc")),
        _delay(cell),
        _current(cell.unit_of("i_offset")),
        Row("source_steps", "steps", "spike_times", "ms", end_of_step, "(k + 1) dt"),
        Row(
            "spike_steps",
            "steps",
            "times",
            "steps",
            step_before,
            "stamp - 1",
            "NEST records the end of the step",
        ),
    )
