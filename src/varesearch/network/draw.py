"""From the configuration and one seed to the network's arrays."""

import json

import numpy as np
from numpy.typing import NDArray

from varesearch.config.connectivity import (
    PROJECTIONS,
    ConnectivityConfig,
    DistanceDependent,
    FixedInDegree,
    FixedProbability,
)
from varesearch.config.plain import as_plain
from varesearch.config.schema import Config
from varesearch.network import connectors
from varesearch.network.connectors import Pairs
from varesearch.network.model import Network, Population, Projection, Receptor
from varesearch.network.stimulus import draw_stimulus
from varesearch.network.streams import shares_streams, stream
from varesearch.network.synapses import delay_steps, draw_values

RECEPTORS: dict[str, Receptor] = {"exc": "excitatory", "inh": "inhibitory"}


def draw(config: Config) -> Network:
    """The network of a validated configuration: the same arrays for the same configuration and seed, everywhere."""
    populations = _populations(config)
    projections = [_projection(config, name, populations) for name in PROJECTIONS]
    stimulus = draw_stimulus(config, {name: population.size for name, population in populations.items()})
    return Network(
        dt_ms=config.simulation.dt_ms,
        n_steps=round(config.simulation.duration_ms / config.simulation.dt_ms),
        seed=config.seed,
        populations=tuple(populations.values()),
        sources=stimulus.sources,
        projections=(*projections, *stimulus.projections),
        currents=stimulus.currents,
        native_wiring=_native_wiring(config),
    )


def _native_wiring(config: Config) -> str | None:
    if config.connectivity.draw != "native":
        return None
    return json.dumps({"seed": config.seed, **as_plain(config.connectivity)}, sort_keys=True)


def _populations(config: Config) -> dict[str, Population]:
    wiring = config.connectivity
    return {
        name: Population(
            name=name,
            size=size,
            cell=config.cell,
            initial=_initial(config, name, size),
            positions_mm=_positions(wiring, config.seed, name, size),
        )
        for name, size in (("exc", wiring.n_exc), ("inh", wiring.n_inh))
    }


def _initial(config: Config, population: str, size: int) -> dict[str, NDArray[np.float64]]:
    """The state at time 0: for each variable of the cell, such as v, from its setting, ``v_init``."""
    owner = "shared" if shares_streams(config) else population
    return {
        name: draw_values(getattr(config.cell, f"{name}_init"), f"{name}_init", config.seed, owner, size)
        for name in config.cell.variables
    }


def _positions(wiring: ConnectivityConfig, seed: int, population: str, size: int) -> NDArray[np.float64] | None:
    if not isinstance(wiring, DistanceDependent):
        return None
    return stream(seed, population, "positions").uniform(0.0, wiring.sheet_mm, size=(size, 2))


def _projection(config: Config, name: str, populations: dict[str, Population]) -> Projection:
    wiring = config.connectivity
    pre_name, post_name = name.split("_to_")
    pre, post = populations[pre_name], populations[post_name]
    owner = "shared" if shares_streams(config) else name
    sources, targets = _connect(wiring, name, pre, post, stream(config.seed, owner, "pairs"))

    def values(setting: str) -> NDArray[np.float64]:
        value = wiring.value_of(name, setting)
        return draw_values(value, setting, config.seed, name, len(sources))

    delays_ms = values("delay_ms")
    if isinstance(wiring, DistanceDependent) and wiring.velocity_mm_per_ms is not None:
        assert pre.positions_mm is not None and post.positions_mm is not None
        apart = connectors.distances_mm(
            pre.positions_mm[sources], post.positions_mm[targets], wiring.sheet_mm, wiring.periodic
        )
        delays_ms = delays_ms + apart / wiring.velocity_mm_per_ms
    return Projection(
        name=name,
        pre=pre_name,
        post=post_name,
        receptor=RECEPTORS[pre_name],
        sources=sources,
        targets=targets,
        weights=values("weight"),
        delay_steps=delay_steps(delays_ms, config.simulation.dt_ms),
    )


def _connect(
    wiring: ConnectivityConfig, name: str, pre: Population, post: Population, rng: np.random.Generator
) -> Pairs:
    """The pairs of projection ``name`` by the wiring's rule, each projection's own setting before the group's.

    No pair where the back end draws them itself.
    """
    if wiring.draw == "native":
        return np.empty(0, dtype=np.int32), np.empty(0, dtype=np.int32)
    no_self = not wiring.allow_self_connections and pre is post
    if isinstance(wiring, FixedProbability):
        shared = wiring.streams == "shared"
        rule = connectors.fixed_probability_by_target if shared else connectors.fixed_probability
        return rule(pre.size, post.size, wiring.value_of(name, "p"), no_self, rng)
    if isinstance(wiring, FixedInDegree):
        return connectors.fixed_in_degree(pre.size, post.size, wiring.value_of(name, "in_degree"), no_self, rng)
    assert isinstance(wiring, DistanceDependent)
    assert pre.positions_mm is not None and post.positions_mm is not None
    kernel = connectors.KERNELS[wiring.kernel](wiring.value_of(name, "scale_mm"))
    return connectors.distance_dependent(
        pre.positions_mm,
        post.positions_mm,
        wiring.value_of(name, "p_max"),
        kernel,
        wiring.sheet_mm,
        wiring.periodic,
        no_self,
        rng,
    )
