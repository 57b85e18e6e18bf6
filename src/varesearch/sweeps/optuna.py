"""A search by Optuna: each trial a point of the space, run for every seed, judged by a metric's mean over the seeds."""

import hashlib
import json
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from varesearch.config import launching
from varesearch.config.errors import ConfigurationError
from varesearch.config.rule import RECEPTORS
from varesearch.config.wording import did_you_mean, written
from varesearch.metrics import metric_definitions
from varesearch.shell import quoted
from varesearch.sweeps.jobs import FAILED, FINISHED, Job, Outcome
from varesearch.sweeps.space import Dimension, Space
from varesearch.sweeps.sweepers.base import Compose, Evaluate, Objective
from varesearch.tracking.tags import BEST, BEST_RUNS, BEST_TRIAL, BEST_VALUE

if TYPE_CHECKING:
    from varesearch.sweeps.optuna_study import Study

SEED = "seed"
_OTHER_METRICS = ("realtime_factor", "peak_memory_mb")
# Which of these there are, only the run itself knows.
_OTHER_GROUPS = ("backend", "phase")


class OptunaSweeper:
    """See the module's text. Made from ``sweeper=optuna`` and the space."""

    def __init__(self, settings: launching.SweeperConfig, space: Space) -> None:
        assert isinstance(settings, launching.OptunaSweeper)
        self._settings = settings
        self._space = space
        self._searched = [dimension for dimension in space.dimensions if dimension.key != SEED]
        self._seeds = next((dimension.values for dimension in space.dimensions if dimension.key == SEED), ())

    def check(self, config_dir: Path | None) -> None:
        """Raise ConfigurationError without Optuna, without a metric that can be, and for a space it cannot search."""
        try:
            import optuna  # noqa: F401
        except ImportError:
            raise ConfigurationError(
                "sweeper=optuna needs a package that is not installed: pip install 'varesearch[optuna]'"
            ) from None
        _check_metric(self._settings.metric, metric_definitions(config_dir))
        for dimension in self._space.dimensions:
            _check_dimension(dimension)
        if not self._searched:
            raise ConfigurationError(
                "sweeper=optuna has nothing to search: give a setting a range, such as "
                "connectivity.p=interval(0.01,0.1); several seeds are repetitions of every trial"
            )

    def plan(self) -> list[tuple[str, ...]]:
        """None: the points are chosen while the search goes on."""
        return []

    def corners(self) -> list[tuple[str, ...]]:
        """One point with the first of everything and, for each key in turn, those with its other values or its end."""
        ends = {dimension.key: _ends(dimension) for dimension in self._searched}
        first = {key: values[0] for key, values in ends.items()} | self._each_seed()[0]
        others = [{**first, key: value} for key, values in ends.items() for value in values[1:]]
        return [self._space.point(values) for values in (first, *others)]

    def size(self) -> int:
        """Every trial for every seed."""
        return self._settings.trials * len(self._each_seed())

    def objective(self) -> Objective:
        """The metric of the settings, and its direction."""
        return Objective(str(self._settings.metric), self._settings.direction == "maximize")

    def identity(self, jobs: Sequence[Job]) -> str:
        """Of the space, the code, and all settings but the number of trials: a search may be made longer."""
        settings = self._settings
        chosen = [settings.metric, settings.direction, settings.batch, settings.sampler, settings.sampler_seed]
        space = [asdict(dimension) for dimension in self._space.dimensions]
        told = json.dumps([space, chosen, [job.identity for job in jobs]])
        return hashlib.sha256(told.encode()).hexdigest()

    def search(self, jobs: Sequence[Job], compose: Compose, evaluate: Evaluate, folder: Path) -> Mapping[str, str]:
        """Try points until there are enough; the tags of the parent run say which was best.

        The study is in ``folder``. A trial whose point is no valid configuration, or whose runs fail or do not define
        the metric, is a failed one. Raises ConfigurationError if the points of the whole first batch are invalid.
        """
        from varesearch.sweeps.optuna_study import Study

        study = Study(self._settings, self._searched, folder)
        # Their results are known, and belong to the table of this sweep, too.
        known = [job for values in study.judged() for job in compose(self._runs(values))]
        if known and any(outcome.state != FINISHED for outcome in evaluate(known)):
            return self._best(study)
        while batch := study.next_batch():
            composed = self._compose(batch, compose, study)
            outcomes = evaluate([job for some in composed.values() for job in some])
            rest = iter(outcomes)
            judged = [self._tell(study, number, [next(rest) for _ in some]) for number, some in composed.items()]
            if not all(judged):
                break
        return self._best(study)

    def _compose(
        self, batch: Mapping[int, Mapping[str, str]], compose: Compose, study: "Study"
    ) -> dict[int, list[Job]]:
        """Trial -> its jobs, for the trials whose points are valid; the study is told of the others."""
        jobs: dict[int, list[Job]] = {}
        first: ConfigurationError | None = None
        for number, values in batch.items():
            try:
                jobs[number] = compose(self._runs(values))
            except ConfigurationError as error:
                first = first or error
                study.tell_failed(number, str(error), repeat=False)
        if first is not None and not jobs and study.best() is None:
            raise first
        return jobs

    def _runs(self, values: Mapping[str, str]) -> list[tuple[str, ...]]:
        return [self._space.point({**values, **seed}) for seed in self._each_seed()]

    def _each_seed(self) -> list[dict[str, str]]:
        return [{SEED: seed} for seed in self._seeds] or [{}]

    def _tell(self, study: "Study", number: int, outcomes: Sequence[Outcome]) -> bool:
        """Tell the study what came of a trial; False if the sweep is stopping: the trial stays under way then."""
        if any(outcome.state not in (FINISHED, FAILED) for outcome in outcomes):
            return False
        metric = str(self._settings.metric)
        failed = next((outcome for outcome in outcomes if outcome.state == FAILED), None)
        values = [outcome.metrics.get(metric, math.nan) for outcome in outcomes]
        if failed is not None:
            study.tell_failed(number, failed.reason or "a run failed", repeat=True)
        elif not all(map(math.isfinite, values)):
            without = next(outcome for outcome in outcomes if not math.isfinite(outcome.metrics.get(metric, math.nan)))
            study.tell_failed(number, f"run {without.run_id} has no {metric}", repeat=False)
        else:
            study.tell_value(number, statistics.fmean(values), [str(outcome.run_id) for outcome in outcomes])
        return True

    def _best(self, study: "Study") -> dict[str, str]:
        best, metric = study.best(), self._settings.metric
        if best is None:
            return {BEST: f"none: no trial has a value of {metric}"}
        return {
            BEST: quoted(f"{key}={value}" for key, value in best.values.items()),
            BEST_VALUE: f"{metric}={best.value!r}",
            BEST_TRIAL: str(best.number),
            BEST_RUNS: " ".join(best.run_ids),
        }


def _ends(dimension: Dimension) -> tuple[str, ...]:
    """All values of a dimension, or the two ends of an interval, as they are written."""
    if dimension.bounds is None:
        return dimension.values
    low, high = dimension.bounds
    return tuple(map(written, (math.ceil(low), math.floor(high)) if dimension.whole else (low, high)))


def _check_metric(metric: str | None, definitions: Iterable[str]) -> None:
    if metric is None:
        raise ConfigurationError("sweeper=optuna needs a metric: write sweeper.metric=exc.cv_isi, or another one")
    group, _, rest = metric.partition(".")
    known = [*(f"{population}.{name}" for population in RECEPTORS for name in definitions), *_OTHER_METRICS]
    if metric in known or (group in _OTHER_GROUPS and rest):
        return
    raise ConfigurationError(
        f"sweeper.metric={metric} is no metric of a run: write {' or '.join(RECEPTORS)}, a dot, and one of "
        f"{', '.join(definitions)}, or {' or '.join(_OTHER_METRICS)}{did_you_mean(metric, known)}"
    )


def _check_dimension(dimension: Dimension) -> None:
    if dimension.bounds is None:
        return
    low, high = dimension.bounds
    what = f"{dimension.key}=interval({low:g},{high:g})"
    if dimension.key == SEED:
        raise ConfigurationError(f"{what}: seeds are repetitions, not searched; write seed=range(3)")
    if dimension.whole and math.ceil(low) >= math.floor(high):
        raise ConfigurationError(f"{what}: {dimension.key} takes whole numbers, and fewer than two are between these")
    if dimension.logarithmic and low <= 0:
        raise ConfigurationError(f"{what}: ratios need numbers above 0; leave out tag(log, ...) or raise the first")
