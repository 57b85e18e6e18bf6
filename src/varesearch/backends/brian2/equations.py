"""From a cell's differential equations to its step: forward Euler."""

import re

from varesearch.config.cell import Cell
from varesearch.model.simulators import FREE, HOLD, Equations, Step

RENAMED = {"cm": "c_m"}
"""Names that Brian2 keeps for units."""


def euler_step(cell: type[Cell], equations: Equations, synaptic: str) -> Step:
    """One step of forward Euler: all derivatives at the start of the step, then the variables.

    Parameters
    ----------
    cell
        The cell, which knows whether it has a refractory period.
    equations
        Its equations.
    synaptic
        The synapses' input in Brian2's variables; ``""`` for voltage steps.
    """
    held = "tau_refrac" in cell.parameters()
    given = f"({{drive}} + {synaptic})" if synaptic else "{drive}"
    lines = [FREE] if held else []
    lines += [f"d_{name} = {_code(right, given)}" for name, right in equations.derivatives.items()]
    for name in equations.derivatives:
        lines.append(f"{name} = {name} + {'free*' if held and name == 'v' else ''}h*d_{name}")
    reset = _code(equations.reset, given)
    return Step(
        update="\n".join(lines),
        threshold=_code(equations.threshold, given),
        reset=f"{reset}\n{HOLD}" if held else reset,
    )


def _code(text: str, given: str) -> str:
    """The code of a line of equations, in the names that Brian2 is given."""
    text = "\n".join(line.strip() for line in text.strip().splitlines())
    text = re.sub(r"\b(cm)\b", lambda found: RENAMED[found.group()], text)
    return re.sub(r"\binput\b", given, text)
