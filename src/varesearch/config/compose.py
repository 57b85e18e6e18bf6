"""From overrides to typed settings, with Hydra's groups, grammar and merging, but nothing of its working folders.

:func:`compose` uses Hydra's loader rather than ``hydra.main`` (which makes folders and sets up logging before a setting
has been looked at) or ``hydra.compose`` (which needs, and leaves, process-wide state).
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml
from hydra import version
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_repository import IConfigRepository
from hydra._internal.config_search_path_impl import ConfigSearchPathImpl
from hydra.core.default_element import ResultDefault
from hydra.core.plugins import Plugins
from hydra.errors import HydraException, MissingConfigException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, flag_override, open_dict
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException

from varesearch.config.errors import ConfigurationError
from varesearch.config.options import DISCRIMINATORS, GROUPS, check_config_dir, conf_folder, options
from varesearch.config.overrides import apply_values, check_key, parse_overrides
from varesearch.config.schema import Config
from varesearch.config.store import SCHEMAS, register_schemas

_EXPERIMENT = "experiment@_global_"
"""The group as ``conf/config.yaml`` names it: a preset sets keys of every group."""


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
    with _hydra_behaviour():
        node, choices = _load(given.choices, config_dir)
    apply_values(node, given.values, choices)
    for group, key in DISCRIMINATORS.items():
        if OmegaConf.is_missing(node[group], key):
            raise ConfigurationError(
                f"{group}={choices[group]} names no {key}{_hint_on_schema(node[group], '', group)}"
            )
    try:
        resolved = cast(dict[str, Any], OmegaConf.to_container(node, resolve=True))
        config = cast(Config, OmegaConf.to_object(node))
    except OmegaConfBaseException as error:
        raise ConfigurationError(
            f"{error.full_key or 'a relation'} cannot be worked out: {_first_line(error)}"
        ) from None
    return Composed(config, resolved, tuple(overrides), choices)


@contextmanager
def _hydra_behaviour() -> Iterator[None]:
    """Hydra 1.3's own behaviour inside, whatever the process chose for itself outside."""
    before = version.VersionBase.instance().version_base
    version.setbase("1.3")
    try:
        yield
    finally:
        version.VersionBase.instance().version_base = before


def _load(chosen: dict[str, str | None], config_dir: Path | None) -> tuple[DictConfig, dict[str, str | None]]:
    """The merged YAML files over their schemas, and the option of each group."""
    register_schemas()
    OmegaConf.register_new_resolver("product", _product, replace=True)
    Plugins.instance()  # makes Hydra's kinds of search path known
    search = ConfigSearchPathImpl()
    search.append("hydra", "pkg://hydra.conf")
    search.append("main", f"file://{conf_folder()}")
    if config_dir is not None:
        search.append("user", f"file://{config_dir.resolve()}")
    search.append("schema", "structured://")
    words = [f"{_EXPERIMENT if g == 'experiment' else g}={o}" for g, o in chosen.items() if o or g != "experiment"]
    try:
        node = _Loader(search).load_configuration("config", words, RunMode.RUN, from_shell=False)
    except yaml.YAMLError as error:
        raise ConfigurationError(f"an option is not valid YAML: {_one_line(error)}") from None
    except MissingConfigException as error:
        # Hydra adds its search path, line by line.
        raise ConfigurationError(str(error).partition("\n")[0].strip() + " Is the name misspelt?") from None
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigurationError(f"the options do not fit together: {_one_line(error)}") from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"an option in {config_dir} is not UTF-8 text: {error}") from None
    known = dict(node.hydra.runtime.choices)
    choices = {group: known.get(_EXPERIMENT if group == "experiment" else group) for group in GROUPS}
    with open_dict(node):
        del node["hydra"]
    return node, choices


class _Loader(ConfigLoaderImpl):
    """Hydra's loader, but a distribution replaces the one it overrides.

    Merged key by key, as Hydra merges, ``{distribution: normal, mean: 0, std: 1}`` over a uniform one would keep its
    ``low`` and ``high``, and so be cut to them without a word.
    """

    def _compose_config_from_defaults_list(self, defaults: list[ResultDefault], repo: IConfigRepository) -> DictConfig:
        merged = OmegaConf.create()
        with flag_override(merged, "no_deepcopy_set_nodes", True):
            for default in defaults:
                added = self._load_single_config(default=default, repo=repo).config
                _make_room(merged, added)
                try:
                    merged.merge_with(added)
                except OmegaConfBaseException as error:
                    raise ConfigurationError(_misfit(merged, default, error)) from None
        return merged


def _make_room(merged: DictConfig, added: Any) -> None:
    """Empty the keys of ``merged`` for which ``added`` brings a distribution."""
    for key in added:
        if key not in merged or _is_value(added, key) or _is_value(merged, key):
            continue
        if "distribution" in added[key]:
            merged[key] = None
        else:
            _make_room(merged[key], added[key])


def _is_value(node: DictConfig, key: Any) -> bool:
    return OmegaConf.is_missing(node, key) or OmegaConf.is_interpolation(node, key) or not OmegaConf.is_dict(node[key])


def _misfit(merged: DictConfig, default: ResultDefault, error: OmegaConfBaseException) -> str:
    """What is wrong with an option's file: a key that does not exist, or a value of another type."""
    where = f"{default.config_path}.yaml"
    if isinstance(error, ConfigKeyError | ConfigAttributeError) and error.full_key:
        parts = error.full_key.split(".")
        parent = OmegaConf.select(merged, ".".join(parts[:-1])) if parts[:-1] else merged
        try:
            check_key(merged, parent, parts, {})
        except ConfigurationError as unknown:
            return f"{where}: {unknown}{_hint_on_schema(parent, default.config_path or '', parts[0])}"
    return ": ".join(filter(None, (where, error.full_key, _first_line(error))))


def _hint_on_schema(parent: Any, path: str, group: str) -> str:
    """Why a key of a polymorphic group may be unknown: no schema was named, or a preset meets another option."""
    if group not in SCHEMAS:
        return ""
    if OmegaConf.get_type(parent) not in SCHEMAS[group].values():
        return f"; start an option of {group} from another one, defaults: [{next(iter(SCHEMAS[group]))}, _self_]"
    return f"; this preset is written for another {group}" if path.startswith("experiment/") else ""


def _product(*factors: Any) -> float:
    """``${product:0.2,${cell.i_offset}}``: a weight in proportion to another setting."""
    return math.prod(float(factor) for factor in factors)


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
