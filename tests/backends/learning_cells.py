"""Pairs of cells with given spikes, joined by synapses that learn: for the tests of synapses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from small_networks import network, population, projection, source

from varesearch.config.cell import Cell
from varesearch.config.projection import Receptor
from varesearch.config.synapse_type import SynapseType
from varesearch.model.cells.if_curr_exp import IfCurrExp
from varesearch.network.model import Network
from varesearch.recording import Recording

CELL = IfCurrExp(v_rest=-65.0, v_reset=-65.0, v_thresh=-30.0, tau_refrac=1.0, tau_syn_E=1.0, tau_syn_I=1.0)
"""Fires when it is driven; what the synapses that learn bring does not reach the threshold."""
DRIVE_NA = 20.0
WEIGHT = 0.5


@dataclass(frozen=True)
class Learned:
    """One synapse after a run: the spikes of its cells in steps, its delay in steps, and its final weight."""

    pre: list[int]
    post: list[int]
    delay: int
    final: float


def pairs(
    rules: Mapping[str, tuple[SynapseType, Receptor]],
    pre: Sequence[int],
    post: Sequence[int],
    delays: Sequence[int],
    n_steps: int,
    dt_ms: float = 1.0,
    target: Cell = CELL,
    drive: float = DRIVE_NA,
) -> Network:
    """A network in which source cell k fires only the first k + 1 spikes of ``pre``.

    So its synapses show the weight after each of the spikes. Each rule has a population of targets, one cell for each
    delay, which all fire at ``post``.
    """
    z = len(pre)
    spikes = [(step, k) for k in range(z) for step in pre[: k + 1]] + [(step, z) for step in post]
    parts = [population("sources", CELL, [-65.0] * z)]
    joined = [projection("drive", "sources", "excitatory", [(k, k, DRIVE_NA, 2) for k in range(z)])]
    for name, (synapse, receptor) in rules.items():
        parts.append(population(name, target, [-65.0] * len(delays), u=-13.0))
        joined.append(
            projection("drive", name, "excitatory", [(z, j, drive, 2) for j in range(len(delays))], f"drive_{name}")
        )
        synapses = [(k, j, WEIGHT, delay) for k in range(z) for j, delay in enumerate(delays)]
        joined.append(replace(projection("sources", name, receptor, synapses, f"to_{name}"), synapse=synapse))
    return network(parts, n_steps, dt_ms, [source("drive", spikes, z + 1)], joined)


def learned(recording: Recording, drawn: Network, name: str) -> list[Learned]:
    """The synapses of a rule."""
    weights = recording.weights[f"to_{name}"]
    pre, post = _steps(recording, "sources", drawn.dt_ms), _steps(recording, name, drawn.dt_ms)
    delays = next(p for p in drawn.projections if p.name == f"to_{name}").delay_steps
    assert (weights.initial == WEIGHT).all()
    return [
        Learned(pre[i], post[j], int(delay), float(final))
        for i, j, delay, final in zip(weights.sources, weights.targets, delays, weights.final, strict=True)
    ]


def _steps(recording: Recording, name: str, dt_ms: float) -> list[list[int]]:
    trains: list[NDArray[np.float64]] = recording.populations[name].spike_trains()
    return [np.rint(train / dt_ms).astype(int).tolist() for train in trains]
