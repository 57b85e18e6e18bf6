"""The settings in which two configurations differ."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from varesearch.config.plain import single_settings
from varesearch.config.restore import restore
from varesearch.config.wording import written
from varesearch.sweeps.table import units_of
from varesearch.tracking.provenance import science

NOT_THE_MODEL = ("seed", "backend", "recording", "analysis")
"""Settings in which two runs of one model may differ: the seed, the simulator, what is recorded, how it is analysed."""

ABSENT = "–"


@dataclass(frozen=True)
class SettingDifference:
    """One setting: its ``key``, its value in A and in B as written on the command line, and its unit (or "").

    The value is :data:`ABSENT` if a model does not have the setting (another cell has other parameters).
    """

    key: str
    a: str
    b: str
    unit: str


def setting_differences(
    a: Mapping[str, Any], b: Mapping[str, Any], config_dir: Path | None = None
) -> list[SettingDifference]:
    """The settings, except for the seed, that have different values in two resolved configurations.

    ``config_dir`` is the folder of the user's own parts, which the configurations may have.
    """
    flat = [dict(single_settings({key: value for key, value in science(it).items() if key != "seed"})) for it in (a, b)]
    # In the order of A; keys that only B has come at the end of their group.
    groups = dict.fromkeys(key.partition(".")[0] for one in flat for key in one)
    keys = [key for group in groups for key in dict.fromkeys([*flat[0], *flat[1]]) if key.partition(".")[0] == group]
    differing = [key for key in keys if _differ(flat[0].get(key, ABSENT), flat[1].get(key, ABSENT))]
    units = [units_of(restore(it, config_dir=config_dir), differing) for it in (a, b)]
    shown = [{key: written(one[key]) if key in one else ABSENT for key in differing} for one in flat]
    return [SettingDifference(key, shown[0][key], shown[1][key], units[0][key] or units[1][key]) for key in differing]


def are_two_models(differences: list[SettingDifference]) -> bool:
    """Whether the models differ, and not only how they are simulated, recorded and analysed."""
    return any(each.key.partition(".")[0] not in NOT_THE_MODEL for each in differences)


def _differ(a: Any, b: Any) -> bool:
    # 2 and 2.0 are the same weight; True and 1 are not the same choice.
    return a != b or isinstance(a, bool) != isinstance(b, bool)
