"""The presets of Brunel 2000, model A, against the paper's figures and its mean-field theory.

The rate of the stationary state solves eqs. 21-22 of the paper: the mean first passage time of a leaky cell whose input
has the mean and the variance that the network gives it (Siegert 1951, Phys. Rev. 81:617).
"""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import erfcx
from small_runs import sound_with

from varesearch.config.compose import compose
from varesearch.config.values import Constant
from varesearch.metrics import analyse
from varesearch.metrics.oscillations import power_spectrum
from varesearch.network import draw

TAU_MS, THETA_MV, RESET_MV, REFRACTORY_MS = 20.0, 20.0, 10.0, 2.0


def first_passage_hz(mean_mv: float, std_mv: float) -> float:
    """The rate of a cell with white noise of this mean and standard deviation."""
    integral, _ = quad(lambda x: erfcx(-x), (RESET_MV - mean_mv) / std_mv, (THETA_MV - mean_mv) / std_mv, limit=200)
    return 1000 / (REFRACTORY_MS + TAU_MS * np.sqrt(np.pi) * integral)


def mean_field_hz(g: float, eta: float, weight_mv: float = 0.1, in_degree: int = 1000) -> float:
    """The rate at which the network gives each cell the input that makes it fire at this rate."""
    external = eta * THETA_MV / (weight_mv * TAU_MS) * TAU_MS  # spikes in a membrane time constant

    def excess(rate_hz: float) -> float:
        recurrent = in_degree * rate_hz / 1000 * TAU_MS
        mean = weight_mv * (external + recurrent * (1 - g / 4))
        std = weight_mv * np.sqrt(external + recurrent * (1 + g**2 / 4))
        return first_passage_hz(mean, std) - rate_hz

    return brentq(excess, 1e-3, 499.0)  # type: ignore[return-value]


@dataclass(frozen=True)
class State:
    """A state of fig. 8: rates in Hz, and the frequency of the global oscillation; None where the paper has none."""

    preset: str
    g: float
    eta: float
    duration_ms: float
    rate_hz: float | None
    global_hz: float | None


FIG_8 = {
    "A": State("brunel_2000_sr", 3.0, 2.0, 250.0, None, None),
    "B": State("brunel_2000_si_fast", 6.0, 4.0, 300.0, 60.7, 180.0),
    "C": State("brunel_2000", 5.0, 2.0, 300.0, 37.7, None),
    "D": State("brunel_2000_si_slow", 4.5, 0.9, 1000.0, 5.5, 22.0),
}


@dataclass(frozen=True)
class Measured:
    """Mean rate in Hz, CV of the intervals, frequency of the highest power, CV of the rate in bins of 0.5 ms."""

    rate_hz: float
    cv_isi: float
    peak_hz: float
    rate_cv: float


def measure(preset: str, *words: str) -> Measured:
    config = compose([f"experiment={preset}", "analysis.min_isis=3", "analysis.further=[]", *words]).config
    drawn = draw(config)
    recording = sound_with(drawn, config)
    metrics = analyse(recording, config.analysis, config.seed).values()
    times = np.concatenate([each.spike_times_ms for each in recording.populations.values()])
    edges = np.arange(config.analysis.warmup_ms, config.simulation.duration_ms + 0.25, 0.5)
    cells = sum(each.size for each in recording.populations.values())
    rate: NDArray[np.float64] = np.histogram(times, edges)[0] / cells / 5e-4
    spectrum = power_spectrum(rate, 0.5, min(400, len(rate) // 2))
    return Measured(
        float(rate.mean()),
        metrics["exc.cv_isi"],
        float(spectrum.frequencies_hz[spectrum.power.argmax()]),
        float(rate.std() / rate.mean()),
    )


def test_the_presets_are_the_states_of_figure_8() -> None:
    """Model A: J = 0.1 mV, g J, D = 1.5 ms, C = 1000 + 250, and an external rate of eta thresholds."""
    for state in FIG_8.values():
        composed = compose([f"experiment={state.preset}"])
        structure, plain = composed.config.structure, composed.resolved
        assert structure.sizes == {"exc": 10_000, "inh": 2_500}
        assert len(structure.projections) == 4
        for projection in structure.projections:
            inhibitory = projection.pre == "inh"
            assert projection.weight.lower == projection.weight.upper
            assert projection.weight.lower == pytest.approx(0.1 * state.g if inhibitory else 0.1)
            assert projection["in_degree"] == (250 if inhibitory else 1000)
            assert projection.delay_ms == Constant(1.5)
        assert plain["stimulus"]["rate_hz"] == pytest.approx(1e4 * state.eta)
        assert plain["cell"]["weight_stimulus"] == 0.1
        numbers = {"v_rest": 0.0, "v_reset": 10.0, "v_thresh": 20.0, "tau_m": 20.0, "tau_refrac": 2.0, "i_offset": 0.0}
        assert plain["cell"] | numbers == plain["cell"]


@pytest.mark.parametrize(
    "backend", [["backend=brian2", "backend.codegen=numpy"], ["backend=nest"]], ids=["brian2", "nest"]
)
def test_the_rate_of_a_smaller_network_is_that_of_the_mean_field(backend: list[str]) -> None:
    """A tenth of the cells, a tenth of the inputs of each, weights twice as large."""
    words = ["connectivity.n=1250", "connectivity.in_degree_exc=100", "connectivity.in_degree_inh=25"]
    words += ["cell.weight_exc=0.2", "stimulus.rate_hz=10000", "simulation.duration_ms=200"]
    found = measure("brunel_2000", *words, *backend)
    assert found.rate_hz == pytest.approx(mean_field_hz(5.0, 2.0, 0.2, 100), rel=0.03)


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("panel", FIG_8)
def test_rate_and_global_oscillation_are_those_of_figure_8(panel: str) -> None:
    """12,500 cells on NEST, five seeds: about 4 minutes of CPU for a panel, 3 GB."""
    state = FIG_8[panel]
    words = ["backend=nest", f"simulation.duration_ms={state.duration_ms}"]
    runs = [measure(state.preset, *words, f"seed={seed}") for seed in range(1, 6)]
    rate = np.mean([run.rate_hz for run in runs])
    if state.rate_hz is not None:
        assert rate == pytest.approx(state.rate_hz, rel=0.06)
    if state.global_hz is not None:
        assert np.mean([run.peak_hz for run in runs]) == pytest.approx(state.global_hz, rel=0.15)
        assert rate < state.global_hz / 2  # cells skip cycles
