"""One cell on a back end, driven by a few arrivals and a current: for the tests of single cells."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from small_networks import network, projection, source
from small_runs import sound_on

from varesearch.config.backend import BackendSettings
from varesearch.config.cell import Cell
from varesearch.config.schema import RecordingConfig
from varesearch.network.model import Network, Population, Receptor

DELAY = 3
Arrivals = Mapping[Receptor, Sequence[tuple[int, float]]]
"""Receptor -> (step of the arrival, weight)."""


def with_arrivals(cells: Sequence[tuple[Cell, Mapping[str, float], Arrivals]], n_steps: int, dt_ms: float) -> Network:
    """A network of unconnected cells ``c0``, ``c1``, ...: each with its state at time 0 and its arrivals."""
    populations, sources, projections = [], [], []
    for k, (cell, state, arrivals) in enumerate(cells):
        populations.append(Population(f"c{k}", 1, cell, {name: np.array([value]) for name, value in state.items()}))
        for receptor, events in arrivals.items():
            if not events:
                continue
            # One source for each weight, whose spikes are at most one in a step.
            weights = sorted({weight for _, weight in events})
            spikes = [(step - DELAY, weights.index(weight)) for step, weight in events]
            name = f"s{k}_{receptor[:3]}"
            sources.append(source(name, spikes, len(weights)))
            synapses = [(j, 0, weight, DELAY) for j, weight in enumerate(weights)]
            projections.append(projection(name, f"c{k}", receptor, synapses))
    return network(populations, n_steps, dt_ms, sources, projections)


def on(settings: BackendSettings, drawn: Network, signals: Sequence[str] = ("v",)) -> list[dict[str, Any]]:
    """For each cell its ``spikes`` in steps, and its signals of shape (steps,)."""
    recording = sound_on(drawn, settings, RecordingConfig(signals=list(signals)))
    return [
        {"spikes": np.rint(recorded.spike_times_ms / drawn.dt_ms).astype(int).tolist()}
        | {name: signal.values[:, 0].astype(np.float64) for name, signal in recorded.signals.items()}
        for recorded in recording.populations.values()
    ]


def random_arrivals(
    seed: int, n_steps: int, count: int, weights: Mapping[Receptor, NDArray[np.float64]]
) -> dict[Receptor, list[tuple[int, float]]]:
    """``count`` arrivals of each receptor at random steps, with weights of the few given."""
    rng = np.random.default_rng(seed)
    return {
        receptor: [
            (int(step), float(rng.choice(given)))
            for step in np.sort(rng.choice(n_steps - 10, count, replace=False)) + 10
        ]
        for receptor, given in weights.items()
    }
