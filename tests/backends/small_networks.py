"""Networks of a few cells, built by hand, for the back ends' tests."""

from dataclasses import replace

import numpy as np

from varesearch.config.backend import BackendSettings
from varesearch.config.cell import Cell
from varesearch.config.schema import Config, RecordingConfig, SimulationConfig
from varesearch.config.values import Constant
from varesearch.model.rules.fixed_probability import FixedProbability
from varesearch.model.stimuli.none import NoStimulus
from varesearch.network.model import CurrentInput, Network, Population, Projection, Receptor, SpikeSource


def population(name: str, cell: Cell, v: list[float], u: float = 0.0) -> Population:
    """Cells that start at ``v`` mV (and ``u`` mV/ms)."""
    initial = {"v": np.array(v)}
    if cell.model.startswith("izhikevich"):
        initial["u"] = np.full(len(v), u)
    return Population(name, len(v), cell, initial)


def source(name: str, spikes: list[tuple[int, int]], size: int) -> SpikeSource:
    """``spikes`` as (step, source)."""
    steps, sources = np.array(sorted(spikes), dtype=np.int32).reshape(-1, 2).T
    return SpikeSource(name, size, np.ascontiguousarray(sources), np.ascontiguousarray(steps))


def projection(
    pre: str, post: str, receptor: Receptor, synapses: list[tuple[int, int, float, int]], name: str = ""
) -> Projection:
    """``synapses`` as (source, target, weight, delay in steps)."""
    sources, targets, weights, delays = zip(*sorted(synapses), strict=True)
    return Projection(
        name or f"{pre}_to_{post}_{receptor[:3]}",
        pre,
        post,
        receptor,
        np.array(sources, dtype=np.int32),
        np.array(targets, dtype=np.int32),
        np.array(weights, dtype=np.float64),
        np.array(delays, dtype=np.int32),
    )


def network(
    populations: list[Population],
    n_steps: int,
    dt_ms: float,
    sources: list[SpikeSource] | None = None,
    projections: list[Projection] | None = None,
    currents: list[CurrentInput] | None = None,
) -> Network:
    """A network of the parts given."""
    return Network(
        dt_ms, n_steps, 0, tuple(populations), tuple(sources or ()), tuple(projections or ()), tuple(currents or ())
    )


def config(drawn: Network, backend: BackendSettings, recording: RecordingConfig | None = None) -> Config:
    """Settings with which a back end runs a network built by hand."""
    return Config(
        cell=replace(drawn.populations[0].cell),
        connectivity=FixedProbability(weight_exc=Constant(1.0), weight_inh=Constant(1.0)),
        stimulus=NoStimulus(),
        backend=backend,
        simulation=SimulationConfig(duration_ms=drawn.duration_ms, dt_ms=drawn.dt_ms),
        recording=recording or RecordingConfig(),
    )
