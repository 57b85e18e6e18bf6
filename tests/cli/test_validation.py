"""Laws of validation: the grid of time steps, delays, weights, whole numbers of cells."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from varesearch.config.checks import check_delay, check_weight, whole_steps
from varesearch.config.compose import compose
from varesearch.config.errors import ConfigurationError
from varesearch.config.plain import parse_value
from varesearch.config.schema import Config
from varesearch.config.validation import validate
from varesearch.config.values import Constant
from varesearch.model.rules.fixed_in_degree import FixedInDegree
from varesearch.model.rules.fixed_probability import FixedProbability
from varesearch.model.stimuli.spike_list import SpikeList
from varesearch.network.estimate import check_counts
from varesearch.recording import grid_steps

DT = st.sampled_from([1.0, 0.5, 0.25, 0.2, 0.1, 0.05, 0.025, 0.01, 0.001])

# Read once: a validation changes nothing.
DEFAULT = compose().config


def accepts(config: Config) -> bool:
    try:
        validate(config)
    except ConfigurationError:
        return False
    return True


@given(st.floats(1e-4, 1e4), DT)
def test_any_delay_is_a_multiple_of_the_step_or_refused(delay_ms: float, dt_ms: float) -> None:
    """Decimal arithmetic on what a person would write is the reference."""
    exact = Decimal(repr(delay_ms)) / Decimal(repr(dt_ms))
    off_grid = abs(exact - exact.to_integral_value())
    assume(off_grid == 0 or off_grid > Decimal("1e-8") * max(1, exact))
    try:
        check_delay("connectivity.delay_ms", Constant(delay_ms), dt_ms)
    except ConfigurationError as error:
        assert off_grid > 0 or exact < 1 or exact > 100_000
        assert str(error).startswith(f"connectivity.delay_ms={delay_ms!r}".removesuffix(".0"))
    else:
        assert off_grid == 0 and exact >= 1


@given(st.integers(1, 100_000), DT)
def test_a_whole_number_of_steps_is_always_accepted(steps: int, dt_ms: float) -> None:
    """Computed (0.1 x 3 = 0.30000000000000004) or written (0.3), and read as the same steps by the recording."""
    for time_ms in (steps * dt_ms, float(Decimal(steps) * Decimal(repr(dt_ms)))):
        check_delay("connectivity.delay_ms", Constant(time_ms), dt_ms)
        assert whole_steps(time_ms, dt_ms) == steps == grid_steps(np.array(time_ms), dt_ms, "x")


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_a_weight_is_a_finite_magnitude_or_refused(weight: float) -> None:
    try:
        check_weight("w", parse_value(weight, "w"))
    except ConfigurationError:
        assert not 0 <= weight <= 1e15
    else:
        assert 0 <= weight <= 1e15


@given(st.integers(-3, 40), st.floats(allow_nan=True, allow_infinity=True))
def test_an_accepted_network_has_cells_in_both_populations(n: int, ratio: float) -> None:
    wiring = replace(DEFAULT.connectivity, n=n, exc_inh_ratio=ratio)
    if accepts(replace(DEFAULT, connectivity=wiring, recording=replace(DEFAULT.recording, signals=[]))):
        assert min(wiring.sizes.values()) >= 1 and sum(wiring.sizes.values()) == n


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_a_probability_is_from_0_to_1_or_refused(p: float) -> None:
    wiring = DEFAULT.connectivity
    assert isinstance(wiring, FixedProbability)
    assert accepts(replace(DEFAULT, connectivity=replace(wiring, p=p))) == (0 <= p <= 1)


@given(st.integers(-2, 12), st.integers(2, 10), st.booleans())
def test_an_in_degree_can_be_drawn_or_is_refused(degree: int, n: int, itself: bool) -> None:
    wiring = FixedInDegree(
        n=n,
        exc_inh_ratio=1.0,
        in_degree_exc=degree,
        in_degree_inh=0,
        weight_exc=Constant(1.0),
        weight_inh=Constant(1.0),
        allow_self_connections=itself,
    )
    fits = 0 <= degree <= (wiring.sizes["exc"] - (not itself))
    assert accepts(replace(DEFAULT, connectivity=wiring)) == fits


@given(st.lists(st.lists(st.integers(-2, 1010), max_size=6), max_size=3))
def test_spike_times_rise_within_the_run_or_are_refused(steps: list[list[int]]) -> None:
    times = [[float(step) for step in train] for train in steps]
    stimulus = SpikeList(times_ms=times, weight=Constant(1.0), delay_ms=Constant(2.0))
    good = any(steps) and all(
        all(0 <= step < 1000 for step in train) and train == sorted(set(train)) for train in steps
    )
    assert accepts(replace(DEFAULT, stimulus=stimulus)) == good


@pytest.mark.parametrize("group", ["cell", "connectivity", "stimulus", "simulation", "recording", "analysis"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 1e300])
def test_no_setting_takes_a_number_that_is_not_finite(group: str, value: float) -> None:
    settings = getattr(DEFAULT, group)
    numbers = [name for name, before in vars(settings).items() if isinstance(before, float)]
    assert numbers or group == "recording"
    for name in [*numbers, *(["interval_ms"] if group == "recording" else [])]:
        with pytest.raises(ConfigurationError, match=f"^{group}.{name}="):
            validate(replace(DEFAULT, **{group: replace(settings, **{name: value})}))


@pytest.mark.parametrize("cell", ["if_cond_exp", "if_curr_exp", "if_curr_alpha", "if_curr_delta", "izhikevich_delta"])
def test_every_time_constant_and_weight_of_every_cell_is_checked(cell: str) -> None:
    config = compose([f"cell={cell}"]).config
    bad: dict[str, Any] = {"tau_m": 0.0, "tau_syn_E": -1.0, "tau_syn_I": 0.0, "cm": 0.0, "tau_refrac": -1.0}
    bad |= {"weight_exc": -1.0, "weight_inh": -1.0, "weight_stimulus": -1.0, "v_init": "rest", "u_init": None}
    for name in bad.keys() & vars(config.cell).keys():
        with pytest.raises(ConfigurationError, match=f"^cell.{name}="):
            validate(replace(config, cell=replace(config.cell, **{name: bad[name]})))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["connectivity.n=3000000", "connectivity.p=1"], "^connectivity.n=3000000: exc_to_exc would have about 5.76e"),
        (
            ["connectivity.n=9000000", "stimulus.n_sources=9000000", "connectivity.p=0"],
            "^stimulus=thalamic_burst: thal",
        ),
        (
            ["stimulus=background_poisson", "simulation.duration_ms=1e7", "stimulus.rate_hz=900"],
            "fire about 1.35e[+]10",
        ),
    ],
)
def test_what_simulators_cannot_count_is_refused_whatever_memory_there_is(words: list[str], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        check_counts(compose(words).config)
