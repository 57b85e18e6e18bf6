"""The shortest and longest delays that a configuration can draw, for back ends that limit them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from varesearch.config.connectivity import PROJECTIONS, DistanceDependent
from varesearch.config.schema import Config
from varesearch.config.values import Constant, Value
from varesearch.network.estimate import estimate

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
        may_be = "is" if isinstance(self.value, Constant) and not self.further_ms else "can be"
        way = f" with the {self.further_ms:.3g} ms that the distance adds" if self.further_ms else ""
        return f"{self.setting}={self.value}{way} {may_be}"

    @property
    def shortest_steps(self) -> int:
        """The shortest delay that can be drawn, in steps."""
        return _steps(self.value.lower, self.dt_ms)

    def can_exceed(self, steps: int) -> bool:
        """Whether a delay longer than ``steps`` can be drawn and is to be expected among all synapses."""
        delay = self.value
        if _steps(delay.upper + self.further_ms, self.dt_ms) <= steps:
            return False
        limit_ms = (steps + 0.5) * self.dt_ms - self.further_ms
        return not delay.has_tail or delay.above(limit_ms) * self.synapses > _RARE


def drawn_delays(config: Config) -> Iterator[Delays]:
    """The delays of each projection that is expected to have synapses, those of the stimulus included."""
    wiring, stimulus, dt_ms = config.connectivity, config.stimulus, config.simulation.dt_ms
    synapses = estimate(config).synapses
    further_ms = wiring.longest_way_ms if isinstance(wiring, DistanceDependent) else 0.0
    for name in PROJECTIONS:
        own = getattr(wiring, name).delay_ms is not None
        setting = f"connectivity.{name}.delay_ms" if own else "connectivity.delay_ms"
        if synapses[name]:
            post = name.partition("_to_")[2]
            value = wiring.value_of(name, "delay_ms")
            yield Delays(setting, value, post, True, synapses[name], dt_ms, further_ms)
    for name, expected in synapses.items():
        if name not in PROJECTIONS and expected:
            value: Value = getattr(stimulus, "delay_ms")  # noqa: B009 (of every stimulus that has synapses)
            yield Delays("stimulus.delay_ms", value, name.rpartition("_to_")[2], False, expected, dt_ms)


def setting_of(projection: str) -> str:
    """The setting of the delays of a drawn projection, as far as its name determines it."""
    return f"connectivity.{projection}.delay_ms" if projection in PROJECTIONS else "stimulus.delay_ms"


def _steps(delay_ms: float, dt_ms: float) -> Any:
    return max(np.rint(delay_ms / dt_ms), 1)
