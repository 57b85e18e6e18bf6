"""Write ``docs/translation.md`` from the builds' own rows."""

from importlib import import_module
from pathlib import Path

from varesearch.backends import BACKENDS, backend_class
from varesearch.backends.translation.table import Row
from varesearch.config.cell import Cell
from varesearch.config.parts import parts

PAGE = Path("docs") / "translation.md"
"""Below the top of the checkout."""

_HEAD = """# How each cell is written for each simulator

Written by `python -m varesearch_tools.pages` from the tables that the builds themselves use; do not edit.

A configuration is in one set of units: mV, ms, nF, nA, µS, and mV/ms for the currents of Izhikevich cells. Weights are
magnitudes, the receptor says the sign. Times are whole steps of `dt`: a spike of step k has the time k dt, and with a
delay of n steps it acts on its target in step k + n. Below, for each cell, what each simulator is handed for each
quantity, and how it is computed where it is not the same number. *Notes* say what is approximated or easily mistaken.
"""

_QUANTITIES = {
    "v": "v at time 0",
    "u": "u at time 0",
    "weight_excitatory": "excitatory weight w",
    "weight_inhibitory": "inhibitory weight w",
    "delay_steps": "delay n",
    "source_steps": "step k of a source's spike",
    "current_step": "amplitude i of a current step",
    "spike_steps": "stamp of a recorded spike, to our step",
}
"""What is not a parameter of the cell (see :class:`.table.Row`)."""


def page() -> str:
    """The whole page."""
    tables: dict[str, dict[str, tuple[Row, ...]]] = {
        name: import_module(f"varesearch.backends.translation.{name}").ROWS for name in BACKENDS
    }
    return _HEAD + "".join(_section(cell().model, _first_line(cell), tables) for cell in parts(Cell).values())


def _first_line(cell: type) -> str:
    return (cell.__doc__ or "").strip().splitlines()[0]


def _section(model: str, what: str, tables: dict[str, dict[str, tuple[Row, ...]]]) -> str:
    having = {name: rows[model] for name, rows in tables.items() if model in rows}
    lines = [f"\n## {model}\n", f"{what}\n"]
    lines += [f"- **{name}** integrates by: {', '.join(backend_class(name).cells[model])}." for name in having]
    lines += [f"- **{name}** does not have this cell." for name in tables if name not in having]
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
        lines.append(f"| {_QUANTITIES.get(ours, f'`{ours}`')} | {unit} | {cells} |")
    notes = [
        f"- {name}, {_QUANTITIES.get(row.ours, f'`{row.ours}`')}: {row.note}."
        for name, rows in having.items()
        for row in rows
        if row.note
    ]
    return "\n".join([*lines, *(["", "Notes", "", *notes] if notes else [])]) + "\n"


def _cell(row: Row) -> str:
    their_unit = "" if row.their_unit == row.unit else f" ({row.their_unit})"
    return f"`{row.theirs}`{their_unit}" + ("" if row.formula == "same" else f" = {row.formula}")
