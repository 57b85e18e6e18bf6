"""sPyNNaker scripts that the tests run against a software board, each a function that returns what JSON can hold.

They run in a process of their own (see ``conftest.py``), with sPyNNaker as it is installed and its default settings.
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np


def _simulator() -> Any:
    return importlib.import_module("pyNN.spiNNaker")


def _trains(population: Any) -> list[list[float]]:
    segment = population.get_data("spikes").segments[-1]
    return [[float(time) for time in train.magnitude] for train in segment.spiketrains]


def _signal(population: Any, name: str) -> list[list[float]]:
    signal = population.get_data(name).segments[-1].filter(name=name)[0]
    return np.asarray(signal.magnitude, float).T.tolist()


def spike_array(times: list[list[float]], duration_ms: float) -> list[list[float]]:
    """Recorded spikes of a spike source array."""
    sim = _simulator()
    sim.setup(1.0)
    source = sim.Population(len(times), sim.SpikeSourceArray(times))
    source.record("spikes")
    sim.run(duration_ms)
    trains = _trains(source)
    sim.end()
    return trains


def izhikevich_offset() -> list[list[float]]:
    """32 cells without input whose offset current is raised at 1000 and 2000 ms, in three runs."""
    sim = _simulator()
    sim.setup(1.0)
    cells = sim.Population(
        32,
        sim.Izhikevich(a=0.02, b=0.2, c=-65, d=8, tau_syn_E=2, tau_syn_I=2, i_offset=0),
        initial_values={"v": -75, "u": 0},
    )
    cells.record("spikes")
    sim.run(1000)
    for offset in (2, 4):
        cells.set(i_offset=offset)
        sim.run(1000)
    trains = _trains(cells)
    sim.end()
    return trains


def cells(
    model: str,
    parameters: dict[str, Any],
    initial: dict[str, list[float]],
    inputs: list[dict[str, Any]],
    duration_ms: float,
    record: list[str],
) -> dict[str, list[list[float]]]:
    """Unconnected cells of a standard model, driven by spike sources.

    :param inputs: for each source ``times``, ``weight``, ``delay``, ``receptor``; it drives all cells alike
    """
    sim = _simulator()
    count = len(next(iter(initial.values())))
    sim.setup(1.0)
    population = sim.Population(count, getattr(sim, model)(**parameters), initial_values=initial)
    population.record([*record, "spikes"])
    for source in inputs:
        spikes = sim.Population(1, sim.SpikeSourceArray([source["times"]]))
        sim.Projection(
            spikes,
            population,
            sim.AllToAllConnector(),
            sim.StaticSynapse(weight=source["weight"], delay=source["delay"]),
            receptor_type=source["receptor"],
        )
    sim.run(duration_ms)
    results = {"spikes": _trains(population)} | {name: _signal(population, name) for name in record}
    sim.end()
    return results
