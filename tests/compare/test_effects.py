"""Sizes of effects: against laws, against an independent noncentral t, and by drawing from known distributions."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import nct

from varesearch.comparison.effects import Effect, RunMetrics, effects, hedges_g, looked_at

values = st.lists(st.floats(-100, 100), min_size=2, max_size=8)


@pytest.mark.parametrize(("a", "b"), [((1.0, 2.0, 3.0), (2.5, 3.5, 9.0, 4.0)), ((5.0, 5.1), (4.0, 3.7, 4.4))])
@pytest.mark.parametrize("confidence", [0.95, 0.998])
def test_the_interval_ends_where_the_noncentral_t_says(a, b, confidence):
    """With those noncentralities just (1 - confidence) / 2 of the statistics would be as far out as this one."""
    size = hedges_g(a, b, confidence)
    assert size is not None
    freedom, scale = len(a) + len(b) - 2, math.sqrt(len(a) * len(b) / (len(a) + len(b)))
    pooled = math.sqrt((np.var(a) * len(a) + np.var(b) * len(b)) / freedom)
    t = (np.mean(b) - np.mean(a)) / pooled * scale
    tail = (1 - confidence) / 2
    assert nct.sf(t, freedom, size.low * scale) == pytest.approx(tail, rel=1e-4)
    assert nct.cdf(t, freedom, size.high * scale) == pytest.approx(tail, rel=1e-4)


@pytest.mark.parametrize("delta", [0.0, 1.0, -3.0, 30.0, 3000.0])
def test_g_is_unbiased_and_its_interval_holds_the_truth_as_often_as_it_says(delta):
    random, n_a, n_b, draws = np.random.default_rng(1), 5, 7, 2000
    sizes = [
        hedges_g(random.normal(10, 2, n_a).tolist(), random.normal(10 + 2 * delta, 2, n_b).tolist())
        for _ in range(draws)
    ]
    g = np.array([size.g for size in sizes if size is not None])
    assert abs(g.mean() - delta) < 5 * g.std() / math.sqrt(draws)
    held = np.mean([size.low <= delta <= size.high for size in sizes if size is not None])
    # Five standard errors of a share of 0.95.
    assert abs(held - 0.95) < 5 * math.sqrt(0.95 * 0.05 / draws)


@given(a=values, b=values, scale=st.floats(0.1, 10), shift=st.floats(-50, 50))
def test_g_has_no_unit_and_changes_its_sign_with_the_sides(a, b, scale, shift):
    size = hedges_g(a, b)
    turned = hedges_g(b, a)
    assert (size is None) == (turned is None)
    if size is None or turned is None:
        return
    assert size.low <= size.high and turned.g == pytest.approx(-size.g)
    assert (turned.low, turned.high) == pytest.approx((-size.high, -size.low), rel=1e-5, abs=1e-6)
    if np.std(a) + np.std(b) > 1e-3:
        other = hedges_g([x * scale + shift for x in a], [x * scale + shift for x in b])
        assert other is not None and other.g == pytest.approx(size.g, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize(("a", "b"), [((1.0,), (2.0, 3.0)), ((), (1.0, 2.0)), ((0.1 + 0.2,) * 3, (0.3,) * 4)])
def test_without_a_spread_there_is_no_g(a, b):
    assert hedges_g(a, b) is None


def _measured(**numbers: float) -> RunMetrics:
    keys = {name: (name.split("__")[0], name.split("__")[1]) for name in numbers}
    defined = {keys[name]: value for name, value in numbers.items() if not math.isnan(value)}
    return RunMetrics(defined, dict.fromkeys(keys.values(), "Hz"))


def test_a_metric_that_some_runs_do_not_define_keeps_the_others():
    nan = math.nan
    a = [_measured(exc__rate_hz=10, inh__rate_hz=1, exc__cv_isi=nan) for _ in range(2)]
    b = [_measured(exc__rate_hz=20, inh__rate_hz=2, exc__cv_isi=value) for value in (0.5, nan)]
    found = effects(a, b)
    assert [effect.key for effect in found] == ["exc.rate_hz", "inh.rate_hz", "exc.cv_isi"]
    cv = found[2]
    assert (cv.a, cv.b, cv.runs, cv.size) == ((), (0.5,), (2, 2), None)
    assert math.isnan(cv.difference) and math.isnan(cv.ratio)
    assert (found[0].difference, found[0].ratio) == (10, 2)


@pytest.mark.parametrize(("a", "b", "ratio"), [(2, 1, 0.5), (0, 1, None), (-60, -62, None), (1, -1, None), (2, 0, 0)])
def test_a_ratio_is_of_positive_quantities(a, b, ratio):
    effect = Effect("m", "exc", "", (float(a),), (float(b),), (1, 1))
    assert math.isnan(effect.ratio) if ratio is None else effect.ratio == ratio


def _noise(random: np.random.Generator, metrics: int) -> RunMetrics:
    return _measured(**{f"exc__m{k}": value for k, value in enumerate(random.normal(size=metrics))})


def test_many_metrics_of_nothing_are_rarely_marked():
    """What * promises: of comparisons without any effect no more than one in twenty has a mark anywhere."""
    random, comparisons, metrics = np.random.default_rng(2), 150, 20
    marked = unadjusted = 0
    found: list[Effect] = []
    for _ in range(comparisons):
        sides = [[_noise(random, metrics) for _ in range(5)] for _ in "ab"]
        found = effects(*sides)
        marked += any(effect.beyond_chance for effect in found)
        unadjusted += any(e.size is not None and not e.size.low <= 0 <= e.size.high for e in found)
    assert marked / comparisons <= 0.05 + 5 * math.sqrt(0.05 * 0.95 / comparisons)
    assert unadjusted / comparisons > 0.4  # 1 - 0.95^20 = 0.64: why a mark needs more than an interval of 95 %
    assert "20 metrics were looked at" in looked_at(found) and "about 1 of the 20" in looked_at(found)


def test_a_large_effect_is_marked():
    sides = [[_measured(exc__rate_hz=base + k, exc__other=k % 2) for k in range(5)] for base in (0, 100)]
    assert [effect.beyond_chance for effect in effects(*sides)] == [True, False]
