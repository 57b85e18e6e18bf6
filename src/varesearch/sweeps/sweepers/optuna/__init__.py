"""A search by Optuna: each trial is a point of the space, run for every seed and judged by a metric's mean."""

import hashlib
import json
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from varesearch.config import ranges
from varesearch.config.errors import ConfigurationError
from varesearch.config.launching import Sweeper
from varesearch.config.ranges import Range
from varesearch.config.settings import quantity
from varesearch.config.wording import did_you_mean, written
from varesearch.shell import quoted
from varesearch.sweeps.jobs import FAILED, FINISHED, SEED, Compose, Evaluate, Job, Outcome, Plan

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from varesearch.config.schema import Config
    from varesearch.metrics import MetricDefinition
    from varesearch.sweeps.space import Dimension, Space
    from varesearch.sweeps.sweepers.optuna.study import Study
    from varesearch.sweeps.table import Table

_OTHER_METRICS = ("realtime_factor", "peak_memory_mb")
# Which metrics these groups have, only the run itself knows.
_OTHER_GROUPS = ("backend", "phase", "weights")


@dataclass
class Optuna(Sweeper):
    """A search by Optuna (extra: optuna) for the largest or smallest value of a metric, averaged over seeds."""

    metric: str | None = quantity(None, "", "what is searched for, such as exc.cv_isi")
    direction: str = quantity("maximize", "", "maximize or minimize", ("maximize", "minimize"))
    trials: int = quantity(
        20,
        "trials",
        "points that are tried, those of an earlier start of the same search included",
        plausible=Range(1, 100_000, allowed=ranges.AT_LEAST_ONE),
    )
    batch: int = quantity(
        2,
        "trials",
        "points that are chosen together, before the results of any of them are known",
        plausible=ranges.COUNT,
    )
    sampler: str = quantity(
        "tpe", "", "tpe (tree-structured Parzen estimator), random, or qmc (Sobol points)", ("tpe", "random", "qmc")
    )
    sampler_seed: int = quantity(1, "", "seed of the sampler", allowed=Range(0, 2**32 - 1))

    def plan(self, space: "Space", config_dir: Path | None) -> Plan:
        """No points, which are chosen while the search goes on, but corners.

        These are one point with the first value of everything and, for each key in turn, those with its other values or
        its end. Raises ConfigurationError without Optuna, without a metric, and for a space that cannot be
        searched.
        """
        if find_spec("optuna") is None:
            raise ConfigurationError(
                "sweeper=optuna needs a package that is not installed: pip install 'varesearch[optuna]'"
            )
        if self.metric is None:
            raise ConfigurationError("sweeper=optuna needs a metric: write sweeper.metric=exc.cv_isi, or another one")
        for dimension in space.dimensions:
            _check_dimension(dimension)
        ends = {dimension.key: _ends(dimension) for dimension in _searched(space)}
        if not ends:
            raise ConfigurationError(
                "sweeper=optuna has nothing to search: give a setting a range, such as "
                "connectivity.p=interval(0.01,0.1); several seeds are repetitions of every trial"
            )
        seeds = _each_seed(space)
        first = {key: values[0] for key, values in ends.items()} | seeds[0]
        others = [{**first, key: value} for key, values in ends.items() for value in values[1:]]
        return Plan([], [space.point(values) for values in (first, *others)], self.trials * len(seeds))

    def check_runs(self, space: "Space", config_dir: Path | None, first: "Config") -> None:
        """Raise ConfigurationError for a metric that the runs do not have."""
        from varesearch.metrics import metric_definitions

        assert self.metric is not None
        asked = not any(dimension.key == "analysis.further" for dimension in space.dimensions)
        _check_metric(self.metric, metric_definitions(config_dir), first, asked)

    def identity(self, space: "Space", jobs: Sequence[Job]) -> str:
        """The hash of space, code and all settings but the number of trials, since a search may be made longer."""
        chosen = [self.metric, self.direction, self.batch, self.sampler, self.sampler_seed]
        dimensions = [asdict(dimension) for dimension in space.dimensions]
        text = json.dumps([dimensions, chosen, [job.identity for job in jobs]])
        return hashlib.sha256(text.encode()).hexdigest()

    def search(
        self, space: "Space", jobs: Sequence[Job], compose: Compose, evaluate: Evaluate, folder: Path
    ) -> Mapping[str, str]:
        """Try points until there are enough; the tags say which was best.

        The study is in ``folder``. A trial fails if its point is not a valid configuration, if one of its runs fails,
        or if one of them does not define the metric. Raises ConfigurationError if all points of the first batch are
        invalid.
        """
        from varesearch.sweeps.sweepers.optuna.study import Study

        study = Study(self, _searched(space), folder)
        seeds = _each_seed(space)

        def jobs_of(values: Mapping[str, str]) -> list[Job]:
            return compose([space.point({**values, **seed}) for seed in seeds])

        # The results of trials that an earlier start made belong to the table of this sweep, too.
        known = [job for values in study.judged() for job in jobs_of(values)]
        if known and any(outcome.state != FINISHED for outcome in evaluate(known)):
            return self._best(study)
        while batch := study.next_batch():
            composed = _composed(batch, jobs_of, study)
            outcomes = iter(evaluate([job for several in composed.values() for job in several]))
            judged = [self._judge(study, number, [next(outcomes) for _ in of]) for number, of in composed.items()]
            if not all(judged):
                break
        return self._best(study)

    def draw_search(self) -> "Callable[[Table, str], Figure]":
        from varesearch.sweeps.sweepers.optuna.figures import Objective, search_page

        objective = Objective(str(self.metric), self.direction == "maximize")
        return lambda table, title: search_page(table, objective, title)

    def _judge(self, study: "Study", number: int, outcomes: Sequence[Outcome]) -> bool:
        """Give a trial its value; False if the sweep is stopping, so that the trial has none yet."""
        if any(outcome.state not in (FINISHED, FAILED) for outcome in outcomes):
            return False
        metric = str(self.metric)
        values = [outcome.metrics.get(metric, math.nan) for outcome in outcomes]
        failed = next((outcome for outcome in outcomes if outcome.state == FAILED), None)
        without = next((it for it, value in zip(outcomes, values, strict=True) if not math.isfinite(value)), None)
        if failed is not None:
            study.tell_failed(number, failed.reason or "a run failed", repeat=True)
        elif without is not None:
            study.tell_failed(number, f"run {without.run_id} has no {metric}", repeat=False)
        else:
            study.tell_value(number, statistics.fmean(values), [str(outcome.run_id) for outcome in outcomes])
        return True

    def _best(self, study: "Study") -> dict[str, str]:
        from varesearch.tracking.tags import BEST, BEST_RUNS, BEST_TRIAL, BEST_VALUE

        best = study.best()
        if best is None:
            return {BEST: f"none: no trial has a value of {self.metric}"}
        return {
            BEST: quoted(f"{key}={value}" for key, value in best.values.items()),
            BEST_VALUE: f"{self.metric}={best.value!r}",
            BEST_TRIAL: str(best.number),
            BEST_RUNS: " ".join(best.run_ids),
        }


def _searched(space: "Space") -> "list[Dimension]":
    return [dimension for dimension in space.dimensions if dimension.key != SEED]


def _each_seed(space: "Space") -> list[dict[str, str]]:
    """The seeds by which every point is repeated, as words; one empty repetition where the seed is not swept."""
    seeds = next((dimension.values for dimension in space.dimensions if dimension.key == SEED), ())
    return [{SEED: seed} for seed in seeds] or [{}]


def _composed(
    batch: Mapping[int, Mapping[str, str]], jobs_of: Callable[[Mapping[str, str]], list[Job]], study: "Study"
) -> dict[int, list[Job]]:
    """Trial -> its jobs, for the trials whose points are valid; the others have failed."""
    jobs: dict[int, list[Job]] = {}
    first: ConfigurationError | None = None
    for number, values in batch.items():
        try:
            jobs[number] = jobs_of(values)
        except ConfigurationError as error:
            first = first or error
            study.tell_failed(number, str(error), repeat=False)
    if first is not None and not jobs and study.best() is None:
        raise first
    return jobs


def _ends(dimension: "Dimension") -> tuple[str, ...]:
    """All values of a dimension, or the two ends of an interval, as they are written."""
    if dimension.bounds is None:
        return dimension.values
    low, high = dimension.bounds
    return tuple(map(written, (math.ceil(low), math.floor(high)) if dimension.whole else (low, high)))


def _check_metric(
    metric: str, definitions: "Mapping[str, type[MetricDefinition]]", first: "Config", asked: bool
) -> None:
    """Check that runs like the first one have the metric; ``asked``: whether all ask for the same further metrics."""
    group, _, rest = metric.partition(".")
    populations = list(first.surroundings.sizes)
    known = [*(f"{population}.{name}" for population in populations for name in definitions), *_OTHER_METRICS]
    if metric not in known and not (group in _OTHER_GROUPS and rest):
        raise ConfigurationError(
            f"sweeper.metric={metric} is not a metric of a run: write {' or '.join(populations)}, a dot, and one of "
            f"{', '.join(definitions)}, or {' or '.join(_OTHER_METRICS)}{did_you_mean(metric, known)}"
        )
    word = definitions[rest].on_request if group in populations else ""
    if word and asked and word not in first.analysis.further:
        listed = ",".join([*first.analysis.further, word])
        raise ConfigurationError(
            f"sweeper.metric={metric} is only computed on request: write analysis.further=[{listed}] beside it"
        )


def _check_dimension(dimension: "Dimension") -> None:
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
