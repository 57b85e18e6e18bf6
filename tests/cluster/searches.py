"""A search without simulations: the value of a point is computed from its words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from varesearch.config.compose import compose
from varesearch.config.errors import ConfigurationError
from varesearch.sweeps.jobs import FAILED, FINISHED, KILLED, SKIPPED, Job, Outcome
from varesearch.sweeps.space import Dimension, Space
from varesearch.sweeps.sweepers.optuna import Optuna

METRIC = "exc.cv_isi"
_COMPOSED = compose([])
Value = Callable[[Mapping[str, str]], float | str]
"""Key -> value as written, to the metric; a text is the reason why the run fails."""


def p_and_cell() -> tuple[Dimension, ...]:
    """A number and a name."""
    return (
        Dimension("connectivity.p", bounds=(0.01, 0.1)),
        Dimension("cell", values=("izhikevich", "if_cond_exp", "if_curr_exp")),
    )


def best_at_five_percent(point: Mapping[str, str]) -> float:
    """1 at p = 0.05 for one of the cells, less elsewhere."""
    off = abs(float(point["connectivity.p"]) - 0.05) / 0.05
    return 1.0 - off - (0.0 if point["cell"] == "if_cond_exp" else 0.5)


@dataclass
class Evaluator:
    """Plays the sweep: ``tried`` are the points that were run, in their order; ``stop_after`` runs it is interrupted.

    ``finished`` are the results that the store has: those points are not run.
    """

    value: Value = best_at_five_percent
    stop_after: float = float("inf")
    invalid: Callable[[Mapping[str, str]], bool] = lambda point: False
    tried: list[tuple[str, ...]] = field(default_factory=list)
    finished: dict[tuple[str, ...], float] = field(default_factory=dict)
    batches: list[int] = field(default_factory=list)

    def compose(self, points: Sequence[tuple[str, ...]]) -> list[Job]:
        for point in points:
            if self.invalid(_as_mapping(point)):
                raise ConfigurationError(f"{' '.join(point)}: not allowed")
        return [Job(0, point, _COMPOSED, _as_mapping(point), " ".join(point)) for point in points]

    def evaluate(self, jobs: Sequence[Job]) -> list[Outcome]:
        self.batches.append(len(jobs))
        return [self._outcome(job) for job in jobs]

    def _outcome(self, job: Job) -> Outcome:
        run_id = f"run of {job.identity}"
        if job.words in self.finished:
            return Outcome(job, FINISHED, run_id, taken_over=True, metrics={METRIC: self.finished[job.words]})
        if len(self.tried) > self.stop_after:
            return Outcome(job, SKIPPED)
        self.tried.append(job.words)
        if len(self.tried) > self.stop_after:
            return Outcome(job, KILLED, run_id)
        value = self.value(_as_mapping(job.words))
        if isinstance(value, str):
            return Outcome(job, FAILED, run_id, reason=value)
        self.finished[job.words] = value
        return Outcome(job, FINISHED, run_id, metrics={METRIC: value})


def search(
    folder: Path,
    evaluator: Evaluator,
    *,
    dimensions: Sequence[Dimension] | None = None,
    words: Sequence[str] = (),
    **settings: Any,
) -> dict[str, str]:
    """Run a search in ``folder``, or go on with the one that is there; the tags of the parent run.

    ``words`` are the settings of its first run.
    """
    sweeper = Optuna(**{"metric": METRIC, "trials": 12, **settings})
    space = Space((), (), tuple(dimensions or p_and_cell()))
    sweeper.plan(space, None)
    sweeper.check_runs(space, None, compose(list(words)).config)
    return dict(sweeper.search(space, [], evaluator.compose, evaluator.evaluate, folder))


def _as_mapping(words: Sequence[str]) -> dict[str, str]:
    return dict(word.split("=", 1) for word in words)
