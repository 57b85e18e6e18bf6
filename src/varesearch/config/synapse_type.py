"""The base class of synapses: the settings that all have, and what other modules may ask of them.

A synapse is one module of :mod:`varesearch.model.synapses`, or a file of the user's own, found by
:func:`varesearch.config.parts.parts`. It says how the weight of a synapse changes with the spikes of its two cells;
what a spike then does to its target is a property of the target's cell.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, Self

from omegaconf import MISSING

from varesearch.config.parts import Part, part_name
from varesearch.config.projection import RECEPTORS, Receptor
from varesearch.config.settings import Settings, definition_fault

if TYPE_CHECKING:
    from varesearch.config.projection import ProjectionSettings


@dataclass
class SynapseType(Settings, Part):
    """The settings that all synapses have.

    A synapse is a dataclass that derives from this one and adds its own parameters with their units. A parameter in
    the unit of the weights is in that of the cells of the projection's target.
    """

    group: ClassVar[str] = "synapse"
    package: ClassVar[str] = "varesearch.model.synapses"
    key: ClassVar[str] = "type"
    where: ClassVar[str] = "synapse"

    changes: ClassVar[bool] = True
    """Whether spikes change what later spikes do; False only for static synapses."""
    learns: ClassVar[bool] = True
    """Whether the weight itself changes, so that it is recorded; short-term plasticity leaves it as it is."""
    receptors: ClassVar[tuple[Receptor, ...]] = RECEPTORS
    """The projections that ``synapse=NAME`` for the whole network gives this synapse: those that act on these."""
    simulators: ClassVar[Mapping[str, Callable[[Any], Any]]] = {}
    """Name of the back end -> function that returns how this synapse, with all of its settings, is written for it.

    The forms are those of :mod:`varesearch.model.learning`. A back end that is not named does not have the synapse.
    """

    type: str = MISSING

    def check(self, dt_ms: float) -> None:
        """Raise ConfigurationError for settings that cannot be used together, or not at this time step."""

    def check_projection(self, projection: "ProjectionSettings") -> None:
        """Raise ConfigurationError if the weights of a projection do not fit; called on what :meth:`of` returns."""

    def of(self, projection: "ProjectionSettings") -> Self:
        """Return the synapse with the settings that are null filled in for a projection."""
        return self

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The least and the greatest weight; None if the weight has no bounds."""
        return None

    def parameters(self) -> dict[str, Any]:
        """Return its settings: name -> value. They are part of the network's hash."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @classmethod
    def definition_fault(cls) -> str:
        return definition_fault(cls)

    @property
    def name(self) -> str:
        """The word that chooses it."""
        return part_name(type(self))
