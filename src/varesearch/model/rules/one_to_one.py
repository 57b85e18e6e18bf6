"""Cell k is connected to cell k."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from varesearch.model.pairs import no_pairs, one_to_one
from varesearch.model.rules import Pairs, ProjectionSettings, Rule, refuse


@dataclass
class OneToOne(Rule):
    """Source k is connected to target k; both populations have the same number of cells.

    The name is that of PyNN's OneToOneConnector (Davison et al. 2009, Front. Neuroinform. 2:11). Within a population
    these are the self-connections, so that nothing is left there with ``allow_self_connections=false``.
    """

    pynn_connector: ClassVar[str] = "OneToOneConnector"

    def check_projection(self, projection: ProjectionSettings) -> None:
        if projection.pre_size != projection.post_size:
            refuse(
                "connectivity.rule",
                self.rule,
                f"connects populations of one size, but {projection.pre} has {projection.pre_size} cells and "
                f"{projection.post} has {projection.post_size}; give both one size, or use another rule",
            )
        if projection.no_self and self.draw == "native":
            refuse(
                "connectivity.allow_self_connections",
                self.allow_self_connections,
                f"leaves no synapse for the machine to draw within {projection.pre}; write connectivity.draw=host",
            )

    def expected_synapses(self, projection: ProjectionSettings) -> float:
        return 0.0 if projection.no_self else float(projection.pre_size)

    def rescaled(self, projection: ProjectionSettings, full: ProjectionSettings, in_degree: float) -> dict[str, Any]:
        """Return nothing: every cell goes on receiving its one synapse, whatever the scale."""
        return {}

    def connect(self, projection: ProjectionSettings, rng: np.random.Generator) -> Pairs:
        return no_pairs() if projection.no_self else one_to_one(projection.pre_size)

    def pynn_arguments(self, projection: ProjectionSettings) -> dict[str, Any]:
        return {}
