"""Write ``docs/translation.md`` from the builds' own rows."""

from importlib import import_module
from pathlib import Path

from varesearch.backends import backends
from varesearch.backends.table import Row
from varesearch.config.cell import Cell
from varesearch.config.parts import part_name, parts

PAGE = Path("docs") / "translation.md"
"""Below the top of the checkout."""

_HEAD = """# How each cell is written for each simulator

Written by `python -m varesearch_tools.pages` from the tables that the back ends use to build a network; do not edit.

A configuration uses one set of units: mV, ms, nF, nA, µS, and mV/ms for the currents of Izhikevich cells. Weights are
magnitudes; the receptor gives the sign. Times are whole steps of `dt`: a spike of step k has the time k dt, and with a
delay of n steps it acts on its target in step k + n. Synaptic input is recorded with what arrives in the step, before
the update ([what is sampled when](how-to/record-signals.md#what-is-sampled-when)). The tables show, for each cell and
each quantity, the parameter that each simulator gets, and how its value is computed where it differs from ours. The
notes name approximations and easy mistakes.
"""

_QUANTITIES = {
    "weight_excitatory": "excitatory weight w",
    "weight_inhibitory": "inhibitory weight w",
    "delay_steps": "delay n",
    "source_steps": "step k of a source's spike",
    "current_step": "current i",
    "spike_steps": "recorded time of a spike, converted to our step",
}
"""The names of quantities that are not parameters of the cell (see :class:`.table.Row`)."""


def page() -> str:
    """The whole page."""
    return _HEAD + "".join(_section(cell) for cell in parts(Cell).values())


def _first_line(cell: type) -> str:
    return (cell.__doc__ or "").strip().splitlines()[0]


def _section(cell: type[Cell]) -> str:
    integrators = {name: backend.integrators(cell) for name, backend in backends().items()}
    having: dict[str, tuple[Row, ...]] = {
        name: import_module(f"varesearch.backends.{name}.translation").rows(cell)
        for name in integrators
        if integrators[name]
    }
    lines = [f"\n## {part_name(cell)}\n", f"{_first_line(cell)}\n"]
    lines += [f"- **{name}** integrates this cell with: {', '.join(integrators[name])}." for name in having]
    lines += [f"- **{name}** does not have this cell." for name in integrators if name not in having]
    lines += [
        "",
        f"| quantity | unit | {' | '.join(having)} |",
        "|" + "---|" * (2 + len(having)),
    ]
    quantities = dict.fromkeys(row.ours for rows in having.values() for row in rows)
    for ours in quantities:
        found = {name: next((row for row in rows if row.ours == ours), None) for name, rows in having.items()}
        unit = next(row.unit for row in found.values() if row is not None)
        cells = " | ".join("—" if row is None else _cell(row) for row in found.values())
        lines.append(f"| {_quantity(cell, ours)} | {unit} | {cells} |")
    notes = [
        f"- {name}, {_quantity(cell, row.ours)}: {row.note}."
        for name, rows in having.items()
        for row in rows
        if row.note
    ]
    return "\n".join([*lines, *(["", "Notes", "", *notes] if notes else [])]) + "\n"


def _quantity(cell: type[Cell], ours: str) -> str:
    if ours in cell.variables:
        return f"{ours} at time 0"
    return (
        f"`{ours}`, recorded, converted to ours" if ours in cell.synapse.input else _QUANTITIES.get(ours, f"`{ours}`")
    )


def _cell(row: Row) -> str:
    their_unit = "" if row.their_unit == row.unit else f" ({row.their_unit})"
    return f"`{row.theirs}`{their_unit}" + ("" if row.formula == "same" else f" = {row.formula}")
