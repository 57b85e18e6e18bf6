"""Cells of one population that differ: the values that each cell draws, and the checks of all that can be drawn.

A parameter of a cell is a number, a distribution, or an expression over the cell's other values. Each distribution has
a random stream of its own, named by the population and the setting, so that a change of one setting leaves all other
draws as they were. Expressions draw nothing: several of them over one draw are correlated parameters.
"""

from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, fields, replace
from graphlib import CycleError, TopologicalSorter
from itertools import combinations
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from varesearch.config.cell import Cell
from varesearch.config.checks import LARGEST, check_bounds, check_number, check_reach
from varesearch.config.errors import ConfigurationError, renamed
from varesearch.config.expressions import Expression
from varesearch.config.ranges import Range
from varesearch.config.streams import stream
from varesearch.config.values import Constant, Value

if TYPE_CHECKING:
    from varesearch.config.schema import Config
    from varesearch.config.structure import ConfiguredPopulation

_TOGETHER = 3
"""A check of a cell compares at most so many parameters at once."""


@dataclass(frozen=True)
class CellValues:
    """The cells of a population with what they drew.

    Attributes
    ----------
    cell
        Their settings; a parameter that came out the same for all cells is a number there.
    parameters
        Name -> its value in each cell, float64 of shape (size,); only those that differ between cells.
    initial
        State variable -> its value at time 0, of the same shape.
    """

    cell: Cell
    parameters: dict[str, NDArray[np.float64]]
    initial: dict[str, NDArray[np.float64]]

    def of(self, name: str) -> NDArray[np.float64]:
        """The values of a parameter or of an initial value (``v_init``); one for all if they are the same."""
        if name.removesuffix("_init") in self.initial:
            return self.initial[name.removesuffix("_init")]
        return self.parameters[name] if name in self.parameters else np.array([getattr(self.cell, name)])


def draw_cells(cell: Cell, size: int, dt_ms: float, seed: int, owner: str) -> CellValues:
    """Draw the parameters of each cell of a population, and its state at time 0.

    Parameters
    ----------
    cell
        The settings.
    size
        The number of cells.
    dt_ms
        The time step: times that are counted in steps (:attr:`Cell.whole_steps`) are rounded to it.
    seed, owner
        The seed of the run and the name of the population, which with the name of the setting name a random stream.

    Raises
    ------
    ConfigurationError
        An expression refers to something unknown or to itself, or gives no finite number for some cell.

    Examples
    --------
    >>> from varesearch.config.laws import Uniform
    >>> from varesearch.model.cells.izhikevich import Izhikevich
    >>> cell = Izhikevich(draws={"r": Uniform(0, 1)}, c={"expression": "-65 + 15*r**2"}, u_init={"expression": "b*c"})
    >>> values = draw_cells(cell, 3, 1.0, seed=1, owner="exc")
    >>> values.parameters["c"].round(2), values.initial["u"].round(2)
    (array([-64.79, -53.89, -63.65]), array([-12.96, -10.78, -12.73]))
    """
    values: dict[str, Any] = {}
    for name, given in _in_order(cell).items():
        if isinstance(given, Expression):
            drawn = np.broadcast_to(given.value({each: values[each] for each in given.names}), size).copy()
        elif isinstance(given, Value):
            drawn = given.draw(stream(seed, owner, _purpose(cell, name)), size)
        else:
            drawn = float(given)
        values[name] = np.rint(drawn / dt_ms) * dt_ms if name in cell.whole_steps and name in cell.varying else drawn
    parameters = {name: values[name] for name in cell.varying}
    same = {name: array[0].item() for name, array in parameters.items() if size and (array == array[0]).all()}
    return CellValues(
        replace(cell, **same) if same else cell,
        {name: array for name, array in parameters.items() if name not in same},
        {name: values[f"{name}_init"] for name in cell.variables},
    )


def check_cells(cell: Cell, size: int, dt_ms: float, seed: int, owner: str) -> None:
    """Check the parameters that a population can draw, before anything is built.

    Distributions are checked in all that they can draw: their bounds, and the cell's own checks at the corners.
    Expressions are checked in what is drawn.

    Raises
    ------
    ConfigurationError
        One line for the first setting that is wrong.
    """
    _in_order(cell)
    if not cell.varying and not _has_expressions(cell):
        return
    size = max(size, 1)
    for name, value in cell.varying.items():
        if isinstance(value, Value):
            check_reach(f"cell.{name}", value, _allowed(cell, name), cell.unit_of(name))
    drawn = None
    if _has_expressions(cell):
        drawn = draw_cells(cell, size, dt_ms, seed, owner)
        _check_drawn(cell, drawn)
    try:
        for extreme in extremes(cell, dt_ms, drawn):
            extreme.check(dt_ms)
    except ConfigurationError as error:
        if drawn is None:
            _refuse_corner(cell, error)
        # The values of expressions depend on each other, and need not come near a corner: look at the cells themselves.
        for index in range(size):
            _check_one(drawn, index, dt_ms)


def extremes(cell: Cell, dt_ms: float, drawn: CellValues | None = None) -> Iterator[Cell]:
    """Yield cells with plain numbers, between whose parameters lie those of all that can be drawn.

    Each parameter is at one of its ends, and any three of them are at all combinations of theirs.

    Parameters
    ----------
    cell
        The settings.
    dt_ms
        The time step.
    drawn
        What was drawn; needed if a parameter is an expression, whose ends are the least and greatest value of that.
    """
    ends: dict[str, tuple[float, float]] = {}
    for name, value in cell.varying.items():
        if isinstance(value, Value):
            ends[name] = value.reach
        elif drawn is not None:
            array = drawn.of(name)
            ends[name] = float(array.min()), float(array.max())
        if name in cell.whole_steps:
            low, high = ends[name]
            ends[name] = round(low / dt_ms) * dt_ms, round(high / dt_ms) * dt_ms
    for name, array in drawn.initial.items() if drawn is not None else ():
        if isinstance(getattr(cell, f"{name}_init"), Expression):
            ends[f"{name}_init"] = float(array.min()), float(array.max())
    for count in range(min(_TOGETHER, len(ends)) + 1):
        for high in combinations(ends, count):
            yield _with(cell, {name: end[name in high] for name, end in ends.items()})


def extreme_cells(config: "Config", population: "ConfiguredPopulation") -> list[Cell]:
    """Return :func:`extremes` of a population, for checks of what a simulator can hold.

    Without anything that differs between cells this is the cell itself. Raises ConfigurationError as :func:`draw_cells`
    does.
    """
    return list(extremes(population.cell, config.simulation.dt_ms, _drawn(config, population)))


def check_extreme_cells(config: "Config", check: Callable[["ConfiguredPopulation", Cell], None]) -> None:
    """Let ``check`` refuse what can be drawn of any population; its message names the settings of that population.

    Parameters
    ----------
    config
        A valid configuration.
    check
        Called with each population and each of its :func:`extreme_cells`; it calls the settings ``cell.NAME``.

    Raises
    ------
    ConfigurationError
        What ``check`` raised.
    """
    for population in config.structure.populations.values():
        with renamed("cell", population.where):
            for cell in extreme_cells(config, population):
                check(population, cell)


def expression_ends(config: "Config", cell: Cell) -> dict[str, tuple[float, float]]:
    """Return the least and greatest value of each expression of a cell, in all populations that have this cell."""
    ends: dict[str, tuple[float, float]] = {}
    for population in config.structure.populations.values() if _has_expressions(cell) else ():
        drawn = _drawn(config, population)
        if population.cell is not cell or drawn is None:
            continue
        for name, value in _given(cell).items():
            if isinstance(value, Expression) and name not in cell.draws:
                array = drawn.of(name)
                low, high = ends.get(name, (np.inf, -np.inf))
                ends[name] = min(low, float(array.min())), max(high, float(array.max()))
    return ends


def _drawn(config: "Config", population: "ConfiguredPopulation") -> CellValues | None:
    """What the cells of a population draw, if some of it is an expression."""
    if not _has_expressions(population.cell):
        return None
    owner, dt_ms = config.owner(population.name), config.simulation.dt_ms
    return draw_cells(population.cell, population.size, dt_ms, config.seed, owner)


def _with(cell: Cell, numbers: Mapping[str, float]) -> Cell:
    changed = copy(cell)
    for name, number in numbers.items():
        setattr(changed, name, Constant(number) if name.endswith("_init") else number)
    return changed


def _has_expressions(cell: Cell) -> bool:
    return any(isinstance(value, Expression) for value in _given(cell).values())


def _given(cell: Cell) -> dict[str, Any]:
    """All that has a value in each cell: draws, the parameters that are numbers, initial values."""
    clash = next((name for name in cell.draws if name in {each.name for each in fields(cell)}), None)
    if clash is not None:
        raise ConfigurationError(f"cell.draws.{clash}: {clash} is a setting of the cell; give the draw another name")
    parameters = {name: getattr(cell, name) for name in cell.parameters()}
    numbers = {
        name: value
        for name, value in parameters.items()
        if isinstance(value, Value | Expression | int | float) and not isinstance(value, bool)
    }
    return cell.draws | numbers | {f"{name}_init": getattr(cell, f"{name}_init") for name in cell.variables}


def _in_order(cell: Cell) -> dict[str, Any]:
    """Return what has a value in each cell such that an expression comes after what it uses."""
    given = _given(cell)
    starts = [f"{name}_init" for name in cell.variables]
    needs: dict[str, tuple[str, ...]] = {}
    for name, value in given.items():
        needs[name] = ()
        if isinstance(value, Expression):
            known = [each for each in given if each not in starts]
            if name in cell.draws:
                known = list(cell.draws)
            elif name in starts:
                known = list(given)
            value.check_names([each for each in known if each != name])
            needs[name] = value.names
    try:
        return {name: given[name] for name in TopologicalSorter(needs).static_order()}
    except CycleError as error:
        circle = list(reversed(error.args[1]))
        settings = " -> ".join(f"cell.{_key(cell, name)}" for name in circle)
        raise ConfigurationError(
            f"{settings}: these expressions use each other in a circle; give one of them a number or a distribution"
        ) from None


def _key(cell: Cell, name: str) -> str:
    return f"draws.{name}" if name in cell.draws else name


def _purpose(cell: Cell, name: str) -> str:
    """The name of a random stream; initial values had theirs before parameters could be drawn."""
    return name if name.removesuffix("_init") in cell.variables else f"cell.{_key(cell, name)}"


def _allowed(cell: Cell, name: str) -> Range:
    return next(each.metadata.get("allowed") for each in fields(cell) if each.name == name) or Range()


def _check_drawn(cell: Cell, drawn: CellValues) -> None:
    """Check the values of expressions, each for itself."""
    for name, value in cell.varying.items():
        if not isinstance(value, Expression):
            continue
        array = drawn.of(name)
        bounds = _allowed(cell, name)
        for end in (float(array.min()), float(array.max())):
            if not (abs(end) <= LARGEST and bounds.holds(end)):
                setting = f"cell.{name}={value}: its value"
                check_number(setting, end)
                check_bounds(setting, end, bounds, cell.unit_of(name))


def _check_one(drawn: CellValues, index: int, dt_ms: float) -> None:
    numbers = {name: float(array[index]) for name, array in drawn.parameters.items()}
    try:
        _with(drawn.cell, numbers).check(dt_ms)
    except ConfigurationError as error:
        named = [name for name in numbers if f"cell.{name}" in str(error)]
        if not named:
            raise
        shown = ", ".join(f"cell.{name}={getattr(drawn.cell, name)}" for name in named)
        raise ConfigurationError(f"{error}; cell {index} drew this from {shown}") from None


def _refuse_corner(cell: Cell, error: ConfigurationError) -> NoReturn:
    """Raise the error of a corner, with the settings that can draw it."""
    named = [name for name in cell.varying if f"cell.{name}" in str(error)]
    if not named:  # it is no matter of what is drawn, such as a time step that is too long for the cell
        raise error
    shown = " and ".join(f"cell.{name}={cell.varying[name]}" for name in named)
    raise ConfigurationError(f"{error}; this can be drawn from {shown}; narrow it by low and high") from None
