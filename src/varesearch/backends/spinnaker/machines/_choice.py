"""From the settings to one machine.

``auto``: what our settings name, else what the user's ``.spynnaker.cfg`` names, else the software board.
"""

import os
from collections.abc import Callable
from configparser import ConfigParser, Error
from pathlib import Path

from varesearch.backends.spinnaker.machines.base import (
    Machine,
    host_and_port,
    is_url,
    refuse_credentials,
    refuse_plain_http,
    split_credentials,
)
from varesearch.backends.spinnaker.machines.board import Board
from varesearch.backends.spinnaker.machines.mapping import Mapping
from varesearch.backends.spinnaker.machines.remote import Remote
from varesearch.backends.spinnaker.machines.software import MISSING, Software, is_built
from varesearch.backends.spinnaker.machines.spalloc import OLD_PORT, NewSpalloc, OldSpalloc, user_of
from varesearch.config.errors import ConfigurationError
from varesearch.config.schema import SpinnakerBackend

FILE_NAME = ".spynnaker.cfg"
VERSIONS = (3, 5)
_USUAL_VERSION = 5
_LOGIN = "the user and password, or the token, of spalloc"


def choose_machine(settings: SpinnakerBackend) -> Machine:
    """The machine that the settings mean. Raises ConfigurationError for settings that name none, or none that is."""
    if settings.version is not None and settings.version not in VERSIONS:
        raise ConfigurationError(f"backend.version={settings.version}: allowed are 3 (4 chips), 5 (48 chips) and null")
    if settings.machine not in MACHINES:
        raise ConfigurationError(f"backend.machine={settings.machine}: allowed are {', '.join(MACHINES)}")
    return MACHINES[settings.machine](settings)


def _board(settings: SpinnakerBackend) -> Machine:
    if not settings.machine_name:
        raise _missing("board", "machine_name", "the board's address")
    return Board(_version(settings), settings.machine_name)


def _spalloc(settings: SpinnakerBackend) -> Machine:
    if not settings.spalloc_server:
        raise _missing("spalloc", "spalloc_server", "the server's address")
    refuse_credentials("backend.spalloc_server", settings.spalloc_server)
    if is_url(settings.spalloc_server):
        refuse_plain_http("backend.spalloc_server", settings.spalloc_server, _LOGIN)
        return NewSpalloc(_version(settings), settings.spalloc_server)
    host, port = host_and_port(settings.spalloc_server, OLD_PORT, "backend.spalloc_server")
    return OldSpalloc(_version(settings), host, port, user_of(settings.spalloc_user))


def _remote(settings: SpinnakerBackend) -> Machine:
    if not settings.remote_url:
        raise _missing("remote", "remote_url", "the service's address")
    refuse_credentials("backend.remote_url", settings.remote_url)
    if not is_url(settings.remote_url):
        raise ConfigurationError(f"backend.remote_url={settings.remote_url}: wanted an http(s) address")
    return Remote(_version(settings), settings.remote_url)


def _mapping(settings: SpinnakerBackend) -> Machine:
    return Mapping(_version(settings))


def _software(settings: SpinnakerBackend) -> Machine:
    return Software(_version(settings), threads=settings.threads, smallest=settings.version is None)


def _version(settings: SpinnakerBackend) -> int:
    return settings.version or _USUAL_VERSION


def _auto(settings: SpinnakerBackend) -> Machine:
    named = {
        "machine_name": (settings.machine_name, _board),
        "spalloc_server": (settings.spalloc_server, _spalloc),
        "remote_url": (settings.remote_url, _remote),
    }
    given = [setting for setting, (value, _) in named.items() if value]
    if len(given) > 1:
        raise ConfigurationError(
            f"backend.machine=auto with {' and '.join(f'backend.{setting}' for setting in given)}: name one, "
            "or say which by backend.machine=board, spalloc or remote"
        )
    if given:
        return named[given[0]][1](settings)
    for path in user_files():
        machine = from_file(path)
        if machine is not None:
            return machine
    if is_built():
        return _software(settings)
    raise ConfigurationError(
        f"backend.machine=auto: no SpiNNaker machine is configured, and {MISSING}; or give "
        "backend.machine_name=ADDRESS for a board, "
        "backend.spalloc_server=ADDRESS or backend.remote_url=ADDRESS for one that is lent, or "
        "backend.machine=mapping to map the network without a machine"
    )


MACHINES: dict[str, Callable[[SpinnakerBackend], Machine]] = {
    "auto": _auto,
    "board": _board,
    "spalloc": _spalloc,
    "remote": _remote,
    "software": _software,
    "mapping": _mapping,
}
"""``backend.machine`` -> the machine from the settings."""


def user_files() -> list[Path]:
    """The user's own configurations of sPyNNaker that exist, in the order in which sPyNNaker looks for them."""
    home = Path("~").expanduser()
    folders = [
        *(Path(folder) for folder in os.environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":")[:1]),
        Path(os.environ.get("XDG_CONFIG_HOME", home / ".config")),
        home,
    ]
    return [folder / FILE_NAME for folder in folders if (folder / FILE_NAME).is_file()]


def from_file(path: Path) -> Machine | None:
    """The machine that a ``.spynnaker.cfg`` names, or None if it names none. Raises ConfigurationError.

    Its other lines of ``[Machine]`` are kept; the credentials that an address may hold go by the environment.
    """
    lines = _machine_lines(path)
    version = int(lines.pop("version", "5")) if lines.get("version", "5").isdecimal() else 5
    board = lines.pop("machine_name", None)
    server = lines.pop("spalloc_server", None)
    remote = lines.pop("remote_spinnaker_url", None)
    virtual = lines.pop("virtual_board", "false").lower() in {"true", "yes", "on", "1"}
    if board:
        return Board(version, board, options=lines)
    if server and is_url(server):
        bare, credentials = split_credentials(server)
        refuse_plain_http(f"spalloc_server of {path}", bare, _LOGIN)
        return NewSpalloc(version, bare, credentials, options=lines)
    if server:
        port = lines.pop("spalloc_port", str(OLD_PORT))
        address = server if ":" in server else f"{server}:{port}"
        host, port = host_and_port(address, OLD_PORT, f"spalloc_server of {path}")
        return OldSpalloc(version, host, port, user_of(lines.pop("spalloc_user", None)), options=lines)
    if remote:
        if split_credentials(remote)[1]:
            raise ConfigurationError(
                f"remote_spinnaker_url of {path} contains a user name or password, which would be written to a file of "
                "the run for sPyNNaker; remove them"
            )
        return Remote(version, remote, options=lines)
    return Mapping(version, options=lines) if virtual else None


def _machine_lines(path: Path) -> dict[str, str]:
    """The set lines of ``[Machine]``, the file it points to included (its names: underscores and case are free)."""
    parser = ConfigParser(interpolation=None, strict=False)
    parser.optionxform = _plain  # type: ignore[method-assign]
    try:
        parser.read(path, encoding="utf-8")
        pointed = parser.get("Machine", "machinespecfile", fallback="None")
        if pointed != "None":
            parser.read(pointed, encoding="utf-8")
    except (Error, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: not a configuration of sPyNNaker ({str(error).splitlines()[0]})") from error
    if not parser.has_section("Machine"):
        return {}
    known = {_plain(name): name for name in _NAMES}
    return {
        known.get(option, option): value
        for option, value in parser.items("Machine")
        if value and value != "None" and option != "machinespecfile"
    }


_NAMES = (
    "machine_name", "version", "spalloc_server", "spalloc_port", "spalloc_user", "remote_spinnaker_url", "virtual_board"
)  # fmt: skip


def _plain(option: str) -> str:
    return option.replace("_", "").lower()


def _missing(machine: str, setting: str, what: str) -> ConfigurationError:
    return ConfigurationError(f"backend.machine={machine} with backend.{setting}=null: give {what}")
