"""The differences between a recorded run and its repetition: result, versions, code, machine."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from varesearch.rerun.results import metric_differences, recording_differences
from varesearch.tracking.record import RunRecord, read_json

_MADE_WITH = ("machine", "integrator")
_MACHINE = ("host", "system", "processor", "usable_cores", "environment")


@dataclass(frozen=True)
class Differences:
    """One line for each difference; ``result`` is [] for runs that are identical bit for bit."""

    result: list[str]
    versions: list[str]
    code: list[str]
    machine: list[str]

    @property
    def identical(self) -> bool:
        """Whether spike trains, signals, metrics and network are the same, bit for bit."""
        return not self.result


def compare_runs(original: RunRecord, again: RunRecord) -> Differences:
    """Compare two runs of one configuration.

    Parameters
    ----------
    original, again
        The recorded run, and its repetition.

    Returns
    -------
    Differences
        One line for each difference, by where it is.

    Raises
    ------
    ConfigurationError
        One of the runs has no recording.
    """
    result = []
    if original.network_hash != again.network_hash:
        hashes = [run.network_hash[:12] for run in (original, again)]
        result.append(f"network: {hashes[0]}, now {hashes[1]}")
    result += recording_differences(original.recording(), again.recording())
    result += _changed(*({"result": run.result, "degraded": run.why_degraded} for run in (original, again)))
    result += _changed(*({key: run.made_with.get(key) for key in _MADE_WITH} for run in (original, again)))
    if original.folder is not None and again.folder is not None:
        result += metric_differences(original.folder, again.folder)
    before, now = _provenance(original), _provenance(again)
    machines = [{key: (origin.get("machine") or {}).get(key) for key in _MACHINE} for origin in (before, now)]
    return Differences(
        result=result,
        versions=_changed(before.get("versions") or {}, now.get("versions") or {}),
        code=_code(original, again),
        machine=_changed(*machines),
    )


def _code(original: RunRecord, again: RunRecord) -> list[str]:
    lines = _changed({"commit": _commit(original)}, {"commit": _commit(again)})
    if _uncommitted(original) != _uncommitted(again):
        lines.append("uncommitted changes: differ")
    if not original.science:
        return [*lines, "sources that determine a result: not recorded by the original"]
    if original.science != again.science:
        lines.append("sources that determine a result: differ")
    return lines + _changed({"libraries": original.libraries}, {"libraries": again.libraries})


def _commit(run: RunRecord) -> str:
    return run.commit and run.commit[:12] + (" with uncommitted changes" if run.is_dirty else "")


def _uncommitted(run: RunRecord) -> bytes:
    path = run.folder and run.folder / "uncommitted.diff"
    return path.read_bytes() if path and path.is_file() else b""


def _provenance(run: RunRecord) -> dict[str, Any]:
    path = run.folder and run.folder / "provenance.json"
    return read_json(path) if path and path.is_file() else {}


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    return [
        f"{key}: {_shown(before.get(key))}, now {_shown(now.get(key))}"
        for key in dict.fromkeys([*before, *now])
        if before.get(key) != now.get(key)
    ]


def _shown(value: Any) -> str:
    return "none" if value in (None, "") else str(value)
