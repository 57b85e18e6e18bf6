"""A metric that was computed, and one that the data do not define."""

from dataclasses import dataclass

SOURCE = "source."
"""What the owner of a metric begins with if it is a group of sources (``source.thalamus``), not a population."""


class UndefinedMetricError(ValueError):
    """The data do not define a metric; the message is the reason."""


@dataclass(frozen=True)
class Metric:
    """One number about one population or, if ``population`` begins with :data:`SOURCE`, one group of sources.

    ``value`` is finite by construction. ``sampled`` says in which cells and how often the signals were sampled from
    which it was computed (``20 of 400 cells, every 5 ms``); "" if it was every cell at every step, or of spikes.
    """

    name: str
    population: str
    value: float
    unit: str
    sampled: str = ""

    @property
    def key(self) -> str:
        """The flat name under which it is tracked, such as ``exc.rate_hz``."""
        return f"{self.population}.{self.name}"


@dataclass(frozen=True)
class Undefined:
    """A metric that the data do not define, and why."""

    metric: str
    population: str
    reason: str
    unit: str = ""

    @property
    def key(self) -> str:
        """The flat name under which it would have been tracked."""
        return f"{self.population}.{self.metric}"
