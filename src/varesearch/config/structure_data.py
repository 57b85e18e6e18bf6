"""Read the mappings ``populations``, ``projections`` and ``stimuli`` of a configuration into typed settings.

The cell of a population and a stimulus are parts, as those of the groups are. Each becomes a node with the schema of
its part, so that its settings are checked and converted as those of a group are. Projections are read by
:mod:`varesearch.config.projection_entries`.
"""

import copy
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf

from varesearch.config.errors import ConfigurationError, renamed
from varesearch.config.options import DISCRIMINATORS
from varesearch.config.overrides import apply_values
from varesearch.config.plain import is_group
from varesearch.config.stimulus import Stimulus
from varesearch.config.structure import PopulationSettings
from varesearch.config.wording import echoed

DATA = ("populations", "projections", "stimuli")
"""The mappings of the configuration that describe the structure of a network."""

PartNode = Callable[[str, str, str], DictConfig]
"""``(group, option, where)`` -> the settings of an option that is not chosen for its group but stands at ``where``."""


def merge_data(data: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data with the values of a command applied: full key -> value.

    A mapping is merged, any other value replaces what was there, and null removes it.

    Examples
    --------
    >>> merge_data({"populations": {"inh": {"cell": {"a": 0.1}}}}, {"populations.inh.cell": "izhikevich"})
    {'populations': {'inh': {'cell': {'a': 0.1, 'model': 'izhikevich'}}}}
    """
    merged = copy.deepcopy(dict(data))
    for key, value in values.items():
        path = key.split(".")
        _merge_at(merged, path, value, key)
    return merged


def _merge_at(node: dict[str, Any], path: Sequence[str], value: Any, key: str, above: tuple[str, ...] = ()) -> None:
    name, here = path[0], (*above, path[0])
    discriminator = _discriminator(here)
    if len(path) > 1:
        inner = node.get(name)
        if discriminator and isinstance(inner, str):
            inner = {discriminator: inner}
        if inner is None:
            inner = {}
        if not isinstance(inner, dict):
            whole = ".".join(here)
            raise ConfigurationError(f"{echoed(key)} is unknown: {whole} is one value, write {whole}=VALUE")
        node[name] = inner
        _merge_at(inner, path[1:], value, key, here)
    elif discriminator and isinstance(value, str) and isinstance(node.get(name), dict):
        node[name][discriminator] = value
    elif isinstance(value, Mapping) and is_group(value) and isinstance(node.get(name), dict):
        for each, its in value.items():
            _merge_at(node[name], [str(each)], its, f"{key}.{each}", here)
    elif value is None and len(here) == 2 and not _stands_for_another(here, node.get(name)):
        node.pop(name, None)
    else:
        node[name] = copy.deepcopy(value)


def _discriminator(path: tuple[str, ...]) -> str:
    """The key that names the part at this place of the data; "" if there is no part."""
    if len(path) == 3 and path[0] == "populations" and path[2] == "cell":
        return DISCRIMINATORS["cell"]
    if len(path) == 3 and path[0] == "projections" and path[2] == "synapse":
        return DISCRIMINATORS["synapse"]
    return DISCRIMINATORS["stimulus"] if len(path) == 2 and path[0] == "stimuli" else ""


def _stands_for_another(path: tuple[str, ...], before: Any) -> bool:
    """Whether null says that a projection of the group ``connectivity`` is left out."""
    return path[0] == "projections" and not (isinstance(before, Mapping) and "pre" in before)


def place_parts(node: DictConfig, data: Mapping[str, Any], part_node: PartNode, choices: Mapping[str, Any]) -> None:
    """Write the data into the configuration, each cell and stimulus with the schema of its part.

    Parameters
    ----------
    node
        The whole configuration, whose groups have their values. References to other settings are still unresolved.
    data
        The mappings :data:`DATA`, plain.
    part_node
        Makes the settings of an option.
    choices
        The option of each group, for messages.

    Raises
    ------
    ConfigurationError
        A key is unknown, or a value has another type.
    """
    for each in DATA:
        if not isinstance(data.get(each, {}), Mapping):
            raise ConfigurationError(f"{each}={echoed(data[each])} is not a mapping; write {each}={{NAME: {{...}}}}")
    for each in DATA:
        node[each] = {}
        OmegaConf.set_struct(node[each], False)
    node["projections"] = _named(data["projections"])
    for name, settings in _named(data["populations"]).items():
        where = f"populations.{name}"
        if not is_group(settings):
            raise ConfigurationError(
                f"{where}={echoed(settings)} is not a group of settings; write {where}={{size: 100}}"
            )
        node["populations"][name] = OmegaConf.structured(PopulationSettings)
        cell = settings.get("cell")
        if cell is not None:
            _place(node, node["populations"][name], "cell", f"{where}.cell", "cell", cell, part_node, choices)
        others = {f"{where}.{key}": value for key, value in settings.items() if key != "cell"}
        apply_values(node, others, choices)
    for name, settings in _named(data["stimuli"]).items():
        if settings is None:  # left out by a preset that starts from another one
            continue
        where = f"stimuli.{name}"
        kind = settings if isinstance(settings, str) else is_group(settings) and settings.get("kind")
        if not kind:
            raise ConfigurationError(f"{where} names no kind; write {where}=background_poisson or another stimulus")
        _place(node, node["stimuli"], name, where, "stimulus", settings, part_node, choices)


def _named(data: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(name): value for name, value in data.items()}


def _place(
    node: DictConfig,
    parent: DictConfig,
    key: str,
    where: str,
    group: str,
    given: Any,
    part_node: PartNode,
    choices: Mapping[str, Any],
) -> None:
    """Put the settings of a part at ``where``: those of the group if it is the same part, else the option's own."""
    discriminator = DISCRIMINATORS[group]
    if not isinstance(given, str | Mapping):
        raise ConfigurationError(
            f"{where}={echoed(given)} is not a {group}; write {where}=OPTION or {where}={{KEY: VALUE}}"
        )
    changes = {} if isinstance(given, str) else dict(given)
    option = given if isinstance(given, str) else changes.pop(discriminator, None)
    same = group == "cell" and option in (None, node[group][discriminator])
    part = copy.deepcopy(node[group]) if same else part_node(group, str(option), where)
    if group == "cell":
        _redirect(part, where)
    parent[key] = part
    apply_values(node, {f"{where}.{name}": value for name, value in changes.items()}, choices)


def _redirect(part: DictConfig, where: str) -> None:
    """Let references of a cell to its own settings, such as ``${cell.c}``, mean those of this copy."""
    plain = cast(dict[str, Any], OmegaConf.to_container(part, resolve=False))

    def moved(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: moved(each) for key, each in value.items()}
        if isinstance(value, list):
            return [moved(each) for each in value]
        return re.sub(r"\$\{cell\.", f"${{{where}.", value) if isinstance(value, str) else value

    for key, value in plain.items():
        if (new := moved(value)) != value:
            part[key] = new


def typed_data(node: DictConfig) -> dict[str, Any]:
    """Take the populations and stimuli out of the configuration, whose references can be resolved, as typed settings.

    Returns
    -------
    dict
        ``populations``: name -> :class:`PopulationSettings`; ``stimuli``: name -> :class:`Stimulus`; ``projections``:
        plain. Raises ConfigurationError for a value that cannot be read.
    """
    populations, stimuli = {}, {}
    for name, settings in node["populations"].items():
        with renamed("cell", f"populations.{name}.cell"):
            populations[name] = cast(PopulationSettings, OmegaConf.to_object(settings))
    for name, settings in node["stimuli"].items():
        with renamed("stimulus", f"stimuli.{name}"):
            stimuli[name] = cast(Stimulus, OmegaConf.to_object(settings))
    projections = OmegaConf.to_container(node["projections"], resolve=True)
    return {"populations": populations, "stimuli": stimuli, "projections": projections}
