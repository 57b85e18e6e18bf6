"""Derive the forward Euler step of a cell from its differential equations."""

import re

from varesearch.config.cell import Cell
from varesearch.model.simulators import FREE, HOLD, Equations, Step

RENAMED = {"cm": "c_m"}
"""Names that Brian2 keeps for units."""


def euler_step(cell: type[Cell], equations: Equations, synaptic: str) -> Step:
    """Return the step of forward Euler: first all derivatives, then the new values of the variables.

    Parameters
    ----------
    cell
        The cell, which knows whether it has a refractory period.
    equations
        Its equations.
    synaptic
        The synapses' input in Brian2's variables; ``""`` for voltage steps.

    Examples
    --------
    >>> from varesearch.model.cells.izhikevich_delta import IzhikevichDelta
    >>> decaying = Equations({"v": "input - 0.1*v"}, threshold="v >= 30", reset="v = c")
    >>> print(euler_step(IzhikevichDelta, decaying, synaptic="").update)
    d_v = h*({drive} - 0.1*v)
    v = v + d_v
    """
    held = "tau_refrac" in cell.parameters()
    input_code = f"({{drive}} + {synaptic})" if synaptic else "{drive}"
    lines = [FREE] if held else []
    # Times h at once: were the right-hand side a bare variable, Brian2's numpy code would make d_... another name of
    # its array, which is then changed in place.
    lines += [f"d_{name} = h*({_code(right, input_code)})" for name, right in equations.derivatives.items()]
    for name in equations.derivatives:
        lines.append(f"{name} = {name} + {'free*' if held and name == 'v' else ''}d_{name}")
    reset = _code(equations.reset, input_code)
    return Step(
        update="\n".join(lines),
        threshold=_code(equations.threshold, input_code),
        reset=f"{reset}\n{HOLD}" if held else reset,
    )


def _code(text: str, input_code: str) -> str:
    """Return lines of the equations as code in the names that are used in Brian2."""
    text = "\n".join(line.strip() for line in text.strip().splitlines())
    text = re.sub(r"\b(cm)\b", lambda name: RENAMED[name.group()], text)
    return re.sub(r"\binput\b", input_code, text)
