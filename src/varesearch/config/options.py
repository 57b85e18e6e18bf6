"""The groups of the configuration and the options of each.

An option is a dataclass (a part, such as a cell) or a YAML file of ``conf/`` that sets other values than the defaults
of the dataclass; both may also come from the user's own folder.
"""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import varesearch
from varesearch.config.backend import BackendSettings
from varesearch.config.cell import Cell
from varesearch.config.errors import ConfigurationError
from varesearch.config.launching import Launcher, Sweeper
from varesearch.config.parts import own_files, parts
from varesearch.config.rule import Rule
from varesearch.config.scaling import ScaleConfig
from varesearch.config.schema import AnalysisConfig, RecordingConfig, SimulationConfig, TrackingConfig
from varesearch.config.stimulus import Stimulus
from varesearch.config.synapse_type import SynapseType
from varesearch.config.wording import echoed

GROUPS: dict[str, str] = {
    "experiment": "a preset of all the others",
    "cell": "the neuron model and its parameters",
    "connectivity": "sizes, wiring rule, weights and delays",
    "synapse": "how the weights of recurrent projections change",
    "stimulus": "what drives the network from outside",
    "backend": "the simulator",
    "scale": "the network in another size, its rates kept",
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
    "synapse": "type",
    "stimulus": "kind",
    "backend": "name",
    "launcher": "name",
    "sweeper": "name",
}
"""Group -> the key that says which option was chosen; it is not a setting of its own."""

_COMMAND = "varesearch run "


@dataclass(frozen=True)
class Option:
    """One option of a group: the file ``path``, or the dataclass ``schema``."""

    group: str
    name: str
    path: Path | None = None
    schema: type | None = None

    @property
    def about(self) -> str:
        """The first comment at the file's head that is not a command, or the first line of the docstring."""
        if self.path is None:
            return (inspect.getdoc(self.schema) or "").partition("\n")[0].replace("``", "")
        for line in self.path.read_text(encoding="utf-8", errors="replace").splitlines():
            if not line.startswith("#"):
                break
            comment = line.lstrip("#").strip()
            if comment and not comment.startswith((_COMMAND, "@")):
                return comment
        return ""


@cache
def schemas(config_dir: Path | None = None) -> Mapping[str, Mapping[str, type]]:
    """The dataclasses of all groups of settings, with the parts that the user's folder holds.

    Returns
    -------
    Mapping
        Group -> name of the option -> dataclass.

    Raises
    ------
    ConfigurationError
        A part cannot be used; see :func:`varesearch.config.parts.parts`.

    Examples
    --------
    >>> [name for name in schemas()["connectivity"] if name.startswith("fixed")]
    ['fixed_in_degree', 'fixed_probability', 'fixed_total_number']
    """
    return {
        "cell": parts(Cell, config_dir),
        "connectivity": parts(Rule, config_dir),
        "synapse": parts(SynapseType, config_dir),
        "stimulus": parts(Stimulus, config_dir),
        "backend": parts(BackendSettings, config_dir),
        "scale": {"default": ScaleConfig},
        "simulation": {"default": SimulationConfig},
        "recording": {"default": RecordingConfig},
        "analysis": {"default": AnalysisConfig},
        "tracking": {"default": TrackingConfig},
        "launcher": parts(Launcher, config_dir),
        "sweeper": parts(Sweeper, config_dir),
    }


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
    """Group -> name -> option, by name; those of ``config_dir`` (see :func:`check_config_dir`) included.

    Raises ConfigurationError for a part of the user's own that cannot be used.
    """
    found: dict[str, dict[str, Option]] = {group: {} for group in GROUPS}
    for group, known in schemas(config_dir).items():
        found[group] = {name: Option(group, name, schema=schema) for name, schema in known.items()}
    for folder in filter(None, (conf_folder(), config_dir)):
        for group in GROUPS:
            for path in (folder / group).glob("*.yaml"):
                found[group][path.stem] = Option(group, path.stem, path)
    return {group: dict(sorted(found[group].items())) for group in GROUPS}


def options_of(config_dir: Path | None) -> list[str]:
    """The arguments of a command that name the folder of the user's own options; [] without one."""
    return [] if config_dir is None else ["--config-dir", str(config_dir)]


def check_config_dir(config_dir: Path) -> None:
    """Raise ConfigurationError unless the folder adds options or parts and hides none of ours."""
    shown = echoed(str(config_dir))
    try:
        is_folder = config_dir.is_dir()
        added = [path for group in GROUPS for path in (config_dir / group).glob("*.yaml")]
        has_parts = bool(own_files(config_dir))
    except OSError as error:
        raise ConfigurationError(
            f"--config-dir {shown} cannot be read ({error.strerror}); name another folder"
        ) from None
    if not is_folder:
        raise ConfigurationError(
            f"--config-dir {shown} is not a folder: name one that holds GROUP/OPTION.yaml or NAME.py"
        )
    if not added and not has_parts:
        raise ConfigurationError(
            f"--config-dir {shown} holds no option: put files GROUP/OPTION.yaml or NAME.py there; the groups are "
            f"{', '.join(GROUPS)}"
        )
    ours = options()
    for group, known in schemas(config_dir).items():
        ours[group] |= {name: Option(group, name, schema=schema) for name, schema in known.items()}
    for path in added:
        if path.stem in ours[path.parent.name]:
            raise ConfigurationError(
                f"{path} has the name of an option that exists: rename it, {path.parent.name}={path.stem} is ambiguous"
            )
