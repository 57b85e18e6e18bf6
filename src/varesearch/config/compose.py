"""Compose a run's typed settings from the words of a command, with Hydra's groups, grammar and merging."""

import copy
import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from varesearch.config.errors import ConfigurationError
from varesearch.config.merging import hint_on_schema, merge_options
from varesearch.config.options import DISCRIMINATORS, check_config_dir, conf_folder, options, options_of
from varesearch.config.overrides import Overrides, apply_values, parse_overrides
from varesearch.config.plain import as_number
from varesearch.config.projection_entries import projection_entries
from varesearch.config.references import check_references, reference_problem
from varesearch.config.schema import Config
from varesearch.config.shared_weights import check_shared_weights
from varesearch.config.structure_data import DATA, merge_data, place_parts, typed_data
from varesearch.config.wording import did_you_mean, echoed


@dataclass(frozen=True)
class Composed:
    """A composed configuration, not yet validated.

    Attributes
    ----------
    config
        The typed settings.
    resolved
        The same as plain dicts and lists, with the value of every setting in place of a reference.
    overrides
        The words that were given.
    choices
        The option of each group; for ``experiment`` None without a preset.
    config_dir
        The folder of the user's own parts and options.
    """

    config: Config
    resolved: dict[str, Any]
    overrides: tuple[str, ...]
    choices: dict[str, str | None]
    config_dir: Path | None = None

    @property
    def command(self) -> tuple[str, ...]:
        """The command that makes this run: the words after ``varesearch``."""
        return ("run", *options_of(self.config_dir), *self.overrides)


def compose(overrides: Sequence[str] = (), config_dir: Path | None = None) -> Composed:
    """Compose the default configuration with the words of a command.

    Parameters
    ----------
    overrides
        Words such as ``cell=if_cond_exp`` and ``connectivity.p=0.05``; their order does not matter.
    config_dir
        The folder of the user's own parts and options.

    Raises
    ------
    ConfigurationError
        One line for whatever cannot be read, is unknown or has the wrong type.

    Examples
    --------
    >>> composed = compose(["cell=if_cond_exp", "connectivity.p=0.05"])
    >>> composed.config.cell.tau_m, composed.config.connectivity.p, composed.choices["stimulus"]
    (20.0, 0.05, 'thalamic_burst')
    """
    return Composer(config_dir).compose(overrides)


class Composer:
    """Composes many configurations: the files of each choice of options are read and merged once.

    Raises ConfigurationError for a ``config_dir`` that holds no options.
    """

    def __init__(self, config_dir: Path | None = None) -> None:
        if config_dir is not None:
            check_config_dir(config_dir)
        self._config_dir = config_dir
        self.options = options(config_dir)
        # A user's folder may change between two composers in ways that its files' times do not tell.
        self._state: Hashable = _package_files() if config_dir is None else object()

    def compose(self, overrides: Sequence[str]) -> Composed:
        """See :func:`compose`."""
        given = parse_overrides(overrides, self.options)
        OmegaConf.register_new_resolver("product", _product, replace=True)
        merged, choices = _merged(tuple(given.choices.items()), self._config_dir, self._state)
        return self._typed(copy.deepcopy(merged), dict(choices), given, overrides)

    def _typed(
        self, node: DictConfig, choices: dict[str, str | None], given: Overrides, overrides: Sequence[str]
    ) -> Composed:
        of_data = {key: value for key, value in given.values.items() if key.split(".")[0] in DATA}
        apply_values(node, {key: value for key, value in given.values.items() if key not in of_data}, choices)
        for group, key in DISCRIMINATORS.items():
            if OmegaConf.is_missing(node[group], key):
                hint = hint_on_schema(node[group], "", group)
                raise ConfigurationError(f"{group}={choices[group]} names no {key}{hint}")
        data = {name: OmegaConf.to_container(node[name], resolve=False) for name in DATA}
        place_parts(node, merge_data(data, of_data), self._part_node, choices)
        _as_floats(node)
        try:
            check_references(node)
            resolved = cast(dict[str, Any], OmegaConf.to_container(node, resolve=True))
            config = typed_config(node, self._config_dir)
            check_shared_weights(config, node)
        except (OmegaConfBaseException, OverflowError, RecursionError) as error:
            raise ConfigurationError(reference_problem(node, error, choices)) from None
        return Composed(config, resolved, tuple(overrides), choices, self._config_dir)

    def _part_node(self, group: str, option: str, where: str) -> DictConfig:
        """The settings of an option that is not chosen for its group, merged as those of the group are."""
        if option not in self.options[group]:
            raise ConfigurationError(
                f"{where}={echoed(option)} is unknown; choose one of {', '.join(self.options[group])}"
                f"{did_you_mean(option, self.options[group])}"
            )
        merged, _ = _merged(((group, option),), self._config_dir, self._state)
        return copy.deepcopy(merged[group])


@lru_cache(maxsize=128)
def _merged(
    chosen: tuple[tuple[str, str | None], ...], config_dir: Path | None, state: Hashable
) -> tuple[DictConfig, dict[str, str | None]]:
    """The merged files of a choice of options, which callers copy.

    Reading and merging takes five times as long as the rest of composing. ``state`` differs when the files may differ.
    """
    return merge_options(dict(chosen), config_dir)


def _package_files() -> Hashable:
    """The option files of the package as they are now: a program that runs for long may see them edited."""
    found = sorted(conf_folder().rglob("*.yaml"))
    return tuple((path, (status := path.stat()).st_mtime_ns, status.st_size) for path in found)


def typed_config(node: DictConfig, config_dir: Path | None) -> Config:
    """Return the typed settings of a configuration whose parts are in place; see :mod:`.structure_data`.

    Raises ConfigurationError for a value that cannot be read, and what OmegaConf raises for a reference that it cannot
    resolve.
    """
    data = typed_data(node)
    config = cast(Config, OmegaConf.to_object(node))
    entries = projection_entries(
        data["projections"], data["populations"], config.connectivity, config.synapse, config_dir
    )
    return replace(config, **(data | {"projections": entries}))


def _as_floats(node: DictConfig) -> None:
    """Write numbers that may also be drawn as floats, as OmegaConf does for a ``float``: 5 and 5.0 are one setting."""
    schema = OmegaConf.get_type(node)
    varying = {each.name for each in fields(schema) if each.metadata.get("varies")} if is_dataclass(schema) else ()
    for name in map(str, node):
        if OmegaConf.is_missing(node, name) or OmegaConf.is_interpolation(node, name):
            continue
        value = node[name]
        if isinstance(value, DictConfig):
            _as_floats(value)
        elif name in varying and (number := as_number(value)) is not None:
            node[name] = number


def _product(*factors: Any) -> float:
    """``${product:0.2,${cell.i_offset}}``: a weight in proportion to another setting."""
    return math.prod(float(factor) for factor in factors)
