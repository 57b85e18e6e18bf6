"""The types of Izhikevich's cell as options: each fires as eqs. 1-3 say, and a network takes them on all back ends."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import solve_ivp
from small_runs import result_of, sound_with

from varesearch.backends import backend_class
from varesearch.config.compose import compose
from varesearch.config.plain import as_plain
from varesearch.network import draw
from varesearch.recording import Recording
from varesearch.result import Status

DURATION_MS = 300.0
CURRENT = 10.0
TYPES = {
    "regular_spiking": (0.02, 0.2, -65.0, 8.0),
    "intrinsically_bursting": (0.02, 0.2, -55.0, 4.0),
    "chattering": (0.02, 0.2, -50.0, 2.0),
    "fast_spiking": (0.1, 0.2, -65.0, 2.0),
    "low_threshold_spiking": (0.02, 0.25, -65.0, 2.0),
    "thalamo_cortical": (0.02, 0.25, -65.0, 0.05),
    "resonator": (0.1, 0.26, -65.0, 2.0),
}
"""a, b, c and d as Izhikevich 2003 gives them in the text and in fig. 2."""


def solved(a: float, b: float, c: float, d: float) -> NDArray[np.float64]:
    """Spike times in ms from an adaptive Runge-Kutta solver that finds where v passes 30 mV."""

    def slope(_t: float, state: NDArray[np.float64]) -> list[float]:
        v, u = state
        return [0.04 * v * v + 5 * v + 140 - u + CURRENT, a * (b * v - u)]

    def peak(_t: float, state: NDArray[np.float64]) -> float:
        return state[0] - 30.0

    peak.terminal, peak.direction = True, 1  # type: ignore[attr-defined]
    t, state, spikes = 0.0, [-65.0, b * -65.0], []
    while True:
        piece = solve_ivp(slope, (t, DURATION_MS), state, events=peak, rtol=1e-8, atol=1e-8)
        if not len(piece.t_events[0]):
            return np.array(spikes)
        t = float(piece.t_events[0][0])
        spikes.append(t)
        state = [c, float(piece.y_events[0][0][1]) + d]


@pytest.fixture(scope="module", params=["brian2", "nest"])
def alone(request: pytest.FixtureRequest) -> Recording:
    """One cell of each type under a constant current."""
    words = [f"backend={request.param}", "connectivity=none", "stimulus=none", "recording.signals=[]"]
    words += ["simulation.dt_ms=0.01", f"simulation.duration_ms={DURATION_MS}"]
    for name in TYPES:
        words += [f"populations.{name}.size=1", f"populations.{name}.cell={name}"]
        words += [f"populations.{name}.cell.i_offset={CURRENT}", f"populations.{name}.cell.v_init=-65"]
    if request.param == "brian2":
        words.append("backend.codegen=numpy")
    config = compose(words).config
    return sound_with(draw(config), config)


@pytest.mark.parametrize("name", TYPES)
def test_a_type_fires_when_the_equations_say(name: str, alone: Recording) -> None:
    """Within 1 % of the time, which forward Euler loses in steps of 0.01 ms."""
    (fired,), expected = alone.populations[name].spike_trains(), solved(*TYPES[name])
    assert len(expected) - 1 <= len(fired) <= len(expected)
    assert np.abs(fired - expected[: len(fired)]).max() < 0.01 * DURATION_MS


def test_the_types_fire_in_the_patterns_of_figure_2(alone: Recording) -> None:
    spikes = {name: alone.populations[name].spike_trains()[0] for name in TYPES}
    intervals = {name: np.diff(fired) for name, fired in spikes.items()}
    assert intervals["regular_spiking"][1] > 1.5 * intervals["regular_spiking"][0]  # adapts
    assert len(spikes["fast_spiking"]) > 4 * len(spikes["regular_spiking"])
    assert intervals["fast_spiking"][2:].std() < 0.1 * intervals["fast_spiking"][2:].mean()  # does not adapt further
    assert intervals["low_threshold_spiking"][-1] > 3 * intervals["low_threshold_spiking"][0]
    assert (intervals["intrinsically_bursting"][:2] < 5).all() and (intervals["intrinsically_bursting"][2:] > 20).all()
    assert np.median(intervals["chattering"]) < 3 and (intervals["chattering"] > 30).sum() > 3


NETWORK = ["cell=regular_spiking", "populations.inh.cell=fast_spiking", "connectivity.n=100", "connectivity.p=0.1"]
NETWORK += ["simulation.duration_ms=200", "recording.signals=[]"]


def rates(words: list[str]) -> tuple[float, float]:
    """Mean rates of exc and inh in Hz."""
    config = compose([*NETWORK, *words]).config
    drawn = draw(config)
    numbers = [as_plain(each.cell) for each in drawn.populations]
    assert [(each["a"], each["d"]) for each in numbers] == [(0.02, 8.0), (0.1, 2.0)]
    result = result_of(drawn, backend_class(type(config.backend))(config))
    assert result.status is Status.FINISHED and result.recording is not None
    exc, inh = (len(each.spike_ids) / each.size / 0.2 for each in result.recording.populations.values())
    return exc, inh


def test_regular_spiking_excites_fast_spiking_on_three_back_ends() -> None:
    brian2, nest = rates(["backend.codegen=numpy"]), rates(["backend=nest"])
    assert brian2 == nest
    assert brian2[1] > 2 * brian2[0]
    midpoint = [f"{where}.integrator=spinnaker" for where in ("cell", "populations.inh.cell")]
    same_scheme = rates([*midpoint, "backend.codegen=numpy"])
    assert rates(["backend=spinnaker", "backend.machine=software"]) == pytest.approx(same_scheme, rel=0.05)
