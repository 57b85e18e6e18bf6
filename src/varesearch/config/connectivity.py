"""How the network is wired: sizes, rule, weights and delays, each projection overridable on its own."""

import math
from dataclasses import dataclass, field
from typing import Any, ClassVar

from omegaconf import MISSING

from varesearch.config import ranges
from varesearch.config.ranges import Range
from varesearch.config.settings import WEIGHT_UNIT, Settings, drawn, quantity
from varesearch.config.values import ValueSetting

PROJECTIONS = ("exc_to_exc", "exc_to_inh", "inh_to_exc", "inh_to_inh")
"""The recurrent projections; ``<pre>_to_<post>``."""


@dataclass
class ProjectionConfig(Settings):
    """What one projection has of its own; ``null`` takes the value of the group."""

    weight: ValueSetting = drawn(None, WEIGHT_UNIT, "weight: a number or a distribution")
    delay_ms: ValueSetting = drawn(None, "ms", "delay: a number or a distribution", sense=ranges.DELAY_MS)


@dataclass
class ConnectivityConfig(Settings):
    """What all wiring rules share."""

    where: ClassVar[str] = "connectivity"

    rule: str = MISSING
    n: int = quantity(1500, "cells", "number of cells, excitatory and inhibitory together", hard=ranges.COUNT_OF_CELLS)
    exc_inh_ratio: float = quantity(
        4.0, "", "excitatory cells for each inhibitory one", sense=Range(0.01, 100), hard=ranges.DIVISOR
    )
    weight_exc: ValueSetting = drawn(
        "${cell.weight_exc}", WEIGHT_UNIT, "weight of excitatory synapses: a number or a distribution"
    )
    weight_inh: ValueSetting = drawn(
        "${cell.weight_inh}", WEIGHT_UNIT, "weight of inhibitory synapses: a number or a distribution"
    )
    delay_ms: ValueSetting = drawn(2.0, "ms", "delay: a number or a distribution", sense=ranges.DELAY_MS)
    allow_self_connections: bool = quantity(True, "", "may a cell connect to itself")
    draw: str = quantity(
        "host", "", "host: lists drawn here; native: the rule, expanded by the machine (spinnaker)", ("host", "native")
    )

    @property
    def n_exc(self) -> int:
        """Number of excitatory cells (the seed's rounding)."""
        return round(self.n * self.exc_inh_ratio / (1.0 + self.exc_inh_ratio))

    @property
    def n_inh(self) -> int:
        """Number of inhibitory cells."""
        return self.n - self.n_exc

    def value_of(self, projection: str, setting: str) -> Any:
        """The projection's own ``setting``, else the group's, else the group's for its presynaptic population.

        ``value_of("inh_to_exc", "weight")`` looks at ``inh_to_exc.weight``, then ``weight_inh``.
        """
        own = getattr(getattr(self, projection), setting)
        if own is not None:
            return own
        pre = projection.split("_to_", maxsplit=1)[0]
        return getattr(self, setting) if hasattr(self, setting) else getattr(self, f"{setting}_{pre}")


@dataclass
class FixedProbabilityProjection(ProjectionConfig):
    """See :class:`FixedProbability`."""

    p: float | None = quantity(None, "", "connection probability")


@dataclass
class FixedProbability(ConnectivityConfig):
    """Each ordered pair of cells is connected with probability p, independently.

    ``streams=shared`` draws pairs and initial values as PyNN 0.13 does when one generator is given to every connector
    and distribution: each starts from the same state, and takes its numbers target by target. Then inhibitory cell j
    has the inputs and the start of excitatory cell j. It is there to be studied, not to be used.
    """

    rule: str = "fixed_probability"
    p: float = quantity(0.02, "", "connection probability")
    streams: str = quantity(
        "own", "", "own: draws are independent; shared: PyNN's trap of one generator for all draws", ("own", "shared")
    )
    exc_to_exc: FixedProbabilityProjection = field(default_factory=FixedProbabilityProjection)
    exc_to_inh: FixedProbabilityProjection = field(default_factory=FixedProbabilityProjection)
    inh_to_exc: FixedProbabilityProjection = field(default_factory=FixedProbabilityProjection)
    inh_to_inh: FixedProbabilityProjection = field(default_factory=FixedProbabilityProjection)


@dataclass
class FixedInDegreeProjection(ProjectionConfig):
    """See :class:`FixedInDegree`."""

    in_degree: int | None = quantity(
        None, "synapses", "synapses onto each cell from this projection", sense=Range(0, 100_000)
    )


@dataclass
class FixedInDegree(ConnectivityConfig):
    """Each cell receives a fixed number of synapses from each population, its sources drawn without repetition."""

    rule: str = "fixed_in_degree"
    in_degree_exc: int = quantity(24, "synapses", "excitatory synapses onto each cell", sense=Range(0, 100_000))
    in_degree_inh: int = quantity(6, "synapses", "inhibitory synapses onto each cell", sense=Range(0, 100_000))
    exc_to_exc: FixedInDegreeProjection = field(default_factory=FixedInDegreeProjection)
    exc_to_inh: FixedInDegreeProjection = field(default_factory=FixedInDegreeProjection)
    inh_to_exc: FixedInDegreeProjection = field(default_factory=FixedInDegreeProjection)
    inh_to_inh: FixedInDegreeProjection = field(default_factory=FixedInDegreeProjection)


@dataclass
class DistanceDependentProjection(ProjectionConfig):
    """See :class:`DistanceDependent`."""

    p_max: float | None = quantity(None, "", "connection probability at distance 0")
    scale_mm: float | None = quantity(
        None, "mm", "length scale of the kernel", sense=ranges.LENGTH_MM, hard=ranges.DIVISOR
    )


@dataclass
class DistanceDependent(ConnectivityConfig):
    """Cells lie at random on a square sheet; the probability of a connection falls with the distance d.

    gaussian: p_max exp(-d² / (2 scale²)); exponential: p_max exp(-d / scale). With ``velocity_mm_per_ms`` the delay
    grows by d / velocity, rounded to the time step.
    """

    rule: str = "distance_dependent"
    p_max: float = quantity(0.3, "", "connection probability at distance 0")
    scale_mm: float = quantity(0.1, "mm", "length scale of the kernel", sense=ranges.LENGTH_MM, hard=ranges.DIVISOR)
    kernel: str = quantity("gaussian", "", "gaussian or exponential", ("gaussian", "exponential"))
    sheet_mm: float = quantity(1.0, "mm", "side of the sheet", sense=ranges.LENGTH_MM, hard=ranges.DIVISOR)
    periodic: bool = quantity(True, "", "are opposite edges of the sheet joined")
    velocity_mm_per_ms: float | None = quantity(
        None,
        "mm/ms",
        "conduction velocity; null: no delay by distance",
        sense=ranges.VELOCITY_MM_PER_MS,
        hard=ranges.DIVISOR,
    )
    exc_to_exc: DistanceDependentProjection = field(default_factory=DistanceDependentProjection)
    exc_to_inh: DistanceDependentProjection = field(default_factory=DistanceDependentProjection)
    inh_to_exc: DistanceDependentProjection = field(default_factory=DistanceDependentProjection)
    inh_to_inh: DistanceDependentProjection = field(default_factory=DistanceDependentProjection)

    @property
    def longest_way_ms(self) -> float:
        """The conduction delay between the two points of the sheet that are farthest apart; 0 without a velocity."""
        if self.velocity_mm_per_ms is None:
            return 0.0
        farthest_mm = self.sheet_mm * math.sqrt(2) / (2 if self.periodic else 1)
        return farthest_mm / self.velocity_mm_per_ms


CONNECTIVITY: tuple[type[ConnectivityConfig], ...] = (FixedProbability, FixedInDegree, DistanceDependent)
