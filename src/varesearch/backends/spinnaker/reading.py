"""Read the machine's recording, in the conventions of :mod:`varesearch.recording`.

sPyNNaker stamps a spike with its tick and samples v before the update, as the conventions want, so nothing is shifted.
What a spike adds to a current or a conductance is in the sample of the step in which it arrives.

A core that was late loses rows of its recordings; then the rows of two cores do not belong together, and the signal is
left out with a reason instead of being made up.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from varesearch.backends.learned import learned_weights, learning
from varesearch.backends.spinnaker.building import Built
from varesearch.backends.spinnaker.learning import read_weights
from varesearch.backends.spinnaker.translation import rows
from varesearch.backends.table import context_of, row, translate
from varesearch.config.schema import RecordingConfig
from varesearch.network.model import Network, Population
from varesearch.recording import (
    PopulationRecording,
    ProjectionWeights,
    Recording,
    Signal,
    population_recording,
    sampled_ids,
)


@dataclass
class Read:
    """The recording, and the reason for each signal that is left out because its samples are incomplete."""

    recording: Recording
    torn: dict[str, str] = field(default_factory=dict)


def read(built: Built, network: Network, wanted: RecordingConfig) -> Read:
    """Read all spikes and the requested signals; call it between the run and the end of the session."""
    torn: dict[str, str] = {}
    populations: dict[str, PopulationRecording] = {}
    for population in network.populations:
        source = built.populations[population.name]
        spikes = np.asarray(source.spinnaker_get_data("spikes"), dtype=np.float64).reshape(-1, 2)
        context = context_of(population, network.dt_ms)
        signals: dict[str, Signal] = {}
        for name in wanted.sampled(population.name, type(population.cell)):
            signal = _signal(source, name, population, network, wanted)
            if isinstance(signal, Signal):
                signals[name] = signal
            else:
                torn[f"{name} of {population.name}"] = signal
        populations[population.name] = population_recording(
            population.name,
            population.size,
            spikes[:, 0].astype(np.int64),
            translate(rows(type(population.cell)), "spike_steps", spikes[:, 1], context),
            network.dt_ms,
            signals,
        )
    return Read(Recording(network.dt_ms, network.duration_ms, populations, weights=_weights(built, network)), torn)


def _weights(built: Built, network: Network) -> dict[str, ProjectionWeights]:
    weights = {}
    for projection in learning(network):
        post = network.population(projection.post)
        final = projection.weights  # no spike ever came from a source that was left out
        if projection.name in built.projections:
            final = read_weights(built.projections[projection.name], projection, context_of(post, network.dt_ms))
        weights[projection.name] = learned_weights(projection, type(post.cell), final)
    return weights


def _signal(source: Any, name: str, population: Population, network: Network, wanted: RecordingConfig) -> Signal | str:
    """Return the sampled signal, or the reason why it is left out."""
    every = 1 if wanted.interval_ms is None else round(wanted.interval_ms / network.dt_ms)
    steps = np.arange(0, network.n_steps, every)
    ids = sampled_ids(population.size, wanted.cells)
    cell = type(population.cell)
    try:
        theirs = row(rows(cell), name).theirs
        values = source.spinnaker_get_data(theirs, as_matrix=True, view_indexes=ids.tolist())
    except NotImplementedError:  # sPyNNaker's way to say that the cores recorded different ticks
        return "its cores recorded different steps"
    if values.shape != (len(steps), len(ids)):
        return f"{values.shape[0]} of {len(steps)} samples came back"
    if name in cell.synapse.input:
        values = translate(rows(cell), name, values, context_of(population, network.dt_ms).at(ids))
    times_ms = (steps * network.dt_ms).astype(np.float64)
    return Signal(name, cell.recordables()[name], ids, times_ms, values.astype(np.float32))
