"""Numbers that do not fit into fewer bits are refused in one line, never wrapped."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from varesearch.backends.check import checked_backend
from varesearch.config.compose import compose
from varesearch.config.errors import ConfigurationError
from varesearch.narrowing import int32, int64_steps
from varesearch.network.synapses import delay_steps
from varesearch.recording import population_recording


@given(st.lists(st.integers(-(2**62), 2**62), max_size=5), st.sampled_from([np.int64, np.float64]))
def test_what_fits_is_the_same_number_and_what_does_not_is_refused(values: list[int], kind: type) -> None:
    array = np.array(values, dtype=kind)
    if all(-(2**31) <= value < 2**31 for value in array.tolist()):
        assert int32(array, "steps").tolist() == array.tolist()
        assert int32(array, "steps").dtype == np.int32
    else:
        with pytest.raises(ConfigurationError, match=r"^steps: ") as refused:
            int32(array, "steps")
        assert "\n" not in str(refused.value)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e19])
def test_what_is_no_count_is_refused(value: float) -> None:
    for narrowed in (int32, int64_steps):
        with pytest.raises(ConfigurationError):
            narrowed([0.0, value], "steps")


def test_delays_and_spikes_that_would_wrap_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="delays in steps"):
        delay_steps(np.array([1.0, 4294967297.0]), 1.0)
    with pytest.raises(ConfigurationError, match="spikes of exc"):
        population_recording("exc", 3, np.array([2**32 + 1]), np.array([4]), 1.0)


def test_a_refractory_time_beyond_64_bits_is_refused_before_anything_is_built() -> None:
    words = ["cell=if_curr_exp", "cell.tau_refrac=1e15", "simulation.dt_ms=0.0001", "simulation.duration_ms=1"]
    with pytest.raises(ConfigurationError, match=r"^cell.tau_refrac in steps: 1e\+19 "):
        checked_backend(compose([*words, "analysis.warmup_ms=0"]).config)
