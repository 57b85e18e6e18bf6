"""No connections but those that ``projections`` names."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from varesearch.model.pairs import no_pairs
from varesearch.model.rules import Pairs, ProjectionSettings, Rule


@dataclass
class NoConnections(Rule):
    """No population is connected to another; ``projections`` adds those that are."""

    connects: ClassVar[bool] = False

    def expected_synapses(self, projection: ProjectionSettings) -> float:
        return 0.0

    def connect(self, projection: ProjectionSettings, rng: np.random.Generator) -> Pairs:
        return no_pairs()
