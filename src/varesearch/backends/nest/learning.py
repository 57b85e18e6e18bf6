"""Synapses that learn, in NEST: a copy of NEST's own model for each projection.

NEST's delay is wholly dendritic, too, but it is the delay that NEST is given: m steps between spike and arrival. For
most cells that is one step less than ours (:mod:`varesearch.backends.nest.translation`), and so the synapse sees the
target's spikes one step earlier than on the other simulators. A weight changes only when the source fires.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from varesearch.backends.learned import in_drawn_order
from varesearch.backends.nest.translation import acts_after, rows
from varesearch.backends.table import Context, translate
from varesearch.config.errors import ConfigurationError, renamed
from varesearch.config.schema import Config
from varesearch.config.synapse_type import SynapseType
from varesearch.model.learning import NestSynapse
from varesearch.network.model import Network, Projection


def form_of(synapse: SynapseType) -> NestSynapse:
    """Return how a synapse is written for NEST. Raises KeyError if its module does not say so."""
    return synapse.simulators["nest"](synapse)


def copy_model(nest: Any, projection: Projection, context: Context) -> str:
    """Make NEST's model for a projection that learns, and return its name; ``context`` is that of its target."""
    assert projection.synapse is not None
    form, name = form_of(projection.synapse), f"{projection.name}_synapse"

    def in_nest(weight: float) -> float:
        return float(translate(rows(type(context.cell)), f"weight_{projection.receptor}", weight, context))

    weights = {key: in_nest(weight) for key, weight in form.weights.items()}
    magnitudes = {key: abs(in_nest(1.0)) * value for key, value in form.magnitudes.items()}
    # The default weight, in whose place each synapse gets its own, must have the sign of the greatest one.
    nest.CopyModel(form.model, name, {**form.parameters, **weights, **magnitudes, "weight": in_nest(1.0)})
    return name


def with_sign(weights: NDArray[np.float64], projection: Projection) -> NDArray[np.float64]:
    """Return NEST's weights with a tiny one of the right sign for each 0, which NEST would take for an excitatory one.

    Static synapses are left as they are.
    """
    if projection.synapse is None or projection.receptor != "inhibitory":
        return weights
    return np.where(weights == 0, -1e-300, weights)


def target_parameters(network: Network, population: str) -> dict[str, float]:
    """Return what NEST keeps of the synapses onto a population in its cells.

    Raises ConfigurationError if two projections want different values.
    """
    found: dict[str, tuple[float, str]] = {}
    for projection in network.projections:
        if projection.post == population and projection.synapse is not None:
            for name, value in form_of(projection.synapse).target.items():
                _agree(found, name, value, f"projection {projection.name}", population)
    return {name: value for name, (value, _) in found.items()}


def check_learning(config: Config) -> None:
    """Raise ConfigurationError for synapses that NEST cannot have together, or bounds that it does not know."""
    found: dict[str, dict[str, tuple[float, str]]] = {}
    for projection in config.structure.projections:
        synapse = projection.synapse
        if synapse is None:
            continue
        if synapse.bounds is not None and synapse.bounds[0] != 0:
            raise ConfigurationError(
                f"{projection.synapse_where}.w_min={synapse.bounds[0]:g}: NEST's synapses learn down to 0; write "
                f"{projection.synapse_where}.w_min=0, or take backend=brian2"
            )
        with renamed("synapse", projection.synapse_where):
            form = form_of(synapse)
        for name, value in form.target.items():
            _agree(found.setdefault(projection.post, {}), name, value, projection.synapse_where, projection.post)


def _agree(found: dict[str, tuple[float, str]], name: str, value: float, where: str, population: str) -> None:
    before, other = found.setdefault(name, (value, where))
    if before != value:
        raise ConfigurationError(
            f"{where}: it needs {name}={value:g} ms in the cells of {population}, {other} needs {before:g} ms, and "
            "NEST keeps one for each cell; give both the same time constant, or take backend=brian2"
        )


def marks(network: Network) -> dict[str, str]:
    """Return what a reader of the weights has to know, as provenance; nothing if no synapse depends on NEST's delay."""
    early = [
        each.name
        for each in network.projections
        if each.synapse is not None
        and form_of(each.synapse).target
        and acts_after(type(network.population(each.post).cell))
    ]
    text = f"{', '.join(early)} see the spikes of their targets one step earlier than on other simulators"
    return {"plasticity": text} if early else {}


def read_weights(nest: Any, projection: Projection, pre_id: int, post_id: int, context: Context) -> Any:
    """Return the weights of a projection as magnitudes in our unit, in the order of its synapses."""
    of_cell = rows(type(context.cell))
    found = nest.GetConnections(synapse_model=f"{projection.name}_synapse").get(["source", "target", "delay", "weight"])
    values = {name: np.atleast_1d(np.asarray(each)) for name, each in found.items()}
    unit = translate(of_cell, f"weight_{projection.receptor}", 1.0, context)
    first = float(translate(of_cell, "delay_steps", 0.0, context))
    return in_drawn_order(
        projection,
        values["source"] - pre_id,
        values["target"] - post_id,
        np.rint((values["delay"] - first) / context.dt_ms).astype(np.int64),
        values["weight"] / unit,
    )
