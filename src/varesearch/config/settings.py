"""How a setting is declared: its default, unit, meaning and ranges, in one line of a settings dataclass.

Units: potentials mV, times ms, capacitance nF, currents nA, conductances µS; for cells whose equations have no
capacitance (Izhikevich 2003, eq. 1) a current is in mV/ms, since it is added to dv/dt. Weights are magnitudes (>= 0)
for every receptor: the receptor's name gives the sign, and each back end writes it as its simulator wants.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from numbers import Real
from types import MappingProxyType
from typing import Any, ClassVar

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from varesearch.config.expressions import Expression
from varesearch.config.laws import Uniform
from varesearch.config.plain import as_number, is_nested, is_reference, parse_value
from varesearch.config.ranges import Range
from varesearch.config.values import Constant, Value


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
    plausible: Range | None = None,
    allowed: Range | None = None,
    drawn: bool = False,
) -> Any:
    """A field of a settings dataclass.

    Parameters
    ----------
    default
        Its value if the user gives none; it may be None, a reference (``${cell.weight_exc}``) or a dict.
    unit
        Its unit; ``""`` for a pure number or a name.
    what
        Its meaning in one line, for ``--help`` and the reference.
    choices
        All possible values, if they are few.
    plausible
        The plausible range: a value outside is accepted with a warning. If the unit follows the cell, so does this.
    allowed
        The range that can be computed with: a value outside is refused. By default that of ``plausible``.
    drawn
        Whether it is a :class:`~varesearch.config.values.Value`; see :func:`drawn`.
    """
    allowed = allowed or (plausible.allowed if plausible else None)
    metadata = {
        "unit": unit,
        "what": what,
        "choices": choices,
        "plausible": plausible,
        "allowed": allowed,
        "drawn": drawn,
        "varies": False,
    }
    if isinstance(default, dict):
        return field(default_factory=lambda: dict(default), metadata=metadata)
    return field(default=default, metadata=metadata)


def reopened(declared: Any, **flags: Any) -> Any:
    """A field made by :func:`quantity`, which may now hold more than it was declared for.

    ``varies``: a float for a number, and a :class:`~varesearch.config.values.Value` for a distribution. ``parse``: how
    what is written is read, as for :func:`drawn`.
    """
    declared.metadata = MappingProxyType({**declared.metadata, **flags})
    return declared


def drawn(
    default: Any,
    unit: str | UnitOfCell,
    what: str,
    plausible: Range | None = None,
    parse: Callable[[Any, str], Any] = parse_value,
) -> Any:
    """A :func:`quantity` that is given as a number or as a distribution, of which each cell or synapse draws one.

    ``parse(plain, setting)`` reads what is written, for a setting that takes something else besides.
    """
    declared = quantity(default, unit, what, plausible=plausible, drawn=True)
    if isinstance(default, dict):
        return field(default_factory=lambda: dict(default), metadata={**declared.metadata, "parse": parse})
    return field(default=default, metadata={**declared.metadata, "parse": parse})


@dataclass
class Settings:
    """Typed settings of a part, whose drawn settings hold a :class:`Value` from the beginning."""

    where: ClassVar[str] = ""
    """The name of these settings in the configuration (``cell``); "" for settings that are held by others."""

    def __post_init__(self) -> None:
        if self.where:
            self._parse_values(self.where)

    def _parse_values(self, where: str) -> None:
        for each in fields(self):
            given, setting = getattr(self, each.name), f"{where}.{each.name}"
            if isinstance(given, Settings):
                given._parse_values(setting)
            # None is a value only where it is the default: it then takes the value of the group.
            absent = given is None and each.default is None
            varies = each.metadata.get("varies")
            if not (varies or each.metadata.get("drawn")) or absent or is_reference(given):
                continue
            number = as_number(given) if varies and isinstance(given, Real) else None
            if number is not None:
                given = number  # its range is checked with the whole configuration
            elif not isinstance(given, Value | Expression):
                given = each.metadata.get("parse", parse_value)(given, setting)
            setattr(self, each.name, given.number if varies and isinstance(given, Constant) else given)


def definition_fault(part: type) -> str:
    """Return what is wrong with a part whose settings it declares, for its author; ``""`` if nothing is."""
    if "__dataclass_fields__" not in part.__dict__:
        return "is not a dataclass: write @dataclass above it"
    for name in sorted(getattr(part, "__abstractmethods__", ())):
        return f"has no {name}(): define it (see docs/how-to)"
    for each in fields(part):
        if each.name != getattr(part, "key", "") and "unit" not in each.metadata and each.default is not MISSING:
            return f"declares {each.name} without a unit: write quantity(DEFAULT, UNIT, MEANING)"
    try:
        OmegaConf.structured(part)
    except (OmegaConfBaseException, ValueError, TypeError) as error:
        return f"has a setting that cannot be configured: {' '.join(str(error).split())}"
    return ""


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


def unit_of_key(config: Any, key: str) -> str:
    """The unit of a single setting of the whole configuration by its full name.

    A parameter of a distribution has the unit of the value. ``""`` for a pure number, a name, or an unknown setting.
    """
    unit, settings = "", config
    for name in key.split("."):
        if isinstance(settings, Mapping) and name in settings:
            settings = settings[name]
            continue
        if not is_nested(settings):
            return unit if isinstance(settings, Value) else ""
        unit = unit_of(settings, name, getattr(config, "cell", None))
        settings = getattr(settings, name, None)
    return unit


def uniform(low: float, high: float) -> dict[str, Any]:
    """A uniform distribution as it is written in the configuration."""
    return Uniform(low, high).plain
