"""Coincidence, first divergence and distances on recordings that can be worked out by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from varesearch.comparison.coincidence import divergence
from varesearch.comparison.samples import ks_distances
from varesearch.comparison.verdict import refuse_incomparable
from varesearch.config.errors import ConfigurationError
from varesearch.recording import Recording, Signal, population_recording


def recording(
    spikes: list[tuple[int, int]], size: int = 5, n_steps: int = 100, dt_ms: float = 1.0, v: np.ndarray | None = None
) -> Recording:
    ids = np.array([cell for cell, _ in spikes], dtype=np.int64)
    steps = np.array([step for _, step in spikes], dtype=np.int64)
    signals = {}
    if v is not None:
        times = np.linspace(0.0, (len(v) - 1) * dt_ms, len(v))
        signals = {"v": Signal("v", "mV", np.arange(v.shape[1], dtype=np.int32), times, v)}
    population = population_recording("exc", size, ids, steps, dt_ms, signals)
    return Recording(dt_ms, n_steps * dt_ms, {"exc": population})


def test_half_of_the_spikes_in_common():
    parting = divergence(recording([(0, 10), (1, 20)]), recording([(0, 10), (1, 21)]))
    assert parting.coincidence[-1] == 0.5
    assert parting.first_ms == 20.0 and parting.first_cell == 1
    assert np.isnan(parting.coincidence[9]) and parting.coincidence[10] == 1.0


def test_same_step_in_another_cell_is_no_coincidence():
    parting = divergence(recording([(0, 10)]), recording([(1, 10)]))
    assert parting.coincidence[-1] == 0.0 and parting.first_ms == 10.0


spike_lists = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 99)), max_size=60, unique=True)


@settings(max_examples=100, deadline=None)
@given(a=spike_lists, b=spike_lists)
def test_coincidence_is_symmetric_and_a_share(a, b):
    one, other = divergence(recording(a), recording(b)), divergence(recording(b), recording(a))
    assert np.array_equal(one.coincidence, other.coincidence, equal_nan=True)
    assert one.first_ms == other.first_ms
    defined = one.coincidence[~np.isnan(one.coincidence)]
    assert np.all((defined >= 0) & (defined <= 1))
    assert (one.first_ms is None) == (sorted(a) == sorted(b))
    both = len(set(a) & set(b))
    if a or b:
        assert one.coincidence[-1] == pytest.approx(2 * both / (len(a) + len(b)))


def test_the_difference_of_v_is_the_median_over_cells():
    v = np.zeros((100, 3))
    moved = v.copy()
    moved[:, 0] = 50.0  # one cell that has parted
    moved[:, 1:] = 0.25
    parting = divergence(recording([(0, 1)], 3, v=v), recording([(0, 1)], 3, v=moved))
    assert parting.v_difference_mv is not None
    assert np.all(parting.v_difference_mv == 0.25)
    assert divergence(recording([(0, 1)], 3, v=v), recording([(0, 1)], 3)).v_difference_mv is None


def test_a_statistic_that_only_one_defines_is_as_far_as_can_be():
    sample = np.linspace(0.0, 9.0, 10)
    distances = ks_distances({("exc", "rate_hz"): sample}, {})
    assert distances == {("exc", "rate_hz"): 1.0}


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (recording([(0, 1)], dt_ms=0.5, n_steps=200), "steps are 1 and 0.5 ms"),
        (recording([(0, 1)], n_steps=50), "last 100 and 50 ms"),
        (recording([(0, 1)]), "1 spikes at the most"),
    ],
)
def test_what_cannot_be_compared_says_why(other, words):
    with pytest.raises(ConfigurationError, match=words):
        refuse_incomparable(recording([(0, 1)]), other)
