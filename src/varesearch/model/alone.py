"""Cells without synaptic input: their step under a constant current, computed with numpy."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varesearch.config.cell import Cell
from varesearch.model.simulators import Step, derived

_FUNCTIONS = {
    "__builtins__": {},
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "int": lambda values: np.asarray(values).astype(int),
}
_NO_INPUT = dict.fromkeys(("ie", "ii", "ye", "yi", "ge", "gi"), 0.0)


class Alone:
    """Cells of one population without synaptic input, by the code of one of their steps.

    Parameters
    ----------
    cell
        Their settings.
    parameters
        The parameters that differ between them, of shape (size,); they take the place of the cell's own.
    step
        The step.
    initial
        State variable -> its value at time 0, shape (size,).
    dt_ms
        The time step in ms.

    Examples
    --------
    >>> from varesearch.model.cells.izhikevich import EULER, Izhikevich
    >>> state = {"v": np.array([-65.0, 29.0]), "u": np.array([-14.0, -14.0])}
    >>> Alone(Izhikevich(), {}, EULER, state, dt_ms=1.0).step(5.0)
    array([False,  True])
    """

    def __init__(
        self,
        cell: Cell,
        parameters: Mapping[str, NDArray[np.float64]],
        step: Step,
        initial: Mapping[str, NDArray[np.float64]],
        dt_ms: float,
    ) -> None:
        self._step = step
        parameters = {name: getattr(cell, name) for name in cell.parameters()} | dict(parameters)
        if "cm" in parameters:
            parameters["c_m"] = parameters["cm"]
        if "tau_refrac" in parameters:
            parameters["held_steps"] = np.rint(parameters["tau_refrac"] / dt_ms).astype(np.int64)
        self._constants: dict[str, Any] = {
            **_NO_INPUT,
            **parameters,
            "h": dt_ms,
            **derived(step.constants, parameters, dt_ms),
        }
        self._size, self._steps = len(initial["v"]), 0
        self._state: dict[str, Any] = {name: values.astype(float) for name, values in initial.items()}
        self._state["free_from"] = np.zeros(self._size, dtype=np.int64)
        starts = dict.fromkeys(step.further, 0.0) | derived(step.starts, parameters, dt_ms)
        self._state |= {name: np.full(self._size, value) for name, value in starts.items()}

    def step(self, current: float | NDArray[np.float64]) -> NDArray[np.bool_]:
        """Advance by one step under a constant current, in the unit of ``i_offset``; return which cells fire.

        The current is one number, or that of each cell.
        """
        names = {"drive": current, "t_in_timesteps": self._steps, **self._constants, **self._state}
        for name, right in _assignments(self._step.update.format(drive="drive")):
            names[name] = _value(right, names)
        fired = np.broadcast_to(_value(self._step.threshold, names), self._size)
        for name, right in _assignments(self._step.reset):
            names[name] = np.where(fired, _value(right, names), names[name])
        self._state = {name: np.broadcast_to(names[name], self._size) for name in self._state}
        self._steps += 1
        return fired


def _assignments(code: str) -> list[tuple[str, str]]:
    """The lines ``name = expression`` and ``name += expression`` of a piece of code."""
    pairs = []
    for line in filter(None, (line.strip() for line in code.splitlines())):
        name, _, right = (part.strip() for part in line.partition("="))
        if name.endswith("+"):
            name = name[:-1].strip()
            right = f"{name} + ({right})"
        pairs.append((name, right))
    return pairs


def _value(expression: str, names: Mapping[str, Any]) -> Any:
    # The text is the cell's own code.
    return eval(expression, _FUNCTIONS, dict(names))
