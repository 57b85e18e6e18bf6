"""Each statistic against elephant or scipy, which share no code with ours, and against sums done by hand."""

from itertools import pairwise

import elephant.statistics
import neo
import numpy as np
import pytest
import quantities as pq
import scipy.stats
from elephant.conversion import BinnedSpikeTrain
from elephant.spike_train_correlation import correlation_coefficient
from hypothesis import assume, given
from hypothesis import strategies as st

from varesearch.config.errors import ConfigurationError
from varesearch.metrics import UndefinedMetricError, statistics
from varesearch.metrics.statistics import population_rate_hz
from varesearch.metrics.trains import Trains, bin_counts, window_trains
from varesearch.recording import population_recording

DURATION_MS = 2000.0

# elephant's own, not ours.
pytestmark = [
    pytest.mark.filterwarnings("ignore:The 'copy' argument in Quantity"),
    pytest.mark.filterwarnings("ignore:the matrix subclass"),
]


def trains_of(steps: list[list[int]], n_steps: int, dt_ms: float = 1.0, warmup_ms: float = 0.0) -> Trains:
    """Trains of cells given as lists of steps."""
    ids = np.repeat(np.arange(len(steps)), [len(cell) for cell in steps])
    population = population_recording("exc", len(steps), ids, np.concatenate([*steps, []]).astype(int), dt_ms)
    return window_trains(population, dt_ms, n_steps * dt_ms, warmup_ms)


def poisson_steps(n_cells: int, rate_hz: float, dt_ms: float, seed: int) -> list[list[int]]:
    """Bernoulli trains over DURATION_MS, the rates of the cells spread around ``rate_hz``."""
    rng = np.random.default_rng(seed)
    n_steps = round(DURATION_MS / dt_ms)
    rates = rate_hz * rng.uniform(0.5, 1.5, n_cells)
    return [np.flatnonzero(rng.random(n_steps) < rate * dt_ms * 1e-3).tolist() for rate in rates]


def neo_trains(steps: list[list[int]], dt_ms: float) -> list[neo.SpikeTrain]:
    # In the middle of the step, where no rounding of a bin's edge can move it.
    return [neo.SpikeTrain((np.array(cell) + 0.5) * dt_ms, units="ms", t_stop=DURATION_MS) for cell in steps]


@pytest.fixture(scope="module", params=[(1.0, 40.0, 3), (0.1, 15.0, 4)], ids=["1 ms", "0.1 ms"])
def poisson(request: pytest.FixtureRequest) -> tuple[list[list[int]], Trains, float]:
    dt_ms, rate_hz, seed = request.param
    steps = [*poisson_steps(30, rate_hz, dt_ms, seed), []]
    return steps, trains_of(steps, round(DURATION_MS / dt_ms), dt_ms), dt_ms


def test_rates_equal_elephants(poisson):
    steps, trains, dt_ms = poisson
    expected = [
        elephant.statistics.mean_firing_rate(train).rescale("Hz").item() if len(train) else 0.0
        for train in neo_trains(steps, dt_ms)
    ]
    np.testing.assert_allclose(statistics.rates_hz(trains), expected, rtol=1e-12)


def test_cv_equals_elephants(poisson):
    steps, trains, _ = poisson
    expected = [np.asarray(elephant.statistics.cv(np.diff(cell))).item() for cell in steps if len(cell) > 5]
    np.testing.assert_allclose(statistics.cv_isi(trains, 5), expected, rtol=1e-12)
    assert len(expected) < len(steps)


def test_local_variation_equals_elephants(poisson):
    steps, trains, _ = poisson
    expected = [float(elephant.statistics.lv(np.diff(cell))) for cell in steps if len(cell) > 5]
    np.testing.assert_allclose(statistics.local_variation(trains, 5), expected, rtol=1e-12)


def test_fano_factor_equals_elephants_with_the_unbiased_variance(poisson):
    steps, trains, dt_ms = poisson
    n = 20
    edges = np.linspace(0, round(DURATION_MS / dt_ms), n + 1)
    expected = []
    for cell in filter(len, steps):
        windows = [np.array(cell)[(np.array(cell) >= a) & (np.array(cell) < b)] for a, b in pairwise(edges)]
        expected.append(np.asarray(elephant.statistics.fanofactor(windows)).item() * n / (n - 1))
    np.testing.assert_allclose(statistics.fano_factors(bin_counts(trains, 100.0, "s")), expected, rtol=1e-12)


@pytest.mark.parametrize("n_cells", [30, 31], ids=["even", "odd"])
def test_correlation_of_all_pairs_equals_elephants_matrix(poisson, n_cells):
    steps, _, dt_ms = poisson
    # The last cell is silent: its correlation is undefined, and neither elephant's mean nor ours may hold it.
    steps = [*steps[: n_cells - 1], steps[0][: len(steps[0]) // 2], []]
    trains = trains_of(steps, round(DURATION_MS / dt_ms), dt_ms)
    binned = BinnedSpikeTrain(neo_trains(steps[:-1], dt_ms), bin_size=5.0 * pq.ms)
    matrix = np.asarray(correlation_coefficient(binned))
    ours = statistics.pair_correlations(bin_counts(trains, 5.0, "s"), 10**6, np.random.default_rng(0))
    np.testing.assert_allclose(np.sort(ours), np.sort(matrix[np.triu_indices(n_cells, 1)]), atol=1e-12)


def test_drawn_pairs_are_distinct_pairs_of_the_matrix(poisson):
    _, trains, _ = poisson
    binned = bin_counts(trains, 5.0, "s")
    every = statistics.pair_correlations(binned, 10**6, np.random.default_rng(0))
    drawn = statistics.pair_correlations(binned, 100, np.random.default_rng(0))
    other = statistics.pair_correlations(binned, 100, np.random.default_rng(1))
    assert len(drawn) == 100
    assert set(drawn.tolist()) <= set(every.tolist())
    assert len(set(drawn.tolist())) > 95  # values of different pairs may coincide, those of one pair always do
    assert not np.array_equal(np.sort(drawn), np.sort(other))
    assert abs(drawn.mean() - every.mean()) < 4 * every.std() / np.sqrt(100)


def test_synchrony_equals_the_formula_on_the_dense_matrix(poisson):
    steps, trains, dt_ms = poisson
    counts = np.array([np.histogram(np.array(cell) * dt_ms + 1e-6, 400, (0, DURATION_MS))[0] for cell in steps])
    expected = np.sqrt(scipy.stats.tvar(counts.mean(0)) / np.mean([scipy.stats.tvar(cell) for cell in counts]))
    assert statistics.synchrony(bin_counts(trains, 5.0, "s")) == pytest.approx(expected, rel=1e-12)


def test_population_rate_equals_elephants_time_histogram(poisson):
    steps, trains, dt_ms = poisson
    histogram = elephant.statistics.time_histogram(neo_trains(steps, dt_ms), bin_size=5.0 * pq.ms, output="mean")
    expected = histogram.magnitude.ravel() / 5e-3
    np.testing.assert_allclose(population_rate_hz(trains, 5.0), expected, rtol=1e-9)


def test_by_hand():
    trains = trains_of([[0, 10, 30], [5], []], n_steps=40)
    assert statistics.rates_hz(trains).tolist() == [75.0, 25.0, 0.0]
    # Intervals 10 and 20: mean 15, deviations of 5; and 3 ((10 - 20) / 30)².
    assert statistics.cv_isi(trains, 2) == pytest.approx([1 / 3])
    assert statistics.local_variation(trains, 2) == pytest.approx([1 / 3])
    binned = bin_counts(trains, 20.0, "s")
    # Counts (2, 1), (1, 0), (0, 0): variances 1/2 over means 3/2 and 1/2.
    assert statistics.fano_factors(binned) == pytest.approx([1 / 3, 1.0])
    assert statistics.pair_correlations(binned, 9, np.random.default_rng(0)) == pytest.approx([1.0])
    # Sums (3, 1): deviations of 1 around 2, shared 2; single deviations 1/2 + 1/2 + 0, three cells.
    assert statistics.synchrony(binned) == pytest.approx(np.sqrt(2 / 3))


def test_opposite_counts_are_anticorrelated_and_not_synchronous():
    binned = bin_counts(trains_of([[0, 20], [10, 30]], n_steps=40), 10.0, "s")
    assert statistics.pair_correlations(binned, 9, np.random.default_rng(0)) == pytest.approx([-1.0])
    assert statistics.synchrony(binned) == 0.0


@given(period=st.integers(1, 50), spikes=st.integers(3, 200), dt_ms=st.sampled_from([1.0, 0.1, 0.025]))
def test_a_regular_train_has_no_variation_at_all(period, spikes, dt_ms):
    trains = trains_of([list(range(0, period * spikes, period))], period * spikes, dt_ms)
    assert statistics.cv_isi(trains, 2).tolist() == [0.0]
    assert statistics.local_variation(trains, 2).tolist() == [0.0]


@given(steps=st.sets(st.integers(0, 199), min_size=1, max_size=60), copies=st.integers(2, 6))
def test_identical_trains_are_perfectly_correlated_and_synchronous(steps, copies):
    binned = bin_counts(trains_of([sorted(steps)] * copies, 200), 5.0, "s")
    assume(binned.square_deviations.any())
    assert statistics.pair_correlations(binned, 100, np.random.default_rng(0)) == pytest.approx(1.0)
    assert statistics.synchrony(binned) == pytest.approx(1.0)


def test_poisson_trains_have_unit_variation_and_no_correlation():
    # 10 s at 20 Hz in steps of 0.1 ms: so rarely two spikes near one step that the grid does not show.
    n_cells, n_steps = 200, 100_000
    rng = np.random.default_rng(11)
    steps = [np.flatnonzero(rng.random(n_steps) < 0.002).tolist() for _ in range(n_cells)]
    trains = trains_of(steps, n_steps, dt_ms=0.1)
    assert statistics.cv_isi(trains, 5).mean() == pytest.approx(1.0, abs=0.02)
    assert statistics.local_variation(trains, 5).mean() == pytest.approx(1.0, abs=0.03)
    assert statistics.fano_factors(bin_counts(trains, 50.0, "s")).mean() == pytest.approx(1.0, abs=0.03)
    binned = bin_counts(trains, 5.0, "s")
    assert abs(statistics.pair_correlations(binned, 5000, rng).mean()) < 0.003
    assert statistics.synchrony(binned) == pytest.approx(1 / np.sqrt(n_cells), rel=0.1)


def test_fano_factor_is_unbiased_for_few_spikes_and_few_windows():
    rng = np.random.default_rng(2)
    steps = [sorted(rng.choice(60, 4, replace=False).tolist()) for _ in range(4000)]
    # A binomial draw of 4 from 60 steps without repetition: a little below Poisson, by (60 - 4) / (60 - 1).
    assert statistics.fano_factors(bin_counts(trains_of(steps, 60), 20.0, "s")).mean() == pytest.approx(
        56 / 59, abs=0.03
    )


def test_the_warmup_is_cut_at_its_end_and_intervals_across_it_are_gone():
    trains = trains_of([[99, 100, 110], [50]], n_steps=200, warmup_ms=100.0)
    assert trains.ids.tolist() == [0, 0]
    assert trains.steps.tolist() == [0, 10]
    assert trains.n_steps == 100
    assert statistics.intervals_ms(trains)[1].tolist() == [10.0]


def test_a_warmup_between_two_steps_ends_at_the_later():
    trains = trains_of([[1, 2, 3]], n_steps=10, warmup_ms=1.5)
    assert trains.n_steps == 8
    assert trains.steps.tolist() == [0, 1]


def test_the_last_part_of_a_bin_is_left_out():
    binned = bin_counts(trains_of([[0, 4, 24, 25, 29]], n_steps=30), 12.0, "s")
    assert binned.n_bins == 2
    assert binned.totals.tolist() == [2]


@pytest.mark.parametrize(
    ("ids", "steps", "message"),
    [
        ([0], [100], "outside the run"),
        ([0], [-1], "outside the run"),
        ([2], [5], "outside 0..1"),
        ([1, 1], [5, 5], "two spikes in one step"),
    ],
)
def test_a_recording_that_breaks_its_contract_is_refused(ids, steps, message):
    population = population_recording("exc", 2, np.array(ids), np.array(steps), 1.0)
    with pytest.raises(ValueError, match=message):
        window_trains(population, 1.0, 100.0, 0.0)


def test_times_off_the_grid_are_refused():
    population = population_recording("exc", 2, np.array([0]), np.array([5]), 0.5)
    with pytest.raises(ValueError, match="population exc: not all are multiples of the time step 1 ms"):
        window_trains(population, 1.0, 100.0, 0.0)


def test_bins_must_be_whole_steps_and_at_least_two():
    trains = trains_of([[1]], n_steps=100)
    with pytest.raises(ConfigurationError, match=r"analysis\.rate_bin_ms=2\.5: .*simulation\.dt_ms=1"):
        bin_counts(trains, 2.5, "analysis.rate_bin_ms")
    with pytest.raises(UndefinedMetricError, match="fewer than two bins of 60 ms"):
        bin_counts(trains, 60.0, "analysis.rate_bin_ms")


def test_nothing_left_after_the_warmup_is_refused():
    with pytest.raises(ConfigurationError, match=r"analysis\.warmup_ms=100"):
        trains_of([[1]], n_steps=100, warmup_ms=100.0)
