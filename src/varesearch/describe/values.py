"""How values and the tables of parameters are written."""

from collections.abc import Iterable, Mapping
from dataclasses import Field, fields
from typing import Any

from varesearch.config.cell import Cell
from varesearch.config.expressions import Expression
from varesearch.config.plain import as_plain, is_one_value, shown_value
from varesearch.config.settings import unit_of
from varesearch.config.wording import shortened, written
from varesearch.describe.document import Table

_LONGEST = 300
"""A longer value, such as a list of spike times, is cut; the configuration has all of it."""

PARAMETERS = ("parameter", "value", "unit", "meaning")
"""The columns of a table of parameters."""


def value_text(value: Any) -> str:
    """Write a value: a number with all its digits, a law as ``uniform(low=1, high=2)``, an expression as code.

    Examples
    --------
    >>> from varesearch.config.laws import Uniform
    >>> value_text(0.02), value_text(Uniform(-60.0, -50.0)), value_text(Expression("b*v_init", "cell.u_init"))
    ('0.02', 'uniform(low=-60, high=-50)', '`b*v_init`')
    """
    plain = as_plain(value)
    if isinstance(value, Expression):
        return f"`{shown_value(plain, written)}`"
    if is_one_value(plain):
        return shown_value(plain, written)
    return shortened(written(plain), _LONGEST)


def count_text(number: float) -> str:
    """Write an expected number: whole, unless it is small."""
    return f"{number:.0f}" if number >= 100 or float(number).is_integer() else f"{number:.3g}"


def code(name: str) -> str:
    """A name of a program or a setting."""
    return f"`{name}`"


def with_unit(text: str, unit: str) -> str:
    """A text and the unit, if there is one."""
    return f"{text} {unit}" if unit else text


def described(settings: Any, left_out: Iterable[str] = ()) -> list[Field[Any]]:
    """The fields of settings that have a meaning, without those in ``left_out``."""
    out = set(left_out)
    return [each for each in fields(settings) if "what" in each.metadata and each.name not in out]


def meaning(settings: Any, name: str) -> str:
    """What a setting is, from its declaration."""
    return next((each.metadata.get("what", "") for each in fields(settings) if each.name == name), "")


def unit_for(settings: Any, name: str, cells: Mapping[str, Cell]) -> str:
    """The unit of a setting; if it follows the cell and these differ, each with the names it holds for.

    Parameters
    ----------
    settings
        The settings that have the field ``name``.
    name
        The field.
    cells
        Population -> cell, of those that the setting applies to.
    """
    units: dict[str, list[str]] = {}
    for population, cell in cells.items():
        units.setdefault(unit_of(settings, name, cell), []).append(population)
    if len(units) < 2:
        return next(iter(units), unit_of(settings, name))
    return ", ".join(f"{unit} ({', '.join(names)})" for unit, names in units.items())


def parameter_table(
    title: str, settings: Any, cells: Mapping[str, Cell], left_out: Iterable[str] = ()
) -> tuple[Table, ...]:
    """The table of parameters of some settings; none if there are no parameters."""
    rows = tuple(
        (
            code(each.name),
            value_text(getattr(settings, each.name)),
            unit_for(settings, each.name, cells),
            each.metadata["what"],
        )
        for each in described(settings, left_out)
    )
    return (Table(title, PARAMETERS, rows),) if rows else ()
