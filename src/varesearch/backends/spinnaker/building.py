"""The drawn network as sPyNNaker's objects; units and delays: :mod:`varesearch.backends.spinnaker.translation`."""

from dataclasses import dataclass, field, replace
from operator import attrgetter
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varesearch.backends.spinnaker import SpinnakerSettings
from varesearch.backends.spinnaker.connectors import ListConnector
from varesearch.backends.spinnaker.learning import mechanism, with_synapse_cores
from varesearch.backends.spinnaker.native import native_connector, native_synapse, population_seed
from varesearch.backends.spinnaker.translation import pynn_description, rows
from varesearch.backends.table import Context, context_of, row, translate, translated_parameters
from varesearch.config.projection import Receptor
from varesearch.config.schema import Config
from varesearch.network.model import CurrentInput, Network, Part, Population, Projection, SpikeSource
from varesearch.recording import sampled_ids


@dataclass
class Built:
    """sPyNNaker's populations and projections, and the connectors of drawn synapses, by their names in the network."""

    populations: dict[str, Any] = field(default_factory=dict)
    projections: dict[str, Any] = field(default_factory=dict)
    lists: dict[str, ListConnector] = field(default_factory=dict)

    def release(self) -> None:
        """Free the objects and arrays, since sPyNNaker keeps its last network until the next set-up."""
        for connector in self.lists.values():
            connector.release()
        self.populations.clear()
        self.projections.clear()
        self.lists.clear()


def build(sim: ModuleType, network: Network, config: Config) -> Built:
    """Build the network in sPyNNaker, recording spikes and the requested signals; call it once after set-up."""
    built = Built()
    for population in network.populations:
        built.populations[population.name] = _population(sim, population, network, config)
        _record(built.populations[population.name], population, config, network.dt_ms)
    cells = {population.name: population for population in network.populations}
    # sPyNNaker's check of the spike density fails if a population of sources has no spikes at all. Such a population
    # has no effect, so it is left out together with its projections.
    silent = {source.name for source in network.sources if not len(source.steps)}
    for source in network.sources:
        if source.name in silent:
            continue
        built.populations[source.name] = _source(sim, source, Context(network.populations[0].cell, network.dt_ms))
    for projection in network.projections:
        native = config.connectivity.draw == "native" and projection.pre in cells
        # sPyNNaker has no projections without synapses either.
        if native or (projection.size and projection.pre not in silent):
            context = context_of(cells[projection.post], network.dt_ms)
            (_native if native else _list)(sim, built, projection, config, context)
    for current in network.currents:
        _inject(sim, built.populations[current.target], current, cells[current.target], network.dt_ms)
    return built


def _population(sim: ModuleType, population: Population, network: Network, config: Config) -> Any:
    cell = population.cell
    context = context_of(population, network.dt_ms)
    of_cell, description = rows(type(cell)), pynn_description(type(cell))
    assert description is not None
    assert isinstance(config.backend, SpinnakerSettings)
    drawn = config.backend.weight_range == "drawn"
    apart = any(each.name == population.name for each in with_synapse_cores(network))
    built = sim.Population(
        population.size,
        attrgetter(description.model)(sim)(**translated_parameters(of_cell, context)),
        label=population.name,
        seed=population_seed(network.seed, population.name),
        max_expected_summed_weight=largest_sums(network, population) if drawn else None,
        **({"n_synapse_cores": 1} if apart else {}),
    )
    if config.backend.neurons_per_core is not None:
        built.set_max_atoms_per_core(config.backend.neurons_per_core)
    built.initialize(**{name: translate(of_cell, name, values, context) for name, values in population.initial.items()})
    return built


def largest_sums(network: Network, population: Population) -> list[float]:
    """Return the largest summed weight onto a cell of ``population``: excitatory, then inhibitory.

    The sums are in sPyNNaker's unit. No step can bring more, since a source fires at most once in a step.
    """
    context = context_of(population, network.dt_ms)
    sums = {"excitatory": np.zeros(population.size), "inhibitory": np.zeros(population.size)}
    for projection in network.projections:
        if projection.post == population.name:
            for part in projection.parts():
                weights = translated_weights(projection.receptor, _at_most(projection, part), context)
                sums[projection.receptor] += np.bincount(part.targets, weights=weights, minlength=population.size)
    return [float(onto_cells.max()) for onto_cells in sums.values()]


def _at_most(projection: Projection, part: Part) -> Part:
    """Return synapses of a projection with the greatest weights that they may learn."""
    if projection.synapse is None or projection.synapse.bounds is None:
        return part
    return replace(part, weights=np.maximum(part.weights, projection.synapse.bounds[1]))


def translated_weights(receptor: Receptor, part: Part, context: Context) -> NDArray[np.float64]:
    """Return weights in sPyNNaker's unit; ``context`` is that of the cells of their target."""
    return translate(rows(type(context.cell)), f"weight_{receptor}", part.weights, context.at(part.targets))


def _record(built: Any, population: Population, config: Config, dt_ms: float) -> None:
    built.record("spikes")
    cell = type(population.cell)
    if not (names := config.recording.sampled(population.name, cell)):
        return
    interval = config.recording.interval_ms
    steps = 1 if interval is None else round(interval / dt_ms)
    ids = sampled_ids(population.size, config.recording.cells)
    recorded = built if len(ids) == population.size else built[ids.tolist()]
    for name in names:
        recorded.record(row(rows(cell), name).theirs, sampling_interval=steps * dt_ms)


def _source(sim: ModuleType, source: SpikeSource, context: Context) -> Any:
    times = translate(rows(type(context.cell)), "source_steps", source.steps, context)
    order = np.argsort(source.sources, kind="stable")
    ends = np.cumsum(np.bincount(source.sources, minlength=source.size))
    trains = [train.tolist() for train in np.split(times[order], ends[:-1])]
    return sim.Population(source.size, sim.SpikeSourceArray(spike_times=trains), label=source.name)


def _list(sim: ModuleType, built: Built, projection: Projection, config: Config, context: Context) -> None:
    connector = ListConnector(
        projection.sources,
        projection.targets,
        np.concatenate([translated_weights(projection.receptor, part, context) for part in projection.parts()]),
        projection.delay_steps,
        context.dt_ms,
        learns=projection.synapse is not None,
    )
    built.lists[projection.name] = connector
    built.projections[projection.name] = sim.Projection(
        built.populations[projection.pre],
        built.populations[projection.post],
        connector,
        sim.StaticSynapse() if projection.synapse is None else mechanism(sim, projection, context),
        receptor_type=projection.receptor,
        label=projection.name,
    )


def _native(sim: ModuleType, built: Built, projection: Projection, config: Config, context: Context) -> None:
    settings = config.structure.projection(projection.name)
    assert settings is not None
    built.projections[projection.name] = sim.Projection(
        built.populations[projection.pre],
        built.populations[projection.post],
        native_connector(sim, settings),
        native_synapse(sim, settings, context),
        receptor_type=projection.receptor,
        label=projection.name,
    )


def _inject(sim: ModuleType, built: Any, current: CurrentInput, population: Population, dt_ms: float) -> None:
    """Inject a current; the constructors of current sources truncate times, so that whole ticks are made sure of."""
    context = Context(population.cell, dt_ms)
    amplitudes = translate(rows(type(population.cell)), "current_step", current.amplitudes, context)
    if current.is_step:
        source = sim.DCSource(amplitude=float(amplitudes[0]), start=0.0, stop=0.0)
        source.set_parameters(start=current.start_step, stop=current.stop_step)
        built.inject(source)
        return
    times_ms = ((np.append(current.steps, current.stop_step) + 0.25) * dt_ms).tolist()
    for cell, column in enumerate(amplitudes.T if amplitudes.ndim == 2 else [amplitudes]):
        source = sim.StepCurrentSource(times=times_ms, amplitudes=[*column.tolist(), 0.0])
        (built[[cell]] if amplitudes.ndim == 2 else built).inject(source)
