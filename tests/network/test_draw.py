"""The drawn network: deterministic, independent streams, the statistics that each rule promises."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from varesearch.config.compose import compose
from varesearch.config.streams import stream
from varesearch.model.pairs import bernoulli_indices
from varesearch.model.rules.distance_dependent import distance_dependent as connect_by_distance
from varesearch.model.rules.distance_dependent import distances_mm, gaussian
from varesearch.model.rules.fixed_in_degree import fixed_in_degree
from varesearch.network import Network, Population, Projection, draw, estimate


def drawn(*overrides: str) -> Network:
    return draw(compose(overrides).config)


def projections(network: Network) -> dict:
    return {projection.name: projection for projection in network.projections}


def same(a: Any, b: Any) -> bool:
    """Whether two drawn dataclasses hold equal values, arrays compared element by element."""
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, Population | Projection):
        return all(same(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))
    return np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 2**63 - 1),
    n=st.integers(10, 200),
    rule=st.sampled_from(["fixed_probability", "distance_dependent"]),
)
def test_drawing_is_deterministic_in_its_seed(seed, n, rule):
    overrides = (f"connectivity={rule}", f"connectivity.n={n}", f"seed={seed}")
    assert drawn(*overrides).hash == drawn(*overrides).hash
    assert drawn(*overrides).hash != drawn(*overrides[:2], f"seed={seed + 1}").hash


def test_excitatory_and_inhibitory_columns_differ():
    """A shared generator gives exc_to_inh the first columns of exc_to_exc; independent draws share p² of the pairs."""
    wired = projections(drawn())
    dense = {}
    for name in ("exc_to_exc", "exc_to_inh"):
        dense[name] = np.zeros((1200, 1200), dtype=bool)
        dense[name][wired[name].sources, wired[name].targets] = True
    first, second = dense["exc_to_exc"][:, :300], dense["exc_to_inh"][:, :300]
    shared = np.count_nonzero(first & second)
    expected = 1200 * 300 * 0.02**2
    assert abs(shared - expected) < 6 * np.sqrt(expected)


def test_no_two_draws_share_a_stream():
    network = drawn("connectivity.weight_exc={distribution: normal, mean: 1, std: 0.1, low: 0}")
    first_values = [population.initial["v"][:10] for population in network.populations]
    first_values += [p.weights[:10] for p in network.projections if p.pre == "exc"]
    for i, a in enumerate(first_values):
        for b in first_values[i + 1 :]:
            assert np.intersect1d(a, b).size == 0


def test_adding_populations_leaves_the_other_draws_unchanged():
    without = drawn("stimulus=none", "connectivity.n=1500", "connectivity.exc_inh_ratio=4")
    with_stimulus = drawn("stimulus=background_poisson", "connectivity.n=1500", "connectivity.exc_inh_ratio=4")
    with_more_inhibition = drawn("stimulus=none", "connectivity.n=1600", "connectivity.exc_inh_ratio=3")
    assert same(without.populations[0], with_stimulus.populations[0])
    assert same(without.populations[0], with_more_inhibition.populations[0])
    for name, projection in projections(without).items():
        assert same(projection, projections(with_stimulus)[name])
    assert same(projections(without)["exc_to_exc"], projections(with_more_inhibition)["exc_to_exc"])


def test_another_weight_distribution_leaves_the_pairs_unchanged():
    plain, spread = drawn(), drawn("connectivity.weight_exc={distribution: uniform, low: 0.5, high: 1.5}")
    for name, projection in projections(plain).items():
        assert np.array_equal(projection.sources, projections(spread)[name].sources)
        assert np.array_equal(projection.targets, projections(spread)[name].targets)


@settings(max_examples=60, deadline=None)
@given(count=st.integers(0, 5000), p=st.floats(0.0, 1.0), seed=st.integers(0, 1000))
def test_bernoulli_indices_are_sorted_distinct_and_inside(count, p, seed):
    indices = bernoulli_indices(count, p, np.random.default_rng(seed))
    assert np.all(np.diff(indices) > 0)
    assert indices.size == 0 or (indices[0] >= 0 and indices[-1] < count)
    if p in (0.0, 1.0):
        assert indices.size == count * p


@pytest.mark.parametrize("p", [1e-9, 1e-3, 0.02, 0.5, 0.97])
def test_bernoulli_indices_follow_the_binomial(p):
    counts = [bernoulli_indices(20_000, p, np.random.default_rng(seed)).size for seed in range(300)]
    total = int(np.sum(counts))
    assert stats.binomtest(total, 300 * 20_000, p).pvalue > 1e-4
    if p > 1e-6:
        assert np.var(counts) == pytest.approx(20_000 * p * (1 - p), rel=0.5)


def test_fixed_probability_in_degrees_are_binomial():
    projection = projections(drawn("connectivity.p=0.1"))["exc_to_exc"]
    degrees = np.bincount(projection.targets, minlength=1200)
    assert (
        stats.kstest(degrees + stream(0, "jitter").random(1200) - 0.5, stats.norm(120, np.sqrt(108)).cdf).pvalue > 1e-4
    )


@settings(max_examples=60, deadline=None)
@given(data=st.data(), n_pre=st.integers(2, 60), n_post=st.integers(1, 40), no_self=st.booleans())
def test_fixed_in_degree_is_exact_and_without_repetition(data, n_pre, n_post, no_self):
    n_post = min(n_post, n_pre) if no_self else n_post
    degree = data.draw(st.integers(0, n_pre - no_self))
    sources, targets = fixed_in_degree(n_pre, n_post, degree, no_self, np.random.default_rng(1)).pairs
    assert np.array_equal(np.bincount(targets, minlength=n_post), np.full(n_post, degree))
    assert len(set(zip(sources.tolist(), targets.tolist(), strict=True))) == len(sources)
    assert not (no_self and np.any(sources == targets))
    assert np.all(np.diff(sources.astype(np.int64) * n_post + targets) > 0)


def test_fixed_in_degree_takes_every_source_equally_often():
    sources, _ = fixed_in_degree(50, 4000, 20, False, np.random.default_rng(3)).pairs
    assert stats.chisquare(np.bincount(sources, minlength=50)).pvalue > 1e-4
    sources, _ = fixed_in_degree(50, 4000, 40, False, np.random.default_rng(3)).pairs
    assert stats.chisquare(np.bincount(sources, minlength=50)).pvalue > 1e-4


def test_distance_rule_against_a_dense_bernoulli_draw():
    """The tiled proposal must give each pair p_max kernel(d): compared in distance bins with the exact expectation."""
    place = np.random.default_rng(5).uniform(0, 1, size=(900, 2))
    sources, targets = connect_by_distance(
        place, place, 0.4, gaussian(0.15), 1.0, True, False, np.random.default_rng(6)
    ).pairs
    i, j = np.divmod(np.arange(900 * 900), 900)
    distance = distances_mm(place[i], place[j], 1.0, True)
    p = 0.4 * np.exp(-0.5 * (distance / 0.15) ** 2)
    bins = np.linspace(0, 0.75, 16)
    expected, _ = np.histogram(distance, bins, weights=p)
    variance, _ = np.histogram(distance, bins, weights=p * (1 - p))
    found, _ = np.histogram(distances_mm(place[sources], place[targets], 1.0, True), bins)
    assert np.all(np.abs(found - expected) <= 5 * np.sqrt(variance) + 5)


def test_distance_adds_its_delay():
    network = drawn(
        "connectivity=distance_dependent", "connectivity.n=400", "connectivity.velocity_mm_per_ms=0.1",
        "connectivity.periodic=false",
    )  # fmt: skip
    projection = projections(network)["exc_to_inh"]
    pre, post = (network.population(name).positions_mm for name in ("exc", "inh"))
    assert pre is not None and post is not None
    apart = np.linalg.norm(pre[projection.sources] - post[projection.targets], axis=1)
    assert np.array_equal(projection.delay_steps, np.rint(2.0 + apart / 0.1))


@pytest.mark.parametrize(
    "overrides",
    [
        (),
        ("connectivity=fixed_in_degree",),
        ("connectivity=distance_dependent", "connectivity.kernel=exponential", "connectivity.periodic=false"),
        ("connectivity.allow_self_connections=false", "connectivity.p=0.3"),
        ("connectivity=fixed_total_number",),
        ("connectivity=all_to_all", "connectivity.n=300", "connectivity.allow_self_connections=false"),
        ("connectivity=one_to_one", "connectivity.exc_inh_ratio=1"),
        ("connectivity=small_world",),
        ("connectivity=pairwise_bernoulli", 'connectivity.p="0.3*exp(-d/0.1)"', "connectivity.velocity_mm_per_ms=0.2"),
        ("stimulus=background_poisson",),
        ("stimulus=spike_list", "stimulus.p=0.5"),
        ("stimulus.start_ms=500", "stimulus.duration_ms=1e9"),
        ("stimulus=background_poisson", "stimulus.start_ms=500", "stimulus.duration_ms=1e9"),
    ],
)
def test_the_estimate_is_what_is_drawn(overrides):
    composed = compose(overrides).config
    told, network = estimate(composed), draw(composed)
    assert {name: round(count) for name, count in told.synapses.items()}.keys() == projections(network).keys()
    for name, projection in projections(network).items():
        # Cells on a sheet are few and not everywhere alike: their places add a spread of their own.
        on_sheet = any(rule in str(overrides) for rule in ("distance_dependent", "pairwise_bernoulli"))
        slack = 0.1 * told.synapses[name] if on_sheet else 0.0
        assert abs(projection.size - told.synapses[name]) <= 6 * np.sqrt(told.synapses[name]) + slack
    spikes = sum(source.n_spikes for source in network.sources)
    assert abs(spikes - told.input_spikes) <= 6 * np.sqrt(told.input_spikes) + 1
    arrays = [a for s in network.sources for a in (s.sources, s.steps)]
    arrays += [a for population in network.populations for a in population.initial.values()]
    kept = sum(array.nbytes for array in arrays) + sum(projection.nbytes for projection in network.projections)
    assert kept == pytest.approx(told.network_bytes, rel=0.1)


@settings(max_examples=25, deadline=None)
@given(rate=st.floats(1.0, 900.0), start=st.integers(0, 100), length=st.integers(1, 400), seed=st.integers(0, 99))
def test_poisson_sources_keep_to_grid_window_and_rate(rate, start, length, seed):
    network = drawn(
        f"stimulus.rate_hz={rate}", f"stimulus.start_ms={start}", f"stimulus.duration_ms={length}",
        "stimulus.n_sources=200", "connectivity.n=20", f"seed={seed}",
    )  # fmt: skip
    source = network.source("thalamus")
    assert np.all((source.steps >= start) & (source.steps < start + length))
    assert np.all(np.diff(source.steps.astype(np.int64) * 200 + source.sources) > 0)
    assert stats.binomtest(source.steps.size, 200 * length, rate / 1000).pvalue > 1e-6


def test_delays_are_whole_steps_and_never_none():
    network = drawn("connectivity.delay_ms={distribution: uniform, low: 1, high: 4}", "simulation.dt_ms=0.1")
    delays = projections(network)["exc_to_exc"].delay_steps
    assert delays.min() >= 10 and delays.max() <= 40 and np.unique(delays).size == 31
    assert np.all(projections(drawn("simulation.dt_ms=0.5"))["exc_to_exc"].delay_steps == 4)


def test_each_projection_takes_its_own_settings_first():
    wired = projections(
        drawn("connectivity.inh_to_exc.weight=7", "connectivity.exc_to_inh.p=0.2", "connectivity.inh_to_inh.delay_ms=5")
    )
    assert np.all(wired["inh_to_exc"].weights == 7.0) and np.all(wired["inh_to_inh"].weights == 2.5)
    assert wired["exc_to_inh"].size == pytest.approx(1200 * 300 * 0.2, rel=0.05)
    assert np.all(wired["inh_to_inh"].delay_steps == 5) and np.all(wired["exc_to_exc"].delay_steps == 2)


class TestHash:
    def test_the_integrator_is_no_content(self):
        assert drawn("cell.integrator=euler").hash == drawn("cell.integrator=spinnaker").hash

    def test_every_parameter_of_the_cell_is(self):
        plain = drawn().hash
        for override in ("cell.a=0.03", "cell.d=8", "cell.i_offset=4.9", "cell.tau_syn_I=4", "cell.u_init=-13"):
            assert drawn(override).hash != plain, override

    @pytest.mark.parametrize("field", ["sources", "targets", "weights", "delay_steps"])
    def test_one_changed_synapse_changes_it(self, field):
        network = drawn()
        changed = getattr(network.projections[2], field).copy()
        changed[17] += 1
        projection = dataclasses.replace(network.projections[2], **{field: changed})
        others = (*network.projections[:2], projection, *network.projections[3:])
        assert dataclasses.replace(network, projections=others).hash != network.hash

    def test_swapped_populations_change_it(self):
        network = drawn()
        assert dataclasses.replace(network, populations=network.populations[::-1]).hash != network.hash
