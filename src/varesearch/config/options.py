"""The groups of the configuration and the options of each: the YAML files of ``conf/`` and of a user's own folder."""

from dataclasses import dataclass
from pathlib import Path

import varesearch
from varesearch.config.errors import ConfigurationError
from varesearch.config.wording import echoed

GROUPS: dict[str, str] = {
    "experiment": "a preset of all the others",
    "cell": "the neuron model and its parameters",
    "connectivity": "sizes, wiring rule, weights and delays",
    "stimulus": "what drives the network from outside",
    "backend": "the simulator",
    "simulation": "how long and how finely",
    "recording": "what is kept",
    "analysis": "how the recording is read",
    "tracking": "where the run is kept",
    "launcher": "where the runs of a sweep are done",
    "sweeper": "which runs a sweep makes",
}
"""Group -> what it chooses, in the order in which help shows them."""

DISCRIMINATORS = {
    "cell": "model",
    "connectivity": "rule",
    "stimulus": "kind",
    "backend": "name",
    "launcher": "name",
    "sweeper": "name",
}
"""Group -> the key that says which option was chosen; it is not a setting of its own."""

_COMMAND = "python -m varesearch"


@dataclass(frozen=True)
class Option:
    """One option of a group: the file ``path``."""

    group: str
    name: str
    path: Path

    @property
    def about(self) -> str:
        """The first comment at the file's head that is not a command; empty if there is none."""
        for line in self.path.read_text(encoding="utf-8", errors="replace").splitlines():
            if not line.startswith("#"):
                break
            comment = line.lstrip("#").strip()
            if comment and not comment.startswith((_COMMAND, "@")):
                return comment
        return ""


def conf_folder() -> Path:
    """The folder of the options: inside the package (in a checkout, a symbolic link to ``conf`` at its top).

    Without the link, as on a file system that has no links, it is ``conf`` at the top of the checkout.

    Raises FileNotFoundError for a broken installation.
    """
    package = Path(varesearch.__file__).resolve().parent
    for folder in (package / "conf", package.parents[1] / "conf"):
        if (folder / "config.yaml").is_file():
            return folder
    raise FileNotFoundError(f"varesearch is not installed completely: {package / 'conf' / 'config.yaml'} is missing")


def options(config_dir: Path | None = None) -> dict[str, dict[str, Option]]:
    """Group -> name -> option, by name; those of ``config_dir`` (see :func:`check_config_dir`) included."""
    found: dict[str, dict[str, Option]] = {group: {} for group in GROUPS}
    for folder in filter(None, (conf_folder(), config_dir)):
        for group in GROUPS:
            for path in sorted((folder / group).glob("*.yaml")):
                found[group][path.stem] = Option(group, path.stem, path)
    return found


def options_of(config_dir: Path | None) -> list[str]:
    """The arguments of a command that name the folder of the user's own options; [] without one."""
    return [] if config_dir is None else ["--config-dir", str(config_dir)]


def check_config_dir(config_dir: Path) -> None:
    """Raise ConfigurationError unless the folder adds options to known groups and hides none of ours."""
    shown = echoed(str(config_dir))
    try:
        is_folder = config_dir.is_dir()
        added = [path for group in GROUPS for path in (config_dir / group).glob("*.yaml")]
    except OSError as error:
        raise ConfigurationError(
            f"--config-dir {shown} cannot be read ({error.strerror}); name another folder"
        ) from None
    if not is_folder:
        raise ConfigurationError(f"--config-dir {shown} is not a folder: name one that holds GROUP/OPTION.yaml")
    if not added:
        raise ConfigurationError(
            f"--config-dir {shown} holds no option: put files GROUP/OPTION.yaml there; the groups are "
            f"{', '.join(GROUPS)}"
        )
    ours = options()
    for path in added:
        if path.stem in ours[path.parent.name]:
            raise ConfigurationError(
                f"{path} has the name of an option that exists: rename it, {path.parent.name}={path.stem} is ambiguous"
            )
