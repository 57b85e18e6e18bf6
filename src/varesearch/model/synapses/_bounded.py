"""What synapses with a least and a greatest weight share."""

from dataclasses import dataclass, replace
from typing import Self

from varesearch.model.synapses import (
    WEIGHT_UNIT,
    Constant,
    ProjectionSettings,
    Range,
    SynapseType,
    quantity,
    refuse,
)

TIME_CONSTANT_MS = Range(1.0, 1000.0, allowed=Range(1e-3, 1e6))
"""Of traces: from a step to a second."""

TIMES_WEIGHT = 2.0
"""``w_max``, if it is null, in units of the projection's weight."""


@dataclass
class BoundedSynapse(SynapseType):
    """A weight that learns between ``w_min`` and ``w_max``."""

    w_min: float = quantity(0.0, WEIGHT_UNIT, "least weight", allowed=Range(0.0, 1e6))
    w_max: float | None = quantity(
        None, WEIGHT_UNIT, "greatest weight; null: twice the projection's weight", allowed=Range(0.0, 1e6)
    )

    def check(self, dt_ms: float) -> None:
        if self.w_max is not None and not self.w_max > self.w_min:
            refuse("synapse.w_max", self.w_max, f"must be above synapse.w_min={self.w_min:g}")

    def of(self, projection: ProjectionSettings) -> Self:
        if self.w_max is not None:
            return self
        weight = projection.weight
        if not isinstance(weight, Constant) or not weight.number > 0:
            refuse(
                "synapse.w_max",
                "null",
                f"means twice the weight, but {projection.key('weight')}={weight} is not one number above 0; write a "
                "number",
            )
        return replace(self, w_max=TIMES_WEIGHT * weight.number)

    def check_projection(self, projection: ProjectionSettings) -> None:
        weight, (low, high) = projection.weight, self.bounds
        if weight.lower < low or weight.upper > high:
            refuse(
                projection.key("weight"),
                weight,
                f"{'lies' if isinstance(weight, Constant) else 'can lie'} outside of synapse.w_min={low:g} to "
                f"synapse.w_max={high:g}, between which it learns; change one of them",
            )

    @property
    def bounds(self) -> tuple[float, float]:
        assert self.w_max is not None, "call of() first"
        return self.w_min, self.w_max
