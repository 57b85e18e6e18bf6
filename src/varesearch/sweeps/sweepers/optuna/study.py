"""The study of a search: Optuna's file in the folder of the sweep's run, and the next points."""

import logging
import math
import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler, QMCSampler, RandomSampler, TPESampler
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, Trial, TrialState

from varesearch.config.wording import written
from varesearch.shell import quoted
from varesearch.sweeps.space import Dimension

if TYPE_CHECKING:
    from varesearch.sweeps.sweepers.optuna import Optuna

log = logging.getLogger(__name__)

STUDY_FILE = "study.journal"
_NAME = "varesearch"
# Attributes of trials: the runs that were averaged, why there is no value, that it must not be repeated, and the number
# of the trial that it repeats.
_RUNS, _REASON, _HOPELESS, _REPEATS = "runs", "reason", "hopeless", "repeats"


@dataclass(frozen=True)
class Best:
    """The best trial: its point as written on the command line, its value, and the runs that were averaged."""

    number: int
    values: dict[str, str]
    value: float
    run_ids: tuple[str, ...]


class Study:
    """Trials are chosen in batches, and each result is written to the file at once.

    The sampler is seeded for every trial, from ``sampler_seed`` and the number of trials before it, so that a search
    that was stopped continues as if it had not been stopped. A trial that was under way then, or had failed, is
    repeated first and counts once.
    """

    def __init__(self, settings: "Optuna", searched: Sequence[Dimension], folder: Path) -> None:
        self._settings = settings
        self._searched = {dimension.key: dimension for dimension in searched}
        self._distributions = {dimension.key: distribution(dimension) for dimension in searched}
        self._study = _open(folder / STUDY_FILE, settings.direction)
        self._asked: dict[int, Trial] = {}
        self._repeat()

    def next_batch(self) -> dict[int, dict[str, str]]:
        """Trial number -> key -> value as written on the command line; empty when there are enough trials."""
        settled = self._settled()
        # Trials that are repeated are a batch of their own, so that the later batches are as without the interruption.
        waiting = len(self._study.get_trials(deepcopy=False, states=(TrialState.WAITING,)))
        wanted = waiting or min(self._settings.batch, self._settings.trials - len(settled))
        if not waiting and len({tuple(trial.params.items()) for trial in settled}) >= self._size():
            log.info("all %d points of the space have been tried", self._size())
            return {}
        batch = {}
        for index in range(len(settled), len(settled) + wanted):
            self._study.sampler = self._sampler(index)
            trial = self._study.ask(self._distributions)
            self._asked[trial.number] = trial
            batch[trial.number] = self._written(trial.params)
        return batch

    def tell_value(self, number: int, value: float, run_ids: Sequence[str]) -> None:
        """Give a trial its value."""
        trial = self._asked.pop(number)
        trial.set_user_attr(_RUNS, list(run_ids))
        self._study.tell(trial, value)
        words = quoted(f"{key}={text}" for key, text in self._written(trial.params).items())
        log.info("trial %d: %s = %.6g at %s", number, self._settings.metric, value, words)

    def tell_failed(self, number: int, reason: str, repeat: bool) -> None:
        """Note that a trial has no value; ``repeat``: the next start of the search tries it again."""
        trial = self._asked.pop(number)
        trial.set_user_attr(_REASON, reason)
        trial.set_user_attr(_HOPELESS, not repeat)
        self._study.tell(trial, state=TrialState.FAIL)
        log.warning("trial %d failed: %s", number, reason)

    def judged(self) -> list[dict[str, str]]:
        """The points that have a value, in the order in which they were tried."""
        complete = self._study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        return [self._written(trial.params) for trial in complete]

    def best(self) -> Best | None:
        """The best trial so far; None without a value."""
        if not self.judged():
            return None
        best = self._study.best_trial
        assert best.value is not None
        return Best(best.number, self._written(best.params), best.value, tuple(best.user_attrs[_RUNS]))

    def _settled(self) -> list[FrozenTrial]:
        """The trials that have ended and that no other repeats."""
        trials = self._study.get_trials(deepcopy=False)
        repeated = {trial.user_attrs.get(_REPEATS) for trial in trials}
        return [trial for trial in trials if trial.state.is_finished() and trial.number not in repeated]

    def _repeat(self) -> None:
        for trial in self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            self._study.tell(trial.number, state=TrialState.FAIL)
        for trial in self._settled():
            if trial.state == TrialState.FAIL and not trial.user_attrs.get(_HOPELESS):
                self._study.enqueue_trial(trial.params, user_attrs={_REPEATS: trial.number})

    def _size(self) -> float:
        return math.prod(len(dimension.values) or math.inf for dimension in self._searched.values())

    def _sampler(self, index: int) -> BaseSampler:
        seed = int(np.random.SeedSequence([self._settings.sampler_seed, index]).generate_state(1)[0])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            if self._settings.sampler == "qmc":
                # One sequence, whose next point the study knows.
                return QMCSampler(seed=self._settings.sampler_seed, scramble=True, warn_independent_sampling=False)
            if self._settings.sampler == "random":
                return RandomSampler(seed)
            return TPESampler(seed=seed, constant_liar=True)

    def _written(self, params: dict[str, Any]) -> dict[str, str]:
        return {key: as_written(self._searched[key], params[key]) for key in self._searched}


def distribution(dimension: Dimension) -> BaseDistribution:
    """What Optuna may choose for a dimension: a number of an interval, a place in a range, or one of several names."""
    if dimension.bounds is not None:
        low, high = dimension.bounds
        if dimension.whole:
            return IntDistribution(math.ceil(low), math.floor(high), log=dimension.logarithmic)
        return FloatDistribution(low, high, log=dimension.logarithmic)
    if dimension.ordered:
        # Its place in the range, since the numbers need not be exact multiples of a step.
        return IntDistribution(0, len(dimension.values) - 1)
    return CategoricalDistribution(dimension.values)


def as_written(dimension: Dimension, chosen: Any) -> str:
    """What Optuna chose, as it is written on the command line."""
    if dimension.bounds is not None:
        return written(chosen)
    return dimension.values[chosen] if dimension.ordered else chosen


def _open(path: Path, direction: str) -> optuna.Study:
    optuna.logging.disable_default_handler()
    _cut_torn_line(path)
    storage = JournalStorage(JournalFileBackend(str(path)))
    towards = StudyDirection[direction.upper()]
    return optuna.create_study(storage=storage, study_name=_NAME, direction=towards, load_if_exists=True)


def _cut_torn_line(path: Path) -> None:
    """Remove an incomplete last line, which a full disk may have caused: Optuna would not read the lines after it."""
    if not path.exists():
        return
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        os.truncate(path, whole)
