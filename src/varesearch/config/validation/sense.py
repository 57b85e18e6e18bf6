"""Values that can be run but make no sense, more likely a slip of the unit: warned of, not refused."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from varesearch.config.cells import UnitOfCell, unit_of
from varesearch.config.distributions import parse_distribution
from varesearch.config.ranges import Range
from varesearch.config.schema import Config

_SLIPS = (1e-3, 1e3, 1e-6, 1e6, 1e9)
"""Factors between the units of one quantity: pA for nA, s for ms, nS for µS; S for µS, A for nA."""


@dataclass(frozen=True)
class Doubt:
    """A value outside the range in which its setting makes sense; ``text`` is the line on it."""

    setting: str
    text: str


def doubts(config: Config) -> list[Doubt]:
    """What a person should look at again in a valid configuration, in the order of the settings.

    A distribution is judged by its ends where it is uniform and by its mean where it is not, since its tails are what
    truncation is for. A value that only repeats another setting's (``${cell.weight_exc}``) is judged there.
    """
    return [doubt for group in fields(config) for doubt in _doubts_of(config, getattr(config, group.name), group.name)]


def warnings(configs: Sequence[Config]) -> list[str]:
    """A line for each setting that is in doubt in one of the runs: the first such value, and in how many runs."""
    lines: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for config in configs:
        for doubt in doubts(config):
            lines.setdefault(doubt.setting, doubt.text)
            counts[doubt.setting] += 1
    of = f" of {len(configs)} runs" if len(configs) > 1 else ""
    return [f"{line} (so in {counts[setting]}{of})" if of else line for setting, line in lines.items()]


def sense_of(settings: Any, name: str, cell: Any = None) -> Range | None:
    """The range in which field ``name`` of a settings dataclass makes sense; where it follows the cell, the cell's.

    None where there is none, or where the cell is not given.
    """
    metadata = next((field.metadata for field in fields(settings) if field.name == name), {})
    if isinstance(metadata.get("unit"), UnitOfCell):
        return sense_of(cell, metadata["unit"].name) if is_dataclass(cell) else None
    return metadata.get("sense")


def _doubts_of(config: Config, settings: Any, prefix: str) -> Iterator[Doubt]:
    if not is_dataclass(settings):
        return
    for field in fields(settings):
        name, value = f"{prefix}.{field.name}", getattr(settings, field.name)
        if is_dataclass(value):
            yield from _doubts_of(config, value, name)
        sense = sense_of(settings, field.name, config.cell)
        # A text is a relation that has not been worked out: the settings were not composed.
        if sense is None or value is None or isinstance(value, str) or _repeats(config, field.default, value):
            continue
        unit = unit_of(settings, field.name, config.cell)
        for setting, number in _numbers(name, value):
            if not sense.holds(number):
                yield Doubt(setting, _text(setting, number, unit, sense, field.default))


def _repeats(config: Config, default: Any, value: Any) -> bool:
    """Whether a value is that of the setting from which it comes if nobody gives it."""
    if not isinstance(default, str) or not default.startswith("${"):
        return False
    source: Any = config
    for part in default[2:-1].split("."):
        source = getattr(source, part, None)
    return source == value


def _numbers(setting: str, value: Any) -> list[tuple[str, float]]:
    drawn = parse_distribution(value, setting)
    if drawn.kind == "constant":
        return [(setting, drawn.first)]
    if drawn.kind == "uniform":
        return [(f"{setting}.low", drawn.first), (f"{setting}.high", drawn.second)]
    return [(f"{setting}.mean", drawn.first)]


def _text(setting: str, value: float, unit: str, sense: Range, usual: Any) -> str:
    what = f"{setting}={value:.12g} {unit}".rstrip()
    if 0 < abs(value) < sense.least:
        why = f"is smaller than makes sense (0, or at least {sense.least:g} {unit}".rstrip()
    else:
        why = f"is beyond what makes sense ({sense} {unit}".rstrip()
    meant = _meant(value, sense, usual)
    return f"{what} {why})" + (f"; did you mean {meant:.12g}?" if meant is not None else "")


def _meant(value: float, sense: Range, usual: Any) -> float | None:
    """The value in the unit that was meant, if one of the common slips brings it into the range."""
    found = [value * factor for factor in _SLIPS if sense.holds(value * factor)]
    near = usual if isinstance(usual, int | float) and usual else 1.0
    return min(found, key=lambda it: abs(math.log(abs(it / near))), default=None)
