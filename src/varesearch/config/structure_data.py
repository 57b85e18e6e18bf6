"""Read the mappings ``populations``, ``projections`` and ``stimuli`` of a configuration into typed settings.

The cell of a population and a stimulus are parts, as those of the groups are. Each becomes a node with the schema of
its part, so that its settings are checked and converted as those of a group are. A projection becomes one
:class:`~varesearch.config.structure.ProjectionEntry`, or several if it names several populations.
"""

import copy
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, cast, get_args, get_type_hints

from omegaconf import DictConfig, OmegaConf

from varesearch.config.checks import refuse
from varesearch.config.errors import ConfigurationError, renamed
from varesearch.config.options import DISCRIMINATORS
from varesearch.config.overrides import apply_values, type_words
from varesearch.config.parts import part_name, parts
from varesearch.config.plain import as_plain, is_group, parse_value
from varesearch.config.projection import Given, Receptor
from varesearch.config.rule import PAIR, Rule, projection_names
from varesearch.config.stimulus import Stimulus
from varesearch.config.structure import PopulationSettings, ProjectionEntry, is_pair
from varesearch.config.wording import did_you_mean, echoed

DATA = ("populations", "projections", "stimuli")
"""The mappings of the configuration that describe the structure of a network."""

PartNode = Callable[[str, str, str], DictConfig]
"""``(group, option, where)`` -> the settings of an option that is not chosen for its group but stands at ``where``."""

_OF_AN_ENTRY = ("pre", "post", "receptor", "rule")
_OF_ALL = ("rule", "n", "exc_inh_ratio", "draw", *projection_names())
"""The settings of a rule that one projection cannot have."""


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


def projection_entries(
    plain: Mapping[str, Any],
    populations: Mapping[str, PopulationSettings],
    wiring: Rule,
    config_dir: Path | None = None,
) -> dict[str, ProjectionEntry]:
    """Return the projections that the configuration names, by their names in the network.

    An entry that names lists of populations stands for the projections between all of them, which are called
    ``PRE_to_POST``. There, a setting may be a list with a value for each of ``pre``, or a matrix with a row for each of
    ``post`` and a column for each of ``pre``; null in it means that there is no such projection.

    Parameters
    ----------
    plain
        Name -> settings, as they are written in the configuration.
    populations
        The populations that have settings of their own.
    wiring
        The settings of the group ``connectivity``.
    config_dir
        The folder of the user's own rules.

    Raises
    ------
    ConfigurationError
        A population, a rule or a setting is unknown, a value is of another type, or a matrix has the wrong shape.
    """
    names = list({**PAIR, **populations} if is_pair(populations) else populations)
    receptors: dict[str, Receptor] = {name: _receptor(name, populations) for name in names}
    base = {f"{pre}_to_{post}": (pre, post) for pre in names for post in names} if wiring.connects else {}
    entries: dict[str, ProjectionEntry] = {}
    for name, settings in plain.items():
        reader = _EntryReader(f"projections.{name}", name, base, receptors, wiring, config_dir)
        for found, entry in reader.read(settings):
            if found in entries:
                raise ConfigurationError(
                    f"projections.{name}: there are two projections {found}; give each its own name"
                )
            entries[found] = entry
    return entries


def _receptor(name: str, populations: Mapping[str, PopulationSettings]) -> Receptor:
    own = populations[name].receptor if name in populations else None
    return "inhibitory" if (own or PAIR.get(name)) == "inhibitory" else "excitatory"


class _EntryReader:
    """Reads one entry of ``projections``."""

    def __init__(
        self,
        where: str,
        name: str,
        base: Mapping[str, tuple[str, str]],
        receptors: Mapping[str, Receptor],
        wiring: Rule,
        config_dir: Path | None,
    ) -> None:
        self._where, self._name, self._base, self._receptors = where, name, base, receptors
        self._wiring, self._config_dir = wiring, config_dir

    def read(self, settings: Any) -> Iterator[tuple[str, ProjectionEntry]]:
        """Yield the projections of the entry with their names."""
        if settings is None:
            pre, post = self._of_base()
            yield self._name, ProjectionEntry(pre, post, where=self._where, dropped=True)
            return
        if not is_group(settings):
            raise ConfigurationError(
                f"{self._where}={echoed(settings)} is not a group of settings; write {self._where}={{pre: A, post: B}}"
            )
        pre, post, several = self._ends(settings)
        receptor = settings.get("receptor")
        if receptor not in (None, "excitatory", "inhibitory"):
            refuse(f"{self._where}.receptor", receptor, "is unknown; choose excitatory or inhibitory")
        rule = self._rule(settings)
        given = {key: value for key, value in settings.items() if key not in _OF_AN_ENTRY}
        own_names = self._own_names(rule)
        own = {key: value for key, value in given.items() if key in own_names}
        its_rule = self._its_rule(rule, {key: value for key, value in given.items() if key not in own_names}, own_names)
        tables = {key: self._table(key, value, pre, post, several) for key, value in own.items()}
        for row, source in enumerate(pre):
            for column, target in enumerate(post):
                values = {key: table[column][row] for key, table in tables.items()}
                if several and any(value is None for value in values.values()):
                    yield f"{source}_to_{target}", ProjectionEntry(source, target, where=self._where, dropped=True)
                    continue
                acts_on: Receptor = receptor or self._receptors[source]
                yield (
                    f"{source}_to_{target}" if several else self._name,
                    ProjectionEntry(
                        source, target, receptor, its_rule, dict(self._typed(rule, acts_on, values)), self._where
                    ),
                )

    def _of_base(self) -> tuple[str, str]:
        if self._name not in self._base:
            raise ConfigurationError(
                f"{self._where} is no projection of the network; a new one names its populations, {self._where}="
                f"{{pre: A, post: B}}{did_you_mean(self._name, self._base)}"
            )
        return self._base[self._name]

    def _ends(self, settings: Mapping[str, Any]) -> tuple[list[str], list[str], bool]:
        """The populations that it comes from and goes to, and whether they are given as lists."""
        if "pre" not in settings and "post" not in settings:
            pre, post = self._of_base()
            return [pre], [post], False
        several, ends = False, []
        for key in ("pre", "post"):
            given = settings.get(key)
            if not given:
                raise ConfigurationError(f"{self._where}.{key} is missing; name a population or a list of them")
            several = several or isinstance(given, list)
            names = list(map(str, given if isinstance(given, list) else [given]))
            for name in names:
                if name not in self._receptors:
                    refuse(
                        f"{self._where}.{key}",
                        given,
                        f"names {name}, which is no population; choose from {', '.join(self._receptors)}"
                        f"{did_you_mean(name, self._receptors)}",
                    )
                if names.count(name) > 1:
                    refuse(f"{self._where}.{key}", given, f"names {name} twice; name it once")
            ends.append(names)
        return ends[0], ends[1], several

    def _rule(self, settings: Mapping[str, Any]) -> type[Rule]:
        name = settings.get("rule")
        if name is None:
            if not self._wiring.connects:
                raise ConfigurationError(f"{self._where}.rule is missing; write {self._where}.rule=fixed_probability")
            return type(self._wiring)
        known = parts(Rule, self._config_dir)
        if name not in known:
            choose = ", ".join(key for key, rule in known.items() if rule.connects)
            refuse(f"{self._where}.rule", name, f"is unknown; choose one of {choose}{did_you_mean(str(name), known)}")
        return known[name]

    @staticmethod
    def _own_names(rule: type[Rule]) -> set[str]:
        """What a projection may set by itself, whatever its receptor."""
        return {each.name for each in fields(rule.OwnSettings)}

    def _its_rule(self, rule: type[Rule], given: Mapping[str, Any], own_names: set[str]) -> Rule | None:
        """The rule of the entry; None for that of the group."""
        of_all = {
            setting for receptor in _RECEPTORS for each in own_names if (setting := rule.setting_of(each, receptor))
        }
        allowed = [each.name for each in fields(rule) if each.name not in {*_OF_ALL, *of_all}]
        for key in given:
            if key not in allowed:
                known = [*_OF_AN_ENTRY, *sorted(own_names), *allowed]
                raise ConfigurationError(
                    f"{self._where}.{key} is unknown: a projection with rule={part_name(rule)} has {', '.join(known)}"
                    f"{did_you_mean(key, known)}"
                )
        same = rule is type(self._wiring)
        if same and not given:
            return None
        plain = as_plain(self._wiring)
        if not same:
            shared = {each.name for each in fields(Rule)} - {"rule"}
            plain = {key: value for key, value in plain.items() if key in shared and key not in projection_names()}
        node = OmegaConf.create({"projections": {self._name: OmegaConf.structured(rule)}})
        node["projections"][self._name].merge_with(OmegaConf.create(plain))
        apply_values(node, {f"{self._where}.{key}": value for key, value in given.items()}, {})
        with renamed("connectivity", self._where):
            return cast(Rule, OmegaConf.to_object(node["projections"][self._name]))

    def _table(self, key: str, value: Any, pre: Sequence[str], post: Sequence[str], several: bool) -> list[list[Any]]:
        """A setting as a matrix with a row for each target and a column for each source."""
        if not several or not isinstance(value, list):
            return [[value] * len(pre) for _ in post]
        rows = value if any(isinstance(each, list) for each in value) else [value] * len(post)
        if len(rows) != len(post) or any(not isinstance(row, list) or len(row) != len(pre) for row in rows):
            shape = " x ".join(map(str, _shape(value)))
            refuse(
                f"{self._where}.{key}",
                value,
                f"has the shape {shape}; write a row for each of the {len(post)} post, in it a value for each of the "
                f"{len(pre)} pre, or one list of {len(pre)}",
            )
        return rows

    def _typed(self, rule: type[Rule], receptor: Receptor, values: Mapping[str, Any]) -> Iterator[tuple[str, Given]]:
        hints = get_type_hints(rule)
        for key, value in values.items():
            setting = rule.setting_of(key, receptor)
            if setting is None:
                raise ConfigurationError(
                    f"{self._where}.{key}: a projection to {receptor} receptors has no such setting"
                )
            yield key, Given(f"{self._where}.{key}", _converted(value, hints[setting], f"{self._where}.{key}"))


_RECEPTORS: tuple[Receptor, ...] = ("excitatory", "inhibitory")


def _shape(value: list[Any]) -> list[Any]:
    lengths = sorted({len(row) if isinstance(row, list) else 0 for row in value})
    return [len(value)] if lengths == [0] else [len(value), "/".join(map(str, lengths))]


def _converted(value: Any, hint: Any, key: str) -> Any:
    """A value of the type that the setting has."""
    if hint is Any:
        return parse_value(value, key)
    kinds = get_args(hint) or (hint,)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if float in kinds and number:
        return float(value)
    if any(type(value) is kind for kind in kinds) or (int in kinds and number and float(value).is_integer()):
        return int(value) if int in kinds and number else value
    raise ConfigurationError(f"{key}={echoed(value)} is not {type_words(hint)}")
