"""What each wiring rule promises: its counts, the law of what it draws, and the estimate made before the draw."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from varesearch.config.errors import ConfigurationError
from varesearch.config.projection import Given, Pairs, ProjectionSettings, Rows, Synapses
from varesearch.config.rule import Rule
from varesearch.model.rules.all_to_all import AllToAll
from varesearch.model.rules.distance_dependent import mean_kernel
from varesearch.model.rules.fixed_total_number import FixedTotalNumber, distinct_indices
from varesearch.model.rules.one_to_one import OneToOne
from varesearch.model.rules.pairwise_bernoulli import PairwiseBernoulli
from varesearch.model.rules.small_world import SmallWorld, neighbours

SIZES = st.integers(1, 40)


def between(pre_size: int, post_size: int, within: bool = False, no_self: bool = False, **given: Any):
    """A projection; ``within`` a population of ``post_size`` cells."""
    return ProjectionSettings(
        name="a_to_b",
        pre="b" if within else "a",
        post="b",
        pre_size=post_size if within else pre_size,
        post_size=post_size,
        receptor="excitatory",
        given={name: Given(f"connectivity.{name}", value) for name, value in ({"p": None} | given).items()},
        no_self=within and no_self,
    )


def drawn(rule: Rule, projection: ProjectionSettings, seed: int = 1) -> Pairs:
    rule.check_projection(projection)
    return connected(rule, projection, np.random.default_rng(seed))


def connected(rule: Rule, projection: ProjectionSettings, rng: np.random.Generator) -> Pairs:
    found = rule.connect(projection, rng)
    assert not isinstance(found, Synapses)
    return found.pairs if isinstance(found, Rows) else found


def check_pairs(pairs: Pairs, projection: ProjectionSettings, repeated: bool = False) -> None:
    """Whole numbers of 32 bits inside the populations, sorted by source, then target; repeated only where allowed."""
    sources, targets = pairs
    assert sources.dtype == targets.dtype == np.int32 and sources.shape == targets.shape
    assert not sources.size or (sources.min() >= 0 and sources.max() < projection.pre_size)
    assert not targets.size or (targets.min() >= 0 and targets.max() < projection.post_size)
    steps = np.diff(sources.astype(np.int64) * projection.post_size + targets)
    assert (steps >= (0 if repeated else 1)).all()
    assert not (projection.no_self and (sources == targets).any())


@given(pre=SIZES, post=SIZES, within=st.booleans(), no_self=st.booleans())
def test_all_to_all_has_every_pair_once(pre: int, post: int, within: bool, no_self: bool) -> None:
    projection = between(pre, post, within, no_self)
    pairs = drawn(AllToAll(), projection)
    check_pairs(pairs, projection)
    wanted = np.ones((projection.pre_size, post), dtype=bool)
    if projection.no_self:
        np.fill_diagonal(wanted, False)
    assert np.array_equal(np.stack(pairs), np.stack(np.nonzero(wanted)))
    assert AllToAll().expected_synapses(projection) == wanted.sum()


@given(size=SIZES, other=SIZES, no_self=st.booleans())
def test_one_to_one_joins_equal_populations_and_refuses_others(size: int, other: int, no_self: bool) -> None:
    assume(size != other)
    projection = between(size, size)
    sources, targets = drawn(OneToOne(), projection)
    assert sources.tolist() == targets.tolist() == list(range(size))
    assert OneToOne().expected_synapses(projection) == size
    with pytest.raises(ConfigurationError, match=rf"one_to_one .* {size} cells and b has {other}; "):
        OneToOne().check_projection(between(size, other))
    itself = between(size, size, within=True, no_self=no_self)
    assert len(drawn(OneToOne(), itself)[0]) == OneToOne().expected_synapses(itself) == (0 if no_self else size)


class TestFixedTotalNumber:
    @given(
        data=st.data(), pre=SIZES, post=SIZES, within=st.booleans(), no_self=st.booleans(), replacement=st.booleans()
    )
    def test_counts(self, data, pre, post, within, no_self, replacement) -> None:
        possible = between(pre, post, within, no_self).possible_pairs
        most = possible if not replacement else 200 * (possible > 0)
        projection = between(pre, post, within, no_self, synapses=data.draw(st.integers(0, most)))
        rule = FixedTotalNumber(with_replacement=replacement)
        pairs = drawn(rule, projection)
        check_pairs(pairs, projection, repeated=replacement)
        assert len(pairs[0]) == projection["synapses"] == rule.expected_synapses(projection)

    @pytest.mark.parametrize("no_self", [False, True])
    @pytest.mark.parametrize("replacement", [False, True])
    def test_every_pair_is_equally_likely(self, no_self: bool, replacement: bool) -> None:
        """All pairs of many draws, by chi-square. Without replacement the counts vary less, by 1 - K / pairs."""
        projection = between(6, 6, within=True, no_self=no_self, synapses=10)
        counts = np.zeros((6, 6))
        rule, rng = FixedTotalNumber(with_replacement=replacement), np.random.default_rng(7)
        for _ in range(3000):
            np.add.at(counts, connected(rule, projection, rng), 1)
        possible = ~np.eye(6, dtype=bool) if no_self else np.ones((6, 6), dtype=bool)
        assert not counts[~possible].any()
        expected = 3000 * 10 / possible.sum()
        spread = 1.0 if replacement else 1.0 - (10 - 1) / (possible.sum() - 1)
        chi2 = ((counts[possible] - expected) ** 2).sum() / expected / spread
        assert 1e-3 < stats.chi2(possible.sum() - 1).sf(chi2) < 1 - 1e-3

    def test_the_in_degree_of_multapses_is_binomial(self) -> None:
        """K independent trials, each with the probability 1/N_post (Potjans and Diesmann 2014)."""
        projection = between(100, 2000, synapses=20_000)
        _, targets = drawn(FixedTotalNumber(), projection)
        check_distribution(np.bincount(targets, minlength=2000), stats.binom(20_000, 1 / 2000))

    def test_repeated_pairs_are_as_many_as_by_chance(self) -> None:
        """K synapses on M pairs leave M (1 - (1 - 1/M)^K) pairs connected: the paper's equation for K."""
        counts = [
            len(np.unique(np.stack(drawn(FixedTotalNumber(), between(30, 30, synapses=900), seed)), axis=1).T)
            for seed in range(200)
        ]
        expected = 900 * (1 - (1 - 1 / 900) ** 900)
        assert abs(np.mean(counts) - expected) < 5 * np.std(counts) / np.sqrt(200)

    @settings(max_examples=50)
    @given(possible=st.integers(0, 300), data=st.data(), seed=st.integers(0, 100))
    def test_distinct_indices(self, possible: int, data: st.DataObject, seed: int) -> None:
        count = data.draw(st.integers(0, possible))
        indices = distinct_indices(possible, count, np.random.default_rng(seed))
        assert indices.size == count and (np.diff(indices) > 0).all()
        assert not count or (indices[0] >= 0 and indices[-1] < possible)

    def test_few_of_very_many_pairs_take_no_memory_for_all(self) -> None:
        """numpy's choice would hold 10^13 numbers."""
        indices = distinct_indices(10**13, 1000, np.random.default_rng(1))
        assert stats.kstest(indices / 1e13, "uniform").pvalue > 1e-3


class TestSmallWorld:
    @given(data=st.data(), pre=SIZES, post=SIZES, within=st.booleans(), rewiring=st.floats(0, 1))
    def test_out_degrees_stay_k_and_no_pair_comes_twice(self, data, pre, post, within, rewiring) -> None:
        k = 2 * data.draw(st.integers(0, (post - within) // 2))
        projection = between(pre, post, within, k=k, rewiring=rewiring)
        pairs = drawn(SmallWorld(), projection)
        check_pairs(pairs, replace(projection, no_self=within))  # never itself, whatever allow_self_connections is
        assert (np.bincount(pairs[0], minlength=projection.pre_size) == k).all()
        assert len(pairs[0]) == SmallWorld().expected_synapses(projection)

    @pytest.mark.parametrize(("size", "k"), [(7, 4), (10, 2), (9, 8)])
    def test_without_rewiring_it_is_the_lattice(self, size: int, k: int) -> None:
        projection = between(size, size, within=True, k=k, rewiring=0.0)
        sources, targets = drawn(SmallWorld(), projection)
        apart = np.abs(sources - targets)
        assert (np.minimum(apart, size - apart) <= k // 2).all() and len(sources) == k * size

    @given(pre=SIZES, post=SIZES, data=st.data())
    def test_between_populations_they_are_the_nearest(self, pre: int, post: int, data: st.DataObject) -> None:
        """No other target lies nearer to the source on the ring; places are fractions, compared as whole numbers."""
        k = data.draw(st.integers(0, post))
        near = neighbours(pre, post, k, within=False)
        for source in range(pre):
            apart = np.abs(source * post - np.arange(post) * pre)
            apart = np.minimum(apart, post * pre - apart)
            chosen = np.zeros(post, dtype=bool)
            chosen[near[source]] = True
            assert chosen.sum() == k
            assert k in (0, post) or apart[chosen].max() <= apart[~chosen].min()

    def test_the_rewired_synapses_are_binomial_and_go_anywhere_else(self) -> None:
        """A rewired synapse falls back on a free place of the lattice with a small, known probability."""
        size, k, rewiring = 1000, 10, 0.3
        projection = between(size, size, within=True, k=k, rewiring=rewiring)
        sources, targets = drawn(SmallWorld(), projection)
        apart = np.abs(sources - targets)
        far = np.minimum(apart, size - apart) > k // 2
        # Of m rewired synapses each finds m of the size - 1 - (k - m) free cells in the lattice.
        m = np.arange(k + 1)
        leaves = (stats.binom.pmf(m, k, rewiring) * m * (1 - m / (size - 1 - k + m))).sum() / k
        assert stats.binomtest(int(far.sum()), size * k, leaves).pvalue > 1e-3
        distances = (targets - sources)[far] % size
        counts = np.bincount(distances, minlength=size)[k // 2 + 1 : size - k // 2]
        assert stats.chisquare(np.add.reduceat(counts, np.arange(0, counts.size, 50)[:-1])[:-1]).pvalue > 1e-3

    def test_rewired_throughout_its_in_degree_is_that_of_a_random_graph(self) -> None:
        """Each of the other N - 1 cells chooses a given one with the probability k / (N - 1)."""
        projection = between(2000, 2000, within=True, k=20, rewiring=1.0)
        _, targets = drawn(SmallWorld(), projection)
        check_distribution(np.bincount(targets, minlength=2000), stats.binom(1999, 20 / 1999))

    def test_small_worlds_are_clustered_and_their_paths_short(self) -> None:
        """The finding of the paper (fig. 2): at p = 0.01 paths are short already, and clustering is the lattice's."""
        import scipy.sparse
        from scipy.sparse.csgraph import shortest_path

        def measured(rewiring: float) -> tuple[float, float]:
            projection = between(600, 600, within=True, k=10, rewiring=rewiring)
            sources, targets = drawn(SmallWorld(), projection)
            edges = scipy.sparse.csr_matrix((np.ones(len(sources)), (sources, targets)), shape=(600, 600))
            closed = edges.multiply(edges @ edges).sum() / (edges @ edges).sum()
            return closed, shortest_path(edges, unweighted=True)[~np.eye(600, dtype=bool)].mean()

        (lattice_clustering, lattice_path), (clustering, path) = measured(0.0), measured(0.01)
        assert lattice_clustering > 0.5
        assert clustering > 0.9 * lattice_clustering and path < 0.5 * lattice_path


class TestPairwiseBernoulli:
    @pytest.mark.parametrize("periodic", [True, False])
    @pytest.mark.parametrize("text", ["0.5*exp(-d/0.2)", "where(dx > 0.1, 0.4, 0.02)", "clip(0.3 - dy**2, 0, 1)"])
    def test_each_pair_has_the_probability_that_the_expression_gives_it(self, text: str, periodic: bool) -> None:
        """Synapses in classes of pairs with one probability, against its sum over the pairs, computed one by one."""
        rng = np.random.default_rng(3)
        pre, post = rng.uniform(0, 1, (60, 2)), rng.uniform(0, 1, (70, 2))
        p = np.empty((60, 70))
        for i, (x, y) in enumerate(pre):
            for j, (u, v) in enumerate(post):
                dx, dy = (
                    min((b - a + shift for shift in ((-1, 0, 1) if periodic else (0,))), key=abs)
                    for a, b in ((x, u), (y, v))
                )
                d = np.sqrt(dx**2 + dy**2)
                p[i, j] = {"0": 0.5 * np.exp(-d / 0.2), "w": 0.4 if dx > 0.1 else 0.02, "c": max(0.3 - dy**2, 0)}[
                    text[0]
                ]
        rule = PairwiseBernoulli(periodic=periodic)
        projection = replace(between(60, 70, p=text), pre_mm=pre, post_mm=post)
        rule.check_projection(projection)
        found = np.zeros((60, 70))
        for _ in range(40):
            found[connected(rule, projection, rng)] += 1
        classes = np.digitize(p, np.quantile(p, [0.2, 0.4, 0.6, 0.8]))
        for each in np.unique(classes):
            here = classes == each
            spread = np.sqrt(40 * (p * (1 - p))[here].sum())
            assert abs(found[here].sum() - 40 * p[here].sum()) < 5 * spread + 1e-9

    @pytest.mark.parametrize("periodic", [True, False])
    @pytest.mark.parametrize("itself", [True, False])
    def test_the_estimate_is_the_mean_over_places(self, periodic: bool, itself: bool) -> None:
        rule = PairwiseBernoulli(periodic=periodic)
        projection = between(50, 50, within=True, no_self=not itself, p="0.9*exp(-d/0.15)")
        rng, counts = np.random.default_rng(5), []
        for _ in range(150):
            place = rule.place(50, rng)
            counts.append(len(connected(rule, replace(projection, pre_mm=place, post_mm=place), rng)[0]))
        expected = rule.expected_synapses(projection)
        assert abs(np.mean(counts) - expected) < 5 * np.std(counts) / np.sqrt(150)
        pairs = 50 * 49 * 0.9 * mean_kernel("exponential", 0.15, 1.0, periodic)
        assert expected == pytest.approx(pairs + 50 * 0.9 * itself, rel=1e-3)

    def test_blocks_of_sources_make_no_difference_to_pairs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from varesearch.model.rules import pairwise_bernoulli

        rng = np.random.default_rng(1)
        place = rng.uniform(0, 1, (30, 2))
        projection = replace(between(30, 30, within=True, no_self=True, p="0.5"), pre_mm=place, post_mm=place)
        whole = connected(PairwiseBernoulli(), projection, np.random.default_rng(2))
        monkeypatch.setattr(pairwise_bernoulli, "_PAIRS_AT_ONCE", 90)
        blocks = connected(PairwiseBernoulli(), projection, np.random.default_rng(2))
        check_pairs(blocks, projection)
        assert np.array_equal(np.stack(whole), np.stack(blocks))


def check_distribution(degrees: np.ndarray, law: Any) -> None:
    """The degrees follow the law, by chi-square over bins that expect at least 5."""
    edges = np.unique(law.ppf(np.linspace(0.02, 0.98, 15)))
    bins = np.concatenate([[-np.inf], edges, [np.inf]])
    expected = np.diff(law.cdf(bins)) * len(degrees)
    found = np.diff([np.count_nonzero(degrees <= edge) for edge in bins])
    assert expected.min() > 5
    assert stats.chisquare(found, expected).pvalue > 1e-3
