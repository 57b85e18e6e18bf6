"""The covering array holds what it is to hold, and every part is in the matrix."""

import itertools

import pytest
from covering import covering, parts, rows
from crossing_cases import backend_of, factors, integrators_of, matrix, possible, reference, targets
from hypothesis import given
from hypothesis import strategies as st

from varesearch.backends import backends
from varesearch.config.parts import parts as parts_of
from varesearch.config.rule import Rule
from varesearch.config.stimulus import Stimulus

FACTORS = st.lists(st.integers(1, 4), min_size=2, max_size=5).map(
    lambda sizes: {f"f{k}": [f"v{i}" for i in range(size)] for k, size in enumerate(sizes)}
)


@given(FACTORS, st.integers(1, 3), st.data())
def test_every_combination_that_can_occur_occurs(factors, strength, data):
    """Also where some rows are impossible. Counted here value by value, not with the array's own sets."""
    everything = rows(factors, lambda _row: True)
    forbidden = data.draw(st.sets(st.integers(0, len(everything) - 1), max_size=len(everything) // 2))
    whole = [row for index, row in enumerate(everything) if index not in forbidden]
    chosen = covering(whole, strength)
    strength = min(strength, len(factors))
    for names in itertools.combinations(factors, strength):
        can = {tuple(row[name] for name in names) for row in whole}
        assert {tuple(row[name] for name in names) for row in chosen} == can
    assert all(row in whole for row in chosen)


def test_an_array_is_much_smaller_than_the_whole():
    whole = rows({f"f{k}": [str(i) for i in range(4)] for k in range(6)}, lambda _row: True)
    pairs = covering(whole)
    assert 16 <= len(pairs) <= 40 < len(whole) == 4**6
    assert set().union(*(parts(row, 2) for row in pairs)) == set().union(*(parts(row, 2) for row in whole))


def test_every_part_that_is_registered_is_crossed():
    found = {name: {row[name] for row in matrix()} for name in factors()}
    assert {scheme.split("/")[0] for scheme in found["scheme"]} == {
        cell for name in backends() for cell in integrators_of(name)
    }
    assert found["rule"] >= set(parts_of(Rule))
    assert found["stimulus"] >= set(parts_of(Stimulus))
    assert {backend_of(target) for target in found["target"]} == set(backends())
    assert found["target"] == set(targets()) - {reference()}


@pytest.mark.parametrize("backend", backends())
def test_every_scheme_of_a_back_end_is_crossed_on_it(backend):
    has = {f"{cell}/{name}" for cell, names in integrators_of(backend).items() for name in names}
    assert {row["scheme"] for row in matrix() if backend_of(row["target"]) == backend} == has
    assert all(possible(row) for row in matrix())
