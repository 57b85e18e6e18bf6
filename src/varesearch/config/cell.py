"""The base class of cells: the settings that all have, and what other modules may ask of them.

A cell is one module of :mod:`varesearch.model.cells`, or a file of the user's own, found by
:func:`varesearch.config.parts.parts`.
"""

import keyword
import math
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, fields
from enum import Enum
from typing import Any, ClassVar, Protocol

from omegaconf import MISSING

from varesearch.config.checks import check_weight
from varesearch.config.errors import ConfigurationError
from varesearch.config.expressions import RESERVED, Expression
from varesearch.config.parts import Part
from varesearch.config.plain import is_reference, parse_value_or_expression
from varesearch.config.projection import Receptor
from varesearch.config.settings import Settings, definition_fault, quantity, reopened, unit_of
from varesearch.config.values import NumberSetting, Value, ValueSetting
from varesearch.config.wording import shortened

AUTO = "auto"
"""The value of ``cell.integrator`` that leaves the choice to the back end."""

_WEIGHTS = ("weight_exc", "weight_inh", "weight_stimulus")


class Synapse(Enum):
    """What a spike does to its target. The units of the weights follow from it, and much of each back end."""

    CURRENT = "current"
    ALPHA = "alpha current"
    CONDUCTANCE = "conductance"
    ALPHA_CONDUCTANCE = "alpha conductance"
    VOLTAGE_STEP = "voltage step"

    @property
    def effect(self) -> str:
        """What a spike does, in words."""
        return _EFFECTS[self]

    @property
    def input(self) -> tuple[str, ...]:
        """What can be recorded of a cell's input from its synapses, by PyNN's names: excitatory, then inhibitory.

        Magnitudes in the unit of the weights; see :mod:`varesearch.recording` for when they are sampled.
        """
        return _INPUTS[self]

    @property
    def reversals(self) -> Mapping[str, str]:
        """Conductance that can be recorded -> the cell's parameter to which it drives v; {} if there are none."""
        return {"gsyn_exc": "e_rev_E", "gsyn_inh": "e_rev_I"} if "gsyn_exc" in self.input else {}


_EFFECTS: Mapping[Synapse, str] = {
    Synapse.CURRENT: "a spike adds its weight to a current, which decays exponentially with `tau_syn_E` or `tau_syn_I`",
    Synapse.ALPHA: "a spike starts a current that rises to its weight within `tau_syn_E` or `tau_syn_I`, and decays",
    Synapse.CONDUCTANCE: "a spike adds its weight to a conductance, which decays exponentially with `tau_syn_E` or "
    "`tau_syn_I`; it drives v towards `e_rev_E` or `e_rev_I`",
    Synapse.ALPHA_CONDUCTANCE: "a spike starts a conductance that rises to its weight within `tau_syn_E` or "
    "`tau_syn_I`, and decays; it drives v towards `e_rev_E` or `e_rev_I`",
    Synapse.VOLTAGE_STEP: "a spike steps v by its weight",
}
_INPUTS: Mapping[Synapse, tuple[str, ...]] = {
    Synapse.CURRENT: ("isyn_exc", "isyn_inh"),
    Synapse.ALPHA: ("isyn_exc", "isyn_inh"),
    Synapse.CONDUCTANCE: ("gsyn_exc", "gsyn_inh"),
    Synapse.ALPHA_CONDUCTANCE: ("gsyn_exc", "gsyn_inh"),
    Synapse.VOLTAGE_STEP: (),
}


class OnSimulator(Protocol):
    """How a cell is described to one simulator; see :mod:`varesearch.model.simulators`."""

    @property
    def integrators(self) -> tuple[str, ...]:
        """The schemes by which it can be solved there, the simulator's own choice first."""
        ...


def _times(factor: float, value: Any) -> Any:
    return factor * value if isinstance(value, int | float) else value


_INTEGRALS: Mapping[Synapse, Callable[[Any, str], Any]] = {
    Synapse.CURRENT: getattr,
    Synapse.ALPHA: lambda cell, tau: _times(math.e, getattr(cell, tau)),
    Synapse.CONDUCTANCE: lambda _cell, _tau: None,
    Synapse.ALPHA_CONDUCTANCE: lambda _cell, _tau: None,
    # The current of this integral moves v by 1 mV; without a capacitance, currents are in mV/ms.
    Synapse.VOLTAGE_STEP: lambda cell, _tau: getattr(cell, "cm", 1.0),
}


@dataclass
class Cell(Settings, Part):
    """The settings that all cells have.

    A cell is a dataclass that derives from this one. It declares the settings below once more, with their units and
    defaults, adds its own parameters, and for each state variable ``x`` beside ``v`` a setting ``x_init``.

    ``v_init`` and the weights hold a :class:`~varesearch.config.values.Value`. A parameter that is declared as a
    ``float`` holds that for a number; for a distribution it holds a Value, and for an expression an
    :class:`~varesearch.config.expressions.Expression`: then it differs from cell to cell
    (:mod:`varesearch.config.heterogeneity`).
    """

    group: ClassVar[str] = "cell"
    package: ClassVar[str] = "varesearch.model.cells"
    key: ClassVar[str] = "model"
    where: ClassVar[str] = "cell"

    synapse: ClassVar[Synapse]
    """The kind of its synapses."""
    variables: ClassVar[Mapping[str, str]] = {"v": "mV"}
    """Its state variables, each with an initial value: name -> unit."""
    simulators: ClassVar[Mapping[str, OnSimulator]] = {}
    """Name of the back end -> how the cell is written for it. A back end that is not named does not have the cell."""
    whole_steps: ClassVar[tuple[str, ...]] = ("tau_refrac",)
    """Parameters in ms that are whole numbers of time steps; those that are drawn are rounded to them."""

    model: str = MISSING
    integrator: str = quantity(AUTO, "", "scheme of the time step; auto: the first that --backends lists")
    i_offset: NumberSetting = MISSING
    v_init: ValueSetting = MISSING
    weight_exc: ValueSetting = MISSING
    weight_inh: ValueSetting = MISSING
    weight_stimulus: ValueSetting = MISSING
    draws: dict[str, Any] = quantity(
        {}, "", "numbers drawn once for each cell, which expressions use: {NAME: {distribution: ...}, ...}"
    )

    def __init_subclass__(cls, **kwargs: object) -> None:
        """Open each number among the parameters, and each initial value, to distributions and expressions."""
        super().__init_subclass__(**kwargs)
        types, starts = dict(cls.__annotations__), {f"{name}_init" for name in cls.variables}
        for name, hint in types.items():
            declared = cls.__dict__.get(name)
            if not isinstance(declared, Field):
                continue
            if name in starts:
                reopened(declared, parse=parse_value_or_expression)
            elif hint in (float, "float"):
                cls.__annotations__[name] = NumberSetting
                reopened(declared, varies=True, parse=parse_value_or_expression)

    def _parse_values(self, where: str) -> None:
        super()._parse_values(where)
        if not is_reference(self.draws):
            self.draws = {name: _read_draw(where, name, given) for name, given in dict(self.draws).items()}

    @property
    def varying(self) -> dict[str, Value | Expression]:
        """The parameters that are not one number for all cells."""
        given = {name: getattr(self, name) for name in self.parameters()}
        return {name: value for name, value in given.items() if isinstance(value, Value | Expression)}

    def check(self, dt_ms: float) -> None:
        """Raise ConfigurationError for parameters with which the equations make no sense, or not at this time step.

        Parameters that differ between cells are checked at the ends of what can be drawn: here each is a number. The
        ranges of single settings are checked elsewhere.
        """

    def check_settings(self, dt_ms: float) -> None:
        """Raise ConfigurationError for any setting with which no network can be drawn or simulated."""
        if not self.varying:  # else varesearch.config.heterogeneity.check_cells does so
            self.check(dt_ms)
        for name in _WEIGHTS:
            check_weight(f"cell.{name}", getattr(self, name))

    def integral_of_spike(self, receptor: Receptor) -> NumberSetting | None:
        """Return the time integral of the current that a spike of weight 1 brings, in ms times the unit of i_offset.

        None if a spike brings no current, but changes a conductance. It varies between cells if a parameter does.
        """
        return _INTEGRALS[self.synapse](self, f"tau_syn_{'E' if receptor == 'excitatory' else 'I'}")

    @classmethod
    def parameters(cls) -> tuple[str, ...]:
        """The settings that are parameters of the equations.

        The others say which model it is, how it is solved, and what the drawing of the network uses.
        """
        others = {"model", "integrator", "draws", *_WEIGHTS, *(f"{name}_init" for name in cls.variables)}
        return tuple(each.name for each in fields(cls) if each.name not in others)

    @classmethod
    def recordables(cls) -> dict[str, str]:
        """Return what can be sampled, name -> unit: its state variables, then the input from its synapses.

        Examples
        --------
        >>> from varesearch.model.cells.if_cond_exp import IfCondExp
        >>> IfCondExp.recordables()
        {'v': 'mV', 'gsyn_exc': 'µS', 'gsyn_inh': 'µS'}
        """
        return {**cls.variables, **dict.fromkeys(cls.synapse.input, cls.unit_of("weight_exc"))}

    @classmethod
    def numbers(cls) -> tuple[str, ...]:
        """The parameters that may differ from cell to cell: those that are declared as a ``float``."""
        return tuple(each.name for each in fields(cls) if each.metadata.get("varies"))

    @classmethod
    def unit_of(cls, setting: str) -> str:
        """The unit of a setting."""
        return unit_of(cls, setting)

    @classmethod
    def definition_fault(cls) -> str:
        if "__dataclass_fields__" not in cls.__dict__:
            return definition_fault(cls)
        if not isinstance(getattr(cls, "synapse", None), Synapse):
            kinds = ", ".join(f"Synapse.{each.name}" for each in Synapse)
            return f"names no kind of synapse: write synapse = one of {kinds}"
        declared = {each.name: each for each in fields(cls)}
        drawn = (*_WEIGHTS, *(f"{variable}_init" for variable in cls.variables))
        for name, how in {"i_offset": "quantity", **dict.fromkeys(drawn, "drawn")}.items():
            if name not in declared or "unit" not in declared[name].metadata:
                return f"has no {name}: declare it with {how}(DEFAULT, UNIT, MEANING)"
            if how == "drawn" and not declared[name].metadata["drawn"]:
                return f"declares {name} as a fixed number: write {name}: ValueSetting = drawn(DEFAULT, UNIT, MEANING)"
        return definition_fault(cls)


def _read_draw(where: str, name: Any, given: Any) -> Value | Expression:
    """Read what is drawn under a name of the user's."""
    if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name) or name in RESERVED:
        raise ConfigurationError(
            f"{where}.draws: {shortened(str(name), 40)} cannot be the name of a draw; write letters, digits and _, and "
            f"none of {', '.join(RESERVED)}"
        )
    if isinstance(given, Value | Expression):
        return given
    return parse_value_or_expression(given, f"{where}.draws.{name}")
