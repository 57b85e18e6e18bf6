"""In which settings two configurations differ, and what they share."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from varesearch.config.restore import restore
from varesearch.config.wording import written
from varesearch.sweep.table import units_of
from varesearch.tracking.naming import science

NOT_THE_MODEL = ("seed", "backend", "recording", "analysis")
"""Settings of which two runs of one model may differ: the draw, the simulator, and how it is looked at."""

ABSENT = "–"


@dataclass(frozen=True)
class SettingDifference:
    """One setting: its ``key``, its value in A and in B as written on the command line, and its unit ("": none).

    A value is :data:`ABSENT` where a model does not have the setting at all (another cell has other parameters).
    """

    key: str
    a: str
    b: str
    unit: str


def setting_differences(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[SettingDifference]:
    """The settings, the seed aside, whose values are not the same in two resolved configurations."""
    flat = [dict(_flat({key: value for key, value in science(it).items() if key != "seed"}, "")) for it in (a, b)]
    # In A's order, each key of B's own behind the group that it belongs to.
    groups = dict.fromkeys(key.partition(".")[0] for one in flat for key in one)
    keys = [key for group in groups for key in dict.fromkeys([*flat[0], *flat[1]]) if key.partition(".")[0] == group]
    differing = [key for key in keys if _differ(flat[0].get(key, ABSENT), flat[1].get(key, ABSENT))]
    units = [units_of(restore(it), differing) for it in (a, b)]
    shown = [{key: written(one[key]) if key in one else ABSENT for key in differing} for one in flat]
    return [SettingDifference(key, shown[0][key], shown[1][key], units[0][key] or units[1][key]) for key in differing]


def are_two_models(differences: list[SettingDifference]) -> bool:
    """Whether the differences are in what is simulated, not only in how it is simulated and looked at."""
    return any(each.key.partition(".")[0] not in NOT_THE_MODEL for each in differences)


def _differ(a: Any, b: Any) -> bool:
    # 2 and 2.0 are the same weight; True and 1 are not the same choice.
    return a != b or isinstance(a, bool) != isinstance(b, bool)


def _flat(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and "distribution" not in value:
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}" if name else str(key))
    else:
        yield name, value
