"""The shortest and longest delays that a configuration can draw, for back ends that limit them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from varesearch.config.schema import Config
from varesearch.config.values import Constant, Value
from varesearch.network.estimate import estimate
from varesearch.network.model import Network, Projection

_RARE = 1e-6
"""A delay counts as impossible if fewer synapses than this are expected to have it."""


@dataclass(frozen=True)
class Delays:
    """The delays of one projection before it is drawn.

    ``setting`` is the key that sets them and ``value`` its value; ``post`` is the target population; ``recurrent``
    tells whether the sources are a population, too; ``synapses`` is the expected number of synapses.
    """

    setting: str
    value: Value
    post: str
    recurrent: bool
    synapses: float
    dt_ms: float
    further_ms: float = 0.0
    """The longest delay that the distance adds."""

    def __str__(self) -> str:
        verb = "is" if isinstance(self.value, Constant) and not self.further_ms else "can be"
        travel = f" with the {self.further_ms:.3g} ms that the distance adds" if self.further_ms else ""
        return f"{self.setting}={self.value}{travel} {verb}"

    @property
    def shortest_steps(self) -> int:
        """The shortest delay that can be drawn, in steps."""
        return _steps(self.value.lower, self.dt_ms)

    def can_exceed(self, steps: int) -> bool:
        """Return whether a delay longer than ``steps`` can be expected among all synapses of the projection."""
        delay = self.value
        if _steps(delay.upper + self.further_ms, self.dt_ms) <= steps:
            return False
        limit_ms = (steps + 0.5) * self.dt_ms - self.further_ms
        return not delay.has_tail or delay.above(limit_ms) * self.synapses > _RARE


def drawn_delays(config: Config) -> Iterator[Delays]:
    """Yield the delays of each projection that is expected to have synapses, those of the stimulus included."""
    wiring, dt_ms, synapses = config.connectivity, config.simulation.dt_ms, estimate(config).synapses
    for recurrent, projections, further_ms in (
        (True, wiring.projections(), wiring.longest_travel_ms),
        (False, config.stimulus.projections(wiring.sizes), 0.0),
    ):
        for each in projections:
            expected = synapses[each.name]
            if expected:
                key = each.key("delay_ms")
                yield Delays(key, each.delay_ms, each.post, recurrent, expected, dt_ms, further_ms)


def setting_of(projection: Projection, network: Network) -> str:
    """Return the name of the setting that determines the delays of a drawn projection."""
    recurrent = any(population.name == projection.pre for population in network.populations)
    return f"connectivity.{projection.name}.delay_ms" if recurrent else "stimulus.delay_ms"


def _steps(delay_ms: float, dt_ms: float) -> Any:
    return max(np.rint(delay_ms / dt_ms), 1)
