"""Every cell is connected to every cell."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from varesearch.model.pairs import every_pair
from varesearch.model.rules import ProjectionSettings, Rows, Rule


@dataclass
class AllToAll(Rule):
    """Each source is connected to each target once.

    The name is that of PyNN's AllToAllConnector (Davison et al. 2009, Front. Neuroinform. 2:11).
    """

    pynn_connector: ClassVar[str] = "AllToAllConnector"

    def expected_synapses(self, projection: ProjectionSettings) -> float:
        return float(projection.possible_pairs)

    def connect(self, projection: ProjectionSettings, rng: np.random.Generator) -> Rows:
        return every_pair(projection.pre_size, projection.post_size, projection.no_self)
