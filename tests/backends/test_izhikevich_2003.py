"""The preset of Izhikevich 2003 against the program of the paper, written again in numpy.

The program halves the step of v but not that of u, and a spike acts as a current of one step. The preset integrates v
and u by forward Euler in steps of 0.5 ms, and a spike steps v. ``peer`` has both schemes, which shows how much of the
difference comes from the scheme.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import welch
from scipy.stats import t as student
from small_runs import sound_with

from varesearch.config.compose import compose
from varesearch.network import draw
from varesearch.recording import Recording

N_EXC, N_INH = 800, 200
ALPHA, GAMMA = (5.0, 15.0), (20.0, 60.0)
"""The bands in Hz in which the rhythms are looked for."""

Array = NDArray[np.float64]


@dataclass
class State:
    """The cells of the paper's program, with what they drew."""

    a: Array
    b: Array
    v: Array
    u: Array

    def program(self, current: Array, arrived: Array) -> None:
        """The scheme of the paper for 1 ms: v in two halves, then u."""
        for _ in range(2):
            self.v += 0.5 * (0.04 * self.v**2 + 5 * self.v + 140 - self.u + current + arrived)
        self.u += self.a * (self.b * self.v - self.u)

    def euler(self, current: Array, arrived: Array) -> None:
        """Forward Euler for 0.5 ms; the spikes step v at the end."""
        slope = 0.04 * self.v**2 + 5 * self.v + 140 - self.u + current
        self.u += 0.5 * self.a * (self.b * self.v - self.u)
        self.v += 0.5 * slope + arrived


def peer(seed: int, duration_ms: int, scheme: Callable[[State, Array, Array], None]) -> tuple[Array, NDArray[np.int64]]:
    """Spike times in ms and cells of the paper's network."""
    rng = np.random.default_rng(seed)
    r_exc, r_inh = rng.random(N_EXC), rng.random(N_INH)
    c = np.concatenate([-65 + 15 * r_exc**2, np.full(N_INH, -65.0)])
    d = np.concatenate([8 - 6 * r_exc**2, np.full(N_INH, 2.0)])
    weights = np.hstack([0.5 * rng.random((N_EXC + N_INH, N_EXC)), -rng.random((N_EXC + N_INH, N_INH))])
    b = np.concatenate([np.full(N_EXC, 0.2), 0.25 - 0.05 * r_inh])
    v = np.full(N_EXC + N_INH, -65.0)
    state = State(np.concatenate([np.full(N_EXC, 0.02), 0.02 + 0.08 * r_inh]), b, v, b * v)
    in_a_ms = 1 if scheme is State.program else 2
    fired, times, cells = np.array([], dtype=np.int64), [], []
    for time_ms in range(duration_ms):
        current = np.concatenate([5 * rng.standard_normal(N_EXC), 2 * rng.standard_normal(N_INH)])
        for part in range(in_a_ms):
            scheme(state, current, weights[:, fired].sum(axis=1))
            fired = np.flatnonzero(state.v >= 30)
            state.v[fired] = c[fired]
            state.u[fired] += d[fired]
            times.append(np.full(len(fired), time_ms + part / in_a_ms))
            cells.append(fired)
    return np.concatenate(times), np.concatenate(cells)


def spikes_of(recording: Recording) -> tuple[Array, NDArray[np.int64]]:
    exc, inh = recording.populations["exc"], recording.populations["inh"]
    times = np.concatenate([exc.spike_times_ms, inh.spike_times_ms])
    return times, np.concatenate([exc.spike_ids, inh.spike_ids + N_EXC]).astype(np.int64)


def preset(seed: int, duration_ms: int, *words: str) -> tuple[Array, NDArray[np.int64]]:
    config = compose(
        ["experiment=izhikevich_2003", f"seed={seed}", f"simulation.duration_ms={duration_ms}", *words]
    ).config
    return spikes_of(sound_with(draw(config), config))


def measured(spikes: tuple[Array, NDArray[np.int64]], duration_ms: int) -> dict[str, float]:
    """Rates in Hz; in each band the frequency of the highest power, and that power over that of independent cells."""
    times, cells = spikes
    counts = np.bincount(times.astype(np.int64), minlength=duration_ms)[:duration_ms]
    rate = counts / (N_EXC + N_INH) * 1000
    frequencies, power = welch(rate, fs=1000, nperseg=500)
    found: dict[str, float] = {
        "exc_hz": np.count_nonzero(cells < N_EXC) / N_EXC / duration_ms * 1000,
        "inh_hz": np.count_nonzero(cells >= N_EXC) / N_INH / duration_ms * 1000,
    }
    for name, (low, high) in (("alpha", ALPHA), ("gamma", GAMMA)):
        band = (frequencies >= low) & (frequencies <= high)
        found[f"{name}_peak_hz"] = float(frequencies[band][power[band].argmax()])
        found[f"{name}_ratio"] = float(power[band].max() / (2 * rate.mean() / (N_EXC + N_INH)))
    return found


def table(runs: list[dict[str, float]]) -> dict[str, Array]:
    return {name: np.array([run[name] for run in runs]) for name in runs[0]}


def differ(one: Array, other: Array) -> bool:
    """Whether two means differ by more than the spread over seeds explains (Welch's t test, p < 0.001)."""
    error = np.sqrt(one.var(ddof=1) / len(one) + other.var(ddof=1) / len(other))
    freedom = min(len(one), len(other)) - 1
    return abs(one.mean() - other.mean()) > student.ppf(0.9995, freedom) * error


def test_brian2_and_nest_give_the_same_spikes() -> None:
    brian2, nest = (preset(1, 60, *words) for words in (["backend.codegen=numpy"], ["backend=nest"]))
    assert len(nest[0]) > 100
    np.testing.assert_array_equal(brian2, nest)


def test_rates_and_rhythms_are_those_of_the_papers_network_in_the_same_scheme() -> None:
    """Also that the program's own scheme changes the rate of inhibitory cells, so that the comparison can fail."""
    seeds, duration_ms = range(1, 5), 2000
    here = table([measured(preset(seed, duration_ms, "backend=nest"), duration_ms) for seed in seeds])
    same_scheme = table([measured(peer(seed, duration_ms, State.euler), duration_ms) for seed in seeds])
    program = table([measured(peer(seed, duration_ms, State.program), duration_ms) for seed in seeds])
    for name, values in here.items():
        assert not differ(values, same_scheme[name]), f"{name}: {values} against {same_scheme[name]}"
    assert differ(here["inh_hz"], program["inh_hz"])
    for runs in (here, program):
        assert runs["exc_hz"].mean() == pytest.approx(8.0, abs=1.0)  # about 8 Hz in the paper
        assert (runs["alpha_ratio"] > 10).all() and (runs["gamma_ratio"] > 10).all()


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_table_of_the_presets_page() -> None:
    """Ten seeds of 5 s, and steps of 0.1 ms beside those of the preset."""
    seeds, duration_ms = range(1, 11), 5000
    here = table([measured(preset(seed, duration_ms, "backend=nest"), duration_ms) for seed in seeds])
    fine = table(
        [measured(preset(seed, duration_ms, "backend=nest", "simulation.dt_ms=0.1"), duration_ms) for seed in seeds]
    )
    same_scheme = table([measured(peer(seed, duration_ms, State.euler), duration_ms) for seed in seeds])
    program = table([measured(peer(seed, duration_ms, State.program), duration_ms) for seed in seeds])
    rows = {"program": program, "same scheme": same_scheme, "preset": here, "0.1 ms": fine}
    for name, values in here.items():
        print(name, {row: f"{each[name].mean():.3g} ± {each[name].std(ddof=1):.2g}" for row, each in rows.items()})
        assert not differ(values, same_scheme[name]), name
    assert program["exc_hz"].mean() == pytest.approx(7.3, abs=0.2)
    assert program["inh_hz"].mean() == pytest.approx(6.8, abs=0.2)
    assert fine["exc_hz"].mean() == pytest.approx(here["exc_hz"].mean(), rel=0.05)
    assert fine["inh_hz"].mean() == pytest.approx(here["inh_hz"].mean(), rel=0.05)
