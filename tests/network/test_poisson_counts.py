"""The laws of drawn Poisson sources: mean, variance and independence of their counts, and rates that change."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from varesearch.config.compose import compose
from varesearch.config.errors import ConfigurationError
from varesearch.config.validation import validate
from varesearch.model.stimuli import _poisson
from varesearch.network import Network, draw
from varesearch.network.consistency import check_network
from varesearch.network.model import SpikeSource
from varesearch.network.stored import load_network, save_network
from varesearch.simulation import source_recordings

LONG = ("connectivity.n=250", "simulation.duration_ms=4000")
SMALL = ("connectivity.n=250", "simulation.duration_ms=400")


def drawn(*words: str, of: tuple[str, ...] = SMALL) -> Network:
    config = compose(["stimulus=background_poisson", "stimulus.targets=[exc]", *of, *words]).config
    validate(config)
    network = draw(config)
    check_network(network)
    return network


def counts_of(source: SpikeSource, n_steps: int) -> np.ndarray:
    """Spikes in each step of each source, of shape (steps, sources)."""
    table = np.zeros((n_steps, source.size), dtype=np.int64)
    table[source.steps, source.sources] = 1 if source.counts is None else source.counts
    return table


@pytest.mark.parametrize("rate_hz", [5, 100, 500, 1000, 16_000, 100_000])
@pytest.mark.parametrize("seed", [1, 2])
def test_counts_have_the_poisson_distribution(rate_hz: int, seed: int) -> None:
    (source,) = drawn(f"stimulus.rate_hz={rate_hz}", f"seed={seed}").sources
    table, mean = counts_of(source, 400), rate_hz / 1000
    assert source.n_spikes == table.sum()
    # Fano factor 1: n (variance / mean) of n Poisson counts is chi-square distributed, as far as its normal limit goes.
    n, fano = table.size, table.var(ddof=1) / table.mean()
    assert abs(fano - 1) < 5 * np.sqrt((2 + 1 / mean) / n)
    assert abs(table.mean() - mean) < 5 * np.sqrt(mean / n)
    # The whole distribution, in bins that are expected to hold at least 10.
    highest = int(stats.poisson.isf(20 / n, mean))
    lowest = int(stats.poisson.ppf(20 / n, mean))
    edges = range(lowest, highest + 1)
    expected = stats.poisson.pmf(edges, mean) * n
    expected[0], expected[-1] = stats.poisson.cdf(lowest, mean) * n, stats.poisson.sf(highest - 1, mean) * n
    found = np.bincount(np.clip(table.ravel(), lowest, highest) - lowest, minlength=len(edges))
    assert stats.chisquare(found, expected).pvalue > 1e-5
    # Sources and steps are alike, and independent of each other.
    for axis in (0, 1):
        sums = table.sum(axis=axis)
        assert stats.chi2.sf(((sums - sums.mean()) ** 2 / sums.mean()).sum(), len(sums) - 1) > 1e-5
    if mean > 0.05:
        lagged = np.corrcoef(table[1:].ravel(), table[:-1].ravel())[0, 1]
        assert abs(lagged) < 5 / np.sqrt(n)


def test_blocks_do_not_change_the_law(monkeypatch: pytest.MonkeyPatch) -> None:
    """A large network is drawn in several blocks of steps; here each has few spikes."""
    monkeypatch.setattr(_poisson, "_BLOCK_SPIKES", 1000)
    (source,) = drawn("stimulus.rate_hz=2000").sources
    table = counts_of(source, 400)
    assert abs(table.var() / table.mean() - 1) < 5 * np.sqrt(2.5 / table.size)
    assert abs(table.mean() - 2) < 5 * np.sqrt(2 / table.size)
    by_step = table.sum(axis=1)
    assert stats.chi2.sf(((by_step - by_step.mean()) ** 2 / by_step.mean()).sum(), 399) > 1e-5


def test_the_bernoulli_law_has_the_smaller_variance_of_the_seed() -> None:
    table = counts_of(drawn("stimulus.rate_hz=500", "stimulus.law=bernoulli").sources[0], 400)
    assert table.max() == 1
    assert abs(table.var() / table.mean() - 0.5) < 0.02


def test_no_source_fires_twice_in_a_step_at_a_low_rate() -> None:
    """Then there are no counts, and back ends take the short way."""
    assert drawn("stimulus.rate_hz=0.5", "simulation.dt_ms=0.1").sources[0].counts is None


def test_rates_that_differ_from_source_to_source() -> None:
    rates = "{distribution: uniform, low: 0, high: 4000}"
    (source,) = drawn(f"stimulus.rate_hz={rates}", of=LONG).sources
    per_source = counts_of(source, 4000).sum(axis=0) / 4.0
    assert stats.kstest(per_source, stats.uniform(0, 4000).cdf).pvalue > 1e-4
    # Each is Poisson at a rate of its own.
    table = counts_of(source, 4000)
    busy = per_source > 200
    fano = table.var(axis=0)[busy] / table.mean(axis=0)[busy]
    assert abs(fano.mean() - 1) < 5 * np.sqrt(2.5 / 4000 / busy.sum())


def test_rates_that_differ_from_source_to_source_at_most_one_spike_a_step() -> None:
    rates = "{distribution: uniform, low: 0, high: 1000}"
    (source,) = drawn(f"stimulus.rate_hz={rates}", "stimulus.law=bernoulli", of=LONG).sources
    assert source.counts is None
    assert stats.kstest(counts_of(source, 4000).sum(axis=0) / 4.0, stats.uniform(0, 1000).cdf).pvalue > 1e-4


@pytest.mark.parametrize("law", ["poisson", "bernoulli"])
def test_rates_that_change_in_time(law: str) -> None:
    (source,) = drawn("stimulus.rate_hz=[[20, 500], [100, 0], [200, 100]]", f"stimulus.law={law}").sources
    by_step = counts_of(source, 400).sum(axis=1)
    assert by_step[:20].sum() == 0 and by_step[100:200].sum() == 0
    for steps, rate in ((slice(20, 100), 0.5), (slice(200, 400), 0.1)):
        expected = rate * source.size * len(by_step[steps])
        assert abs(by_step[steps].sum() - expected) < 5 * np.sqrt(expected)


def test_the_window_cuts_rates_that_change_in_time() -> None:
    words = ("stimulus.rate_hz=[[0, 500], [300, 1000]]", "stimulus.start_ms=50", "stimulus.duration_ms=100")
    steps = drawn(*words).sources[0].steps
    assert (steps.min(), steps.max()) == (50, 149)


@pytest.mark.parametrize(
    "rate", ["2500", "[[0, 500], [200, 1000]]", "{distribution: normal, mean: 900, std: 200, low: 0}"]
)
def test_the_expected_number_of_spikes(rate: str) -> None:
    config = compose(["stimulus=background_poisson", *SMALL, f"stimulus.rate_hz={rate}"]).config
    found = sum(source.n_spikes for source in draw(config).sources)
    assert found == pytest.approx(config.stimulus.expected_spikes(config.surroundings), rel=0.03)


def test_counts_are_part_of_the_hash_and_come_back_from_a_file(tmp_path) -> None:
    network = drawn("stimulus.rate_hz=3000")
    loaded = load_network(save_network(network, tmp_path / "network.npz"))
    assert loaded.hash == network.hash
    (one,), (other,) = network.sources, loaded.sources
    assert one.counts is not None and other.counts is not None
    np.testing.assert_array_equal(one.counts, other.counts, strict=True)
    assert one.counts.dtype == np.uint8
    one.counts[0] += 1
    assert load_network(save_network(network, tmp_path / "network.npz")).hash != loaded.hash


def test_the_recording_of_sources_has_every_spike() -> None:
    network = drawn("stimulus.rate_hz=3000")
    (source,) = network.sources
    recorded = source_recordings(network)["background_exc"]
    assert recorded.size == 200
    table = np.zeros((400, 200), dtype=np.int64)
    np.add.at(table, (np.rint(recorded.spike_times_ms).astype(int), recorded.spike_ids), 1)
    np.testing.assert_array_equal(table, counts_of(source, 400))


@pytest.mark.parametrize(
    ("counts", "sources", "wanted"),
    [
        (np.array([1, 0], np.uint8), [0, 1], "a count of 0"),
        (np.array([1, 2]), [0, 1], "unsigned"),
        (np.array([1, 2, 3], np.uint8), [0, 1], "one shape"),
        (None, [1, 1], "each pair of them once"),
        (None, [1, 0], "sorted by step, then source"),
    ],
)
def test_a_source_of_a_program_that_is_wrong_is_refused(counts, sources, wanted) -> None:
    network = drawn("stimulus.rate_hz=3")
    wrong = SpikeSource("background_exc", 200, np.array(sources, np.int32), np.array([4, 4], np.int32), counts)
    with pytest.raises(ConfigurationError, match=wanted):
        check_network(replace(network, sources=(wrong,)))
