"""Currents into the cells of NEST.

NEST's current generators act late. With T the time in steps at which an amplitude is set, the generator sends it in
step T - 1; it reaches the cells d steps later, the delay of the connection, for which NEST takes no less than the
network's shortest; and a cell uses what it received from the next step on. So the amplitude acts from step T + d on,
and since T is at least 1, a current of the steps 0 to d cannot come from a generator. These first steps are given by
the cells' own constant current, I_e, which acts in the step that follows; the generator does the rest.

A current that is the same throughout the run, for all cells of a population, is I_e alone: a generator that is
connected to each cell would take 21 kB a cell.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varesearch.backends.nest.connect import connect_arrays
from varesearch.backends.nest.translation import rows
from varesearch.backends.table import Context, translate
from varesearch.network.model import CurrentInput, Network, Population

Amplitudes = NDArray[np.float64]
"""In NEST's unit: shape (changes,) for all cells alike, or (changes, cells)."""


def first_of_generators(nest: Any, dt_ms: float) -> int:
    """Return the first step in which a generator can act, d + 1."""
    return round(nest.GetKernelStatus("min_delay") / dt_ms) + 1


def create_generators(nest: Any, network: Network, first_ids: Mapping[str, int]) -> None:
    """Create and connect the generators; ``first_ids``: population -> id of its first cell."""
    first = first_of_generators(nest, network.dt_ms)
    for population in network.populations:
        found = _changes(network, population)
        if found is None or first >= network.n_steps:
            continue
        steps, amplitudes = found
        # What holds in the first step of the generator began earlier.
        kept = np.flatnonzero(steps >= first)
        if not (kept.size and steps[kept[0]] == first):
            kept = np.concatenate([[np.flatnonzero(steps < first)[-1]], kept]) if (steps < first).any() else kept
        if not kept.size or not amplitudes[kept].any():
            continue
        times_ms = (np.maximum(steps[kept], first) - first + 1).astype(np.float64) * network.dt_ms
        cells = np.arange(population.size, dtype=np.int64) + first_ids[population.name]
        columns = amplitudes[kept].T if amplitudes.ndim == 2 else amplitudes[kept][np.newaxis]
        generators = nest.Create("step_current_generator", len(columns))
        generators.set([{"amplitude_times": times_ms, "amplitude_values": column} for column in columns])
        ids = generators[0].global_id + np.arange(len(columns), dtype=np.int64)
        connect_arrays(nest, np.broadcast_to(ids, cells.shape), cells)


def constant_currents(nest: Any, network: Network) -> dict[int, dict[str, Any]]:
    """Return what the cells' constant current adds to that of their parameters.

    Returns
    -------
    dict
        Step -> population -> current from this step on, in NEST's unit: a number, or one for each cell.
    """
    first = first_of_generators(nest, network.dt_ms)
    added: dict[int, dict[str, Any]] = {}
    for population in network.populations:
        lasting = sum(_in_nests_unit(population, network, each.amplitudes)[0] for each in _lasting(network, population))
        found = _changes(network, population)
        if found is None:
            if lasting:
                added.setdefault(0, {})[population.name] = lasting
            continue
        early = [(int(step), value) for step, value in zip(*found, strict=True) if step < min(first, network.n_steps)]
        if any(np.any(value) for _, value in early):
            if first < network.n_steps:
                early.append((first, np.zeros_like(early[-1][1])))
        else:
            early = []
        if lasting and not (early and early[0][0] == 0):
            early.insert(0, (0, 0.0))
        for step, value in early:
            added.setdefault(step, {})[population.name] = value + lasting
    return added


def _lasting(network: Network, population: Population) -> list[CurrentInput]:
    """The currents that are the same in all steps and cells."""
    return [each for each in _currents(network, population) if _is_lasting(network, each)]


def _is_lasting(network: Network, current: CurrentInput) -> bool:
    return current.is_step and current.start_step == 0 and current.stop_step >= network.n_steps


def _currents(network: Network, population: Population) -> list[CurrentInput]:
    return [each for each in network.currents if each.target == population.name]


def _in_nests_unit(population: Population, network: Network, values: NDArray[np.float64]) -> NDArray[np.float64]:
    return translate(rows(type(population.cell)), "current_step", values, Context(population.cell, network.dt_ms))


def _changes(network: Network, population: Population) -> tuple[NDArray[np.int32], Amplitudes] | None:
    """The steps at which the sum of the currents into a population changes, and the sum from each on; None: no current.

    A change to 0 at the end of a current is one of them. Currents that last throughout the run are left out.
    """
    currents = [each for each in _currents(network, population) if not _is_lasting(network, each)]
    if not currents:
        return None
    steps = np.unique(np.concatenate([np.append(each.steps, each.stop_step) for each in currents])).astype(np.int32)
    steps = steps[steps < network.n_steps]
    total = np.zeros(len(steps))
    for each in currents:
        values = _in_nests_unit(population, network, each.at(steps))
        if values.ndim == 2 and total.ndim == 1:
            total = np.repeat(total[:, np.newaxis], population.size, axis=1)
        total += values if values.ndim == total.ndim else values[:, np.newaxis]
    return steps, total
