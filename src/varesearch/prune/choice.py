"""Which runs of a store are to be pruned, how much space that frees, and what may still need the files."""

import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from varesearch.tracking.files import RECORDING_FILE
from varesearch.tracking.location import StoreLocation, local_folder
from varesearch.tracking.read import Reader
from varesearch.tracking.record import RunRecord

_DAY_MS = 86_400_000.0


@dataclass(frozen=True)
class Wanted:
    """Which runs are to be pruned; a condition that is None selects every run.

    Attributes
    ----------
    older_than_days
        Runs that ended at least so many days ago.
    status
        Runs with this status.
    larger_than_mb
        Runs whose files to be removed are larger.
    whole
        Remove the whole run (its files and its row in the store) rather than only its recording.
    """

    older_than_days: float | None = None
    status: str | None = None
    larger_than_mb: float | None = None
    whole: bool = False


@dataclass(frozen=True)
class Candidate:
    """A run to be pruned: the files to be removed, their size in bytes, and what may still need them (``needed``)."""

    run_id: str
    name: str
    status: str
    age_days: float
    folder: Path
    files: tuple[Path, ...]
    size: int
    needed: str


def candidates(reader: Reader, wanted: Wanted) -> list[Candidate]:
    """Return the runs that ``wanted`` selects and that have something to remove, the largest first.

    RUNNING runs and the children of a RUNNING sweep are never among them.
    """
    compared: dict[str, list[str]] = defaultdict(list)
    for comparison in reader.comparisons():
        for run_id in comparison.compared_runs:
            compared[run_id].append(comparison.run_id[:8])
    running = {run.run_id for run in reader.running()}
    selected = []
    for run in reader.find():
        if run.run_id in running or run.parent in running:
            continue
        candidate = _candidate(run, reader.where, wanted, compared)
        if candidate is not None:
            selected.append(candidate)
    return sorted(selected, key=lambda candidate: candidate.size, reverse=True)


def _candidate(
    run: RunRecord, where: StoreLocation, wanted: Wanted, compared: dict[str, list[str]]
) -> Candidate | None:
    folder = local_folder(run.artifact_uri, where)
    age_days = (time.time() * 1000 - (run.end_ms or run.start_ms)) / _DAY_MS
    if wanted.status is not None and run.status != wanted.status:
        return None
    if wanted.older_than_days is not None and age_days < wanted.older_than_days:
        return None
    # The folder is read from the database, which others may have written: nothing outside the store is ever removed.
    if folder is None or not folder.resolve().is_relative_to(where.artifacts.resolve()):
        return None
    pattern = "*" if wanted.whole else f"{Path(RECORDING_FILE).stem}.*"
    files = tuple(path for path in folder.rglob(pattern) if path.is_file() and not path.is_symlink())
    if not wanted.whole:
        files = tuple(path for path in files if path.parent == folder)
    size = sum(path.stat().st_size for path in files)
    if (not files and not wanted.whole) or size < (wanted.larger_than_mb or 0.0) * 1e6:
        return None
    return Candidate(run.run_id, run.name, run.status, age_days, folder, files, size, _needed(run, compared))


def _needed(run: RunRecord, compared: dict[str, list[str]]) -> str:
    reasons = []
    if run.run_id in compared:
        reasons.append(f"compared by {', '.join(compared[run.run_id])}")
    if run.parent:
        reasons.append(f"run again if sweep {run.parent[:8]} is resumed")
    if run.is_sweep:
        reasons.append("a sweep: its children stay")
    return "; ".join(reasons)
