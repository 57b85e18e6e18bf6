"""The table by which a back end translates a cell: one row for each quantity, which the build itself uses."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from varesearch.config.cell import AUTO, Cell
from varesearch.network.model import Population


@dataclass(frozen=True)
class Context:
    """What a conversion may depend on beside the values: the cell's parameters and the time step.

    ``parameters``: those that differ between the cells; they take the place of the cell's own.
    """

    cell: Cell
    dt_ms: float
    parameters: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

    def parameter(self, name: str) -> Any:
        """Return a parameter: a number, or an array with its value for each of the quantities that are converted.

        Raises AttributeError if the cell has no such parameter.
        """
        return self.parameters[name] if name in self.parameters else getattr(self.cell, name)

    def at(self, cells: NDArray[np.integer]) -> "Context":
        """Return the context of quantities that belong to ``cells`` one by one, as synapses do to their targets."""
        return replace(self, parameters={name: values[cells] for name, values in self.parameters.items()})

    @property
    def has_steps(self) -> bool:
        """Whether the cell names an integration scheme, not ``auto``."""
        return self.cell.integrator != AUTO


Convert = Callable[[NDArray[Any], Context], NDArray[Any]]
"""``(values, context) -> values``; shape kept."""


def same(values: NDArray[Any], _context: Context) -> NDArray[Any]:
    """Return the values unchanged."""
    return values


def negated(values: NDArray[Any], _context: Context) -> NDArray[Any]:
    """Return the negated values, for a simulator that writes inhibition with a minus sign."""
    return -values


@dataclass(frozen=True)
class Row:
    """``ours`` in ``unit`` becomes ``theirs`` in ``their_unit`` by ``convert``; ``note`` says what is approximated.

    ``ours`` is a parameter of the cell, or one of its state variables (their values at time 0), ``weight_excitatory``,
    ``weight_inhibitory``, ``delay_steps``, ``source_steps`` (spikes of a source), ``current_step`` (current),
    ``spike_steps`` (recorded spikes) or a recorded input from synapses (``gsyn_exc``, ...), these from theirs to ours.
    """

    ours: str
    unit: str
    theirs: str
    their_unit: str
    convert: Convert = same
    formula: str = "same"
    note: str = ""


def row(rows: Iterable[Row], ours: str) -> Row:
    """Return the row of the quantity ``ours``. Raises KeyError if there is none."""
    for candidate in rows:
        if candidate.ours == ours:
            return candidate
    raise KeyError(ours)


def translate(rows: Iterable[Row], ours: str, values: ArrayLike, context: Context) -> NDArray[Any]:
    """Convert the values of a quantity to the simulator's convention.

    Parameters
    ----------
    rows
        The translation of the cell.
    ours
        The quantity, such as ``"weight_excitatory"``.
    values
        Its values in the unit of the row, of any shape.
    context
        The cell and the time step.

    Returns
    -------
    NDArray
        The values in ``their_unit`` of the row; the shape is kept.

    Raises
    ------
    KeyError
        There is no row for the quantity.

    Examples
    --------
    >>> from varesearch.model.cells.if_curr_exp import IfCurrExp
    >>> weight = Row("weight_inhibitory", "nA", "weight", "pA", lambda values, _context: -1000 * values, "-1000 w")
    >>> translate([weight], "weight_inhibitory", [0.5, 1.0], Context(IfCurrExp(), dt_ms=0.1)).tolist()
    [-500.0, -1000.0]
    """
    return row(rows, ours).convert(np.asarray(values), context)


def translated_parameters(rows: Iterable[Row], context: Context) -> dict[str, Any]:
    """Return the parameters of the context's cell in the simulator's units: their name -> value.

    The value is a plain number, or an array if the parameter differs between cells.
    """
    names = context.cell.parameters()
    converted = {
        each.theirs: np.asarray(each.convert(np.asarray(context.parameter(each.ours)), context))
        for each in rows
        if each.ours in names
    }
    return {name: value if value.ndim else value.item() for name, value in converted.items()}


def context_of(population: Population, dt_ms: float) -> Context:
    """Return the context of the cells of a population."""
    return Context(population.cell, dt_ms, population.parameters)
