"""A right-hand side that is nothing but a variable: Brian2's numpy code then works on that variable's own array."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from small_networks import network
from small_runs import sound_on

from varesearch.backends.brian2 import Brian2Settings
from varesearch.config.schema import RecordingConfig
from varesearch.model.cells import Cell, Equations, Synapse, ValueSetting, drawn, quantity
from varesearch.network.model import Population


@dataclass
class Followed(Cell):
    """x follows v: dv/dt = -v/10, dx/dt = v."""

    synapse = Synapse.VOLTAGE_STEP
    variables: ClassVar = {"v": "mV", "x": "mV ms"}
    simulators: ClassVar = {"brian2": Equations({"v": "input - v/10", "x": "v"}, threshold="v > 1e9", reset="v = 0")}

    model: str = "followed"
    i_offset: float = quantity(0.0, "mV/ms", "current")
    v_init: ValueSetting = drawn(0.0, "mV", "v")
    x_init: ValueSetting = drawn(0.0, "mV ms", "x")
    weight_exc: ValueSetting = drawn(1.0, "mV", "weight")
    weight_inh: ValueSetting = drawn(1.0, "mV", "weight")
    weight_stimulus: ValueSetting = drawn(1.0, "mV", "weight")


def test_a_derivative_that_is_a_bare_variable_is_that_of_the_steps_start() -> None:
    cell = Followed(integrator="euler")
    cells = Population("cells", 1, cell, {"v": np.array([8.0]), "x": np.array([0.0])})
    recording = sound_on(network([cells], 5, 1.0), Brian2Settings(), RecordingConfig(signals=["v", "x"]))
    found = recording.populations["cells"].signals
    v = 8.0 * 0.9 ** np.arange(5)
    assert found["v"].values[:, 0] == pytest.approx(v)
    assert found["x"].values[:, 0] == pytest.approx(np.concatenate([[0.0], np.cumsum(v)[:-1]]))
