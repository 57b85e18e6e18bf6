"""The runs of a study as the tracker has them."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from varesearch.config.errors import ConfigurationError
from varesearch.tracking import RunRecord, runs
from varesearch.tracking.tags import KIND, NETWORK_HASH

Key = TypeVar("Key", bound=Hashable)

_LIBRARIES = "varesearch.libraries"
_COMMIT = "mlflow.source.git.commit"
_DIRTY = "varesearch.dirty"


def finished_runs(experiment: str, uri: str | None = None, root: Path | None = None) -> list[RunRecord]:
    """The FINISHED runs of a network in that MLflow experiment, the newest first; parents and comparisons left out.

    Raises ConfigurationError if there is no such experiment.
    """
    condition = f"attributes.status = 'FINISHED' AND tags.`{NETWORK_HASH}` LIKE '%'"
    return [record for record in runs(experiment, uri, root, condition=condition) if KIND not in record.tags]


def chosen(
    records: Iterable[RunRecord], key: Callable[[RunRecord], Key], wanted: Sequence[Key]
) -> dict[Key, RunRecord]:
    """The newest record of each wanted key, in their order; ``records`` begin with the newest.

    Raises ConfigurationError if one is missing: a mean over fewer seeds than the page says would be a lie.
    """
    newest: dict[Key, RunRecord] = {}
    for record in records:
        newest.setdefault(key(record), record)
    missing = [one for one in wanted if one not in newest]
    if missing:
        raise ConfigurationError(
            f"{len(missing)} of {len(wanted)} runs of the study are not there, the first is {missing[0]}; "
            "start the study again, it makes what is missing"
        )
    return {one: newest[one] for one in wanted}


def arm(record: RunRecord) -> str:
    """The preset that the run was made from; ``""`` without one."""
    return record.tags.get("varesearch.experiment", "")


def seed(record: RunRecord) -> int:
    """The run's seed."""
    return int(record.params["seed"])


def backend(record: RunRecord) -> str:
    """The name of the run's back end."""
    return record.params["backend.name"]


def provenance(records: Iterable[RunRecord]) -> dict[str, Any]:
    """What made the runs: how many, from which commits (``+`` if anything was uncommitted), with which libraries."""
    records = list(records)
    commits = {
        record.tags[_COMMIT][:10] + ("+" if record.tags.get(_DIRTY) == "true" else "")
        for record in records
        if _COMMIT in record.tags
    }
    return {
        "runs": len(records),
        "commits": sorted(commits),
        "libraries": sorted({record.tags[_LIBRARIES] for record in records if _LIBRARIES in record.tags}),
    }
