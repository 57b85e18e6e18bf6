"""The run of a sweep: what varies, what its children share, and how they ended."""

import collections
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from varesearch.config.addresses import redact
from varesearch.config.errors import ConfigurationError
from varesearch.config.plain import as_plain, is_group
from varesearch.config.schema import Config
from varesearch.shell import code_span, command
from varesearch.sweeps.jobs import FAILED, FINISHED, KILLED, SKIPPED, Job, Outcome
from varesearch.sweeps.space import Space
from varesearch.tracking.ending import FailedRunError
from varesearch.tracking.files import RunFiles
from varesearch.tracking.process import Process
from varesearch.tracking.provenance import Description, flat_params, short
from varesearch.tracking.record import RunRecord
from varesearch.tracking.run import StoreSession
from varesearch.tracking.tags import ENDED, KIND, NOTE, SWEEP, SWEEP_KIND, VARIES, sweep_count

_LONGEST_NAME = 80


class SweepFailedError(FailedRunError):
    """Some children are not FINISHED; the message is one line."""


def describe_sweep(
    settings: Config, made_by: Sequence[str], space: Space, jobs: Sequence[Job], identity: str
) -> Description:
    """The description of a sweep's run; ``jobs`` are those that are known before anything has run."""
    shown = command(*map(redact, made_by))
    tags = {
        KIND: SWEEP_KIND,
        SWEEP: identity,
        VARIES: ", ".join(dimension.key for dimension in space.dimensions) or "nothing",
        NOTE: code_span(shown),
    }
    resolved = shared_settings([job.composed.resolved for job in jobs]) if jobs else as_plain(settings)
    # The settings that all children share, and what varies, with all its values.
    params = flat_params(resolved) if jobs else {}
    for dimension in space.dimensions:
        if dimension.bounds is None:
            params[dimension.key] = short(", ".join(dimension.values))
        else:
            params[dimension.key] = f"from {dimension.bounds[0]:g} to {dimension.bounds[1]:g}"
    name = settings.tracking.run_name or sweep_name(space, len(jobs))
    overrides = tuple(redact(word) for word in space.words)
    return Description(name, resolved, shown, overrides, tags=tags, params=params)


def refuse_if_elsewhere(earlier: RunRecord) -> None:
    """Raise ConfigurationError if an earlier run of the same sweep is still running on another machine."""
    process = Process.from_tags(earlier.tags)
    if earlier.status == "RUNNING" and process is not None and not process.is_here():
        raise ConfigurationError(
            f"the same sweep is run {earlier.run_id[:8]}, which is RUNNING on {process.host}; end it there, or make a "
            "sweep of your own with rerun=true"
        )


def log_outcomes(run: RunFiles, outcomes: Sequence[Outcome]) -> dict[str, int]:
    """Write how many children ended how to the metrics and tags of the sweep's run; return the counts."""
    counts = counted(outcomes)
    run.log_metrics(counts, "sweep")
    run.set_tags({sweep_count(name): str(number) for name, number in counts.items()})
    return counts


def record_ahead(run: RunFiles, session: StoreSession, experiment: str, start_ms: int, reason: str) -> RunRecord:
    """The record of a sweep's run as it will be in the store, for a report that is written before its end.

    ``reason`` is why it is not FINISHED, or "".
    """
    return RunRecord(
        run_id=run.run_id,
        name=run.name,
        experiment=experiment,
        experiment_id=session.experiment_id,
        status=FAILED if reason else FINISHED,
        start_ms=start_ms,
        end_ms=int(time.time() * 1000),
        params=run.description.params,
        metrics=run.metrics,
        tags={**run.tags, **({ENDED: reason} if reason else {})},
        folder=run.folder,
    )


def counted(outcomes: Sequence[Outcome]) -> dict[str, int]:
    """How many children there are, and how many ended how; those taken over are FINISHED as well."""
    states = collections.Counter(outcome.state for outcome in outcomes)
    return {
        "children": len(outcomes),
        "finished": states[FINISHED],
        "taken_over": sum(outcome.taken_over for outcome in outcomes),
        "failed": states[FAILED],
        "killed": states[KILLED],
        "not_begun": states[SKIPPED],
    }


def sweep_name(space: Space, n_jobs: int) -> str:
    """A name that a person can read in a list: what varies, over how many values."""
    parts = [
        f"{d.key.rpartition('.')[2]}" + (f"({len(d.values)})" if d.bounds is None else "") for d in space.dimensions
    ]
    name = "sweep " + (" x ".join(parts) if parts else "of one run") + (f", {n_jobs} runs" if n_jobs > 1 else "")
    return short(name, _LONGEST_NAME)


def shared_settings(several: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The settings that are the same in all configurations.

    Examples
    --------
    >>> shared_settings([{"seed": 1, "cell": {"a": 0.02, "d": 8}}, {"seed": 2, "cell": {"a": 0.02, "d": 2}}])
    {'cell': {'a': 0.02}}
    """
    return dict(_shared(several))


def _shared(several: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Any]]:
    first, *others = several
    for key, value in first.items():
        if not all(key in other for other in others):
            continue
        values = [other[key] for other in others]
        if all(value == other for other in values):
            yield key, value
        elif all(is_group(it) for it in (value, *values)):
            inner = dict(_shared([value, *values]))
            if inner:
                yield key, inner
