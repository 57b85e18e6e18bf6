"""From the settings to one machine.

``auto``: what our settings name, else what the user's ``.spynnaker.cfg`` names, else the software board.
"""

import os
from configparser import ConfigParser, Error
from pathlib import Path

from varesearch.backends.spinnaker import SpinnakerSettings
from varesearch.backends.spinnaker.machines._base import USUAL_VERSION, Machine, UserFile
from varesearch.backends.spinnaker.machines.software import MISSING, Software, is_built
from varesearch.config.errors import ConfigurationError
from varesearch.config.parts import parts

AUTO = "auto"
FILE_NAME = ".spynnaker.cfg"
VERSIONS = (3, 5)


def choose_machine(settings: SpinnakerSettings) -> Machine:
    """The machine that the settings name. Raises ConfigurationError if they name none, or one that does not exist.

    Examples
    --------
    >>> choose_machine(SpinnakerSettings(machine="mapping", version=3)).describe()
    'mapping only (virtual machine of version 3)'
    """
    if settings.version is not None and settings.version not in VERSIONS:
        raise ConfigurationError(f"backend.version={settings.version}: allowed are 3 (4 chips), 5 (48 chips) and null")
    kinds = parts(Machine)
    if settings.machine == AUTO:
        return _found(settings)
    if settings.machine not in kinds:
        raise ConfigurationError(f"backend.machine={settings.machine}: allowed are {', '.join((AUTO, *kinds))}")
    return kinds[settings.machine].from_settings(settings)


def _found(settings: SpinnakerSettings) -> Machine:
    addressed = [kind for kind in parts(Machine).values() if kind.setting]
    given = [kind for kind in addressed if getattr(settings, kind.setting)]
    if len(given) > 1:
        raise ConfigurationError(
            f"backend.machine={AUTO} with {' and '.join(f'backend.{kind.setting}' for kind in given)}: set only one of "
            f"them, or choose by backend.machine={' or '.join(kind.name for kind in given)}"
        )
    if given:
        return given[0].from_settings(settings)
    for path in user_files():
        machine = from_file(path)
        if machine is not None:
            return machine
    if is_built():
        return Software.from_settings(settings)
    ways = ", ".join(f"backend.{kind.setting}=ADDRESS" for kind in addressed)
    raise ConfigurationError(
        f"backend.machine={AUTO}: no SpiNNaker machine is configured, and {MISSING}; or give the address of a machine "
        f"({ways}), or choose backend.machine=mapping to map the network without a machine"
    )


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
    """The machine that a ``.spynnaker.cfg`` names, or None if it names none.

    Its other lines of ``[Machine]`` are kept. Raises ConfigurationError if it names several, or cannot be read.
    """
    lines = _machine_lines(path)
    kinds = [kind for kind in parts(Machine).values() if kind.is_named_by(lines.get(_plain(kind.line), ""))]
    if len(kinds) > 1:
        names = " and ".join(kind.line for kind in kinds)
        raise ConfigurationError(f"{path} names several machines, by {names}; keep one of these lines")
    version = lines.pop("version", "")
    if not kinds:
        return None
    address = lines.pop(_plain(kinds[0].line))
    number = int(version) if version.isdecimal() else USUAL_VERSION
    return kinds[0].from_file(UserFile(path, number, address, lines))


def _machine_lines(path: Path) -> dict[str, str]:
    """The lines of ``[Machine]`` that are set, with those of the file that it may point to.

    sPyNNaker ignores case and underscores in their names; here they have neither.
    """
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
    lines = {option: value for option, value in parser.items("Machine") if value and value != "None"}
    lines.pop("machinespecfile", None)
    return lines


def _plain(option: str) -> str:
    return option.replace("_", "").lower()
