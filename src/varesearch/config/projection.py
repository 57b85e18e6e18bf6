"""A projection as it is configured: its populations, and every setting with the key that gives it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from varesearch.config.values import Value

Receptor = Literal["excitatory", "inhibitory"]

Pairs = tuple[NDArray[np.int32], NDArray[np.int32]]
"""Sources and targets: two int32 arrays of shape (synapses,), sorted by source, then target, without repeated pairs."""


@dataclass(frozen=True)
class Given:
    """The value of a setting, and the key in the configuration that gives it."""

    key: str
    value: Any


@dataclass(frozen=True)
class ProjectionSettings:
    """Synapses from ``pre`` (a population or a spike source) to ``post`` (a population), before they are drawn.

    ``given`` holds ``weight`` and ``delay_ms``, and what the wiring rule or the stimulus adds. ``no_self`` tells
    that no cell may connect to itself. The positions, of shape (cells, 2), are known while a rule that uses them draws.
    """

    name: str
    pre: str
    post: str
    pre_size: int
    post_size: int
    receptor: Receptor
    given: Mapping[str, Given]
    no_self: bool = False
    pre_mm: NDArray[np.float64] | None = None
    post_mm: NDArray[np.float64] | None = None

    def __getitem__(self, setting: str) -> Any:
        """Return the value of a setting, such as ``projection["p"]``."""
        return self.given[setting].value

    def key(self, setting: str) -> str:
        """Return the key that gives a setting: ``connectivity.exc_to_inh.p``, or ``connectivity.p`` for all of them."""
        return self.given[setting].key

    @property
    def weight(self) -> Value:
        """The weight of its synapses, in the unit of the cells of ``post``."""
        return self["weight"]

    @property
    def delay_ms(self) -> Value:
        """The delay of its synapses."""
        return self["delay_ms"]

    @property
    def possible_pairs(self) -> int:
        """How many different pairs of cells there are."""
        return self.pre_size * self.post_size - (self.pre_size if self.no_self else 0)
