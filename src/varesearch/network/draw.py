"""Draw the arrays of a network from the configuration and one seed."""

import json
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from varesearch.config.errors import ConfigurationError, renamed
from varesearch.config.heterogeneity import draw_cells
from varesearch.config.plain import as_plain
from varesearch.config.projection import Pairs, ProjectionSettings, Rows, Synapses
from varesearch.config.schema import Config
from varesearch.config.streams import stream
from varesearch.config.structure import ConfiguredPopulation, ConfiguredStimulus, Structure
from varesearch.model.pairs import no_pairs
from varesearch.network.model import Network, Population, Projection, SpikeSource
from varesearch.network.synapses import projection_of


def draw(config: Config) -> Network:
    """Draw the network that a configuration describes.

    The same configuration and seed give the same arrays everywhere; the simulator plays no part. Each array has a
    random stream of its own (:func:`varesearch.config.streams.stream`), so that a change of one setting leaves all
    other draws as they were.

    Parameters
    ----------
    config
        A configuration that :func:`varesearch.config.validation.validate` accepts.

    Returns
    -------
    Network
        Populations with their state at time 0, spike sources with their spikes, projections with their synapses, and
        current steps; times in steps of ``simulation.dt_ms``, weights in the unit of the cell.

    Examples
    --------
    >>> from varesearch.config.compose import compose
    >>> network = draw(compose(["connectivity.n=100", "seed=3"]).config)
    >>> [(population.name, population.size) for population in network.populations]
    [('exc', 80), ('inh', 20)]
    >>> network.populations[0].initial["v"].shape
    (80,)
    >>> first = network.projections[0]
    >>> first.name, first.size, int(first.delay_steps[0]), float(first.weights[0])
    ('exc_to_exc', 122, 2, 1.0)
    """
    structure, around = config.structure, config.surroundings
    populations = {name: _population(config, structure, each) for name, each in structure.populations.items()}
    return Network(
        dt_ms=around.dt_ms,
        n_steps=round(around.duration_ms / around.dt_ms),
        seed=config.seed,
        populations=tuple(populations.values()),
        sources=tuple(
            SpikeSource(source.name, source.size, *each.stimulus.spikes(source, each.within(around)))
            for each in structure.stimuli
            for source in each.sources(structure.sizes)
        ),
        projections=(
            *(_recurrent(config, each, populations) for each in structure.projections),
            *(_input(config, settings, each) for each, settings in structure.inputs),
        ),
        currents=structure.currents(around),
        native_wiring=_native_wiring(config),
    )


def _native_wiring(config: Config) -> str | None:
    if config.connectivity.draw != "native":
        return None
    own = {"projections": as_plain(config.projections)} if config.projections else {}
    own |= {"scale": as_plain(config.scale)} if config.scale.acts else {}
    return json.dumps({"seed": config.seed, **as_plain(config.connectivity), **own}, sort_keys=True)


def _population(config: Config, structure: Structure, population: ConfiguredPopulation) -> Population:
    owner = config.owner(population.name)
    with renamed("cell", population.where):
        values = draw_cells(population.cell, population.size, config.simulation.dt_ms, config.seed, owner)
    return Population(
        name=population.name,
        size=population.size,
        cell=values.cell,
        initial=values.initial,
        positions_mm=_positions(config, structure, population),
        parameters=values.parameters,
    )


def _positions(config: Config, structure: Structure, population: ConfiguredPopulation) -> NDArray[np.float64] | None:
    """Positions on the sheet of the wiring rules, if one of the population's projections depends on distance."""
    own = [each for each in structure.projections if population.name in (each.pre, each.post)]
    placed = {
        positions.tobytes(): (projection, positions)
        for projection in {id(each.rule): each for each in own}.values()
        if (positions := projection.rule.place(population.size, stream(config.seed, population.name, "positions")))
        is not None
    }
    if len(placed) > 1:
        (first, _), (second, _) = list(placed.values())[:2]
        raise ConfigurationError(
            f"{second.where}: it places the cells of {population.name} otherwise than {first.where} does; give both "
            "the same sheet"
        )
    return next((positions for _, positions in placed.values()), None)


def _recurrent(config: Config, settings: ProjectionSettings, populations: Mapping[str, Population]) -> Projection:
    """A projection of a wiring rule; one without synapses where the back end draws them itself."""
    rule = settings.rule
    settings = replace(
        settings,
        pre_mm=populations[settings.pre].positions_mm,
        post_mm=populations[settings.post].positions_mm,
    )
    owner = "shared" if rule.shared_streams else settings.name

    def connect() -> Pairs | Synapses | Rows:
        return rule.connect(settings, stream(config.seed, owner, "pairs"))

    return projection_of(config, settings, connect if rule.draw != "native" else no_pairs, rule.travel_ms)


def _input(config: Config, settings: ProjectionSettings, stimulus: ConfiguredStimulus) -> Projection:
    """A projection of a stimulus, whose delays are those of the settings, whatever the distance."""

    def connect() -> Pairs:
        return stimulus.stimulus.connect(settings, stimulus.within(config.surroundings))

    return projection_of(config, settings, connect)
