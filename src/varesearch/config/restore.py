"""From a resolved configuration, as a run keeps it, back to typed settings."""

import dataclasses
from collections.abc import Mapping
from typing import Any, cast

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from varesearch.config.errors import ConfigurationError
from varesearch.config.options import DISCRIMINATORS
from varesearch.config.schema import Config
from varesearch.config.store import SCHEMAS

_LATER = {"launcher": "basic", "sweeper": "grid"}
"""Groups that came later, and what stands in where a run was kept without them."""


def restore(resolved: Mapping[str, Any], own: bool = False) -> Config:
    """The settings that ``resolved`` was written from.

    Parameters
    ----------
    resolved
        The configuration as stored with a run.
    own
        Whether the configuration is the user's own. A stored run may come from somebody else; therefore, by default,
        the addresses in it (of the tracking store and of machines) are removed, as if they had not been set.

    Raises
    ------
    ConfigurationError
        This version cannot read it.
    """
    node = OmegaConf.structured(Config)
    try:
        for group, key in DISCRIMINATORS.items():
            name = _LATER[group] if group in _LATER and group not in resolved else resolved[group][key]
            node[group] = OmegaConf.structured(SCHEMAS[group][name])
        config = cast(Config, OmegaConf.to_object(OmegaConf.merge(node, OmegaConf.create(dict(resolved)))))
    except (KeyError, TypeError, OmegaConfBaseException) as error:
        raise ConfigurationError(
            f"the configuration of the run does not fit this version of varesearch: {str(error).splitlines()[0]}"
        ) from None
    return config if own else _without_addresses(config)


def _without_addresses(config: Config) -> Config:
    parts = {name: getattr(config, name) for name in ("backend", "launcher", "tracking")}
    return dataclasses.replace(
        config,
        **{name: dataclasses.replace(part, **dict.fromkeys(part.addresses)) for name, part in parts.items()},
    )
