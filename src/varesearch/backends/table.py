"""The form of a translation: one row for each quantity of a cell on a back end, used by the build itself."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from varesearch.config.cell import AUTO, Cell


@dataclass(frozen=True)
class Context:
    """What a conversion may depend on beside the value: the cell's parameters and the time step."""

    cell: Cell
    dt_ms: float

    def parameter(self, name: str) -> float:
        """The value of a parameter of the cell, which cells of its kind have. Raises AttributeError."""
        return getattr(self.cell, name)

    @property
    def has_steps(self) -> bool:
        """Whether the integrator is known."""
        return self.cell.integrator != AUTO


Convert = Callable[[NDArray[Any], Context], NDArray[Any]]
"""``(values, context) -> values``; shape kept."""


def same(values: NDArray[Any], _context: Context) -> NDArray[Any]:
    """No conversion."""
    return values


def negated(values: NDArray[Any], _context: Context) -> NDArray[Any]:
    """A magnitude for a simulator that writes inhibition with a minus sign."""
    return -values


@dataclass(frozen=True)
class Row:
    """``ours`` in ``unit`` becomes ``theirs`` in ``their_unit`` by ``convert``; ``note`` says what is approximated.

    ``ours`` is a parameter of the cell, or one of its state variables (their values at time 0), ``weight_excitatory``,
    ``weight_inhibitory``, ``delay_steps``, ``source_steps`` (spikes of a source), ``current_step`` (amplitude),
    ``spike_steps`` (recorded spikes, from theirs to ours).
    """

    ours: str
    unit: str
    theirs: str
    their_unit: str
    convert: Convert = same
    formula: str = "same"
    note: str = ""


def row(rows: Iterable[Row], ours: str) -> Row:
    """The row of a quantity. Raises KeyError."""
    for candidate in rows:
        if candidate.ours == ours:
            return candidate
    raise KeyError(ours)


def translate(rows: Iterable[Row], ours: str, values: ArrayLike, context: Context) -> NDArray[Any]:
    """``values`` of the quantity ``ours`` as the simulator wants them, in the shape given. Raises KeyError."""
    return row(rows, ours).convert(np.asarray(values), context)


def translated_parameters(rows: Iterable[Row], context: Context) -> dict[str, Any]:
    """The parameters of a cell, by the simulator's names and as its plain numbers."""
    names = context.cell.parameters()
    return {
        each.theirs: np.asarray(each.convert(np.asarray(context.parameter(each.ours)), context)).item()
        for each in rows
        if each.ours in names
    }
