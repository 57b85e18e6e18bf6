"""Distributions: what is drawn follows the law that was asked for; scipy is the independent reference."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from varesearch.config.errors import ConfigurationError
from varesearch.config.laws import DISTRIBUTIONS
from varesearch.config.options import options
from varesearch.config.overrides import parse_overrides
from varesearch.config.plain import parse_value
from varesearch.config.wording import written

LOCATION = st.floats(-100, 100)
SCALE = st.floats(0.01, 100)


def _reference(spec: dict[str, Any]) -> Any:
    """The law of ``spec`` without its bounds, by scipy's own parameters."""
    match spec["distribution"]:
        case "normal":
            return stats.norm(spec["mean"], spec["std"])
        case "lognormal":
            sigma2 = np.log1p((spec["std"] / spec["mean"]) ** 2)
            return stats.lognorm(np.sqrt(sigma2), scale=spec["mean"] * np.exp(-sigma2 / 2))
        case "exponential":
            return stats.expon(scale=spec["mean"])
    return stats.uniform(spec["low"], spec["high"] - spec["low"])


@st.composite
def unbounded(draw: st.DrawFn) -> dict[str, Any]:
    name = draw(st.sampled_from(["normal", "lognormal", "exponential"]))
    mean = draw(LOCATION) if name == "normal" else draw(SCALE)
    spec = {"distribution": name, "mean": mean}
    if name != "exponential":
        # A lognormal of a wide spread has its mean far out in the tail, where neither sum nor integral is exact.
        spec["std"] = draw(st.floats(0.05, 2)) * (abs(mean) + 0.01)
    return spec


@st.composite
def truncated(draw: st.DrawFn) -> dict[str, Any]:
    """Bounds at quantiles, so that a known share of the law is kept."""
    spec = draw(unbounded())
    low, high = draw(st.floats(0.0, 0.6)), draw(st.floats(0.7, 1.0))
    law = _reference(spec)
    if low > 0.05:
        spec["low"] = float(law.ppf(low))
    if high < 0.95:
        spec["high"] = float(law.ppf(high))
    return spec


@st.composite
def uniform(draw: st.DrawFn) -> dict[str, Any]:
    low = draw(LOCATION)
    return {"distribution": "uniform", "low": low, "high": low + draw(SCALE)}


ANY = st.one_of(uniform(), unbounded(), truncated())
QUANTILES = (np.arange(20_000) + 0.5) / 20_000


@given(ANY, st.floats(0.0, 1.0))
def test_the_tails_are_those_of_the_truncated_law(spec: dict[str, Any], where: float) -> None:
    """Also far out, where a difference of two numbers close to 1 would leave nothing."""
    law = _reference(spec)
    low, high = spec.get("low", -np.inf), spec.get("high", np.inf)
    value = float(law.ppf(where)) if 0 < where < 1 else float(law.mean() + 6 * law.std())
    share = law.cdf(high) - law.cdf(low)
    above = (law.sf(max(value, low)) - law.sf(high)) / share if value < high else 0.0
    drawn = parse_value(spec, "x")
    assert drawn.above(value) == pytest.approx(above, rel=1e-6, abs=1e-14)
    assert drawn.below(value) == pytest.approx(1 - above, rel=1e-6, abs=1e-9)


@given(ANY, st.floats(0.01, 100))
def test_the_expectation_is_that_of_the_truncated_law_and_scales_with_it(spec: dict[str, Any], factor: float) -> None:
    """The mean of scipy's quantiles."""
    law = _reference(spec)
    low, high = law.cdf(spec.get("low", -np.inf)), law.cdf(spec.get("high", np.inf))
    mean = float(law.ppf(low + (high - low) * QUANTILES).mean())
    value = parse_value(spec, "x")
    spread = max(float(law.std()), 1e-12)
    assert value.expected == pytest.approx(mean, abs=5e-3 * spread)
    assert value.times(factor).expected == pytest.approx(factor * value.expected, abs=1e-9 * factor * spread)
    draws = value.draw(np.random.default_rng(1), 20)
    assert value.times(factor).draw(np.random.default_rng(1), 20) == pytest.approx(factor * draws, rel=1e-6)


@given(ANY, st.integers(0, 2**32))
def test_draws_stay_within_the_bounds(spec: dict[str, Any], seed: int) -> None:
    distribution = parse_value(spec, "x")
    values = distribution.draw(np.random.default_rng(seed), 500)
    assert values.dtype == np.float64 and values.shape == (500,)
    assert distribution.lower <= values.min() and values.max() <= distribution.upper


@given(ANY)
def test_a_distribution_survives_the_command_line(spec: dict[str, Any]) -> None:
    words = [f"cell.v_init={written(spec)}"]
    again = parse_overrides(words, options()).values["cell.v_init"]
    assert parse_value(again, "x") == parse_value(spec, "x")


@given(st.one_of(ANY, st.floats(-1e6, 1e6)))
def test_a_value_as_plain_data_is_the_same_value(spec: Any) -> None:
    """What is written into messages, keys and networks can be read again."""
    value = parse_value(spec, "x")
    assert parse_value(value.plain, "x") == value
    assert str(value) == written(value.plain)


@pytest.mark.parametrize(
    "spec",
    [
        {"distribution": "uniform", "low": -65.0, "high": -14.0},
        {"distribution": "normal", "mean": -60.0, "std": 4.0},
        {"distribution": "lognormal", "mean": 2.0, "std": 3.0},
        {"distribution": "exponential", "mean": 1.5},
    ],
    ids=list(DISTRIBUTIONS),
)
def test_draws_follow_the_law(spec: dict[str, Any]) -> None:
    values = parse_value(spec, "x").draw(np.random.default_rng(1), 20_000)
    assert stats.kstest(values, _reference(spec).cdf).pvalue > 1e-3


def test_truncated_draws_follow_the_law_between_the_bounds() -> None:
    spec = {"distribution": "normal", "mean": 2.0, "std": 1.0, "low": 1.0, "high": 2.5}
    values = parse_value(spec, "x").draw(np.random.default_rng(2), 20_000)
    assert stats.kstest(values, stats.truncnorm(-1.0, 0.5, loc=2.0).cdf).pvalue > 1e-3


@given(st.floats(-1e6, 1e6))
def test_a_number_is_drawn_as_itself_and_uses_no_randomness(value: float) -> None:
    rng, untouched = np.random.default_rng(5), np.random.default_rng(5)
    assert (parse_value(value, "x").draw(rng, 3) == value).all()
    assert rng.random() == untouched.random()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1 ms", "x=1 ms is not a number"),
        (None, "x=null is not a number"),
        (True, "x=true is not a number"),
        ([1, 2], r"x=\[1, 2\] is not a number"),
        (float("nan"), "x=nan must be finite"),
        (10**400, "must be finite"),
        ({}, "x names no distribution"),
        ({"distribution": "gamma"}, "x.distribution=gamma is unknown"),
        ({"distribution": ["normal"]}, r"x.distribution=\[normal\] is unknown"),
        ({"distribution": "uniform", "low": 0.0}, "x.high is missing"),
        ({"distribution": "uniform", "low": 0.0, "high": 1.0, "mean": 1.0}, "x.mean is unknown"),
        ({"distribution": "uniform", "low": 0.0, "high": "one"}, "x.high=one is not a number"),
        ({"distribution": "exponential", "mean": -1.0}, "x.mean=-1 must be greater than 0"),
        ({"distribution": "lognormal", "mean": 1.0, "std": 0.0}, "x.std=0 must be greater than 0"),
        ({"distribution": "lognormal", "mean": 1.0, "std": 1e-9}, "x.std=1e-09 must be between"),
        ({"distribution": "normal", "mean": 0.0, "std": 1.0, "low": 9.0}, "keep less than 1%"),
        (
            {"distribution": "normal", "mean": 0.0, "std": 1.0, "low": 1.0, "high": 1.0},
            "low=1 must be less than high=1",
        ),
    ],
)
def test_what_is_no_distribution_is_refused(value: Any, expected: str) -> None:
    with pytest.raises(ConfigurationError, match=expected):
        parse_value(value, "x")
