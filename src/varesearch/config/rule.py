"""The base class of wiring rules: the settings that all have, and what other modules may ask of them.

A rule is one module of :mod:`varesearch.model.rules`, or a file of the user's own, found by
:func:`varesearch.config.parts.parts`.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import Field, dataclass, field, fields, make_dataclass
from typing import Any, ClassVar, get_type_hints

import numpy as np
from numpy.typing import NDArray
from omegaconf import MISSING

from varesearch.config import ranges
from varesearch.config.checks import check_delay, check_weight, refuse
from varesearch.config.parts import Part
from varesearch.config.projection import Given, Pairs, ProjectionSettings, Receptor, Rows, Synapses
from varesearch.config.ranges import Range
from varesearch.config.settings import WEIGHT_UNIT, Settings, definition_fault, drawn, quantity
from varesearch.config.values import ValueSetting

PAIR: Mapping[str, Receptor] = {"exc": "excitatory", "inh": "inhibitory"}
"""The populations of a network without data of its own, and the receptor that the synapses of their cells act on."""

_SHORT = {receptor: name for name, receptor in PAIR.items()}
"""How a receptor is called in the names of settings: ``weight_exc``."""


def per_projection(setting: Any, name: str = "", receptor: str = "", what: str = "") -> Any:
    """Declare that each projection may have a value of its own for a setting of a rule.

    ``connectivity.p`` holds for all projections, ``connectivity.exc_to_inh.p`` for one; null takes the value of all.

    Parameters
    ----------
    setting
        The field, made by :func:`~varesearch.config.settings.quantity` or :func:`~varesearch.config.settings.drawn`.
    name
        What the projection's own setting is called; "": as the setting of all projections.
    receptor
        ``"exc"`` or ``"inh"`` if the setting is for projections that act on this receptor alone; "": for all.
    what
        The meaning of the projection's own setting; "": as that of the setting of all projections.
    """
    return field(default=setting.default, metadata={**setting.metadata, "own": _Own(name, receptor, what)})


@dataclass(frozen=True)
class _Own:
    name: str
    receptor: str
    what: str


@dataclass
class Rule(Settings, Part, ABC):
    """The settings that all wiring rules have.

    A rule is a dataclass that derives from this one and adds its own settings. For those that are declared by
    :func:`per_projection` it gets a field for each projection (``exc_to_inh``), which holds the projection's own.
    """

    group: ClassVar[str] = "connectivity"
    package: ClassVar[str] = "varesearch.model.rules"
    key: ClassVar[str] = "rule"
    where: ClassVar[str] = "connectivity"

    OwnSettings: ClassVar[type[Settings]]
    """What a projection may set by itself: a dataclass that each rule gets."""
    connects: ClassVar[bool] = True
    """Whether it connects every population to every other; else only ``projections`` does."""
    pynn_connector: ClassVar[str] = ""
    """PyNN's connector for the rule, for back ends that draw it (``connectivity.draw=native``); "" if it has none."""

    rule: str = MISSING
    n: int = quantity(
        1500, "cells", "number of cells, excitatory and inhibitory together", allowed=ranges.COUNT_OF_CELLS
    )
    exc_inh_ratio: float = quantity(
        4.0, "", "excitatory cells for each inhibitory one", plausible=Range(0.01, 100), allowed=ranges.POSITIVE
    )
    weight_exc: ValueSetting = per_projection(
        drawn("${cell.weight_exc}", WEIGHT_UNIT, "weight of excitatory synapses: a number or a distribution"),
        "weight", "exc", "weight: a number or a distribution",
    )  # fmt: skip
    weight_inh: ValueSetting = per_projection(
        drawn("${cell.weight_inh}", WEIGHT_UNIT, "weight of inhibitory synapses: a number or a distribution"),
        "weight", "inh", "weight: a number or a distribution",
    )  # fmt: skip
    delay_ms: ValueSetting = per_projection(
        drawn(2.0, "ms", "delay: a number or a distribution", plausible=ranges.DELAY_MS)
    )
    allow_self_connections: bool = quantity(True, "", "may a cell connect to itself")
    draw: str = quantity(
        "host", "", "host: lists drawn here; native: by the simulator itself, where it can", ("host", "native")
    )

    def __init_subclass__(cls, **kwargs: object) -> None:
        """Add a field for each projection, with the settings that a projection may have of its own."""
        super().__init_subclass__(**kwargs)
        own = _own_settings(cls)
        for name in projection_names():
            cls.__annotations__ = {**cls.__annotations__, name: own}
            setattr(cls, name, field(default_factory=own))

    def check(self, dt_ms: float) -> None:
        """Raise ConfigurationError for settings of the rule as a whole that cannot be used together.

        The sizes, weights, delays and the ranges of single settings are checked elsewhere.
        """

    def check_projection(self, projection: ProjectionSettings) -> None:
        """Raise ConfigurationError for settings that the populations of a projection cannot satisfy."""

    def listed(self, projection: ProjectionSettings) -> Mapping[str, Given]:
        """Return the ``weight`` and ``delay_ms`` that the rule itself brings, with what gives them; {} if none."""
        return {}

    def check_step(self, projection: ProjectionSettings, dt_ms: float) -> None:
        """Raise ConfigurationError for delays that the rule itself brings and that do not fit the time step."""

    @abstractmethod
    def expected_synapses(self, projection: ProjectionSettings) -> float:
        """Return the expected number of synapses of a projection."""

    @abstractmethod
    def connect(self, projection: ProjectionSettings, rng: np.random.Generator) -> Pairs | Rows | Synapses:
        """Draw the pairs of a projection from a generator of its own, or all of its synapses.

        A rule for large networks returns :class:`~varesearch.config.projection.Rows`, which take a tenth of the memory.
        """

    def rescaled(self, projection: ProjectionSettings, full: ProjectionSettings, in_degree: float) -> dict[str, Any]:
        """Return new values of a projection's settings, with which its cells receive fewer or more synapses.

        By default there are none: the rule is refused unless the sizes alone change its in-degree in this way.

        Parameters
        ----------
        projection
            The projection, between populations of their new sizes.
        full
            The same between the populations as they are configured.
        in_degree
            The mean number of synapses onto a cell, in multiples of that of ``full``.
        """
        wanted = in_degree * self.expected_synapses(full) / full.post_size
        found = self.expected_synapses(projection) / projection.post_size
        if abs(found - wanted) > 0.5 + 1e-9:  # sizes are rounded
            refuse(
                "scale.in_degree",
                in_degree,
                f"is not possible with connectivity={self.rule}, whose cells receive {found:g} synapses in "
                f"{projection.name}, not {wanted:g}; give scale.cells and scale.in_degree the same value, or choose "
                "another rule",
            )
        return {}

    def place(self, size: int, rng: np.random.Generator) -> NDArray[np.float64] | None:
        """Return positions (mm) of the cells of a population, of shape (size, 2); None: the rule needs none."""
        return None

    @property
    def has_positions(self) -> bool:
        """Whether it places the cells."""
        return self.place(1, np.random.default_rng(0)) is not None

    def travel_ms(self, projection: ProjectionSettings, pairs: Pairs) -> NDArray[np.float64] | float:
        """Return what the distance adds to the delays: a number for all, or one for each of the pairs.

        It is called with some of the pairs at a time, and first with none at all.
        """
        return 0.0

    @property
    def longest_travel_ms(self) -> float:
        """The most that the distance can add to a delay."""
        return 0.0

    @property
    def shared_streams(self) -> bool:
        """Whether all draws take their numbers from generators in the same state: a trap, to be studied."""
        return False

    def pynn_arguments(self, projection: ProjectionSettings) -> dict[str, Any]:
        """Return the arguments of :attr:`pynn_connector`."""
        return {"allow_self_connections": self.allow_self_connections}

    @property
    def sizes(self) -> dict[str, int]:
        """Population -> number of cells (the seed's rounding)."""
        n_exc = round(self.n * self.exc_inh_ratio / (1.0 + self.exc_inh_ratio))
        return {"exc": n_exc, "inh": self.n - n_exc}

    def given(self, projection: str, receptor: Receptor) -> dict[str, Given]:
        """Return the settings of a projection, with the keys that give them: its own if it has one, else those of all.

        Parameters
        ----------
        projection
            Its name; those of the pair (``exc_to_inh``) may have settings of their own among those of the rule.
        receptor
            The receptor that it acts on, since weights and numbers of synapses are given for each.
        """
        own, given = getattr(self, projection, None), {}
        for name, setting in _settings_for(fields(self), receptor):
            value = getattr(own, name, None)
            if value is None:
                given[name] = Given(f"{self.where}.{setting}", getattr(self, setting))
            else:
                given[name] = Given(f"{self.where}.{projection}.{name}", value)
        return given

    @classmethod
    def setting_of(cls, name: str, receptor: Receptor) -> str | None:
        """Return the setting of all projections for what one of them calls ``name``; None if there is none.

        Examples
        --------
        >>> from varesearch.model.rules.fixed_in_degree import FixedInDegree
        >>> FixedInDegree.setting_of("in_degree", "inhibitory")
        'in_degree_inh'
        """
        return dict(_settings_for(fields(cls), receptor)).get(name)

    def check_settings(self, dt_ms: float) -> None:
        """Raise ConfigurationError for any setting of all projections with which no network can be wired."""
        check_weight("connectivity.weight_exc", self.weight_exc)
        check_weight("connectivity.weight_inh", self.weight_inh)
        check_delay("connectivity.delay_ms", self.delay_ms, dt_ms)
        self.check(dt_ms)

    def check_sizes(self) -> None:
        """Raise ConfigurationError if one population of the pair would have no cell."""
        for name, size in self.sizes.items():
            if size < 1:
                refuse(
                    "connectivity.exc_inh_ratio",
                    self.exc_inh_ratio,
                    f"leaves no {PAIR[name]} cell among connectivity.n={self.n}; take more cells or a ratio nearer "
                    "to 1",
                )

    @classmethod
    def definition_fault(cls) -> str:
        return definition_fault(cls)


def projection_names() -> tuple[str, ...]:
    """Return the names of the projections of the pair."""
    return tuple(f"{pre}_to_{post}" for pre in PAIR for post in PAIR)


def _settings_for(declared: Iterable[Field[Any]], receptor: Receptor) -> Iterable[tuple[str, str]]:
    """(name of the projection's own setting, name of the setting of all projections) for projections to a receptor."""
    for each in declared:
        own = each.metadata.get("own")
        if own is not None and own.receptor in ("", _SHORT[receptor]):
            yield own.name or each.name, each.name


def _own_settings(rule: type[Rule]) -> type[Settings]:
    """The dataclass of what a projection of a rule may set by itself."""
    inherited = {each.name: each for each in fields(rule.__mro__[1])}
    added = {name: value for name, value in vars(rule).items() if isinstance(value, Field)}
    hints = get_type_hints(rule)
    own: dict[str, tuple[str, Any, Any]] = {}
    for name, each in (inherited | added).items():
        about = each.metadata.get("own")
        if about is not None:
            metadata = {key: value for key, value in each.metadata.items() if key != "own"}
            metadata["what"] = about.what or metadata["what"]
            hint = Any if hints[name] is Any else hints[name] | None
            own[about.name or name] = (about.name or name, hint, field(default=None, metadata=metadata))
    made = make_dataclass(f"{rule.__name__}Projection", own.values(), bases=(Settings,))
    made.__doc__ = f"What a projection may set by itself with the rule {rule.__name__}; null: as the others."
    # Where pickle looks for it.
    made.__module__, made.__qualname__ = rule.__module__, f"{rule.__qualname__}.OwnSettings"
    rule.OwnSettings = made
    return made
