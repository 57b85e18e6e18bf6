"""Runs of small networks on NEST, for its tests."""

import math

import numpy as np
from small_networks import config as settings_for
from small_networks import network, population, projection, source
from small_runs import CACHE, unseen

from varesearch.backends.base import Workspace
from varesearch.backends.nest import NestSettings
from varesearch.backends.nest.backend import Nest, NestSimulation
from varesearch.config.cell import Cell
from varesearch.config.schema import Config, RecordingConfig
from varesearch.model.cells.if_cond_alpha import IfCondAlpha
from varesearch.model.cells.if_cond_exp import IfCondExp
from varesearch.model.cells.if_curr_alpha import IfCurrAlpha
from varesearch.model.cells.if_curr_delta import IfCurrDelta
from varesearch.model.cells.if_curr_exp import IfCurrExp
from varesearch.model.cells.izhikevich import Izhikevich
from varesearch.model.cells.izhikevich_delta import IzhikevichDelta
from varesearch.network.model import CurrentInput, Network, Population, Projection, Receptor, SpikeSource
from varesearch.recording import Recording

REST = -65.0
"""Where every cell of :func:`quiet` stays if nothing arrives, in mV."""


def quiet(model: type[Cell]) -> Cell:
    """A cell that rests at :data:`REST` and does not fire of itself."""
    if model in (Izhikevich, IzhikevichDelta):
        # 0.04 v² + 5 v + 140 - u + i = 0 and u = b v at v = -65.
        return model(i_offset=-(0.04 * REST**2 + 5 * REST + 140 - 0.2 * REST))  # type: ignore[call-arg]
    cell = model()
    for name, value in {"v_rest": REST, "v_reset": -70.0, "v_thresh": -50.0, "tau_m": 20.0, "cm": 0.2}.items():
        setattr(cell, name, value)
    return cell


def first_psp(cell: Cell, receptor: str, weight: float, dt_ms: float) -> float:
    """How far v has moved from rest one update after the arrival, in closed form; conductances to first order in dt."""
    sign = 1.0 if receptor == "excitatory" else -1.0
    if isinstance(cell, IzhikevichDelta | IfCurrDelta):
        return sign * weight
    if isinstance(cell, Izhikevich):
        return sign * weight * dt_ms
    assert isinstance(cell, IfCurrExp | IfCurrAlpha | IfCondExp | IfCondAlpha)
    tau = cell.tau_syn_E if receptor == "excitatory" else cell.tau_syn_I
    membrane, synapse = math.exp(-dt_ms / cell.tau_m), math.exp(-dt_ms / tau)
    # Response of cm dv/dt = -cm v/tau_m + i(t) from v = 0: with k = 1/tau - 1/tau_m,
    # i = w exp(-t/tau): w/cm (exp(-t/tau_m) - exp(-t/tau)) / k;
    # i = w e t/tau exp(-t/tau): the derivative of this with respect to -1/tau, times e/tau.
    k = 1 / tau - 1 / cell.tau_m
    if isinstance(cell, IfCurrExp):
        return sign * weight / cell.cm * (membrane - synapse) / k
    if isinstance(cell, IfCurrAlpha):
        return sign * weight * math.e / tau / cell.cm * ((membrane - synapse) / k**2 - dt_ms * synapse / k)
    drive = (cell.e_rev_E if receptor == "excitatory" else cell.e_rev_I) - REST
    if isinstance(cell, IfCondAlpha):
        return weight * drive * math.e / tau / cell.cm * ((membrane - synapse) / k**2 - dt_ms * synapse / k)
    return weight * drive / cell.cm * (membrane - synapse) / k


def resting(cell: Cell, v: float = REST, size: int = 1) -> Population:
    return population("exc", cell, [v] * size, 0.2 * REST)


def source_at(*steps: int) -> SpikeSource:
    return source("stimulus", [(step, 0) for step in steps], 1)


def stimulus(weight: float, delay: int, receptor: Receptor = "excitatory") -> Projection:
    """From the one source to cell 0."""
    return projection("stimulus", "exc", receptor, [(0, 0, weight, delay)], "stimulus_to_exc")


def config(drawn: Network, threads: int = 1, **recording) -> Config:
    return settings_for(drawn, NestSettings(threads=threads), RecordingConfig(**recording))


def simulate(drawn: Network, threads: int = 1, slice_s: float | None = None, **recording) -> Recording:
    with Nest(config(drawn, threads, **recording)).build(drawn, Workspace(cache=CACHE)) as simulation:
        assert isinstance(simulation, NestSimulation)
        if slice_s is not None:
            simulation.slice_s = slice_s  # type: ignore[misc]
        simulation.run(unseen)
        result = simulation.collect().recording
        assert result is not None
        return result


def equal(one: Recording, other: Recording) -> bool:
    """Equal to the last bit."""
    return one.populations.keys() == other.populations.keys() and all(
        np.array_equal(a.spike_ids, b.spike_ids)
        and np.array_equal(a.spike_times_ms, b.spike_times_ms)
        and a.signals.keys() == b.signals.keys()
        and all(np.array_equal(a.signals[name].values, b.signals[name].values) for name in a.signals)
        for a, b in ((one.populations[name], other.populations[name]) for name in one.populations)
    )


MODELS = (Izhikevich, IzhikevichDelta, IfCondExp, IfCondAlpha, IfCurrExp, IfCurrAlpha, IfCurrDelta)


def random_network(model: type[Cell], n: int = 60, n_steps: int = 300) -> Network:
    """Distributed weights and delays, a dense stimulus and a current: what could make a sum depend on its order."""
    rng = np.random.default_rng(5)
    cell = model()
    v_init = rng.uniform(-65, -50, n)
    initial = {"v": v_init, "u": np.full(n, -14.0)} if model in (Izhikevich, IzhikevichDelta) else {"v": v_init}

    def wired(pre: str, n_pre: int, receptor, scale: float) -> Projection:
        sources, targets = np.divmod(np.flatnonzero(rng.random(n_pre * n) < 0.2).astype(np.int32), n)
        weights = scale * rng.lognormal(0.0, 0.5, len(sources))
        delays = rng.integers(2, 9, len(sources), dtype=np.int32)
        return Projection(f"{pre}_to_exc_{receptor}", pre, "exc", receptor, sources, targets, weights, delays)

    flat = np.flatnonzero(rng.random(n_steps * 20) < 0.1)
    steps, sources = np.divmod(flat.astype(np.int32), 20)
    weight = cell.weight_exc.upper
    return network(
        [Population("exc", n, cell, initial)],
        n_steps,
        1.0,
        [SpikeSource("stimulus", 20, sources, steps)],
        [
            wired("exc", n, "excitatory", weight),
            wired("exc", n, "inhibitory", 0.3 * cell.weight_inh.upper),
            wired("stimulus", 20, "excitatory", 2 * weight),
        ],
        [CurrentInput.step("exc", 1.0 if "u" in initial else 0.2, 33, 101)],
    )
