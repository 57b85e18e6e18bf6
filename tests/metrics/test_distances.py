"""ISI- and SPIKE-distance, computed by PySpike, against the integrals of their definitions and the laws they obey."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from varesearch.config.schema import AnalysisConfig
from varesearch.metrics import analyse
from varesearch.recording import Recording, population_recording

DURATION = 400
ASKED = AnalysisConfig(warmup_ms=0.0, further=["distances"], correlation_pairs=500)
train = st.sets(st.integers(1, DURATION - 1), min_size=2, max_size=25).map(sorted)


def distances(
    trains: list[list[int]], analysis: AnalysisConfig = ASKED, duration: int = DURATION
) -> tuple[float, float]:
    ids = np.repeat(np.arange(len(trains)), [len(one) for one in trains])
    population = population_recording("exc", len(trains), ids, np.concatenate(trains).astype(int), 1.0)
    values = analyse(Recording(1.0, float(duration), {"exc": population}), analysis, seed=1).values()
    return values["exc.isi_distance"], values["exc.spike_distance"]


def by_definition(one: list[int], other: list[int], end: int) -> tuple[float, float]:
    """The two integrals (Kreuz et al. 2007; Kreuz et al. 2013, eqs. 15 to 19) by the midpoint rule.

    Both trains have spikes at 0 and at ``end``, so that no convention about the edges matters.
    """
    step = 0.05
    isi, spike = [], []
    trains = np.array(one, dtype=float), np.array(other, dtype=float)
    for t in np.arange(step / 2, end, step):
        places = [np.searchsorted(train, t) for train in trains]
        before, after = (np.array([train[k + d] for train, k in zip(trains, places, strict=True)]) for d in (-1, 0))
        lengths = after - before
        isi.append(abs(lengths[0] - lengths[1]) / lengths.max())
        weighted = []
        for k, another in enumerate((1, 0)):
            from_before, from_after = (np.abs(trains[another] - at).min() for at in (before[k], after[k]))
            weighted.append((from_before * (after[k] - t) + from_after * (t - before[k])) / lengths[k])
        spike.append((weighted[0] * lengths[1] + weighted[1] * lengths[0]) / (2 * lengths.mean() ** 2))
    return float(np.mean(isi)), float(np.mean(spike))


def test_two_trains_have_the_distances_of_the_definitions():
    rng = np.random.default_rng(1)
    end = DURATION - 1
    one, other = ([0, *sorted(rng.choice(np.arange(1, end), n, replace=False).tolist()), end] for n in (9, 14))
    # The last of 400 steps lies behind the last spikes.
    assert distances([one, other]) == pytest.approx(by_definition(one, other, end), abs=4e-3)


@settings(deadline=None, max_examples=40)
@given(train, st.integers(2, 5))
def test_identical_trains_have_no_distance(one, copies):
    assert distances([one] * copies) == (0.0, 0.0)


@settings(deadline=None, max_examples=40)
@given(st.lists(train, min_size=2, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_the_cells_does_not_matter(trains, random):
    shuffled = trains.copy()
    random.shuffle(shuffled)
    assert distances(shuffled) == pytest.approx(distances(trains), abs=1e-12)


@settings(deadline=None, max_examples=40)
@given(st.lists(train, min_size=2, max_size=4), st.integers(1, 300))
def test_a_later_start_with_a_longer_warmup_does_not_matter(trains, shift):
    later = [[step + shift for step in one] for one in trains]
    moved = AnalysisConfig(warmup_ms=float(shift), further=["distances"], correlation_pairs=500)
    assert distances(later, moved, DURATION + shift) == pytest.approx(distances(trains), abs=1e-12)


@settings(deadline=None, max_examples=40)
@given(st.lists(train, min_size=2, max_size=6))
def test_distances_lie_between_0_and_1(trains):
    assert all(0 <= distance < 1 for distance in distances(trains))


def test_poisson_trains_of_one_rate_have_the_known_isi_distance():
    # The intervals around a time are x and y with the density x exp(-x): the mean of |x - y| / max(x, y) is 1/2.
    rng = np.random.default_rng(2)
    trains = [np.flatnonzero(rng.random(20_000) < 0.02).tolist() for _ in range(60)]
    isi, spike = distances(trains, duration=20_000)
    assert isi == pytest.approx(0.5, abs=0.01)
    assert spike == pytest.approx(0.3, abs=0.02)  # as the metric says of itself


def test_fewer_than_two_cells_that_fire_have_no_distance():
    population = population_recording("exc", 3, np.array([1, 1]), np.array([5, 9]), 1.0)
    found = analyse(Recording(1.0, 400.0, {"exc": population}), ASKED, seed=1)
    why = {it.metric: it.reason for it in found.undefined}
    assert why["isi_distance"] == why["spike_distance"] == "fewer than two cells fired"
