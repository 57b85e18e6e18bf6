"""An Izhikevich network with exponential currents in float64, in whichever order its sums are taken.

Forward Euler for v and u and the exact decay of the currents, as Brian2 (``cell.integrator=euler``) and NEST step it.
Floating-point sums depend on their order in the last bit, and the two simulators take two sums in different orders:

* the arrivals of a step. Brian2 adds weight after weight to the current, pathway by pathway; NEST sums the weights of a
  step in a buffer first. The weights can be chosen such that their own sum is exact; the decayed current that they are
  added to cannot;
* the slope of v. Brian2 takes constants together before the loop (140 + i_offset) and the squares first; NEST's cell
  goes through the equation from left to right.
"""

from operator import itemgetter
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from varesearch.model.cells.izhikevich import Izhikevich
from varesearch.network.model import Network
from varesearch.network.multiplicity import once_each

Arrivals = Literal["one by one", "summed first"]
Slope = Literal["constants first", "left to right"]


def simulate(
    network: Network, arrival: Arrivals, slope: Slope, grid: float | None = None
) -> tuple[set[tuple[int, int]], NDArray[np.float64]]:
    """Spikes as (step, cell), the cells counted through the populations, and v of shape (steps, cells).

    ``grid``: weights are rounded to multiples of it, as NEST's are.
    """
    network = once_each(network)
    first, total = {}, 0
    for population in network.populations:
        first[population.name], total = total, total + population.size
    cell = network.populations[0].cell
    assert isinstance(cell, Izhikevich)
    v, u = (np.concatenate([p.initial[name] for p in network.populations]).copy() for name in "vu")
    currents = {"excitatory": np.zeros(total), "inhibitory": np.zeros(total)}
    h = network.dt_ms
    decay = {
        "excitatory": np.exp(-h / cell.tau_syn_E),
        "inhibitory": np.exp(-h / cell.tau_syn_I),
    }
    arrivals: dict[int, list[tuple[str, str, int, float]]] = {}
    outgoing: dict[str, list] = {}
    for projection in network.projections:
        weights = projection.weights if grid is None else np.rint(projection.weights / grid) * grid
        weights = weights if projection.receptor == "excitatory" else -weights
        starts = np.searchsorted(projection.sources, np.arange(_size(network, projection.pre) + 1))
        outgoing.setdefault(projection.pre, []).append((projection, weights, starts))

    def send(name: str, sources: NDArray, step: int) -> None:
        for projection, weights, starts in outgoing.get(name, ()):
            offset = first[projection.post]
            for source in sources:
                for k in range(starts[source], starts[source + 1]):
                    due = arrivals.setdefault(step + int(projection.delay_steps[k]), [])
                    due.append(
                        (projection.name, projection.receptor, offset + int(projection.targets[k]), float(weights[k]))
                    )

    spikes: set[tuple[int, int]] = set()
    samples = np.empty((network.n_steps, total))
    for step in range(network.n_steps):
        samples[step] = v
        sums = {receptor: np.zeros(total) for receptor in currents}
        # Pathway by pathway in the order of their names; within one in the order of sending (the sort is stable).
        for _, receptor, target, weight in sorted(arrivals.pop(step, ()), key=itemgetter(0)):
            (currents if arrival == "one by one" else sums)[receptor][target] += weight
        for receptor, added in sums.items():
            currents[receptor] = currents[receptor] + added
        ie, ii = currents["excitatory"], currents["inhibitory"]
        if slope == "constants first":
            rise = ((140.0 + cell.i_offset) + (((0.04 * (v * v) + 5.0 * v) + ie) + ii)) - u
            u = u + (cell.a * h) * (cell.b * v - u)
        else:
            rise = 0.04 * v * v + 5.0 * v + 140.0 - u + cell.i_offset + ie + ii
            u = u + h * cell.a * (cell.b * v - u)
        v = v + h * rise
        currents = {receptor: current * decay[receptor] for receptor, current in currents.items()}
        fired = np.flatnonzero(v >= 30)
        v[fired] = cell.c
        u[fired] += cell.d
        spikes.update((step, int(k)) for k in fired)
        for source in network.sources:
            rows = slice(*np.searchsorted(source.steps, [step, step + 1]))
            send(source.name, source.sources[rows], step)
        for population in network.populations:
            begin = first[population.name]
            own = fired[(fired >= begin) & (fired < begin + population.size)] - begin
            send(population.name, own, step)
    return spikes, samples


def _size(network: Network, name: str) -> int:
    return next(each.size for each in (*network.populations, *network.sources) if each.name == name)
