"""The runs of a study as the tracker has them."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from varesearch.config.errors import ConfigurationError
from varesearch.tracking import RunRecord, runs
from varesearch.tracking.tags import NETWORK_HASH

Key = TypeVar("Key", bound=Hashable)


def finished_runs(experiment: str, uri: str | None = None, root: Path | None = None) -> list[RunRecord]:
    """The FINISHED runs of a network in that MLflow experiment, the newest first; parents and comparisons left out.

    Raises ConfigurationError if there is no such experiment.
    """
    condition = f"attributes.status = 'FINISHED' AND tags.`{NETWORK_HASH}` LIKE '%'"
    found = runs(experiment, uri, root, condition=condition)
    return [record for record in found if not record.is_sweep and not record.is_comparison]


def chosen(
    records: Iterable[RunRecord], key: Callable[[RunRecord], Key], wanted: Sequence[Key]
) -> dict[Key, RunRecord]:
    """The newest record of each wanted key, in their order; ``records`` begin with the newest.

    Raises ConfigurationError if one is missing, since the page states how many seeds a mean is over.
    """
    newest: dict[Key, RunRecord] = {}
    for record in records:
        newest.setdefault(key(record), record)
    missing = [one for one in wanted if one not in newest]
    if missing:
        raise ConfigurationError(
            f"{len(missing)} of {len(wanted)} runs of the study are missing, the first is {missing[0]}; "
            "start the study again to make them"
        )
    return {one: newest[one] for one in wanted}


def arm(record: RunRecord) -> str:
    """The preset that the run was made from; ``""`` without one."""
    return record.preset


def seed(record: RunRecord) -> int:
    """The run's seed."""
    return int(record.params["seed"])


def backend(record: RunRecord) -> str:
    """The name of the run's back end."""
    return record.params["backend.name"]


def provenance(records: Iterable[RunRecord]) -> dict[str, Any]:
    """How many runs there are, from which commits (``+`` with uncommitted changes), with which libraries."""
    records = list(records)
    commits = {record.commit[:10] + ("+" if record.is_dirty else "") for record in records if record.commit}
    return {
        "runs": len(records),
        "commits": sorted(commits),
        "libraries": sorted({record.libraries for record in records if record.libraries}),
    }
