"""Every pair of cells is connected with the same probability."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from varesearch.model.rules import (
    Pairs,
    ProjectionSettings,
    Rows,
    Rule,
    check_probability,
    independent_pairs_by_target,
    independent_rows,
    pair_ratio,
    per_projection,
    quantity,
    refuse,
)


@dataclass
class FixedProbability(Rule):
    """Each ordered pair of cells is connected with probability p, independently.

    P(i -> j) = p, so that a cell receives N_pre p synapses on average (Vogels and Abbott 2005, J. Neurosci. 25:10786;
    Brunel 2000, J. Comput. Neurosci. 8:183, has a fixed number instead).

    ``streams=shared`` draws pairs and initial values as PyNN 0.13 does when one generator is given to every connector
    and distribution: each starts from the same state, and takes its numbers target by target. Then inhibitory cell j
    has the inputs and the start of excitatory cell j. It is there to be studied, not to be used.
    """

    pynn_connector: ClassVar[str] = "FixedProbabilityConnector"

    p: float = per_projection(quantity(0.02, "", "connection probability"))
    streams: str = quantity(
        "own", "", "own: draws are independent; shared: PyNN's trap of one generator for all draws", ("own", "shared")
    )

    def check_projection(self, projection: ProjectionSettings) -> None:
        check_probability(projection.key("p"), projection["p"])

    def check(self, dt_ms: float) -> None:
        if self.shared_streams and self.draw == "native":
            refuse("connectivity.streams", self.streams, "is drawn here; write connectivity.draw=host, or streams=own")

    def expected_synapses(self, projection: ProjectionSettings) -> float:
        return projection.possible_pairs * projection["p"]

    def connect(self, projection: ProjectionSettings, rng: np.random.Generator) -> Pairs | Rows:
        draw = independent_pairs_by_target if self.shared_streams else independent_rows
        return draw(projection.pre_size, projection.post_size, projection["p"], projection.no_self, rng)

    def rescaled(self, projection: ProjectionSettings, full: ProjectionSettings, in_degree: float) -> dict[str, Any]:
        return {"p": full["p"] * in_degree * pair_ratio(full, projection)}

    @property
    def shared_streams(self) -> bool:
        return self.streams == "shared"

    def pynn_arguments(self, projection: ProjectionSettings) -> dict[str, Any]:
        return super().pynn_arguments(projection) | {"p_connect": projection["p"]}
