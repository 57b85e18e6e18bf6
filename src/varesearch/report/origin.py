"""How a run was made and where it came from, as shown on its page."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from varesearch.config.errors import ConfigurationError
from varesearch.config.wording import written
from varesearch.report.sources import folder_of
from varesearch.shell import command, quoted
from varesearch.tracking.record import RunRecord, read_json, read_yaml


@dataclass(frozen=True)
class UserInput:
    """What the user entered: the ``command`` for a shell, its ``overrides``, and the chosen option of each group."""

    command: str
    overrides: list[str]
    choices: dict[str, str]

    @property
    def quoted_overrides(self) -> list[str]:
        """The overrides, each quoted for a shell."""
        return [quoted([override]) for override in self.overrides]


def given_of(record: RunRecord) -> UserInput:
    """Return how a run was made; if it stored no command, that is derived from its overrides and its kind."""
    path = folder_of(record) / "overrides.yaml"
    kept = read_yaml(path) if path.is_file() else {}
    overrides = kept.get("overrides") or []
    if not isinstance(overrides, list):
        raise ConfigurationError(f"{path}: cannot be read: its overrides are no list")
    if record.is_comparison:
        earlier = command("compare", *record.compared)
    elif record.rerun_of:
        earlier = command("rerun", record.rerun_of)
    else:
        earlier = command("sweep" if record.is_sweep else "run", *overrides)
    return UserInput(str(kept.get("command") or earlier), overrides, dict(kept.get("choices") or {}))


def belongs_to(record: RunRecord) -> str:
    """Return a sentence about the run or sweep that this run belongs to; "" if there is none."""
    if record.rerun_of:
        return f"It repeats run {record.rerun_of[:8]} with the settings of that run."
    if record.parent:
        return f"It is one of the runs of sweep {record.parent[:8]}; this command makes this run alone."
    return ""


def provenance_of(folder: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the origin of a run and the versions of all packages; both are empty if they were not stored."""
    path = folder / "provenance.json"
    origin = read_json(path) if path.is_file() else {}
    return origin, origin.pop("versions", None) or {}


def origin_rows(origin: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the origin, including the machine, as rows of name and value, without unknown values."""
    machine = origin.get("machine") or {}
    rows = {**{key: value for key, value in origin.items() if key != "machine"}, **machine}
    memory = rows.pop("memory_bytes", None)
    if memory:
        rows["memory"] = f"{memory / 1e9:.1f} GB"
    return [(key.replace("_", " "), _shown(value)) for key, value in rows.items() if value not in (None, [], {}, ())]


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={item}" for key, item in value.items())
    return " ".join(str(item) for item in value) if isinstance(value, list | tuple) else written(value)
