"""From overrides to typed settings, with Hydra's groups, grammar and merging, but nothing of its working folders."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from varesearch.config.errors import ConfigurationError
from varesearch.config.merging import hint_on_schema, merge_options
from varesearch.config.options import DISCRIMINATORS, check_config_dir, options
from varesearch.config.overrides import apply_values, parse_overrides
from varesearch.config.schema import Config


@dataclass(frozen=True)
class Composed:
    """A composed configuration, not yet validated.

    ``config`` are the typed settings; ``resolved`` the same as plain dicts and lists, every relation worked out;
    ``overrides`` what was given; ``choices`` the option of each group (``experiment``: None without a preset).
    """

    config: Config
    resolved: dict[str, Any]
    overrides: tuple[str, ...]
    choices: dict[str, str | None]


def compose(overrides: Sequence[str] = (), config_dir: Path | None = None) -> Composed:
    """Compose the default configuration with ``overrides`` and, from ``config_dir``, a user's own options.

    Raises ConfigurationError, one line, for whatever cannot be read, is unknown or has the wrong type.
    """
    if config_dir is not None:
        check_config_dir(config_dir)
    given = parse_overrides(overrides, options(config_dir))
    OmegaConf.register_new_resolver("product", _product, replace=True)
    node, choices = merge_options(given.choices, config_dir)
    apply_values(node, given.values, choices)
    for group, key in DISCRIMINATORS.items():
        if OmegaConf.is_missing(node[group], key):
            raise ConfigurationError(f"{group}={choices[group]} names no {key}{hint_on_schema(node[group], '', group)}")
    try:
        resolved = cast(dict[str, Any], OmegaConf.to_container(node, resolve=True))
        config = cast(Config, OmegaConf.to_object(node))
    except OmegaConfBaseException as error:
        raise ConfigurationError(
            f"{error.full_key or 'a relation'} cannot be worked out: {str(error).strip().splitlines()[0]}"
        ) from None
    return Composed(config, resolved, tuple(overrides), choices)


def _product(*factors: Any) -> float:
    """``${product:0.2,${cell.i_offset}}``: a weight in proportion to another setting."""
    return math.prod(float(factor) for factor in factors)
