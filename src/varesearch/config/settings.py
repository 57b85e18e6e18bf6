"""How a setting is declared: its default, unit, meaning and ranges, in one line of a settings dataclass.

Units: potentials mV, times ms, capacitance nF, currents nA, conductances µS; for cells whose equations have no
capacitance (Izhikevich 2003, eq. 1) a current is in mV/ms, since it is added to dv/dt. Weights are magnitudes (>= 0)
for every receptor: the receptor's name says the sign, and each back end writes it as its simulator wants.
"""

from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

from varesearch.config.ranges import Range


@dataclass(frozen=True)
class UnitOfCell:
    """The unit of a setting that depends on the chosen cell: it is the unit of the cell's field ``name``."""

    name: str


WEIGHT_UNIT = UnitOfCell("weight_exc")
"""All weights of a cell have the same unit: that of a current, a conductance or a voltage step."""
CURRENT_UNIT = UnitOfCell("i_offset")


def quantity(
    default: Any,
    unit: str | UnitOfCell,
    what: str,
    choices: tuple[str, ...] = (),
    sense: Range | None = None,
    hard: Range | None = None,
) -> Any:
    """A field of a settings dataclass.

    Parameters
    ----------
    default
        Its value if the user gives none; it may be None, a relation (``${cell.weight_exc}``) or a dict.
    unit
        Its unit; ``""`` for a pure number or a name.
    what
        Its meaning in one line, for ``--help`` and the reference.
    choices
        All possible values, if they are few.
    sense
        The plausible range: a value outside is accepted with a warning. If the unit follows the cell, so does this.
    hard
        The range that can be computed with: a value outside is refused. The default for integers is 32 bits.
    """
    metadata = {"unit": unit, "what": what, "choices": choices, "sense": sense, "hard": hard}
    if isinstance(default, dict):
        return field(default_factory=lambda: dict(default), metadata=metadata)
    return field(default=default, metadata=metadata)


def unit_of(config: Any, name: str, cell: Any = None) -> str:
    """The unit of field ``name`` of a settings dataclass.

    Parameters
    ----------
    config
        The settings of a group, or of a part of a group.
    name
        The field.
    cell
        The settings of the cell, if the unit may follow the cell.

    Returns
    -------
    str
        The unit; ``""`` for a pure number or a name, and where the unit follows a cell that is not given.

    Examples
    --------
    >>> from varesearch.config.schema import SimulationConfig
    >>> unit_of(SimulationConfig, "dt_ms")
    'ms'
    """
    unit = next((each.metadata.get("unit", "") for each in fields(config) if each.name == name), "")
    if isinstance(unit, UnitOfCell):
        return unit_of(cell, unit.name) if is_dataclass(cell) else ""
    return unit


def uniform(low: float, high: float) -> dict[str, Any]:
    """A uniform distribution as it is written in the configuration."""
    return {"distribution": "uniform", "low": low, "high": high}
