"""Avalanches against branching processes, of which the theory is known, and against counting one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from varesearch.config.errors import ConfigurationError
from varesearch.config.schema import AnalysisConfig
from varesearch.metrics import UndefinedMetricError, analyse
from varesearch.metrics.avalanches import avalanche_bin_ms, avalanches, power_law_exponent
from varesearch.metrics.trains import Trains
from varesearch.recording import Recording, population_recording

ASKED = AnalysisConfig(warmup_ms=0.0, further=["avalanches"], avalanche_bin_ms=1.0)


def branching(ratio: float, count: int, seed: int, most: int = 5000) -> np.ndarray:
    """Counts in each bin of avalanches of a branching process with Poisson offspring, an empty bin between any two."""
    rng = np.random.default_rng(seed)
    bins = [0]
    for _ in range(count):
        active, total = 1, 0
        while active and total < most:
            bins.append(active)
            total += active
            active = int(rng.poisson(ratio * active))
        bins.append(0)
    return np.array(bins)


def trains_of(counts: np.ndarray) -> Trains:
    """Cells that fire so that each step has that count."""
    steps = np.repeat(np.arange(len(counts)), counts)
    ids = np.concatenate([np.arange(count) for count in counts]) if len(steps) else np.empty(0, dtype=int)
    order = np.lexsort((steps, ids))
    return Trains(int(counts.max(initial=1)), 1.0, len(counts), ids[order].astype(int), steps[order])


def recording_of(counts: np.ndarray) -> Recording:
    trains = trains_of(counts)
    population = population_recording("exc", trains.size, trains.ids, trains.steps, 1.0)
    return Recording(1.0, float(len(counts)), {"exc": population})


def test_a_critical_branching_process_has_its_ratio_and_exponents():
    counts = branching(1.0, 4000, seed=1)
    values = analyse(recording_of(counts), ASKED, seed=1).values()
    # Mean of 4000 Poisson numbers of mean 1; Galton-Watson theory: 3/2 and 2 for large avalanches.
    assert values["exc.avalanche_count"] == 4000
    assert values["exc.branching_ratio"] == pytest.approx(1.0, abs=0.05)
    assert values["exc.avalanche_size_exponent"] == pytest.approx(1.5, abs=0.1)
    assert values["exc.avalanche_duration_exponent"] == pytest.approx(2.0, abs=0.25)
    assert values["exc.avalanche_bin_used_ms"] == 1.0


@pytest.mark.parametrize("ratio", [0.3, 0.7])
def test_a_subcritical_branching_process_has_its_ratio_and_mean_size(ratio):
    found = avalanches(trains_of(branching(ratio, 4000, seed=2)), 1.0)
    assert (found.descendants / found.ancestors).mean() == pytest.approx(ratio, abs=0.05)
    # The mean of all descendants of one is 1 / (1 - ratio).
    assert found.sizes.mean() == pytest.approx(1 / (1 - ratio), rel=0.1)


@pytest.mark.parametrize("alpha", [1.5, 2.0, 3.0])
def test_the_exponent_of_a_discrete_power_law_is_found(alpha):
    # numpy draws from the zeta distribution itself.
    values = np.random.default_rng(4).zipf(alpha, 20_000)
    assert power_law_exponent(values) == pytest.approx(alpha, abs=0.1)


@given(st.lists(st.integers(0, 4), max_size=80))
def test_each_avalanche_is_what_counting_one_by_one_finds(counts):
    sizes, durations, current = [], [], []
    seen_empty = False
    for count in counts:
        if count:
            current.append(count)
            continue
        if current and seen_empty:
            sizes.append(sum(current))
            durations.append(len(current))
        current, seen_empty = [], True
    trains = trains_of(np.array(counts, dtype=int))
    if not sizes or len(counts) < 2:
        with pytest.raises(UndefinedMetricError):
            avalanches(trains, 1.0)
        return
    found = avalanches(trains, 1.0)
    assert found.sizes.tolist() == sizes
    assert found.durations.tolist() == durations


@given(st.lists(st.integers(0, 3), min_size=12, max_size=60), st.integers(1, 30))
def test_a_later_start_and_other_cells_do_not_matter(counts, shift):
    plain = trains_of(np.array([0, *counts, 0]))
    later = trains_of(np.array([0] * (shift + 1) + [*counts, 0]))
    renamed = Trains(plain.size, 1.0, plain.n_steps, plain.size - 1 - plain.ids, plain.steps)
    if not any(counts):
        return
    first = avalanches(plain, 1.0)
    for other in (avalanches(later, 1.0), avalanches(renamed, 1.0)):
        assert other.sizes.tolist() == first.sizes.tolist()
        assert other.descendants.tolist() == first.descendants.tolist()


def test_without_a_bin_it_is_the_mean_interval_of_all_spikes():
    trains = Trains(2, 0.5, 1000, np.array([0, 0, 0, 1, 1]), np.array([0, 50, 100, 25, 75]))
    assert avalanche_bin_ms(trains, None) == 12.5
    assert avalanche_bin_ms(trains, 3.0) == 3.0
    dense = Trains(2, 0.5, 1000, np.array([0, 0, 1, 1]), np.array([5, 6, 5, 6]))
    assert avalanche_bin_ms(dense, None) == 0.5
    with pytest.raises(UndefinedMetricError, match="fewer than two spikes"):
        avalanche_bin_ms(Trains(1, 0.5, 1000, np.array([0]), np.array([5])), None)


def test_what_is_not_there_has_a_reason():
    def reasons(counts: np.ndarray) -> dict[str, str]:
        return {it.metric: it.reason for it in analyse(recording_of(counts), ASKED, seed=1).undefined}

    silent = reasons(np.zeros(50, dtype=int))
    assert silent["branching_ratio"] == "no cell fired"
    ceaseless = reasons(np.ones(50, dtype=int))
    assert "without spikes on both sides" in ceaseless["avalanche_count"]
    few = reasons(np.array([0, 1, 0, 2, 1, 0]))
    assert few["avalanche_size_exponent"] == "2 avalanches, and an exponent needs 100"
    assert "branching_ratio" not in few
    single = reasons(np.array([0, 1] * 150 + [0]))
    assert "all avalanches have the value 1" in single["avalanche_size_exponent"]


def test_a_bin_off_the_grid_of_steps_is_named():
    with pytest.raises(ConfigurationError, match=r"analysis\.avalanche_bin_ms=1\.5"):
        avalanches(trains_of(np.array([0, 1, 0])), 1.5)
