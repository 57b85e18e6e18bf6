"""Do two runs agree? Judged against what seeds alone do.

*identical*: every spike of every cell in the same step. *equivalent within natural variability*: the distributions lie
no further apart than those of other seeds, and the trains part no sooner than those of a start perturbed in the last
digits. *different*: anything else; the metric furthest beyond its limit decides.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from varesearch.compare.coincidence import Divergence, divergence
from varesearch.compare.distributions import Distributions, distributions, ks_distances
from varesearch.compare.spread import Spread
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
MIN_SPIKES = 50
"""Fewer spikes than this in a population, in both runs, are too few to judge."""


class Answer(StrEnum):
    """The three verdicts."""

    IDENTICAL = "identical"
    EQUIVALENT = "equivalent within natural variability"
    DIFFERENT = "different"


@dataclass(frozen=True)
class Judged:
    """One metric: its value, the limit that the natural spread sets, and whether it keeps it.

    ``excess`` is 1 at the limit; larger is further beyond.
    """

    metric: str
    population: str
    value: float
    limit: float
    excess: float

    @property
    def within(self) -> bool:
        """Whether the natural spread covers it."""
        return self.excess <= 1.0


@dataclass(frozen=True)
class Verdict:
    """The answer, the metric that decides it, and everything that was looked at."""

    answer: Answer
    reason: str
    judged: tuple[Judged, ...]
    divergence: Divergence | None
    samples: tuple[Distributions, Distributions]


def refuse_incomparable(a: Recording, b: Recording) -> None:
    """Raise ConfigurationError for recordings that cannot be set side by side, with the reason."""
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


def judge(a: Recording, b: Recording, analysis: AnalysisConfig, spread: Spread | None, paired: bool = True) -> Verdict:
    """The verdict on two recordings.

    ``paired``: both are of the same drawn network, so that their trains can be set side by side; otherwise (another
    seed) only distributions are judged. ``spread`` is not needed where the trains are identical. Raises
    ConfigurationError for recordings that cannot be compared, and ValueError without a spread where one is needed.
    """
    refuse_incomparable(a, b)
    sizes = [{name: population.size for name, population in r.populations.items()} for r in (a, b)]
    if sizes[0] != sizes[1]:
        reason = f"the populations are {sizes[0]} in one and {sizes[1]} in the other"
        return Verdict(Answer.DIFFERENT, reason, (), None, (Distributions({}), Distributions({})))
    samples = distributions(a, analysis), distributions(b, analysis)
    parting = divergence(a, b) if paired else None
    if parting is not None and parting.first_ms is None:
        return Verdict(Answer.IDENTICAL, "every spike train is the same", (), parting, samples)
    if spread is None:
        raise ValueError("the trains differ, and without a spread over seeds that cannot be judged")
    # A statistic that no pair of seeds defines has no natural spread to be judged by.
    distances = {key: distance for key, distance in ks_distances(*samples).items() if key in spread.ks}
    judged = [_judge_distance(key, distance, spread) for key, distance in distances.items()]
    if parting is not None:
        judged += _judge_trains(parting, spread)
    judged.sort(key=lambda one: -one.excess)
    worst = judged[0]
    answer = Answer.EQUIVALENT if worst.within else Answer.DIFFERENT
    relation = "within" if worst.within else "beyond"
    reason = f"{worst.metric} of {worst.population} is {worst.value:.3g}, {relation} its limit of {worst.limit:.3g}"
    return Verdict(answer, reason, tuple(judged), parting, samples)


def _judge_distance(key: tuple[str, str], distance: float, spread: Spread) -> Judged:
    population, statistic = key
    limit = NATURAL_FACTOR * max(spread.ks[key])
    # A network as regular as clockwork has no spread at all: then any distance is beyond it.
    excess = distance / limit if limit > 0 else (0.0 if distance == 0 else math.inf)
    return Judged(f"KS distance of {statistic}", population, distance, limit, excess)


def _before_chaos(parting: Divergence, spread: Spread) -> int:
    """Where in the grid of times the trains are compared.

    The last time at which every perturbed start still holds LEAST_COINCIDENCE; where even the first one with enough
    spikes lies beyond that, that one.
    """
    worst = np.nanmin(np.where(np.isnan(spread.coincidence), 1.0, spread.coincidence), axis=0)
    enough = np.minimum(spread.spikes, parting.spikes) >= MIN_SPIKES
    holds = np.flatnonzero(enough & (worst >= LEAST_COINCIDENCE))
    return int(holds[-1]) if len(holds) else int(np.argmax(enough))


def _judge_trains(parting: Divergence, spread: Spread) -> list[Judged]:
    at = _before_chaos(parting, spread)
    until = f"up to {parting.times_ms[at]:g} ms"
    limit = float(np.nanmin(spread.coincidence[:, at])) - COINCIDENCE_SLACK
    value = float(np.nan_to_num(parting.coincidence[at]))
    # Measured from full agreement, so that 1 is the limit and a lower coincidence is a larger excess.
    judged = [Judged(f"coincidence of trains {until}", "all cells", value, limit, (1.0 - value) / (1.0 - limit))]
    if parting.v_difference_mv is not None and spread.v_difference_mv is not None:
        limit = NATURAL_FACTOR * float(spread.v_difference_mv[:, at].max())
        value = float(parting.v_difference_mv[at])
        excess = value / limit if limit > 0 else (0.0 if value == 0 else math.inf)
        judged.append(Judged(f"difference of v (mV) {until}", "all cells", value, limit, excess))
    return judged
