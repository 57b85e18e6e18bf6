"""The interface of a back end.

To add one, make a package beside this file, or a file or package of your own in the folder that ``--config-dir`` names
(docs/how-to/own-backend.md). A package ``NAME`` holds:

* ``__init__.py``: the settings, derived from :class:`~varesearch.config.backend.BackendSettings`;
* ``backend.py``: one class derived from :class:`Backend`;
* ``translation.py``: ``rows(cell)``, how each quantity of a cell is written for the simulator. The page
  ``docs/translation.md`` is made from it, and what depends on the kind of synapse is one table ``SYNAPSES`` in it.

Nothing outside of the package names it, but cells and wiring rules whose modules say how they are written for it.
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from varesearch.config.cell import AUTO, Cell
from varesearch.config.errors import ConfigurationError
from varesearch.config.parts import own_folder
from varesearch.config.schema import Config
from varesearch.network.model import Network
from varesearch.phases import Phases
from varesearch.recording import Recording

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Availability:
    """Whether a back end can be used here: the simulator's ``version`` ("": not installed), ``reason`` why not."""

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
        Each further cell, synapse (of the simulator's own, without the drawn one), spike of the stimulus, recorded
        spike.
    sample, value
        Each further sample (one cell at one sampled step), and each value of it (one for each signal).
    current_value, parameter_value
        Each value of a current that differs from cell to cell, and of such a parameter; the network's own included.
    """

    run: float = 400e6
    helpers: float = 0.0
    cell: float = 1000.0
    synapse: float = 60.0
    input_spike: float = 50.0
    spike: float = 80.0
    sample: float = 0.0
    value: float = 24.0
    current_value: float = 40.0
    parameter_value: float = 40.0


@dataclass(frozen=True)
class KnownAnswer:
    """A check of a back end by ``varesearch doctor``: do small networks give the spikes that are known?

    Attributes
    ----------
    settings
        Settings of the back end, as on the command line.
    cells
        The names of the cells to simulate; None: all that the back end has.
    lacking, mend
        What the check needs but this machine lacks, and what to do about it; "" if nothing is lacking.
    optional
        Whether the back end can be used without what is lacking.
    compiles
        Whether code is compiled first, which takes a minute.
    """

    settings: tuple[str, ...] = ()
    cells: tuple[str, ...] | None = None
    lacking: str = ""
    mend: str = ""
    optional: bool = True
    compiles: bool = False

    @property
    def what(self) -> str:
        """The check in a few words; its cell is named if there is only one."""
        cells = self.cells if self.cells is not None and len(self.cells) == 1 else ()
        settings = (setting.removeprefix("backend.") for setting in self.settings)
        return " ".join(["known answer", *settings, *(f"of cell={cell}" for cell in cells)])


class BackendUnavailableError(ConfigurationError):
    """What the run needs outside this process (a machine, a server) is not there; one line says what to do."""


@dataclass(frozen=True)
class Workspace:
    """What a simulation may use outside of the simulator.

    Attributes
    ----------
    folder
        Where it may leave files that belong to the run; None: a temporary folder, which is removed.
    cache
        Where it may keep compiled code for later runs; None: a temporary folder, which is removed.
    tell
        Called with a line for the user when something will take long. By default it logs.
    phases
        Times what is done; a back end enters the phase ``compile`` when it compiles code.
    """

    folder: Path | None = None
    cache: Path | None = None
    tell: Callable[[str], None] = logger.info
    phases: Phases = field(default_factory=Phases)


@dataclass(frozen=True)
class Collected:
    """The results of a simulation, as the back end returns them.

    Attributes
    ----------
    recording
        In the conventions of :mod:`varesearch.recording`. None: nothing was simulated (a mapping only), which is not
        the same as a silent network.
    final_state
        Population -> state variable -> its value in every cell at the end of the run. A value that is not finite fails
        the run, also where nothing was recorded. Empty for a simulator whose numbers are always finite (fixed point).
    degraded
        Why the result cannot be trusted, one phrase for each cause; usually empty.
    advice
        A setting that may avoid what ``degraded`` reports.
    metrics
        Quantities that only this back end can measure (losses, quantisation, load).
    provenance
        How the result was computed, as texts (``machine``, ``integrator``, ``code generation``).
    seconds
        The wall time in seconds of the simulator's own stages of build, run and collect: name -> seconds.
    """

    recording: Recording | None
    final_state: Mapping[str, Mapping[str, NDArray[np.float64]]] = field(default_factory=dict)
    degraded: tuple[str, ...] = ()
    advice: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    provenance: Mapping[str, str] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)


class Simulation(ABC):
    """A network inside a simulator, made by :meth:`Backend.build`."""

    @abstractmethod
    def run(self, progress: Callable[[float], None]) -> None:
        """Simulate ``network.n_steps``; call ``progress(simulated_ms)`` now and then."""

    @abstractmethod
    def collect(self) -> Collected:
        """Read the recording, and what the simulator reports about the run."""


class Backend(ABC):
    """One simulator with its settings.

    Everything slow or global (imports, code generation, processes) happens in ``load`` and ``build``, so that asking
    what a back end supports costs nothing. Its methods may be called in any order: none needs another one before it.
    Commands do not call them but :func:`varesearch.simulation.simulate`.
    """

    name: ClassVar[str]
    """The name of its package or file."""
    distribution: ClassVar[str] = ""
    """The installed distribution that is the simulator; "" if there is none, or ``availability`` has another way."""
    requirement: ClassVar[str] = ""
    """The argument of ``pip install`` for it; "" if that is the distribution's name."""
    arithmetic: ClassVar[str] = "float64"
    """The type of its numbers. The same integration scheme in the same arithmetic gives the same spike trains."""
    draws: ClassVar[tuple[str, ...]] = ("host",)
    """The values of ``connectivity.draw`` that it supports: with ``native`` it expands the wiring rule itself."""
    libraries: ClassVar[tuple[str, ...]] = ()
    """The packages, beside the simulator and numpy, whose versions a result depends on."""
    sources: ClassVar[tuple[str, ...]] = ()
    """The packages, beside varesearch, whose sources a result passes through."""
    slow: ClassVar[bool] = False
    """Whether a run takes much longer than on other back ends, which are then preferred where any would do."""
    unknown_answers: ClassVar[tuple[tuple[str, str], ...]] = ()
    """The pairs (cell, population) of :mod:`varesearch.known_answers` that the back end cannot simulate."""
    preload: ClassVar[tuple[str, ...]] = ()
    """What a process may import (``module``) or call (``module:function``) once, before it forks for each run.

    It must leave no thread behind and nothing that a forked process cannot use.
    """

    def __init_subclass__(cls, **kwargs: object) -> None:
        """Name a back end by its package or file."""
        super().__init_subclass__(**kwargs)
        cls.name = cls.__module__.removesuffix(".backend").rpartition(".")[2]

    @classmethod
    def imports(cls) -> tuple[str, ...]:
        """Return what a process imports or calls before it forks: the back end's own module and its ``preload``."""
        # Another process does not know the folder of the user's own parts.
        return cls.preload if own_folder(cls) is not None else (cls.__module__, *cls.preload)

    def __init__(self, config: Config) -> None:
        """Raise ConfigurationError for settings that name something, such as a machine, that does not exist.

        All other checks are made by :meth:`check`.
        """
        self.config = config

    @classmethod
    def resolved(cls, network: Network) -> Network:
        """Return the network with each cell's integrator ``auto`` replaced by the scheme that this back end uses."""
        return replace(
            network,
            populations=tuple(
                replace(p, cell=replace(p.cell, integrator=cls.integrator(p.cell))) for p in network.populations
            ),
        )

    @classmethod
    def integrator(cls, cell: Cell) -> str:
        """Return the scheme by which this back end integrates ``cell``; for ``auto`` that is its first choice."""
        return cls.integrators(type(cell))[0] if cell.integrator == AUTO else cell.integrator

    @classmethod
    def integrators(cls, cell: type[Cell]) -> tuple[str, ...]:
        """Return the schemes by which it can integrate a cell, its first choice first; none if it lacks the cell.

        By default they are those that the cell's module names for this back end.
        """
        described = cell.simulators.get(cls.name)
        return () if described is None else described.integrators

    @classmethod
    def signals(cls, cell: type[Cell]) -> tuple[str, ...]:
        """Return what it can sample, of the cell's ``recordables()``; by default the state variables."""
        return tuple(cell.variables)

    @classmethod
    def availability(cls) -> Availability:
        """Return whether the simulator is installed and usable, if possible without importing it.

        By default its distribution and the ``libraries`` must be installed.
        """
        if not cls.distribution:
            return Availability(True, "")
        versions = {name: _version(name) for name in (cls.distribution, *cls.libraries)}
        missing = next((name for name, number in versions.items() if not number), None)
        reason = "" if missing is None else f"{missing} is not installed: pip install {cls.requirement or missing}"
        return Availability(missing is None, versions[cls.distribution], reason)

    @classmethod
    def known_answers(cls, cache: Path) -> Sequence[KnownAnswer]:
        """Return the checks that ``varesearch doctor`` makes; ``cache`` is the folder that may hold compiled code."""
        return (KnownAnswer(),)

    @classmethod  # noqa: B027 (nothing to refuse is the usual case)
    def check(cls, config: Config) -> None:
        """Raise ConfigurationError for what this back end cannot do, beyond ``integrators`` and ``signals``."""

    @classmethod
    def memory(cls, config: Config) -> MemoryCost:
        """Return the memory that a run of ``config`` takes; the default is a guess for an unmeasured simulator."""
        return MemoryCost()

    def probe(self) -> None:  # noqa: B027 (nothing outside this process is the usual case)
        """Check within seconds whether the machine or server that the run needs answers.

        Raises BackendUnavailableError if it does not.
        """

    def compile(self, workspace: Workspace) -> None:  # noqa: B027 (few back ends keep compiled code)
        """Compile code that later runs can use again into ``workspace.cache``, unless it is there already.

        Raises BackendUnavailableError if it cannot be compiled here.
        """

    def check_network(self, network: Network) -> None:  # noqa: B027 (most simulators take every network)
        """Raise ConfigurationError for what only the network itself shows, such as a drawn delay that is too long."""

    def load(self) -> None:  # noqa: B027 (a back end may have nothing to import)
        """Import the simulator, so that its import is timed apart from building."""

    @abstractmethod
    def build(self, network: Network, workspace: Workspace) -> AbstractContextManager[Simulation]:
        """Return a context manager that builds the network in the simulator.

        Leaving the context releases everything global or external, also if building fails.

        Parameters
        ----------
        network
            The drawn network; its steps are ``network.dt_ms`` long.
        workspace
            Folders for files and compiled code, and the timer of the phases.

        Raises
        ------
        ConfigurationError
            The drawn network has a property, such as a long delay, that this back end does not support.
        SimulatorError
            The simulator or a compiler failed.
        """


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""
