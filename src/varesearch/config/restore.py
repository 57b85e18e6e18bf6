"""From a resolved configuration, as a run keeps it, back to typed settings."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from varesearch.config.errors import ConfigurationError
from varesearch.config.options import DISCRIMINATORS, schemas
from varesearch.config.schema import BackendConfig, Config
from varesearch.config.wording import echoed

_LATER = {"launcher": "basic", "sweeper": "grid"}
"""Groups that came later, and what stands in where a run was kept without them."""


def restore(resolved: Mapping[str, Any], own: bool = False, config_dir: Path | None = None) -> Config:
    """The settings that ``resolved`` was written from.

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
    """
    node = OmegaConf.structured(Config)
    try:
        for group, key in DISCRIMINATORS.items():
            name = _LATER[group] if group in _LATER and group not in resolved else resolved[group][key]
            if isinstance(name, str) and name not in schemas(config_dir)[group]:
                raise ConfigurationError(
                    f"{group}={echoed(name)} is unknown here; if it is a part of your own, name the folder that holds "
                    f"it by --config-dir, else the run was made by another version of varesearch"
                )
            node[group] = OmegaConf.structured(schemas(config_dir)[group][name])
        config = cast(Config, OmegaConf.to_object(OmegaConf.merge(node, OmegaConf.create(dict(resolved)))))
    except (KeyError, TypeError, OmegaConfBaseException) as error:
        raise ConfigurationError(
            f"the configuration of the run does not fit this version of varesearch: {str(error).splitlines()[0]}"
        ) from None
    return config if own else _without_addresses(config)


def restored_backend(resolved: Mapping[str, Any]) -> BackendConfig:
    """The settings of the back end alone, addresses included. Raises ConfigurationError if they cannot be read."""
    settings = dict(resolved["backend"])
    name = str(settings.get(DISCRIMINATORS["backend"]))
    if name not in schemas()["backend"]:
        raise ConfigurationError(f"backend={echoed(name)} of the run is unknown to this version of varesearch")
    try:
        node = OmegaConf.merge(OmegaConf.structured(schemas()["backend"][name]), OmegaConf.create(settings))
        return cast(BackendConfig, OmegaConf.to_object(node))
    except (TypeError, OmegaConfBaseException) as error:
        raise ConfigurationError(
            f"the back end's settings of the run do not fit this version of varesearch: {str(error).splitlines()[0]}"
        ) from None


def _without_addresses(config: Config) -> Config:
    parts = {name: getattr(config, name) for name in ("backend", "launcher", "tracking")}
    return dataclasses.replace(
        config,
        **{name: dataclasses.replace(part, **dict.fromkeys(part.addresses)) for name, part in parts.items()},
    )
