"""Merging the option files over their schemas: the one module that uses private parts of Hydra.

Hydra's public ways are ``hydra.main``, which makes folders and sets up logging before a setting has been looked at, and
``hydra.compose`` inside ``initialize_config_dir``. The latter was tried. It composes the same configurations in 0.08 s
instead of 0.06 s, and its errors name the file and the key. But it changes the model of a preset or an option that sets
a distribution: it merges ``{distribution: normal, mean: -60, std: 5}`` key by key into the default
``{distribution: uniform, low: -65, high: -14}``, so that the normal distribution is cut at these bounds. Of
``cell.v_init`` 16 % of the values are then drawn again, their mean is -58.6 mV instead of -60 mV, and no message says
so. Once merged, the bounds cannot be told from bounds that the user wrote. Therefore the files are merged here one by
one, with Hydra's list of defaults and its loader of single files (the same throughout Hydra 1.3). A test holds what
``hydra.compose`` does, so that this module can go when Hydra changes.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from hydra import version
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_repository import CachingConfigRepository, ConfigRepository
from hydra._internal.config_search_path_impl import ConfigSearchPathImpl
from hydra._internal.defaults_list import create_defaults_list
from hydra.core.config_store import ConfigStore
from hydra.core.default_element import ResultDefault
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.plugins import Plugins
from hydra.errors import HydraException, MissingConfigException
from omegaconf import DictConfig, OmegaConf, flag_override
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException

from varesearch.config.errors import ConfigurationError
from varesearch.config.options import DISCRIMINATORS, GROUPS, conf_folder, schemas
from varesearch.config.overrides import check_key
from varesearch.config.plain import as_number, is_one_value
from varesearch.config.schema import Config
from varesearch.config.wording import echoed

_EXPERIMENT = "experiment@_global_"
"""The group as ``conf/config.yaml`` names it: a preset sets keys of every group."""


def merge_options(
    chosen: Mapping[str, str | None], config_dir: Path | None
) -> tuple[DictConfig, dict[str, str | None]]:
    """The option files of ``chosen``, and of the defaults where nothing is chosen, merged over their schemas.

    Also the option of every group. Raises ConfigurationError for a file that cannot be read or does not fit.
    """
    words = [f"{_hydra_name(group)}={option}" for group, option in chosen.items() if option is not None]
    try:
        with _hydra_behaviour(), _stored(config_dir):
            merged, known = _merge(words, config_dir)
    except ConfigurationError:
        raise
    except yaml.YAMLError as error:
        raise ConfigurationError(f"an option is not valid YAML: {_one_line(error)}") from None
    except MissingConfigException as error:
        # Hydra adds its search path, line by line.
        raise ConfigurationError(f"{_first_line(error)} Is the name misspelt?") from None
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigurationError(f"the options do not fit together: {_one_line(error)}") from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"an option in {config_dir} is not UTF-8 text: {error}") from None
    except (OverflowError, RecursionError, ValueError) as error:
        raise ConfigurationError(f"an option file cannot be read: {_one_line(error)}") from None
    return merged, {group: known.get(_hydra_name(group)) for group in GROUPS}


def _hydra_name(group: str) -> str:
    return _EXPERIMENT if group == "experiment" else group


@contextmanager
def _hydra_behaviour() -> Iterator[None]:
    """Hydra 1.3's own behaviour inside, whatever the process chose for itself outside."""
    before = version.VersionBase.instance().version_base
    version.setbase("1.3")
    try:
        yield
    finally:
        version.VersionBase.instance().version_base = before


@contextmanager
def _stored(config_dir: Path | None) -> Iterator[None]:
    """Inside ``with``, Hydra's ConfigStore holds the whole configuration and every dataclass of the options.

    The store belongs to the process. It is left as it was found, so that the parts of one folder cannot be chosen where
    another folder, or none, was named.
    """
    # Makes Hydra's kinds of search path known. The settings that its plugins put into the store must remain there.
    Plugins.instance()
    store = ConfigStore.instance()
    before, store.repo = store.repo, _schema_nodes(config_dir)
    try:
        yield
    finally:
        store.repo = before


@cache
def _schema_nodes(config_dir: Path | None) -> dict[str, Any]:
    """What :func:`_stored` puts into the store: half of the time of composing, were it made each time.

    Hydra copies each node that it loads.
    """
    store = ConfigStore.instance()
    before, store.repo = store.repo, {}
    try:
        store.store(name="run_schema", node=Config)
        for group, known in schemas(config_dir).items():
            for name, schema in known.items():
                store.store(group=group, name=name, node=schema)
        return store.repo
    finally:
        store.repo = before


def _merge(words: list[str], config_dir: Path | None) -> tuple[DictConfig, Mapping[str, str | None]]:
    """Merge file by file, as Hydra does, except that a distribution replaces the one it overrides.

    Merged key by key, ``{distribution: normal, mean: 0, std: 1}`` over a uniform one would keep its ``low`` and
    ``high``, and so be cut to them without a word.
    """
    search = ConfigSearchPathImpl()
    search.append("main", f"file://{conf_folder()}")
    if config_dir is not None:
        search.append("user", f"file://{config_dir.resolve()}")
    search.append("schema", "structured://")
    loader = ConfigLoaderImpl(search)
    # Given the search path afterwards, the repository does not copy every node of the store.
    repository = CachingConfigRepository(ConfigRepository(ConfigSearchPathImpl()))
    repository.initialize_sources(search)
    overrides = OverridesParser.create().parse_overrides(words)
    defaults = create_defaults_list(repository, "config", overrides, prepend_hydra=False, skip_missing=False)
    merged = OmegaConf.create()
    with flag_override(merged, "no_deepcopy_set_nodes", True):
        for default in defaults.defaults:
            added = loader._load_single_config(default=default, repo=repository).config
            _make_room(merged, added)
            try:
                merged.merge_with(added)
            except OmegaConfBaseException as error:
                raise ConfigurationError(_misfit(merged, default, error)) from None
            _check_numbers(merged, added, f"{default.config_path}.yaml")
    OmegaConf.set_struct(merged, True)
    return merged, defaults.overrides.known_choices


def _make_room(merged: DictConfig, added: Any) -> None:
    """Empty the keys of ``merged`` for which ``added`` brings a distribution."""
    for key in added:
        if key not in merged or _is_value(added, key) or _is_value(merged, key):
            continue
        if is_one_value(added[key]):
            merged[key] = None
        else:
            _make_room(merged[key], added[key])


def _check_numbers(merged: DictConfig, added: Any, where: str, path: str = "") -> None:
    """Refuse what is no number for a parameter that may be drawn, whose type OmegaConf does not check."""
    schema = OmegaConf.get_type(merged)
    varying = {each.name for each in fields(schema) if each.metadata.get("varies")} if is_dataclass(schema) else ()
    for key in map(str, added):
        if OmegaConf.is_missing(added, key) or OmegaConf.is_interpolation(added, key):
            continue
        value, setting = added[key], f"{path}{key}"
        if not _is_value(added, key):
            if not is_one_value(value) and not _is_value(merged, key):
                _check_numbers(merged[key], value, where, f"{setting}.")
        elif key in varying and as_number(value) is None:
            raise ConfigurationError(f"{where}: {setting}: {echoed(value)!r} is not a number")


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
            return f"{where}: {unknown}{hint_on_schema(parent, default.config_path or '', parts[0])}"
    return ": ".join(filter(None, (where, error.full_key, _first_line(error))))


def hint_on_schema(parent: Any, path: str, group: str) -> str:
    """Why a key of a group may be unknown: an option starts from no other one, or a preset meets another option."""
    if group not in DISCRIMINATORS:
        return ""
    if OmegaConf.is_missing(parent, DISCRIMINATORS[group]):
        return f"; start an option of {group} from another one, defaults: [{next(iter(schemas()[group]))}, _self_]"
    return f"; this preset is written for another {group}" if path.startswith("experiment/") else ""


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0].strip()


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
