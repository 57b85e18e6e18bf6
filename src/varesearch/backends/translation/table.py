"""The form of a translation: one row for each quantity of a cell on a back end, used by the build itself."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from varesearch.config.cell import Cell


@dataclass(frozen=True)
class Context:
    """What a conversion may depend on beside the value: the cell's parameters and the time step."""

    cell: Cell
    dt_ms: float


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

    ``ours`` is a field of the cell's settings, or one of ``v``, ``u`` (initial value), ``weight_excitatory``,
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
