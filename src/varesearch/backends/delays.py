"""The shortest and longest delays that a configuration can draw, for back ends that limit them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from varesearch.config.schema import Config
from varesearch.config.values import Constant, Value
from varesearch.network.estimate import estimate
from varesearch.network.model import Projection

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
    structure, dt_ms, synapses = config.structure, config.simulation.dt_ms, estimate(config).synapses
    recurrent = [(True, each, each.rule.longest_travel_ms) for each in structure.projections]
    for is_recurrent, each, further_ms in (*recurrent, *((False, it, 0.0) for _, it in structure.inputs)):
        expected = synapses[each.name]
        if expected:
            delay = each.acting("delay_ms")
            yield Delays(delay.key, delay.value, each.post, is_recurrent, expected, dt_ms, further_ms)


def setting_of(projection: Projection, config: Config) -> str:
    """Return the name of the setting from which the delays of a projection were drawn.

    A delay that is one number was refused before the network was drawn, so that here it is one that a program gave.
    """
    configured = config.structure.projection(projection.name)
    if configured is None or isinstance(configured.delay_ms, Constant):
        return f"{projection.name}.delay_ms"
    return configured.key("delay_ms")


def _steps(delay_ms: float, dt_ms: float) -> Any:
    return max(np.rint(delay_ms / dt_ms), 1)
