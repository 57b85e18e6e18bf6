"""What a back end is.

To add one: subclass :class:`Backend` in a package of its own beside this file, add its settings to
``config/schema.py``, and its line to :data:`varesearch.backends.BACKENDS`.
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from varesearch.config.cell import AUTO, Cell
from varesearch.config.errors import ConfigurationError
from varesearch.config.schema import Config
from varesearch.network.model import Network
from varesearch.recording import Recording

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Availability:
    """Can this back end be used here? ``version`` of the simulator (empty: not installed); ``reason`` why not."""

    usable: bool
    version: str
    reason: str = ""


@dataclass(frozen=True)
class MemoryCost:
    """The memory that a back end takes until it hands over the recording, in bytes, as measured.

    ``tests/end_to_end/test_memory_estimate.py`` compares the estimate with measured peaks.

    Attributes
    ----------
    run
        A run of a tiny network, imports included.
    helpers
        Programs that run only while the network is built (compilers).
    cell, synapse, input_spike, spike
        Each further cell, synapse, spike of the stimulus, recorded spike.
    sample, value
        Each further sample (one cell at one sampled step), and each value of it (one for each signal).
    """

    run: float = 400e6
    helpers: float = 0.0
    cell: float = 1000.0
    synapse: float = 80.0
    input_spike: float = 50.0
    spike: float = 80.0
    sample: float = 0.0
    value: float = 24.0


class BackendUnavailableError(ConfigurationError):
    """What the run needs outside this process (a machine, a server) is not there; one line says what to do."""


class Backend(ABC):
    """One simulator, used for one run: construct, build, run, collect, close, in this order.

    Everything slow or global (imports, code generation, processes) happens in ``build`` or later, so that asking what
    a back end supports costs nothing.
    """

    name: ClassVar[str]
    cells: ClassVar[Mapping[str, tuple[str, ...]]]
    """The cell models it has, each with its integrators, its own choice first."""
    signals: ClassVar[Mapping[str, tuple[str, ...]]]
    """The signals it can record, for each cell model."""
    arithmetic: ClassVar[str] = "float64"
    """The type of its numbers. The same integration scheme in the same arithmetic gives the same spike trains."""
    draws: ClassVar[tuple[str, ...]] = ("host",)
    """The values of ``connectivity.draw`` that it takes: with ``native`` it expands the wiring rule itself."""
    libraries: ClassVar[tuple[str, ...]] = ()
    """The packages, beside the simulator and numpy, whose versions a result depends on."""
    sources: ClassVar[tuple[str, ...]] = ()
    """The packages, beside varesearch, whose sources a result passes through."""
    preload: ClassVar[tuple[str, ...]] = ()
    """What a process may import (``module``) or call (``module:function``) once, before it forks one for each run.

    It must leave no thread behind and nothing that a forked process cannot use.
    """

    folder: Path | None = None
    """Where it may leave files that belong to the run, set before ``build``; None: a temporary folder, removed."""

    cache: Path | None = None
    """Where it may keep compiled code for later runs, set before ``probe``; None: a temporary folder, removed."""

    tell: Callable[[str], None] = logger.info
    """Called with a line for the user when something will take long; set before ``probe``. By default it logs."""

    def __init__(self, config: Config) -> None:
        self.config = config

    @classmethod
    def resolved(cls, network: Network) -> Network:
        """The network with the integrator that ``auto`` stands for here."""
        return replace(
            network,
            populations=tuple(
                replace(p, cell=replace(p.cell, integrator=cls.integrator(p.cell))) for p in network.populations
            ),
        )

    @classmethod
    def integrator(cls, cell: Cell) -> str:
        """The scheme by which this back end integrates ``cell``: the setting, or its own with ``auto``."""
        return cls.cells[cell.model][0] if cell.integrator == AUTO else cell.integrator

    @classmethod
    @abstractmethod
    def availability(cls) -> Availability:
        """Whether the simulator is installed and usable, found out without importing it where possible."""

    @classmethod  # noqa: B027 (nothing to refuse is the usual case)
    def check(cls, config: Config) -> None:
        """Raise ConfigurationError for what this back end cannot do, beyond ``cells`` and ``signals``."""

    @classmethod
    def memory(cls, config: Config) -> MemoryCost:
        """The memory that a run of ``config`` takes; the default is a guess for a simulator that was not measured."""
        return MemoryCost()

    def probe(self) -> None:  # noqa: B027 (nothing outside this process is the usual case)
        """Find out, in seconds, whether what the run needs outside this process answers; before anything is built.

        Raises BackendUnavailableError.
        """

    def load(self) -> None:  # noqa: B027 (a back end may have nothing to import)
        """Import the simulator, so that its import is timed apart from building."""

    @abstractmethod
    def build(self, network: Network) -> None:
        """Hand the network to the simulator."""

    @abstractmethod
    def run(self, progress: Callable[[float], None]) -> None:
        """Simulate ``network.n_steps``; call ``progress(simulated_ms)`` now and then."""

    @abstractmethod
    def collect(self) -> Recording | None:
        """What was recorded, in the conventions of :mod:`varesearch.recording`.

        None: nothing was simulated (a mapping only), which is not the same as a silent network.
        """

    def final_state(self) -> Mapping[str, Mapping[str, NDArray[np.float64]]]:
        """Population -> state variable -> its value in every cell at the end of the run, asked after ``collect``.

        A value that is not finite fails the run, also where nothing was recorded. The default is for a simulator whose
        numbers are always finite (fixed point).
        """
        return {}

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
