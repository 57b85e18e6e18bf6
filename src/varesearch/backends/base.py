"""What a back end is.

To add one: subclass :class:`Backend` in a package of its own beside this file, add its settings to
``config/schema.py`` and ``conf/backend/``, and its line to :data:`varesearch.backends.BACKENDS`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from varesearch.config.schema import Config
from varesearch.network.model import Network
from varesearch.recording import Recording


@dataclass(frozen=True)
class Availability:
    """Can this back end be used here? ``version`` of the simulator, ``""`` if it is not installed; ``reason`` why not."""

    usable: bool
    version: str
    reason: str = ""


class Backend(ABC):
    """One simulator, used for one run: construct, build, run, collect, close, in this order.

    Everything slow or global (imports, code generation, processes) happens in ``build`` or later, so that asking what
    a back end supports costs nothing.
    """

    name: ClassVar[str]
    cells: ClassVar[Mapping[str, tuple[str, ...]]]
    """The cell models it has, each with its integrators."""
    signals: ClassVar[Mapping[str, tuple[str, ...]]]
    """The signals it can record, for each cell model."""

    def __init__(self, config: Config) -> None:
        self.config = config

    @classmethod
    @abstractmethod
    def availability(cls) -> Availability:
        """Whether the simulator is installed and usable, found out without importing it where possible."""

    @classmethod
    def check(cls, config: Config) -> None:
        """Raise ConfigurationError for what this back end cannot do, beyond ``cells`` and ``signals``."""

    @abstractmethod
    def build(self, network: Network) -> None:
        """Hand the network to the simulator."""

    @abstractmethod
    def run(self, progress: Callable[[float], None]) -> None:
        """Simulate ``network.n_steps``; call ``progress(simulated_ms)`` now and then."""

    @abstractmethod
    def collect(self) -> Recording:
        """What was recorded, in the conventions of :mod:`varesearch.recording`."""

    @abstractmethod
    def close(self) -> None:
        """Give back what is global or external. Called once, also after a failure in any phase."""

    def phase_seconds(self) -> dict[str, float]:
        """Where the time of build, run and collect went, in the simulator's own words: name -> wall seconds."""
        return {}

    def metrics(self) -> dict[str, float]:
        """What only this back end knows about the run (losses, quantisation, load), after ``collect``."""
        return {}

    def tags(self) -> dict[str, str]:
        """What marks a result of this back end (``machine``, ``degraded``, ``code generation``), after ``collect``."""
        return {}
