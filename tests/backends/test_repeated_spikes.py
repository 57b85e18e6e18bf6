"""Sources that fire several times in a step: every simulator adds as many weights as there are spikes."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nest_runs import REST, quiet
from small_networks import network, population, projection
from small_runs import sound_on, sound_with

from varesearch.backends.brian2 import Brian2Settings
from varesearch.backends.nest import NestSettings
from varesearch.backends.nest.sources import Generators
from varesearch.backends.spinnaker import SpinnakerSettings
from varesearch.config.backend import BackendSettings
from varesearch.config.compose import compose
from varesearch.model.cells.if_cond_exp import IfCondExp
from varesearch.model.cells.if_curr_alpha import IfCurrAlpha
from varesearch.model.cells.if_curr_delta import IfCurrDelta
from varesearch.model.cells.if_curr_exp import IfCurrExp
from varesearch.model.cells.izhikevich import Izhikevich
from varesearch.model.cells.izhikevich_delta import IzhikevichDelta
from varesearch.network import draw
from varesearch.network.model import Network, Projection, SpikeSource
from varesearch.network.multiplicity import once_each
from varesearch.recording import Recording

WEIGHTS = {
    Izhikevich: 0.02,
    IzhikevichDelta: 0.4,
    IfCondExp: 1e-4,
    IfCurrExp: 0.01,
    IfCurrAlpha: 0.005,
    IfCurrDelta: 0.3,
}
"""For each cell, so of every kind of synapse: a weight of which a few dozen move v by some mV."""

ENTRIES = [(2, 0, 3), (2, 1, 1), (9, 0, 1), (10, 0, 6), (10, 1, 5), (11, 1, 12), (30, 1, 2)]
"""(step, source, count)."""


def source(entries: list[tuple[int, int, int]], size: int) -> SpikeSource:
    steps, sources, counts = (np.array(column) for column in zip(*sorted(entries), strict=True))
    return SpikeSource("src", size, sources.astype(np.int32), steps.astype(np.int32), counts.astype(np.uint8))


def repeated(models: list[type]) -> Network:
    populations, projections = [], []
    for model in models:
        name, weight = model.__name__, WEIGHTS[model]
        populations.append(population(name, quiet(model), [REST] * 3, 0.2 * REST))
        # Two synapses of one source with different delays; cell 2 gets inhibition.
        excited = [(0, 0, weight, 3), (0, 1, weight, 7), (1, 0, 2 * weight, 3), (1, 1, 0.5 * weight, 2)]
        projections.append(projection("src", name, "excitatory", excited))
        projections.append(projection("src", name, "inhibitory", [(0, 2, weight, 2), (1, 2, weight, 4)]))
    return network(populations, 60, 1.0, [source(ENTRIES, 2)], projections)


def unary(drawn: Network) -> Network:
    """The same with as many sources as the largest count: source k of a row fires where the count is above k."""
    (old,) = drawn.sources
    assert old.counts is not None
    most = int(old.counts.max())
    entries = [
        (step, k * old.size + src)
        for step, src, count in zip(old.steps, old.sources, old.counts, strict=True)
        for k in range(count)
    ]
    steps, sources = np.array(sorted(entries), dtype=np.int32).T
    new = SpikeSource(old.name, most * old.size, sources.copy(), steps.copy())

    def wired(one: Projection) -> Projection:
        rows = np.concatenate([one.sources + k * old.size for k in range(most)]).astype(np.int32)
        targets, weights, delays = (np.tile(it, most) for it in (one.targets, one.weights, one.delay_steps))
        return replace(one, sources=rows, targets=targets, weights=weights, delay_steps=delays)

    return replace(drawn, sources=(new,), projections=tuple(map(wired, drawn.projections)))


def v_of(recording: Recording) -> dict[str, np.ndarray]:
    return {name: it.signals["v"].values.astype(np.float64) for name, it in recording.populations.items()}


ALL = list(WEIGHTS)
ON_SPINNAKER = [Izhikevich, IfCondExp, IfCurrExp, IfCurrAlpha, IfCurrDelta]
EACH_SYNAPSE = [Izhikevich, IfCondExp, IfCurrAlpha, IfCurrDelta]
SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    ("settings", "models", "tolerance"),
    [
        pytest.param(Brian2Settings(codegen="numpy"), ALL, 1e-9, id="brian2"),
        pytest.param(Brian2Settings(codegen="cython"), EACH_SYNAPSE, 1e-9, id="cython", marks=SLOW),
        pytest.param(Brian2Settings(codegen="cpp_standalone"), EACH_SYNAPSE, 1e-9, id="cpp_standalone", marks=SLOW),
        pytest.param(NestSettings(), ALL, 1e-9, id="nest"),
        # On the board a weight has 16 bits on a scale that depends on all weights, so that both runs round it.
        pytest.param(
            SpinnakerSettings(machine="software", version=3, weight_range="drawn"), ON_SPINNAKER, 0.05, id="board"
        ),
    ],
)
def test_spikes_of_one_step_act_like_as_many_sources(
    settings: BackendSettings, models: list[type], tolerance: float
) -> None:
    drawn = repeated(models)
    counted, apart = (v_of(sound_on(it, settings)) for it in (drawn, unary(drawn)))
    for name, v in counted.items():
        assert np.abs(v - REST).max() > 0.5, name  # it did move
        np.testing.assert_allclose(v, apart[name], rtol=0, atol=tolerance, err_msg=name)


def test_nest_may_be_told_the_spikes_window_by_window(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = repeated(ALL)
    whole = v_of(sound_on(drawn, NestSettings()))
    monkeypatch.setattr(Generators, "most", 2)
    for name, v in v_of(sound_on(drawn, NestSettings())).items():
        np.testing.assert_array_equal(v, whole[name], err_msg=name)


@st.composite
def sources(draw: st.DrawFn) -> SpikeSource:
    size = draw(st.integers(1, 4))
    places = draw(st.sets(st.tuples(st.integers(0, 20), st.integers(0, size - 1)), min_size=1, max_size=20))
    return source([(*place, draw(st.integers(1, 255))) for place in places], size)


@given(drawn=sources())
def test_the_weights_of_a_step_have_the_same_sum(drawn: SpikeSource) -> None:
    synapses = [(k, k % 2, 0.5 + k, 1 + k) for k in range(drawn.size)]
    whole = network(
        [population("cells", IfCurrExp(), [REST] * 2)],
        40,
        1.0,
        [drawn],
        [projection("src", "cells", "excitatory", synapses)],
    )
    single = once_each(whole)
    (fired,) = single.sources
    assert fired.counts is None
    assert (np.diff(fired.steps.astype(np.int64) * fired.size + fired.sources) > 0).all()

    def arriving(it: Network) -> np.ndarray:
        sums = np.zeros((60, 2))
        (of_source,), (wired,) = it.sources, it.projections
        counts = np.ones(len(of_source.steps)) if of_source.counts is None else of_source.counts
        for step, src, count in zip(of_source.steps, of_source.sources, counts, strict=True):
            for k in np.flatnonzero(wired.sources == src):
                sums[step + wired.delay_steps[k], wired.targets[k]] += float(count) * wired.weights[k]
        return sums

    np.testing.assert_array_equal(arriving(single), arriving(whole))
    assert (np.diff(single.projections[0].sources) >= 0).all()


def test_a_network_whose_sources_fire_once_each_is_left_as_it_is() -> None:
    drawn = network([population("cells", IfCurrExp(), [REST])], 10, 1.0)
    assert once_each(drawn) is drawn


@pytest.mark.parametrize("backend", ["brian2", "nest"])
@pytest.mark.parametrize(("rate_hz", "dt_ms"), [(16_000, 0.1), (16_000, 1.0)])
def test_background_noise_has_the_mean_and_variance_of_campbells_theorem(
    backend: str, rate_hz: float, dt_ms: float
) -> None:
    """A membrane below threshold under Poisson input through exponential currents (Campbell 1909).

    The response R w tau_s / (tau_m - tau_s) (exp(-t/tau_m) - exp(-t/tau_s)) has the integral R w tau_s, its square the
    integral (R w tau_s)^2 / (2 (tau_m + tau_s)).
    """
    tau_m, tau_s, cm, weight = 20.0, 5.0, 0.2, 0.002
    cell = ["cell=if_curr_exp", f"cell.tau_m={tau_m}", f"cell.cm={cm}", f"cell.tau_syn_E={tau_s}", "cell.v_rest=-65"]
    held = ["cell.v_thresh=1000", "cell.v_init=-65", "connectivity.n=200", "connectivity.p=0", "analysis.warmup_ms=0"]
    noise = ["stimulus=background_poisson", f"stimulus.rate_hz={rate_hz}", f"stimulus.weight={weight}"]
    run = [f"backend={backend}", f"simulation.dt_ms={dt_ms}", "simulation.duration_ms=400", "recording.interval_ms=10"]
    config = compose([*cell, *held, *noise, *run]).config
    signals = [it.signals["v"] for it in sound_with(draw(config), config).populations.values()]
    v = np.concatenate([signal.values[signal.times_ms >= 200] for signal in signals], axis=1) + 65.0
    rate, pulse = rate_hz / 1000, tau_m / cm * weight * tau_s
    variance = rate * pulse**2 / (2 * (tau_m + tau_s))
    independent = v.size / 5  # samples within two membrane time constants hang together
    assert abs(v.mean() - rate * pulse) < 5 * np.sqrt(variance / independent) + 0.01 * rate * pulse
    assert abs(v.var() / variance - 1) < 5 * np.sqrt(2 / independent) + 0.02
