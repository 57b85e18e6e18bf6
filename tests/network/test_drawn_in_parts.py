"""Synapses are drawn and handed over in parts: the same as at once, in bounded memory, and freed afterwards."""

import json
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from varesearch.config.compose import compose
from varesearch.config.laws import Exponential, Lognormal, Normal, Uniform
from varesearch.config.projection import PART, Pairs, ProjectionSettings, Rows, Synapses, sources_in_parts
from varesearch.config.projection import Given as GivenSetting
from varesearch.config.values import Constant, Value
from varesearch.model import pairs as of_pairs
from varesearch.model.rules import distance_dependent, fixed_in_degree, fixed_total_number
from varesearch.model.rules.fixed_in_degree import FixedInDegree
from varesearch.model.rules.fixed_probability import FixedProbability
from varesearch.model.rules.fixed_total_number import FixedTotalNumber
from varesearch.network import Network, Projection, draw
from varesearch.network import columns as of_columns
from varesearch.network.columns import Repeated, compact
from varesearch.network.model import SYNAPSES
from varesearch.network.multiplicity import once_each
from varesearch.network.stored import load_network, save_network
from varesearch.preflight import prepare
from varesearch.simulation import simulate

LENGTHS = st.integers(1, 50)
LAWS = st.sampled_from(
    [
        Constant(2.0),
        Uniform(low=1.0, high=3.0),
        Normal(mean=1.0, std=1.0),
        Normal(mean=0.0, std=1.0, low=0.0),
        Lognormal(mean=1.0, std=0.5, low=0.8, high=1.2),
        Exponential(mean=1.0, high=0.1),
    ]
)
PARTS = [of_pairs, fixed_in_degree, fixed_total_number, distance_dependent]
PAIRS_AT_ONCE = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def arrays(projection: Projection) -> list[np.ndarray]:
    return [getattr(projection, name) for name in SYNAPSES]


def equal(some: Any, others: Any) -> bool:
    return all(a.dtype == b.dtype and np.array_equal(a, b) for a, b in zip(some, others, strict=True))


def given_as_arrays(network: Network) -> Network:
    """The same network as a program would give it, all of its synapses as arrays."""
    return replace(network, projections=tuple(replace(each) for each in network.projections))


def by_the_definition(
    rule: str, n_pre: int, n_post: int, number: int, no_self: bool, rng: np.random.Generator
) -> Pairs:
    """What the rules have always drawn, all pairs at once, in the words of the rule's definition."""
    possible = n_pre * n_post
    if rule == "p":
        expected = possible * number / 100
        gaps = rng.geometric(number / 100, size=int(expected + 6.0 * np.sqrt(expected) + 16.0))
        chosen = np.cumsum(gaps) - 1
        assert chosen[-1] >= possible - 1  # one round was enough, as it is but once in 1e9 times
        chosen = chosen[chosen < possible]
    elif rule == "total":
        chosen = np.sort(rng.integers(0, possible - (n_pre if no_self else 0), size=number))
        if no_self:
            sources, targets = np.divmod(chosen, n_post - 1)
            return sources.astype(np.int32), (targets + (targets >= sources)).astype(np.int32)
    else:
        pool = n_pre - no_self
        rows = np.sort(rng.integers(0, pool, size=(n_post, number)), axis=1)
        while (again := np.diff(rows, axis=1, prepend=-1) == 0).any():
            rows[again] = rng.integers(0, pool, size=again.sum())
            rows.sort(axis=1)
        targets = np.repeat(np.arange(n_post), number)
        sources = rows.ravel()
        sources = sources + (sources >= targets) if no_self else sources
        chosen = np.sort(sources * n_post + targets)
    sources, targets = np.divmod(chosen, n_post)
    keep = sources != targets if no_self else np.ones(len(sources), dtype=bool)
    return sources[keep].astype(np.int32), targets[keep].astype(np.int32)


@PAIRS_AT_ONCE
@given(rule=st.sampled_from(["p", "degree", "total"]), data=st.data(), length=LENGTHS, seed=st.integers(0, 2**32))
def test_pairs_drawn_in_parts_are_those_drawn_at_once(
    rule: str, data: st.DataObject, length: int, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    n_pre, n_post, no_self = data.draw(st.tuples(st.integers(2, 40), st.integers(2, 40), st.booleans()))
    n_post = n_pre if no_self else n_post
    most = {"p": 99, "degree": (n_pre - no_self) // 2, "total": 300}[rule]
    number = data.draw(st.integers(1, most)) if most else 0
    given_settings = {"p": number / 100 if rule == "p" else None, "in_degree": number, "synapses": number}
    projection = ProjectionSettings(
        "a_to_b", "a", "b", n_pre, n_post, "excitatory",
        {name: GivenSetting(name, value) for name, value in given_settings.items()}, no_self=no_self,
    )  # fmt: skip
    of_rule: dict[str, Any] = {"p": FixedProbability(), "degree": FixedInDegree(), "total": FixedTotalNumber()}
    with monkeypatch.context() as patched:
        for module in PARTS:
            patched.setattr(module, "PART", length, raising=False)
        rng = np.random.default_rng(seed)
        found = of_rule[rule].connect(projection, rng)
    assert isinstance(found, Rows)
    plain = np.random.default_rng(seed)
    assert equal(found.pairs, by_the_definition(rule, n_pre, n_post, number, no_self, plain))
    # What the generator gives next is the same, too: distance_dependent draws on from it.
    assert rng.random() == plain.random()


@settings(max_examples=80, deadline=None)
@given(degrees=st.lists(st.integers(0, 9), max_size=30), length=LENGTHS)
def test_sources_in_parts(degrees: list[int], length: int) -> None:
    parts = list(sources_in_parts(np.array(degrees, dtype=np.int32), length))
    assert all(len(part) == length for part in parts[:-1])
    assert np.concatenate([np.empty(0), *parts]).tolist() == [s for s, many in enumerate(degrees) for _ in range(many)]


@settings(max_examples=80, deadline=None)
@given(law=LAWS, size=st.integers(0, 300), length=LENGTHS, seed=st.integers(0, 2**32))
def test_values_drawn_in_parts_are_those_drawn_at_once(law: Value, size: int, length: int, seed: int) -> None:
    parts = list(law.draw_in_parts(lambda: np.random.default_rng(seed), size, length))
    assert all(len(part) == length for part in parts[:-1])
    assert np.array_equal(np.concatenate([np.empty(0), *parts]), law.draw(np.random.default_rng(seed), size))


@settings(max_examples=80, deadline=None)
@given(
    values=st.one_of(
        st.lists(st.integers(-(2**31), 2**31 - 1), max_size=40).map(lambda it: np.array(it, dtype=np.int32)),
        st.lists(st.integers(0, 300), max_size=40).map(lambda it: np.array(it, dtype=np.int64)),
        st.lists(st.sampled_from([0.0, -0.0, 1.0, np.nan]), max_size=9).map(np.array),
    ),
    length=LENGTHS,
)
def test_compact_columns_keep_every_bit(values: np.ndarray, length: int) -> None:
    column = compact(values)
    assert column.dtype == values.dtype and column.whole().tobytes() == values.tobytes()
    assert b"".join(part.tobytes() for part in column.parts(length)) == values.tobytes()
    three = Repeated(column, [lambda it: it] * 3, column.dtype)
    assert three.whole().tobytes() == 3 * values.tobytes()
    assert all(len(part) == length for part in list(three.parts(length))[:-1])


WORDS = [
    [],
    ["connectivity=fixed_in_degree", "connectivity.weight_exc={distribution: normal, mean: 1, std: 1, low: 0}"],
    ["connectivity=fixed_total_number", "connectivity.delay_ms={distribution: uniform, low: 1, high: 400}"],
    ["connectivity=distance_dependent", "connectivity.velocity_mm_per_ms=0.1"],
    ["connectivity=pairwise_bernoulli", "connectivity.allow_self_connections=false"],
]


@pytest.mark.parametrize("words", WORDS, ids=lambda words: words[0] if words else "default")
def test_the_hash_of_a_drawn_network_is_that_of_its_arrays(words: list[str], tmp_path: Path) -> None:
    network = draw(compose(["connectivity.n=200", *words]).config)
    whole = given_as_arrays(network)
    assert [each.column("weights").nbytes for each in whole.projections] == [
        8 * each.size for each in whole.projections
    ]
    assert network.hash == whole.hash
    assert load_network(save_network(network, tmp_path / "drawn.npz")).hash == network.hash
    assert (tmp_path / "drawn.npz").read_bytes()[:4] == b"PK\x03\x04"
    with np.load(tmp_path / "drawn.npz") as stored:
        assert json.loads(str(stored["network"][0]))["seed"] == 1
        for each in network.projections:
            assert equal(arrays(each), [stored[f"{each.name}.{name}"] for name in SYNAPSES])


@pytest.mark.parametrize("words", WORDS, ids=lambda words: words[0] if words else "default")
def test_what_was_forgotten_is_drawn_again(words: list[str]) -> None:
    network = draw(compose(["connectivity.n=200", *words]).config)
    before = [arrays(each) for each in network.projections]
    network.forget_synapses()
    assert all(equal(arrays(each), kept) for each, kept in zip(network.projections, before, strict=True))


def test_synapses_that_cannot_be_drawn_again_are_not_forgotten(tmp_path: Path) -> None:
    """A file may have changed in the meantime, and arrays that a program gave are nowhere else."""
    file = tmp_path / "synapses.csv"
    file.write_text("source,target,weight\n0,1,2.0\n3,0,1.5\n")
    network = draw(compose(["connectivity=from_file", "connectivity.n=50", f"connectivity.file={file}"]).config)
    whole = given_as_arrays(draw(compose(["connectivity.n=50"]).config))
    file.unlink()
    for each in (network, whole):
        before = [arrays(projection) for projection in each.projections]
        each.forget_synapses()
        assert all(equal(arrays(it), kept) for it, kept in zip(each.projections, before, strict=True))


def test_sources_that_are_repeated_stay_in_parts() -> None:
    """Several spikes in a step, for simulators whose sources fire once: against the arrays one after another."""
    words = ["connectivity.n=20", "stimulus=background_poisson", "stimulus.rate_hz=3000"]
    network = draw(compose([*words, "stimulus.weight={distribution: uniform, low: 1, high: 2}"]).config)
    split = once_each(network)
    assert split is not network
    for before, after in zip(network.projections, split.projections, strict=True):
        source = next((each for each in network.sources if each.name == before.pre), None)
        if source is None or source.counts is None:
            assert after is before
            continue
        digits = [k for k in range(8) if (source.counts >> k & 1).any()]
        sources, targets, weights, delays = arrays(before)
        rows = range(len(digits))
        expected = [
            np.concatenate([sources + row * source.size for row in rows]), np.tile(targets, len(digits)),
            np.concatenate([weights * 2.0**k for k in digits]), np.tile(delays, len(digits)),
        ]  # fmt: skip
        assert np.array_equal(np.stack(arrays(after)), np.stack(expected))


MIDDLE = ["connectivity.n=8000", "connectivity.p=0.04", "simulation.duration_ms=100", "recording=spikes"]
MIDDLE += ["connectivity.weight_exc={distribution: lognormal, mean: 0.001, std: 0.001}"]
MIDDLE += ["connectivity.delay_ms={distribution: uniform, low: 1, high: 20}", "analysis.warmup_ms=0", "backend=nest"]


def kept_bytes(network: Network) -> int:
    return sum(each.nbytes for each in network.projections)


def test_memory_of_drawing_handing_over_and_after() -> None:
    """What is at work at a time is bounded by the length of a part, and nothing of the synapses lives on.

    2.6 million synapses: arrays of all would be 51 MB. Python's and numpy's memory is counted, not NEST's own.
    """
    composed = compose(MIDDLE)
    backend = prepare(composed.config)
    backend.load()
    tracemalloc.start()
    try:
        network = draw(composed.config)
        assert network.hash
        kept, drawing = tracemalloc.get_traced_memory()
        # Two bytes for a target and two for a delay; beside them some arrays of a part.
        assert 4 * network.n_synapses <= kept_bytes(network) <= kept < 4.3 * network.n_synapses + 2e6
        assert drawing - kept < 60 * PART
        tracemalloc.reset_peak()
        result = simulate(network, backend)
        after, building = tracemalloc.get_traced_memory()
        assert building - kept < 120 * PART
        assert kept_bytes(network) < 1e6 and after < kept - 3.9 * network.n_synapses + 5e6
    finally:
        tracemalloc.stop()
    assert result.network_hash == network.hash


def test_no_column_is_as_large_as_the_arrays() -> None:
    """At rest a synapse takes a byte or two where weights and delays are one number."""
    network = draw(compose(["connectivity.n=4000", "connectivity.p=0.1"]).config)
    assert kept_bytes(network) < 2.1 * network.n_synapses


def test_a_rule_may_return_its_pairs_in_any_of_three_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    """Arrays, rows and synapses with weights of their own: the network is that of the arrays."""
    config = compose(["connectivity.n=100", "connectivity.p=0.1"]).config
    as_rows = draw(config)
    connect = FixedProbability.connect

    def as_pairs(self: FixedProbability, projection: ProjectionSettings, rng: np.random.Generator) -> Pairs:
        found = connect(self, projection, rng)
        assert isinstance(found, Rows)
        return found.pairs

    monkeypatch.setattr(FixedProbability, "connect", as_pairs)
    assert draw(config).hash == as_rows.hash

    def as_synapses(self: FixedProbability, projection: ProjectionSettings, rng: np.random.Generator) -> Synapses:
        sources, targets = as_pairs(self, projection, rng)
        weights = np.full(len(sources), projection.weight.lower)
        return Synapses(sources, targets, weights, np.full(len(sources), projection.delay_ms.lower))

    monkeypatch.setattr(FixedProbability, "connect", as_synapses)
    assert draw(config).hash == as_rows.hash
    assert of_columns.PART == PART
