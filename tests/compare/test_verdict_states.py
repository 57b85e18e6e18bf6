"""A metric whose limit no value can pass says nothing, and a verdict says so instead of agreeing."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from test_coincidence import recording

from varesearch.comparison.spread import NaturalSpread
from varesearch.comparison.verdict import Answer, State, judge
from varesearch.config.schema import AnalysisConfig

ANALYSIS = AnalysisConfig(warmup_ms=0, min_isis=2, fano_window_ms=10)
# The largest distance among ten pairs of five seeds of the default network (seeds 2 to 6, Brian2).
DEFAULT_NETWORK = {"rate_hz": 0.1108, "cv_isi": 0.5967}


def spread(ks: dict[str, float], coincidence: float = 1.0) -> NaturalSpread:
    times = np.arange(1, 102).astype(np.float64)
    return NaturalSpread(
        backend="brian2",
        seeds=(2, 3, 4, 5, 6),
        perturbation_mv=0.003,
        ks={("exc", name): [largest / 2, largest] for name, largest in ks.items()},
        times_ms=times,
        coincidence=np.full((5, 101), coincidence),
        spikes=np.full(101, 1000),
        v_difference_mv=None,
    )


def trains(regular: bool, moved: int = 0) -> Any:
    """Fifty cells of ten spikes each, regular or in bursts: the same rate, another CV."""
    steps = np.arange(10) * 10 if regular else np.repeat(np.arange(5) * 20, 2) + np.tile([0, 1], 5)
    return recording([(cell, int(step) + moved) for cell in range(50) for step in steps], size=50, n_steps=101)


def test_the_cv_of_the_default_network_cannot_decide_and_the_verdict_says_so():
    verdict = judge(trains(True), trains(False), ANALYSIS, spread(DEFAULT_NETWORK), paired=False)
    states = {one.metric: (one.value, one.limit, one.state) for one in verdict.judged}
    # No CV could be further apart than these, and even that is below the limit.
    assert states["KS distance of cv_isi"] == (1.0, pytest.approx(1.1934), State.CANNOT_DECIDE)
    assert states["KS distance of rate_hz"][2] is State.WITHIN
    assert verdict.answer is Answer.EQUIVALENT
    assert "cannot decide: KS distance of cv_isi of exc" in verdict.reason
    assert "KS distance of cv_isi" in [one.metric for one in verdict.undecided]


@pytest.mark.parametrize(
    ("largest", "state"), [(0.499, State.BEYOND), (0.5, State.CANNOT_DECIDE), (0.7, State.CANNOT_DECIDE)]
)
def test_the_limit_itself_is_where_a_metric_falls_silent(largest, state):
    verdict = judge(trains(True), trains(False), ANALYSIS, spread({"rate_hz": 0.1, "cv_isi": largest}), paired=False)
    (cv,) = [one for one in verdict.judged if one.metric == "KS distance of cv_isi"]
    assert cv.state is state
    assert verdict.answer is (Answer.DIFFERENT if state is State.BEYOND else Answer.EQUIVALENT)


def test_a_metric_that_decides_is_not_drowned_by_those_that_cannot():
    faster = recording([(cell, step) for cell in range(50) for step in range(0, 100, 4)], size=50, n_steps=101)
    verdict = judge(trains(True), faster, ANALYSIS, spread({"rate_hz": 0.1, "cv_isi": 0.9}), paired=False)
    assert verdict.answer is Answer.DIFFERENT and verdict.judged[0].metric == "KS distance of rate_hz"
    assert verdict.judged[-1].state is State.CANNOT_DECIDE


def test_where_no_metric_can_decide_there_is_no_verdict():
    verdict = judge(trains(True), trains(False), ANALYSIS, spread({"rate_hz": 0.8, "cv_isi": 0.9}), paired=False)
    assert verdict.answer is Answer.UNDECIDED and "none of the" in verdict.reason


def test_a_statistic_without_a_natural_spread_is_named_not_left_out():
    """It was dropped without a word before: the verdict then rested on the others alone."""
    verdict = judge(trains(True), trains(False), ANALYSIS, spread({"rate_hz": 0.1}), paired=False)
    (cv,) = [one for one in verdict.judged if one.metric == "KS distance of cv_isi"]
    assert cv.state is State.CANNOT_DECIDE and np.isnan(cv.limit) and "no two seeds" in cv.why


def test_trains_that_chaos_parts_at_once_cannot_decide():
    verdict = judge(trains(True), trains(True, moved=1), ANALYSIS, spread(DEFAULT_NETWORK, coincidence=0.05))
    (together,) = [one for one in verdict.judged if one.metric.startswith("coincidence")]
    assert together.value == 0.0 and together.state is State.CANNOT_DECIDE
    held = judge(trains(True), trains(True, moved=1), ANALYSIS, spread(DEFAULT_NETWORK, coincidence=0.9))
    assert held.answer is Answer.DIFFERENT and held.judged[0].metric.startswith("coincidence")


def test_every_state_is_one_of_three():
    one = judge(trains(True), trains(False), ANALYSIS, spread(DEFAULT_NETWORK), paired=False).judged[0]
    for excess, why, state in ((0.5, "", State.WITHIN), (1.5, "", State.BEYOND), (1.5, "because", State.CANNOT_DECIDE)):
        assert dataclasses.replace(one, excess=excess, why=why).state is state
