"""From a resolved configuration, as a run keeps it, back to typed settings.

A record may come from somebody else. It must not decide where the user's credentials are sent: see
:class:`MachineChoice`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import yaml
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from varesearch.config.backend import BackendSettings
from varesearch.config.compose import typed_config
from varesearch.config.errors import ConfigurationError
from varesearch.config.options import DISCRIMINATORS, schemas
from varesearch.config.schema import Config
from varesearch.config.structure_data import DATA, place_parts
from varesearch.config.wording import echoed

_IF_LEFT_OUT = {"launcher": "basic", "sweeper": "grid", "synapse": "static"}
"""Groups that a record may lack, and the options that stand in: only a sweep uses the first two, and runs of earlier
versions had static synapses."""


def restore(resolved: Mapping[str, Any], own: bool = False, config_dir: Path | None = None) -> Config:
    """Return the settings that ``resolved`` was written from.

    Parameters
    ----------
    resolved
        The configuration as stored with a run.
    own
        Whether the configuration is the user's own. A stored run may come from somebody else; therefore, by default,
        the addresses in it (of the tracking store and of machines) are removed, as if they had not been set.
    config_dir
        The folder of the user's own parts, from the user's command line; the stored run never names one.

    Raises
    ------
    ConfigurationError
        This version cannot read it.

    Examples
    --------
    >>> from varesearch.config.compose import compose
    >>> kept = compose(["cell=if_curr_exp", "tracking.uri=http://host:5000"]).resolved
    >>> restore(kept).cell.model, restore(kept).tracking.uri
    ('if_curr_exp', None)
    """
    node = OmegaConf.structured(Config)
    data = {name: resolved.get(name) or {} for name in DATA}  # a run from before they existed has none

    def part_node(group: str, option: str, _where: str) -> DictConfig:
        return OmegaConf.structured(_schema(group, {DISCRIMINATORS[group]: option}, config_dir))

    try:
        for group, key in DISCRIMINATORS.items():
            left_out = group in _IF_LEFT_OUT and group not in resolved
            settings = {key: _IF_LEFT_OUT[group]} if left_out else resolved[group]
            node[group] = _schema(group, settings, config_dir)
        settings = {name: value for name, value in resolved.items() if name not in DATA}
        node = cast(DictConfig, OmegaConf.merge(node, OmegaConf.create(settings)))
        place_parts(node, data, part_node, {})
        config = typed_config(node, config_dir)
    except (KeyError, TypeError, OmegaConfBaseException) as error:
        raise _does_not_fit("configuration", error) from None
    return config if own else _without_addresses(config)


def restored_backend(resolved: Mapping[str, Any], config_dir: Path | None = None) -> BackendSettings:
    """Return the settings of the back end alone, with addresses. Raises ConfigurationError if they cannot be read."""
    try:
        schema = _schema("backend", resolved["backend"], config_dir)
        settings = OmegaConf.create(dict(resolved["backend"]))
        return cast(BackendSettings, OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(schema), settings)))
    except (KeyError, TypeError, OmegaConfBaseException) as error:
        raise _does_not_fit("back end's settings", error) from None


def _schema(group: str, settings: Mapping[str, Any], config_dir: Path | None = None) -> type:
    """The dataclass of the option that stored settings of a group belong to."""
    name, known = settings[DISCRIMINATORS[group]], schemas(config_dir)[group]
    if isinstance(name, str) and name not in known:
        raise ConfigurationError(
            f"{group}={echoed(name)} is unknown here; if it is a part of your own, name the folder that holds it by "
            "--config-dir, else the run was made by another version of varesearch"
        )
    return known[name]


def _does_not_fit(what: str, error: Exception) -> ConfigurationError:
    reason = str(error).splitlines()[0]
    return ConfigurationError(f"the {what} of the run does not fit this version of varesearch: {reason}")


def _without_addresses(config: Config) -> Config:
    parts = {name: getattr(config, name) for name in ("backend", "launcher", "tracking")}
    return replace(
        config,
        **{name: replace(part, **dict.fromkeys(part.addresses)) for name, part in parts.items()},
    )


def addresses_of(backend: BackendSettings) -> dict[str, str]:
    """The settings of a back end that name another machine and are set: key -> value."""
    found = {f"backend.{name}": getattr(backend, name) for name in backend.addresses}
    return {key: str(value) for key, value in found.items() if value is not None}


@dataclass(frozen=True)
class MachineChoice:
    """The user's choice of the machine on which a recorded run is simulated again.

    Parameters
    ----------
    settings
        ``backend.KEY=VALUE`` of the user who does so: ``backend.machine`` or an address. They replace all addresses of
        the record.
    from_record
        Whether the addresses of the record are used.
    """

    settings: tuple[str, ...] = ()
    from_record: bool = False

    def arguments(self) -> tuple[str, ...]:
        """Return the arguments of the command line that make this choice."""
        return (*self.settings, *(["--machine-from-record"] if self.from_record else []))

    def applied_to(self, resolved: Mapping[str, Any], config_dir: Path | None = None) -> dict[str, Any]:
        """Return the configuration of a record with this machine; ``config_dir`` is the folder of the user's own parts.

        Raises ConfigurationError, with the address, if the record names an address that the user did not ask for.
        """
        backend = restored_backend(resolved, config_dir)
        named = addresses_of(backend)
        if self.settings:
            if self.from_record:
                raise ConfigurationError(f"--machine-from-record and {self.settings[0]}: give only one of them")
            own = _read(self.settings, backend.addresses)
            kept = {key: value for key, value in resolved["backend"].items() if key not in backend.addresses}
            return {**resolved, "backend": {**kept, **own}}
        if named and not self.from_record:
            raise ConfigurationError(
                f"the record names another machine ({', '.join(f'{key}={value}' for key, value in named.items())}): "
                "add --machine-from-record to connect to it with your credentials, or choose a machine of your own "
                "with backend.machine=..."
            )
        return dict(resolved)


OWN_MACHINE = MachineChoice()
"""No address of the record is used."""


def _read(settings: tuple[str, ...], addresses: tuple[str, ...]) -> dict[str, Any]:
    allowed = [f"backend.{name}" for name in ("machine", *addresses)] if addresses else []
    own = {}
    for word in settings:
        key, equals, value = word.partition("=")
        if not equals or key not in allowed:
            can = f"only {', '.join(allowed)}" if allowed else "no setting"
            raise ConfigurationError(f"{word}: {can} of a recorded run can be changed; start another run instead")
        try:
            own[key.removeprefix("backend.")] = yaml.safe_load(value)
        except yaml.YAMLError:
            own[key.removeprefix("backend.")] = value
    return own
