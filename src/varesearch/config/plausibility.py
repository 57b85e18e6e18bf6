"""Warnings about values that can be simulated but are implausible, probably because they are in the wrong unit."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from varesearch.config.cell import Cell
from varesearch.config.expressions import Expression
from varesearch.config.heterogeneity import expression_ends
from varesearch.config.plain import is_nested, is_reference
from varesearch.config.ranges import Range
from varesearch.config.schema import Config
from varesearch.config.settings import UnitOfCell, unit_of
from varesearch.config.values import Constant, Value

_UNIT_FACTORS = (1e-3, 1e3, 1e-6, 1e6, 1e9)
"""Factors between units that are easily confused: pA and nA, s and ms, nS and µS; S and µS; A and nA."""


@dataclass(frozen=True)
class Doubt:
    """A value outside the plausible range of its setting; ``text`` is the warning."""

    setting: str
    text: str


def doubts(config: Config) -> list[Doubt]:
    """Return the implausible values in a valid configuration, in the order of the settings.

    A uniform distribution is judged by its ends, any other by its mean, since its tails can be truncated. A value that
    only repeats another setting (``${cell.weight_exc}``) is judged there. An expression is judged by what it gives.
    """
    groups = [(group.name, getattr(config, group.name), config.cell) for group in fields(config)]
    groups += [(where, cell, cell) for where, cell in config.structure.cells if where != "cell"]
    groups += [(f"stimuli.{name}", stimulus, config.cell) for name, stimulus in config.stimuli.items()]
    of_groups = [
        doubt
        for name, group, cell in groups
        if is_nested(group)
        for doubt in _doubts_of(config, group, name, cell)
        # A cell of a population's own repeats the settings of the group that it does not change.
        if not (
            cell is group
            and name != "cell"
            and _same_as_of_group(config.cell, group, doubt.setting.removeprefix(f"{name}."))
        )
    ]
    return [*of_groups, *_doubts_of_synapses(config)]


def warnings(configs: Sequence[Config]) -> list[str]:
    """Write a line for each setting with an implausible value: the first such value, and how many runs have one."""
    lines: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for config in configs:
        for doubt in doubts(config):
            lines.setdefault(doubt.setting, doubt.text)
            counts[doubt.setting] += 1
    of = f" of {len(configs)} runs" if len(configs) > 1 else ""
    return [f"{line} (in {counts[setting]}{of})" if of else line for setting, line in lines.items()]


def plausible_range(settings: Any, name: str, cell: Any = None) -> Range | None:
    """Return the plausible range of field ``name`` of a settings dataclass, or that of the cell if it follows the cell.

    It is None if there is no range, or if the cell is not given.
    """
    metadata = next((field.metadata for field in fields(settings) if field.name == name), {})
    if isinstance(metadata.get("unit"), UnitOfCell):
        return plausible_range(cell, metadata["unit"].name) if is_dataclass(cell) else None
    return metadata.get("plausible")


def _doubts_of_synapses(config: Config) -> Iterator[Doubt]:
    """Yield doubts about the synapses of projections' own: one meant for the other receptor, implausible values."""
    for projection in config.structure.projections:
        synapse, where = projection.synapse, projection.synapse_where
        if synapse is None or where == "synapse":
            continue
        if projection.receptor not in synapse.receptors:
            meant = " and ".join(synapse.receptors)
            yield Doubt(where, f"{where}={synapse.name} is a rule for {meant} synapses, and {projection.name} is "
                               f"{projection.receptor}")  # fmt: skip
        yield from _doubts_of(config, synapse, where, config.structure.populations[projection.post].cell)


def _doubts_of(config: Config, settings: Any, prefix: str, cell: Any) -> Iterator[Doubt]:
    ends = expression_ends(config, settings) if isinstance(settings, Cell) else {}
    for field in fields(settings):
        name, value = f"{prefix}.{field.name}", getattr(settings, field.name)
        if is_nested(value):
            yield from _doubts_of(config, value, name, cell)
        sense = plausible_range(settings, field.name, cell)
        # In settings that were not composed, a text is an unresolved reference.
        if sense is None or value is None or is_reference(value) or _repeats(config, field.default, value):
            continue
        unit = unit_of(settings, field.name, cell)
        drawn = [(name, end) for end in dict.fromkeys(ends.get(field.name, ()))]
        if isinstance(value, Expression) and not drawn:
            continue  # of the group cell, where each population has a cell of its own
        for setting, number in drawn or _numbers(name, value):
            if not sense.holds(number):
                yield Doubt(setting, _text(setting, number, unit, sense, field.default))


def _same_as_of_group(of_group: Cell, own: Cell, setting: str) -> bool:
    """Whether a population's own cell has the value of the group ``cell``, where it is judged."""
    name = setting.partition(".")[0]
    value = getattr(own, name)
    same = type(own) is type(of_group) and value == getattr(of_group, name)
    return same and not isinstance(value, Expression)


def _repeats(config: Config, default: Any, value: Any) -> bool:
    """Whether a value equals that of the setting to which it refers by default."""
    if not is_reference(default):
        return False
    source: Any = config
    for part in default[2:-1].split("."):
        source = getattr(source, part, None)
    return source == value


def _numbers(setting: str, value: Any) -> list[tuple[str, float]]:
    if isinstance(value, list):  # rows of a time and a value from then on
        return [(f"{setting}[{index}]", row[-1]) for index, row in enumerate(value)]
    if isinstance(value, Mapping):  # a number for each name
        return [(f"{setting}.{name}", number) for name, number in value.items()]
    judged = value if isinstance(value, Value) else Constant(value)
    return [(f"{setting}{ending}", number) for ending, number in judged.scale.items()]


def _text(setting: str, value: float, unit: str, sense: Range, usual: Any) -> str:
    what = f"{setting}={value:.12g} {unit}".rstrip()
    if 0 < abs(value) < sense.least:
        why = f"is smaller than is plausible (0, or at least {sense.least:g} {unit}".rstrip()
    else:
        why = f"is outside the plausible range ({sense} {unit}".rstrip()
    meant = _meant(value, sense, usual)
    return f"{what} {why})" + (f"; did you mean {meant:.12g}?" if meant is not None else "")


def _meant(value: float, sense: Range, usual: Any) -> float | None:
    """Return the value in the unit that was probably meant, or None if no common factor brings it into the range."""
    candidates = [value * factor for factor in _UNIT_FACTORS if sense.holds(value * factor)]
    near = usual if isinstance(usual, int | float) and usual else 1.0
    return min(candidates, key=lambda it: abs(math.log(abs(it / near))), default=None)
