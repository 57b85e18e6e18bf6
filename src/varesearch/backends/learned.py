"""The weights that a simulator hands back, in the order in which the network's synapses were drawn."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from varesearch.backends.faults import SimulatorError
from varesearch.config.cell import Cell
from varesearch.network.model import Network, Projection
from varesearch.recording import ProjectionWeights


def learning(network: Network) -> list[Projection]:
    """Return the projections whose weights learn, those without synapses left out."""
    return [each for each in network.projections if each.synapse is not None and each.synapse.learns and each.size]


def learned_weights(projection: Projection, cell: type[Cell], final: NDArray[np.float64]) -> ProjectionWeights:
    """Return the weights of a projection before and after the run.

    Parameters
    ----------
    projection
        One that learns.
    cell
        The model of its target's cells, which gives the unit.
    final
        The weights after the run as magnitudes in our unit, in the order of the projection's synapses.
    """
    assert projection.synapse is not None
    assert projection.synapse.bounds is not None
    low, high = projection.synapse.bounds
    return ProjectionWeights(
        name=projection.name,
        unit=cell.unit_of("weight_exc"),
        sources=projection.sources,
        targets=projection.targets,
        initial=projection.weights,
        final=final,
        low=low,
        high=high,
    )


def in_drawn_order(
    projection: Projection,
    sources: NDArray[Any],
    targets: NDArray[Any],
    delay_steps: NDArray[Any],
    weights: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return weights that a simulator lists in an order of its own in the order of the projection's synapses.

    Synapses with the same cells and the same delay see the same spikes. No rule lets a weaker one of them overtake a
    stronger one, so that they are told apart by the order of their weights.

    Raises SimulatorError if the simulator does not list the synapses of the projection.
    """
    # Each of them is an array that is made when it is asked for.
    drawn = (projection.delay_steps, projection.targets, projection.sources)
    read = (delay_steps, targets, sources)
    ours, theirs = np.lexsort((projection.weights, *drawn)), np.lexsort((weights, *read))
    same = len(ours) == len(theirs) and all(
        np.array_equal(one[ours], np.asarray(other)[theirs]) for one, other in zip(drawn, read, strict=True)
    )
    if not same:
        raise SimulatorError(
            f"the weights of {projection.name} that came back belong to other synapses than those that were drawn"
        )
    found = np.empty(len(ours))
    found[ours] = np.asarray(weights, dtype=np.float64)[theirs]
    return found
