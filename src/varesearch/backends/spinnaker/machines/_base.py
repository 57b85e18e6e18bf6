"""What a machine is: its lines of sPyNNaker's configuration, a probe, and a context in which it exists."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit, urlunsplit

from varesearch.config.errors import ConfigurationError
from varesearch.config.outside import is_readable_on_the_way


@dataclass(frozen=True)
class Size:
    """What a network needs of a machine, at least: cores, and memory in MB of 10^6 bytes."""

    cores: int
    sdram_mb: float


@dataclass(frozen=True)
class Machine(ABC):
    """A place to run.

    ``options`` are further lines of sPyNNaker's section ``[Machine]``, from a configuration of the user's own.
    """

    version: int
    options: Mapping[str, str] = field(default_factory=dict, kw_only=True)

    name: ClassVar[str]
    simulates: ClassVar[bool] = True
    """False: it maps the network and runs nothing."""

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

    def patience_s(self, wanted_s: int) -> int:
        """Seconds that the cores may overstay the run, given what the settings want."""
        return wanted_s

    def simulated_ms(self) -> float | None:
        """The machine's own clock while it runs; None where it cannot be asked."""
        return None

    def metrics(self) -> dict[str, float]:
        """What the machine itself has counted, after the run."""
        return {}

    def reported(self) -> list[tuple[int, str]]:
        """What the machine's own log holds at the levels WARNING and above: level and text, in order."""
        return []

    def verdict(self, time_scale_factor: float) -> dict[str, str]:
        """What the machine can say of the run's time on hardware, as tags, after the run."""
        return {}

    def environment(self) -> dict[str, str]:
        """Environment variables that sPyNNaker is to see while it works; credentials travel here."""
        return {}

    @abstractmethod
    def probe(self, timeout_s: float) -> None:
        """Ask whether it is there, waiting for each answer ``timeout_s``. Raises BackendUnavailableError."""

    @abstractmethod
    def describe(self) -> str:
        """The machine in a few words, without credentials."""


@dataclass(frozen=True)
class Credentials:
    """User and password for spalloc; the representation shows neither."""

    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    def __bool__(self) -> bool:
        return self.user is not None or self.password is not None


def is_url(address: str) -> bool:
    """Is it an http(s) address, as against a bare host?"""
    return re.match(r"https?://", address, re.IGNORECASE) is not None


def split_credentials(address: str) -> tuple[str, Credentials]:
    """An address without its ``user:password@``, and those."""
    if not is_url(address):
        return address, Credentials()
    parts = urlsplit(address)
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    return bare, Credentials(parts.username, parts.password)


def refuse_credentials(setting: str, address: str) -> None:
    """Raise ConfigurationError, without repeating them, if there are credentials in an address of the settings."""
    if "@" in (urlsplit(address).netloc if is_url(address) else address):
        raise ConfigurationError(
            f"{setting} holds a user or password: take them out and set the environment variables "
            "SPALLOC_USER and SPALLOC_PASSWORD (or OIDC_BEARER_TOKEN)"
        )


def refuse_plain_http(setting: str, address: str, secret: str) -> None:
    """Raise ConfigurationError if a secret would be sent to an address over an unencrypted network connection."""
    if is_readable_on_the_way(address):
        raise ConfigurationError(
            f"{setting}={address}: {secret} would be sent unencrypted; use https:// (http:// is for this machine only)"
        )


def host_and_port(address: str, default_port: int, setting: str) -> tuple[str, int]:
    """``host[:port]`` split. Raises ConfigurationError for a port that is none."""
    host, colon, port = address.partition(":")
    if not colon:
        return address, default_port
    if not port.isdecimal() or not 0 < int(port) < 65536 or not host:
        raise ConfigurationError(f"{setting}={address}: wanted host or host:port with a port from 1 to 65535")
    return host, int(port)
