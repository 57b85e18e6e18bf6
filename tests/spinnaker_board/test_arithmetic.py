"""Bit for bit: what the real binaries compute on the board against an integer model in Python."""

from __future__ import annotations

import math

import numpy as np
import pytest
from integer_model import ONE, Izhikevich, LeakyIntegrator, accum, mul
from spynnaker_process import SpynnakerProcess

INPUTS = [
    {"times": [3.0, 4.0, 5.0, 40.0, 41.0, 300.0, 301.0, 302.0], "weight": 4.0, "delay": 1.0, "receptor": "excitatory"},
    {"times": [20.0, 45.0, 305.0, 500.0], "weight": 4.0, "delay": 5.0, "receptor": "inhibitory"},
]


def _words(signal: list[list[float]]) -> list[list[int]]:
    return [[round(value * ONE) for value in cell] for cell in signal]


def _check_synapse(recorded: list[int], receptor: str, weight: float, tau_ms: float) -> None:
    """A synapse jumps by w tau (1 - exp(-1/tau)) and decays by exp(-1/tau) a tick; the chip's exponential is
    accurate to about 1e-5, its products to a bit of s16.15."""
    value = np.zeros(len(recorded))
    decay = np.exp(-1 / tau_ms)
    for source in INPUTS:
        if source["receptor"] == receptor:
            for time in source["times"]:
                elapsed = np.arange(len(recorded)) - (time + source["delay"])
                value += np.where(elapsed >= 0, weight * tau_ms * (1 - decay) * decay ** np.maximum(elapsed, 0), 0)
    assert value.max() > 0
    np.testing.assert_allclose(recorded, value * ONE, rtol=1e-4, atol=1 / (1 - decay) + 2)


def test_spike_times_that_spynnaker_asserts_for_hardware(spynnaker: SpynnakerProcess) -> None:
    trains = spynnaker.run("izhikevich_offset")
    assert trains == [[2011, 2148, 2288, 2427, 2565, 2703, 2844, 2982]] * 32


def test_izhikevich_follows_the_integer_model_for_1000_steps(spynnaker: SpynnakerProcess) -> None:
    ticks, v, u = 1000, [-65.0, -50.25, -80.0, 20.0], [-14.0, -5.0, 0.0, -13.0]
    result = spynnaker.run(
        "cells",
        model="Izhikevich",
        parameters={"a": 0.02, "b": 0.2, "c": -65.0, "d": 2.0, "i_offset": 5.0, "tau_syn_E": 5.0, "tau_syn_I": 5.0},
        initial={"v": v, "u": u},
        inputs=INPUTS,
        duration_ms=ticks,
        record=["v", "gsyn_exc", "gsyn_inh"],
    )
    for n, recorded in enumerate(_words(result["v"])):
        excitation, inhibition = _words(result["gsyn_exc"])[n], _words(result["gsyn_inh"])[n]
        _check_synapse(excitation, "excitatory", 4.0, 5.0)
        _check_synapse(inhibition, "inhibitory", 4.0, 5.0)
        cell = Izhikevich(accum(v[n]), accum(u[n]), accum(5.0))
        expected = []
        for tick in range(ticks):
            expected.append(cell.v)
            cell.advance(tick, excitation[tick] - inhibition[tick])
        assert recorded == expected
        assert result["spikes"][n] == cell.spikes
        assert len(cell.spikes) > 10


def test_izhikevich_from_20000_random_states(spynnaker: SpynnakerProcess) -> None:
    rng = np.random.default_rng(7)
    count, ticks = 2000, 11
    v = (np.floor(rng.uniform(-90, 29, count) * ONE) / ONE).tolist()
    u = (np.floor(rng.uniform(-25, 15, count) * ONE) / ONE).tolist()
    offset = (np.floor(rng.uniform(-5, 40, count) * ONE) / ONE).tolist()
    result = spynnaker.run(
        "cells",
        model="Izhikevich",
        parameters={"a": 0.02, "b": 0.2, "c": -65.0, "d": 2.0, "i_offset": offset},
        initial={"v": v, "u": u},
        inputs=[],
        duration_ms=ticks,
        record=["v", "gsyn_exc", "gsyn_inh"],
    )
    recorded = np.array(_words(result["v"]))
    assert recorded.shape == (count, ticks)
    for n in range(count):
        cell = Izhikevich(accum(v[n]), accum(u[n]), accum(offset[n]))
        for tick in range(ticks):
            assert recorded[n, tick] == cell.v, (n, tick, v[n], u[n], offset[n])
            cell.advance(tick)
        assert result["spikes"][n] == cell.spikes


@pytest.mark.parametrize(("model", "weight"), [("IF_curr_exp", 1.0), ("IF_cond_exp", 0.0625)])
def test_leaky_integrator_follows_the_integer_model(spynnaker: SpynnakerProcess, model: str, weight: float) -> None:
    ticks, v = 1000, [-65.0, -55.5]
    inputs = [source | {"weight": weight} for source in INPUTS]
    parameters = {"cm": 1.0, "tau_m": 16.0, "v_rest": -65.0, "v_reset": -70.0, "v_thresh": -50.0, "tau_refrac": 2.0}
    parameters |= {"i_offset": 1.0, "tau_syn_E": 4.0, "tau_syn_I": 8.0}
    if model == "IF_cond_exp":
        parameters |= {"e_rev_E": 0.0, "e_rev_I": -80.0}
    result = spynnaker.run(
        "cells",
        model=model,
        parameters=parameters,
        initial={"v": v},
        inputs=inputs,
        duration_ms=ticks,
        record=["v", "gsyn_exc", "gsyn_inh"],
    )
    for n, recorded in enumerate(_words(result["v"])):
        excitation, inhibition = _words(result["gsyn_exc"])[n], _words(result["gsyn_inh"])[n]
        _check_synapse(excitation, "excitatory", weight, 4.0)
        _check_synapse(inhibition, "inhibitory", weight, 8.0)
        cell = LeakyIntegrator(
            v=accum(v[n]),
            v_rest=accum(-65.0),
            v_reset=accum(-70.0),
            v_thresh=accum(-50.0),
            resistance=accum(16.0),
            decay=math.floor(math.exp(-1 / 16) * ONE),
            i_offset=accum(1.0),
            refractory_ticks=2,
        )
        expected = []
        for tick in range(ticks):
            expected.append(cell.v)
            current = excitation[tick] - inhibition[tick]
            if model == "IF_cond_exp":
                current = mul(excitation[tick], -cell.v) - mul(inhibition[tick], cell.v - accum(-80.0))
            cell.advance(tick, current)
        assert recorded == expected
        assert result["spikes"][n] == cell.spikes
        assert len(cell.spikes) > 10
