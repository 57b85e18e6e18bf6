"""Read the entries of ``projections``: one projection each, or several if an entry names several populations."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, cast, get_args, get_type_hints

from omegaconf import OmegaConf

from varesearch.config.checks import check_bounds, check_choice, check_number, check_population, refuse
from varesearch.config.errors import ConfigurationError, renamed
from varesearch.config.overrides import apply_values, type_words
from varesearch.config.parts import part_name, parts
from varesearch.config.plain import as_plain, is_group, parse_value
from varesearch.config.projection import RECEPTORS, Given, Receptor
from varesearch.config.ranges import INT32, Range
from varesearch.config.rule import PAIR, Rule, projection_names
from varesearch.config.settings import unit_of
from varesearch.config.structure import PopulationSettings, ProjectionEntry, is_pair, receptor_of
from varesearch.config.synapse_type import SynapseType
from varesearch.config.wording import did_you_mean, echoed

_OF_AN_ENTRY = ("pre", "post", "receptor", "rule", "synapse")
_OF_ALL = ("rule", "n", "exc_inh_ratio", "draw", *projection_names())
"""The settings of a rule that one projection cannot have."""


def projection_entries(
    plain: Mapping[str, Any],
    populations: Mapping[str, PopulationSettings],
    wiring: Rule,
    synapse: SynapseType,
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
    synapse
        The settings of the group ``synapse``.
    config_dir
        The folder of the user's own rules and synapses.

    Raises
    ------
    ConfigurationError
        A population, a rule or a setting is unknown, a value is of another type, or a matrix has the wrong shape.
    """
    names = list({**PAIR, **populations} if is_pair(populations) else populations)
    receptors: dict[str, Receptor] = {name: receptor_of(name, populations) for name in names}
    base = {f"{pre}_to_{post}": (pre, post) for pre in names for post in names} if wiring.connects else {}
    entries: dict[str, ProjectionEntry] = {}
    for name, settings in plain.items():
        reader = _EntryReader(f"projections.{name}", name, base, receptors, wiring, synapse, config_dir)
        for found, entry in reader.read(settings):
            if found in entries:
                raise ConfigurationError(
                    f"projections.{name}: there are two projections {found}; give each its own name"
                )
            entries[found] = entry
    return entries


class _EntryReader:
    """Reads one entry of ``projections``."""

    def __init__(
        self,
        where: str,
        name: str,
        base: Mapping[str, tuple[str, str]],
        receptors: Mapping[str, Receptor],
        wiring: Rule,
        synapse: SynapseType,
        config_dir: Path | None,
    ) -> None:
        self._where, self._name, self._base, self._receptors = where, name, base, receptors
        self._wiring, self._synapse, self._config_dir = wiring, synapse, config_dir

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
        rule, synapse = self._rule(settings), self._its_synapse(settings.get("synapse"))
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
                        source,
                        target,
                        receptor,
                        its_rule,
                        dict(self._typed(rule, acts_on, values)),
                        self._where,
                        synapse=synapse,
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
                check_population(f"{self._where}.{key}", given, name, self._receptors)
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
            setting for receptor in RECEPTORS for each in own_names if (setting := rule.setting_of(each, receptor))
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

    def _its_synapse(self, given: Any) -> SynapseType | None:
        """The synapse of the entry; None for that of the group."""
        if given is None:
            return None
        where, key = f"{self._where}.synapse", SynapseType.key
        if not isinstance(given, str | Mapping):
            raise ConfigurationError(
                f"{where}={echoed(given)} is not a synapse; write {where}=OPTION or {where}={{KEY: VALUE}}"
            )
        changes = {} if isinstance(given, str) else dict(given)
        name = given if isinstance(given, str) else changes.pop(key, self._synapse.name)
        known = parts(SynapseType, self._config_dir)
        if name not in known:
            refuse(where, name, f"is unknown; choose one of {', '.join(known)}{did_you_mean(str(name), known)}")
        node = OmegaConf.create({"projections": {self._name: {"synapse": OmegaConf.structured(known[name])}}})
        if known[name] is type(self._synapse):
            node["projections"][self._name]["synapse"].merge_with(OmegaConf.create(as_plain(self._synapse)))
        apply_values(node, {f"{where}.{each}": value for each, value in changes.items()}, {})
        with renamed("synapse", where):
            return cast(SynapseType, OmegaConf.to_object(node["projections"][self._name]["synapse"]))

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
            where = f"{self._where}.{key}"
            converted = _converted(value, hints[setting], where)
            declared = next(each for each in fields(rule) if each.name == setting).metadata
            if isinstance(converted, int | float) and not isinstance(converted, bool):
                check_number(where, converted)
                bounds = declared.get("allowed") or (INT32 if isinstance(converted, int) else Range())
                check_bounds(where, converted, bounds, unit_of(rule, setting))
            elif declared.get("choices"):
                check_choice(where, str(converted), declared["choices"])
            yield key, Given(where, converted, is_file="file" in declared)


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
