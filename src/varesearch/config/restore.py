"""From a resolved configuration, as a run keeps it, back to typed settings."""

from collections.abc import Mapping
from typing import Any, cast

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from varesearch.config.errors import ConfigurationError
from varesearch.config.schema import Config
from varesearch.config.store import SCHEMAS

_NAMED_BY = {"cell": "model", "connectivity": "rule", "stimulus": "kind", "backend": "name"}


def restore(resolved: Mapping[str, Any]) -> Config:
    """The settings that ``resolved`` was written from. Raises ConfigurationError if this version cannot read it."""
    node = OmegaConf.structured(Config)
    try:
        for group, key in _NAMED_BY.items():
            node[group] = OmegaConf.structured(SCHEMAS[group][resolved[group][key]])
        return cast(Config, OmegaConf.to_object(OmegaConf.merge(node, OmegaConf.create(dict(resolved)))))
    except (KeyError, TypeError, OmegaConfBaseException) as error:
        raise ConfigurationError(
            f"the configuration of the run does not fit this version of varesearch: {str(error).splitlines()[0]}"
        ) from None
