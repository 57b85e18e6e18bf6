"""How the module of a cell describes it to each simulator: its name there, its parameters' names, its integrators.

What follows from the kind of synapse (the unit and sign of a weight, the step that a delay counts from) does not stand
here: each back end has one table of it. The back end also converts values into other units; for NEST and SpiNNaker,
PyNN mostly does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from varesearch.model.propagators import Parameters


@dataclass(frozen=True)
class Name:
    """A simulator's name of a quantity.

    Attributes
    ----------
    theirs
        The name.
    unit
        The simulator's unit; "" if it is ours.
    times, over
        The simulator's number is ours times ``times`` divided by ``over``.
    note
        What is easily mistaken, for a reader.

    Examples
    --------
    >>> current = Name("i_offset", "nA", over=1000.0, note="PyNN multiplies by 1000")
    >>> current.value(5.0), current.formula
    (0.005, 'x / 1000')
    """

    theirs: str
    unit: str = ""
    times: float = 1.0
    over: float = 1.0
    note: str = ""

    def value(self, ours: Any) -> Any:
        """Return the number for the simulator."""
        return ours * self.times / self.over

    def ours(self, theirs: Any) -> Any:
        """The number in our unit that the simulator gives back."""
        return theirs * self.over / self.times

    @property
    def formula(self) -> str:
        """How the number is computed, for a reader."""
        if self.times != 1.0:
            return f"{self.times:g} x"
        return f"x / {self.over:g}" if self.over != 1.0 else "same"


Names = Mapping[str, str | Name]
"""Ours -> theirs; a quantity that is not named keeps its name and unit."""


def name_of(names: Names, ours: str) -> Name:
    """Return a simulator's name of our quantity ``ours``."""
    theirs = names.get(ours, ours)
    return Name(theirs) if isinstance(theirs, str) else theirs


@dataclass(frozen=True)
class Pynn:
    """A cell that is a class of PyNN (of ``pyNN.nest`` or of sPyNNaker), whose parameters have our names and units.

    Attributes
    ----------
    model
        The name of the class.
    integrators
        The schemes by which the simulator can solve it, its own choice first.
    names
        Parameters that PyNN takes otherwise.
    native
        What PyNN makes of a parameter for the simulator, for a reader.
    variables
        The simulator's names of the state variables.
    scheme
        What the integrator is, in words, where its name does not tell.
    program
        The name of sPyNNaker's program for the class; by default that of the class.
    """

    model: str
    integrators: tuple[str, ...]
    names: Names = field(default_factory=dict)
    native: Mapping[str, str] = field(default_factory=dict)
    variables: Names = field(default_factory=dict)
    scheme: str = ""
    program: str = ""


@dataclass(frozen=True)
class NativeModel:
    """A cell by the simulator's own model and parameters, for those that PyNN does not have.

    Attributes
    ----------
    model
        The simulator's name of the model.
    integrators
        The scheme by which the simulator solves it.
    names, variables
        The simulator's names of parameters and state variables.
    fixed
        Parameters of the model that are the same for every cell of this kind, in the simulator's units.
    compiled
        The simulator does not have the model; the back end holds its source and compiles it.
    acts_on_arrival
        A current acts in the step in which its spike arrives; with the simulator's own models it may act later. A
        compiled model then records its currents (``I_syn_ex``, ``I_syn_in``) or conductances (``g_ex``, ``g_in``) as
        they acted in the step.
    """

    model: str
    integrators: tuple[str, ...]
    names: Names = field(default_factory=dict)
    variables: Names = field(default_factory=dict)
    fixed: Mapping[str, float] = field(default_factory=dict)
    compiled: bool = False
    acts_on_arrival: bool = False


def _nothing(_parameters: Parameters, _dt_ms: float) -> dict[str, float]:
    return {}


@dataclass(frozen=True)
class Step:
    """What happens to a cell in a time step, as code over plain numbers in our units.

    The code knows the parameters under our names (the capacitance is ``c_m``, since ``cm`` is a unit to Brian2), the
    length of the step ``h``, ``{drive}`` for the constant current with whatever current step is on, and what the kind
    of synapse adds (:data:`varesearch.backends.brian2.translation.SYNAPSES`). If the cell has a ``tau_refrac``, v is
    held after a spike by :data:`FREE` and :data:`HOLD`.

    Attributes
    ----------
    update
        The map of one step; the decay of currents and conductances follows it and is not written here.
    threshold, reset
        The condition of a spike, and what it does to the cell.
    constants
        ``(parameters, dt_ms)`` -> numbers that ``update`` uses beside the parameters. A parameter that differs between
        cells is an array, and so are numbers that depend on it (see :func:`derived`).
    further
        Variables beside the cell's own and those of its synapses.
    starts
        ``(parameters, dt_ms)`` -> values at time 0 of further variables that do not start at 0.
    gain
        ``(tau_syn, dt_ms)`` -> a factor of the weights of currents and conductances.
    """

    update: str
    threshold: str
    reset: str
    constants: Callable[[Parameters, float], dict[str, Any]] = _nothing
    further: tuple[str, ...] = ()
    starts: Callable[[Parameters, float], dict[str, Any]] = _nothing
    gain: Callable[[Any, float], Any] | None = None


def derived(
    constants: Callable[[Parameters, float], dict[str, Any]], parameters: Parameters, dt_ms: float
) -> dict[str, Any]:
    """Return what a cell's step computes from its parameters, of which some may be arrays with a value for each cell.

    Parameters
    ----------
    constants
        :attr:`Step.constants` or :attr:`Step.starts`. If it takes no arrays, it is called for each cell by itself.
    parameters
        Name -> a number, or an array of shape (size,).
    dt_ms
        The time step in ms.

    Returns
    -------
    dict
        Name -> a number, or an array of shape (size,).
    """
    arrays = {name: values for name, values in parameters.items() if np.ndim(values)}
    if not arrays:
        return constants(parameters, dt_ms)
    size = len(next(iter(arrays.values())))
    try:
        found = constants(parameters, dt_ms)
        if all(np.shape(value) in ((), (size,)) for value in found.values()):
            return found
    except (TypeError, ValueError):
        pass  # such as math.exp of an array
    each = [
        constants({**parameters, **{name: values[cell].item() for name, values in arrays.items()}}, dt_ms)
        for cell in range(size)
    ]
    return {name: np.array([cell[name] for cell in each]) for name in (each[0] if each else ())}


FREE = "free = int(t_in_timesteps >= free_from)"
"""1 while v is free, 0 while it is held; the first line of the ``update`` of a cell with a refractory period."""

HOLD = "free_from = t_in_timesteps + held_steps + 1"
"""Holds v for the refractory period; a line of the ``reset`` of such a cell."""


@dataclass(frozen=True)
class Steps:
    """A cell by the code of its steps: integrator -> step, the default first."""

    steps: Mapping[str, Step]

    @property
    def integrators(self) -> tuple[str, ...]:
        """The names of the steps."""
        return tuple(self.steps)


@dataclass(frozen=True)
class Equations:
    """A cell by its differential equations, integrated by forward Euler.

    The code knows the cell's parameters and variables by their names, and ``input``: the sum of the constant current,
    current steps and the synapses' current, in the unit of ``i_offset``.

    Attributes
    ----------
    derivatives
        State variable -> its derivative, per ms.
    threshold, reset
        The condition of a spike, and what it does: assignments, one on a line. If the cell has a ``tau_refrac``, v is
        held for that long.
    """

    derivatives: Mapping[str, str]
    threshold: str
    reset: str

    @property
    def integrators(self) -> tuple[str, ...]:
        """Forward Euler."""
        return ("euler",)
