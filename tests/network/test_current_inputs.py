"""Currents as part of a network: their values, hash and file, and what is refused of a program's."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from varesearch.config.compose import compose
from varesearch.config.errors import ConfigurationError
from varesearch.config.stimulus import CurrentInput
from varesearch.network import Network, draw
from varesearch.network.consistency import check_network
from varesearch.network.stored import load_network, save_network


def drawn(*words: str) -> Network:
    return draw(compose(["connectivity.n=20", *words]).config)


@given(
    changes=st.dictionaries(st.integers(0, 30), st.floats(-5, 5), min_size=1, max_size=8),
    longer=st.integers(1, 9),
    each_cell=st.booleans(),
)
def test_a_value_holds_from_its_step_to_the_next(changes: dict[int, float], longer: int, each_cell: bool) -> None:
    steps = sorted(changes)
    values = np.array([changes[step] for step in steps])
    shaped = values[:, np.newaxis] * [1.0, 2.0] if each_cell else values
    current = CurrentInput("exc", np.array(steps, np.int32), shaped, steps[-1] + longer)
    expected, now = [], 0.0
    for step in range(45):
        now = 0.0 if step >= steps[-1] + longer else changes.get(step, now)
        expected.append([now, 2 * now] if each_cell else now)
    np.testing.assert_array_equal(current.at(np.arange(45)), expected)
    np.testing.assert_array_equal(current.at(np.array([7, 3])), [expected[7], expected[3]])


def test_the_hash_of_a_step_is_that_of_earlier_versions() -> None:
    """Computed by the version before currents had waveforms."""
    assert drawn("stimulus=step_current").hash[:12] == "0064258d579e"


@pytest.mark.parametrize("kind", ["step_current", "ramp_current", "sine_current", "noisy_current", "pulse_current"])
def test_currents_come_back_from_a_file(kind: str, tmp_path: Path) -> None:
    network = drawn(f"stimulus={kind}")
    check_network(network)
    loaded = load_network(save_network(network, tmp_path / "network.npz"))
    assert loaded.hash == network.hash
    assert [(c.target, c.stop_step) for c in loaded.currents] == [(c.target, c.stop_step) for c in network.currents]
    for one, other in zip(loaded.currents, network.currents, strict=True):
        np.testing.assert_array_equal(one.steps, other.steps, strict=True)
        np.testing.assert_array_equal(one.amplitudes, other.amplitudes, strict=True)


def test_every_value_is_part_of_the_hash() -> None:
    network = drawn("stimulus=noisy_current")
    first, *others = network.currents
    changed = first.amplitudes.copy()
    changed[-1, -1] += 1e-9
    assert replace(network, currents=(replace(first, amplitudes=changed), *others)).hash != network.hash
    assert replace(network, currents=(replace(first, stop_step=first.stop_step - 1), *others)).hash != network.hash
    assert drawn("stimulus=noisy_current", "seed=2").currents[0].amplitudes[0, 0] != first.amplitudes[0, 0]


@pytest.mark.parametrize(
    ("steps", "amplitudes", "stop", "wanted"),
    [
        ([0, 5], np.zeros(3), 9, "one amplitude for each step"),
        ([0, 5], np.zeros((2, 3)), 9, "each of the 16 cells"),
        ([], np.zeros(0), 9, "one amplitude for each step"),
        ([5, 5], np.zeros(2), 9, "whole numbers that rise"),
        ([-1, 5], np.zeros(2), 9, "whole numbers that rise"),
        ([0, 9], np.zeros(2), 9, "end after its last change"),
        ([0, 5], np.array([1.0, np.nan]), 9, "be finite"),
    ],
)
def test_a_current_of_a_program_that_is_wrong_is_refused(steps, amplitudes, stop, wanted) -> None:
    wrong = CurrentInput("exc", np.array(steps, np.int32), amplitudes, stop)
    with pytest.raises(ConfigurationError, match=wanted):
        check_network(replace(drawn(), currents=(wrong,)))
