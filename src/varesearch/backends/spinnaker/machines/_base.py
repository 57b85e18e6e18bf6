"""What a machine is: its lines of sPyNNaker's configuration, a probe, and a context in which it exists."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from varesearch.backends.spinnaker import SpinnakerSettings
from varesearch.config.errors import ConfigurationError
from varesearch.config.parts import Part, part_name

USUAL_VERSION = 5
"""The version of a board where none is set: 48 chips."""


@dataclass(frozen=True)
class Size:
    """What a network needs of a machine, at least: cores, and memory in MB of 10^6 bytes."""

    cores: int
    sdram_mb: float


@dataclass(frozen=True)
class UserFile:
    """The section ``[Machine]`` of a user's ``.spynnaker.cfg``.

    Attributes
    ----------
    path
        The file.
    version
        The version of the board.
    address
        The value of the line that names the machine.
    lines
        The other lines; their names have neither capitals nor underscores.
    """

    path: Path
    version: int
    address: str
    lines: dict[str, str]


@dataclass(frozen=True)
class Machine(Part, ABC):
    """A place to run. The name of its module is the word for it in ``backend.machine``.

    ``options`` are further lines of sPyNNaker's section ``[Machine]``, from a configuration of the user's own.
    """

    version: int
    options: Mapping[str, str] = field(default_factory=dict, kw_only=True)

    group: ClassVar[str] = "backend.machine"
    package: ClassVar[str] = "varesearch.backends.spinnaker.machines"
    name: ClassVar[str]
    setting: ClassVar[str] = ""
    """The setting that holds its address; "" if it has none. ``backend.machine=auto`` takes it if that is set."""
    line: ClassVar[str] = ""
    """The line of a user's ``.spynnaker.cfg`` that names such a machine; "" if there is none."""
    simulates: ClassVar[bool] = True
    """False: it maps the network and runs nothing."""
    timing: ClassVar[str] = ""
    """What has to be known about the times that it reports; "" if nothing."""

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        cls.name = part_name(cls)

    @classmethod
    @abstractmethod
    def from_settings(cls, settings: SpinnakerSettings) -> "Machine":
        """The machine that the settings name. Raises ConfigurationError if they do not name one."""

    @classmethod
    def is_named_by(cls, value: str) -> bool:
        """Whether a user's file with this value of ``line`` ("" if it is not set) names such a machine."""
        return value != ""

    @classmethod
    def from_file(cls, file: UserFile) -> "Machine":
        """The machine that a user's file names by ``line``. Raises ConfigurationError."""
        raise NotImplementedError

    @classmethod
    def address_in(cls, settings: SpinnakerSettings) -> str:
        """The value of ``setting``. Raises ConfigurationError if it is not set."""
        address: str | None = getattr(settings, cls.setting)
        if not address:
            raise ConfigurationError(f"backend.machine={cls.name} with backend.{cls.setting}=null: give its address")
        return address

    @abstractmethod
    def configuration(self) -> dict[str, str]:
        """The lines of sPyNNaker's section ``[Machine]``. Never a password: the configuration is a file of the run."""

    @contextmanager
    def started(self, folder: Path, cache: Path | None, size: Size) -> Iterator["Machine"]:
        """The machine for one run, inside ``with``; most machines run already, one that is made for the run is started.

        Parameters
        ----------
        folder
            Where it may leave files of the run.
        cache
            Where it may keep files for later runs.
        size
            What the network needs.
        """
        yield self

    def overrun_s(self, wanted_s: int) -> int:
        """Seconds that the cores may run longer than planned before the run fails, if the settings ask for some."""
        return wanted_s

    def simulated_ms(self) -> float | None:
        """The machine's own clock while it runs; None if it cannot be asked."""
        return None

    def metrics(self) -> dict[str, float]:
        """What the machine itself has counted, after the run."""
        return {}

    def reported(self) -> list[tuple[int, str]]:
        """The machine's own log from the level WARNING on: level and text, in order."""
        return []

    def verdict(self, time_scale_factor: float) -> dict[str, str]:
        """What the machine can say about the time of the run on hardware, as tags, after the run."""
        return {}

    def environment(self) -> dict[str, str]:
        """Environment variables for sPyNNaker while it works, such as credentials."""
        return {}

    @abstractmethod
    def probe(self, timeout_s: float) -> None:
        """Ask the machine for an answer, with a timeout for each question. Raises BackendUnavailableError."""

    @abstractmethod
    def describe(self) -> str:
        """The machine in a few words, without credentials."""


def version_in(settings: SpinnakerSettings) -> int:
    """The version of the board that the settings ask for."""
    return settings.version or USUAL_VERSION
