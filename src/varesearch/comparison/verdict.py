"""Do two runs agree? They are judged against the differences that seeds alone cause.

*identical*: every cell has the same spikes, in the same steps. *equivalent within natural variability*: the
distributions differ no more than those of other seeds, and the spike trains diverge no sooner than those of a network
whose initial state was perturbed in the last digits. *different*: a metric is beyond its limit; the one furthest beyond
decides. *undecided*: no metric can decide.

A metric cannot decide if its limit is at or above the largest possible value. It would then agree for any two runs, so
it is never counted as agreement.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np

from varesearch.comparison.coincidence import Divergence, divergence
from varesearch.comparison.samples import judged_samples, ks_distances
from varesearch.comparison.spread import NaturalSpread
from varesearch.config.errors import ConfigurationError
from varesearch.config.schema import AnalysisConfig
from varesearch.recording import Recording

NATURAL_FACTOR = 2.0
"""A distance up to twice the largest among the seeds' pairs is natural: with five seeds and eight distances fewer than
one pair of further seeds in a hundred lay beyond (measured on 672 pairs of 16 networks of two cell models)."""
LEAST_COINCIDENCE = 0.8
"""Trains are compared up to the last time at which all perturbed starts still coincide this well: before chaos."""
COINCIDENCE_SLACK = 0.1
"""How far below the worst perturbed start the coincidence may lie."""
LARGEST_DISTANCE = 1.0
"""The largest possible distance between two distribution functions."""
MIN_SPIKES = 50
"""Fewer spikes than this in a population, in both runs, are too few to judge."""


class Answer(StrEnum):
    """The verdicts."""

    IDENTICAL = "identical"
    EQUIVALENT = "equivalent within natural variability"
    DIFFERENT = "different"
    UNDECIDED = "undecided"


class State(StrEnum):
    """Whether a metric is within its limit."""

    WITHIN = "within"
    BEYOND = "beyond"
    CANNOT_DECIDE = "cannot decide"


@dataclass(frozen=True)
class Judged:
    """One metric: its value, the limit from the natural spread, and its state.

    ``excess`` is 1 at the limit and larger beyond it. ``limit`` is NaN without a natural spread. ``why`` tells why the
    metric cannot decide; it is "" if the metric can.
    """

    metric: str
    population: str
    value: float
    limit: float
    excess: float
    why: str = ""

    @property
    def state(self) -> State:
        """Whether the value is within the natural spread, beyond it, or cannot be judged."""
        if self.why:
            return State.CANNOT_DECIDE
        return State.WITHIN if self.excess <= 1.0 else State.BEYOND


@dataclass(frozen=True)
class Verdict:
    """The answer, the metric that decides it, and everything that was judged."""

    answer: Answer
    reason: str
    judged: tuple[Judged, ...]
    divergence: Divergence | None

    @property
    def undecided(self) -> tuple[Judged, ...]:
        """The metrics that cannot decide."""
        return tuple(one for one in self.judged if one.state is State.CANNOT_DECIDE)


def refuse_incomparable(a: Recording, b: Recording) -> None:
    """Raise ConfigurationError, with the reason, for recordings that cannot be compared."""
    if a.dt_ms != b.dt_ms:
        raise ConfigurationError(f"the runs cannot be compared: their steps are {a.dt_ms:g} and {b.dt_ms:g} ms")
    if a.duration_ms != b.duration_ms:
        raise ConfigurationError(f"the runs cannot be compared: they last {a.duration_ms:g} and {b.duration_ms:g} ms")
    for name in a.populations:
        counts = [len(r.populations[name].spike_ids) for r in (a, b) if name in r.populations]
        if max(counts) < MIN_SPIKES:
            raise ConfigurationError(
                f"the runs cannot be compared: population {name} has {max(counts)} spikes at "
                f"the most, and a verdict needs {MIN_SPIKES} in one of them; simulate longer"
            )


def judge(
    a: Recording,
    b: Recording,
    analysis: AnalysisConfig,
    spread: NaturalSpread | None,
    paired: bool = True,
    config_dir: Path | None = None,
) -> Verdict:
    """Judge whether two recordings agree.

    Parameters
    ----------
    a, b
        The two recordings, with the same step and duration.
    analysis
        How they are read (warm-up, bins).
    spread
        The natural spread of the model; not needed if the trains are identical.
    paired
        Whether both are of the same drawn network, so that their trains can be compared; otherwise (another seed) only
        distributions are judged.
    config_dir
        The folder with metrics of the user's own.

    Raises
    ------
    ConfigurationError
        The recordings cannot be compared.
    ValueError
        There is no spread, and the trains are not identical.
    """
    refuse_incomparable(a, b)
    sizes = [{name: population.size for name, population in r.populations.items()} for r in (a, b)]
    if sizes[0] != sizes[1]:
        reason = f"the populations are {sizes[0]} in one and {sizes[1]} in the other"
        return Verdict(Answer.DIFFERENT, reason, (), None)
    parting = divergence(a, b) if paired else None
    if parting is not None and parting.first_ms is None:
        return Verdict(Answer.IDENTICAL, "every spike train is the same", (), parting)
    if spread is None:
        raise ValueError("the trains differ, and without a spread over seeds that cannot be judged")
    samples = (judged_samples(recording, analysis, config_dir) for recording in (a, b))
    judged = [_judge_distance(key, distance, spread) for key, distance in ks_distances(*samples).items()]
    if parting is not None:
        judged += _judge_trains(parting, spread)
    # Metrics that can decide come first, beginning with the one furthest beyond its limit.
    judged.sort(key=lambda one: (one.state is State.CANNOT_DECIDE, -one.excess))
    answer, reason = _answer(judged)
    return Verdict(answer, reason, tuple(judged), parting)


def _answer(judged: Sequence[Judged]) -> tuple[Answer, str]:
    """The answer and its reason; ``judged`` begins with the metric that decides."""
    mute = [one for one in judged if one.state is State.CANNOT_DECIDE]
    if len(mute) == len(judged):
        return Answer.UNDECIDED, f"none of the {len(judged)} metrics can decide"
    worst = judged[0]
    answer = Answer.EQUIVALENT if worst.state is State.WITHIN else Answer.DIFFERENT
    reason = f"{worst.metric} of {worst.population} is {worst.value:.3g}, {worst.state} its limit of {worst.limit:.3g}"
    if mute and answer is Answer.EQUIVALENT:
        named = ", ".join(f"{one.metric} of {one.population}" for one in mute)
        reason += f"; {len(mute)} of {len(judged)} metrics cannot decide: {named}"
    return answer, reason


def _judge_distance(key: tuple[str, str], distance: float, spread: NaturalSpread) -> Judged:
    population, what = key
    metric = f"KS distance of {what}"
    if key not in spread.ks:
        return Judged(metric, population, distance, math.nan, 0.0, "no two seeds of the natural spread define it")
    limit = NATURAL_FACTOR * max(spread.ks[key])
    # A network as regular as clockwork has no spread at all: then any distance is beyond it.
    excess = distance / limit if limit > 0 else (0.0 if distance == 0 else math.inf)
    why = (
        ""
        if limit < LARGEST_DISTANCE
        else f"its limit is not below {LARGEST_DISTANCE:g}, the largest possible distance"
    )
    return Judged(metric, population, distance, limit, excess, why)


def _before_chaos(parting: Divergence, spread: NaturalSpread) -> int:
    """Where in the grid of times the trains are compared.

    The last time at which every perturbed start still holds LEAST_COINCIDENCE; where even the first one with enough
    spikes lies beyond that, that one.
    """
    worst = np.nanmin(np.where(np.isnan(spread.coincidence), 1.0, spread.coincidence), axis=0)
    enough = np.minimum(spread.spikes, parting.spikes) >= MIN_SPIKES
    holds = np.flatnonzero(enough & (worst >= LEAST_COINCIDENCE))
    return int(holds[-1]) if len(holds) else int(np.argmax(enough))


def _judge_trains(parting: Divergence, spread: NaturalSpread) -> list[Judged]:
    at = _before_chaos(parting, spread)
    until = f"up to {parting.times_ms[at]:g} ms"
    limit = float(np.nanmin(spread.coincidence[:, at])) - COINCIDENCE_SLACK
    value = float(np.nan_to_num(parting.coincidence[at]))
    # Measured from full agreement, so that 1 is the limit and a lower coincidence is a larger excess.
    why = "" if limit > 0.0 else "its limit is not above 0, the smallest possible coincidence"
    judged = [Judged(f"coincidence of trains {until}", "all cells", value, limit, (1.0 - value) / (1.0 - limit), why)]
    if parting.v_difference_mv is not None and spread.v_difference_mv is not None:
        limit = NATURAL_FACTOR * float(spread.v_difference_mv[:, at].max())
        value = float(parting.v_difference_mv[at])
        excess = value / limit if limit > 0 else (0.0 if value == 0 else math.inf)
        judged.append(Judged(f"difference of v (mV) {until}", "all cells", value, limit, excess))
    return judged
