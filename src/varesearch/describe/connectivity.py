"""Table C: the projections between populations, one by one or, where there are many, as matrices."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from typing import Any

from varesearch.config.cell import Cell
from varesearch.config.plain import is_nested
from varesearch.config.projection import ProjectionSettings
from varesearch.config.rule import Rule
from varesearch.config.settings import unit_of
from varesearch.config.structure import Structure
from varesearch.describe.document import Section, Table
from varesearch.describe.values import PARAMETERS, code, count_text, described, value_text, with_unit
from varesearch.describe.words import words_of

MOST_LISTED = 4
"""More projections of one rule are written as matrices."""

_SIZES = ("n", "exc_inh_ratio")
"""Settings of a rule that the populations already show."""

_Shown = tuple[str, str]
"""The text of a value, and its unit."""


def connectivity_section(structure: Structure) -> Section:
    """Return the wiring rules, and the settings of each projection."""
    if not structure.projections:
        return Section("C", "Connectivity", ("No population is connected to another.",))
    groups = rule_groups(structure)
    tables = [_rules(structure, groups)]
    for group in groups:
        tables += [*_settings_of_all(group), *_projections(structure, group)]
    return Section("C", "Connectivity", (), tuple(tables))


def rule_groups(structure: Structure) -> list[list[ProjectionSettings]]:
    """Return the projections, those of one rule with the same settings together."""
    groups: dict[Any, list[ProjectionSettings]] = {}
    for projection in structure.projections:
        rule = projection.rule
        same = tuple(value_text(getattr(rule, name)) for name in _of_all(rule))
        groups.setdefault((type(rule), same), []).append(projection)
    return list(groups.values())


def synapses_per_cell(projection: ProjectionSettings) -> float:
    """Return the mean number of synapses that a target cell receives from a projection, by its rule."""
    return projection.rule.expected_synapses(projection) / projection.post_size


def _of_all(rule: Rule) -> list[str]:
    """The settings of a rule that are the same for all its projections."""
    return [
        each.name
        for each in described(rule, _SIZES)
        if "own" not in each.metadata and not is_nested(getattr(rule, each.name))
    ]


def _title(group: Sequence[ProjectionSettings]) -> str:
    return code(group[0].rule.rule)


def _rules(structure: Structure, groups: Sequence[Sequence[ProjectionSettings]]) -> Table:
    rows = []
    for group in groups:
        every = len(group) == len(structure.projections)
        names = f"all {len(group)}" if every else ", ".join(code(each.name) for each in group)
        rows.append((_title(group), names, words_of(type(group[0].rule)).text))
    return Table("Wiring rules", ("rule", "projections", "description"), tuple(rows))


def _settings_of_all(group: Sequence[ProjectionSettings]) -> Iterator[Table]:
    rule = group[0].rule
    names = set(_of_all(rule))
    rows = tuple(
        (code(each.name), value_text(getattr(rule, each.name)), unit_of(rule, each.name), each.metadata["what"])
        for each in fields(rule)
        if each.name in names
    )
    if rows:
        yield Table(f"Settings of {_title(group)} for all its projections", PARAMETERS, rows)


def _projections(structure: Structure, group: Sequence[ProjectionSettings]) -> Iterator[Table]:
    settings = list(dict.fromkeys(name for projection in group for name in projection.given))
    shown: dict[str, Callable[[ProjectionSettings], _Shown]] = {
        "receptor": lambda it: (it.receptor, ""),
        **{name: _setting(structure, name) for name in settings},
        "expected synapses": lambda it: (count_text(it.rule.expected_synapses(it)), ""),
    }
    values = {name: {it.name: show(it) for it in group} for name, show in shown.items()}
    yield from (_listed if len(group) <= MOST_LISTED else _matrices)(group, values)


def _setting(structure: Structure, name: str) -> Callable[[ProjectionSettings], _Shown]:
    def show(projection: ProjectionSettings) -> _Shown:
        if name not in projection.given:
            return "–", ""
        cell = structure.populations[projection.post].cell
        return value_text(projection[name]), unit_of_setting(projection, name, cell)

    return show


def unit_of_setting(projection: ProjectionSettings, name: str, cell: Cell) -> str:
    """Return the unit of a setting of a projection onto a cell."""
    if name == "weight":
        return cell.unit_of("weight_exc")
    return unit_of(projection.rule, projection.rule.setting_of(name, projection.receptor) or name, cell)


def _listed(group: Sequence[ProjectionSettings], values: dict[str, dict[str, _Shown]]) -> Iterator[Table]:
    """One row for each projection."""
    units = {name: _one_unit(shown) for name, shown in values.items()}
    head = tuple(f"{name} ({units[name]})" if units[name] else name for name in values)
    rows = tuple(
        (code(it.name), code(it.pre), code(it.post), *(_text(values[name][it.name], units[name]) for name in values))
        for it in group
    )
    yield Table(f"Projections by {_title(group)}", ("projection", "source", "target", *head), rows)


def _matrices(group: Sequence[ProjectionSettings], values: dict[str, dict[str, _Shown]]) -> Iterator[Table]:
    """A table for what is the same in all projections, and a matrix for each setting that differs."""
    common = {name: next(iter(shown.values())) for name, shown in values.items() if len(set(shown.values())) == 1}
    if common:
        yield Table(
            f"Settings that all projections by {_title(group)} have in common",
            ("setting", "value", "unit"),
            tuple((name, *shown) for name, shown in common.items()),
        )
    sources, targets = dict.fromkeys(it.pre for it in group), dict.fromkeys(it.post for it in group)
    for name, shown in values.items():
        if name in common:
            continue
        unit = _one_unit(shown)
        rows = tuple(
            (
                code(post),
                *(
                    "; ".join(_text(shown[it.name], unit) for it in group if (it.pre, it.post) == (pre, post)) or "–"
                    for pre in sources
                ),
            )
            for post in targets
        )
        title = f"{name} of the projections by {_title(group)}{f' in {unit}' if unit else ''}"
        yield Table(f"{title} (rows: targets, columns: sources)", ("to / from", *map(code, sources)), rows)


def _one_unit(shown: dict[str, _Shown]) -> str:
    """The unit of all values, "" if there is none or they differ."""
    units = {unit for text, unit in shown.values() if text != "–"}
    return next(iter(units)) if len(units) == 1 else ""


def _text(shown: _Shown, unit_of_all: str) -> str:
    text, unit = shown
    return text if unit_of_all else with_unit(text, unit)
