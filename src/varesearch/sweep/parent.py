"""The parent run of a sweep: what varies, how many children ended how, the table of their results."""

import collections
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from varesearch.config.errors import ConfigurationError
from varesearch.config.plain import as_plain, is_group
from varesearch.config.schema import Config
from varesearch.shell import code_span
from varesearch.sweep.jobs import FAILED, FINISHED, KILLED, SKIPPED, Job, Outcome
from varesearch.sweep.known import SWEEP, folder_of
from varesearch.sweep.space import Space
from varesearch.tracking import naming
from varesearch.tracking.endings import Ending
from varesearch.tracking.files import ENDED
from varesearch.tracking.log import LogCapture
from varesearch.tracking.process import Process
from varesearch.tracking.provenance import origin, provenance
from varesearch.tracking.reading import RunRecord
from varesearch.tracking.records import log_batch
from varesearch.tracking.run import TrackedRun
from varesearch.tracking.session import NOTE, StoreSession
from varesearch.tracking.store import one_line
from varesearch.tracking.tags import KIND, SWEEP_KIND

if TYPE_CHECKING:
    from mlflow.entities import Run

VARIES = "varesearch.varies"
_LONGEST_PARAM = 250
_LONGEST_NAME = 80


class SweepFailedError(RuntimeError):
    """Some children are not FINISHED; the message is one line."""


class ParentRun(TrackedRun):
    """The tracked run of a sweep, made anew or, if ``earlier`` is the same sweep's, opened again.

    ``jobs`` are those that are known before anything has run. Entering raises ConfigurationError if the store cannot
    be had or another machine is at the same sweep.
    """

    def __init__(
        self,
        settings: Config,
        made_by: Sequence[str],
        space: Space,
        jobs: Sequence[Job],
        sweep: str,
        session: StoreSession,
        earlier: "Run | None",
        capture: LogCapture,
        protected: Sequence[Callable[..., Any]],
    ) -> None:
        resolved = shared_settings([job.composed.resolved for job in jobs]) if jobs else as_plain(settings)
        super().__init__(settings, resolved, space.words, {}, capture, None, {}, made_by, session, protected)
        self._space = space
        self._jobs = jobs
        self._sweep = sweep
        self._earlier = earlier
        self._start_ms = self.now_ms()

    def set_outcomes(self, outcomes: Sequence[Outcome]) -> dict[str, int]:
        """Keep how the children ended as metrics and tags; the counts."""
        counts = counted(outcomes)
        self.log_metrics(counts, "sweep")
        self.set_tags({f"{SWEEP}.{name}": str(number) for name, number in counts.items()})
        return counts

    def as_record(self, status: str, reason: str) -> RunRecord:
        """The run as it will be in the store, for a report that is written before its end."""
        ended = {ENDED: reason} if reason else {}
        return RunRecord(
            run_id=self.run_id,
            name=self.name,
            experiment=self.config.tracking.experiment,
            experiment_id=self.session.experiment_id,
            status=status,
            start_ms=self._start_ms,
            end_ms=self.now_ms(),
            params=self._shown_params(),
            metrics=dict(self._metrics),
            tags={**self._described(), **self._tags, **ended},
            folder=self.folder,
        )

    def _open(self) -> tuple[str, str, Path]:
        if self._earlier is None:
            name = self.config.tracking.run_name or sweep_name(self._space, len(self._jobs))
            run_id, folder = self.session.create_run(name, self._described())
            return run_id, name, folder
        info = self._earlier.info
        process = Process.from_tags(self._earlier.data.tags)
        if info.status == "RUNNING" and process is not None and not process.is_here():
            raise ConfigurationError(
                f"the same sweep is run {info.run_id[:8]}, which is RUNNING on {process.host}; end it there, or make a "
                "sweep of your own with rerun=true"
            )
        # First whose it is, then that it runs: another command must not find it running without a process.
        log_batch(self.session.client, info.run_id, {}, {}, {**Process.current().tags(), **self._described()})
        if ENDED in self._earlier.data.tags:
            self.session.client.delete_tag(info.run_id, ENDED)
        self.session.client.update_run(info.run_id, status="RUNNING")
        self._start_ms = info.start_time
        return info.run_id, info.run_name or "", folder_of(self._earlier, self.session)

    def _log_path(self) -> Path:
        if self._earlier is None:
            return super()._log_path()
        # Each command has a log of its own, also where a server keeps the earlier ones.
        return self.folder / f"resumed-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log"

    def _describe(self) -> None:
        commit = self.session.commit
        self.describe(provenance(origin(commit)), b"" if commit is None else commit.diff)
        if self._earlier is None:
            with one_line(self.session.place):
                log_batch(self.session.client, self.run_id, {}, self._shown_params(), {})

    def _described(self) -> dict[str, str]:
        return {
            KIND: SWEEP_KIND,
            SWEEP: self._sweep,
            VARIES: ", ".join(dimension.key for dimension in self._space.dimensions) or "nothing",
            NOTE: code_span(self.made_by),
        }

    def _shown_params(self) -> dict[str, str]:
        """What all children share, and what varies with all its values."""
        params = naming.flat_params(self.resolved) if self._jobs else {}
        for dimension in self._space.dimensions:
            if dimension.bounds is None:
                text = ", ".join(dimension.values)
            else:
                text = f"from {dimension.bounds[0]:g} to {dimension.bounds[1]:g}"
            params[dimension.key] = text if len(text) <= _LONGEST_PARAM else f"{text[: _LONGEST_PARAM - 1]}…"
        return params

    def _end(self, how: Ending, error: BaseException | None) -> str | None:
        if isinstance(error, SweepFailedError):
            # The children have the tracebacks.
            return super()._end(Ending("FAILED", 1, str(error)), None)
        return super()._end(how, error)


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
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def shared_settings(several: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The settings that are the same in all configurations; what differs is left out."""
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
