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


def delays(delays_ms: list[float], duration_ms: float) -> list[list[float]]:
    """One cell for each delay, all driven by one spike at 10 ms."""
    sim = _simulator()
    sim.setup(1.0, max_delay=max(delays_ms))
    source = sim.Population(1, sim.SpikeSourceArray([[10.0]]))
    cells = sim.Population(len(delays_ms), sim.IF_curr_exp())
    sim.Projection(
        source,
        cells,
        sim.FromListConnector([(0, n, 20.0, delay) for n, delay in enumerate(delays_ms)]),
        sim.StaticSynapse(),
    )
    cells.record("spikes")
    sim.run(duration_ms)
    trains = _trains(cells)
    sim.end()
    return trains


def ring(
    count: int, cells_per_core: int, delay_ms: float, runs_ms: list[float], reset: bool
) -> list[list[list[float]]]:
    """A pulse runs round a ring of cells; the trains after each run.

    :param reset: whether each run starts anew
    """
    sim = _simulator()
    sim.setup(1.0)
    sim.set_number_of_neurons_per_core(sim.IF_curr_exp, cells_per_core)
    cells = sim.Population(count, sim.IF_curr_exp())
    source = sim.Population(1, sim.SpikeSourceArray([[1.0]]))
    links = [(n, (n + 1) % count, 5.0, delay_ms) for n in range(count)]
    sim.Projection(cells, cells, sim.FromListConnector(links), sim.StaticSynapse())
    sim.Projection(source, cells, sim.FromListConnector([(0, 0, 5.0, 1.0)]), sim.StaticSynapse())
    cells.record("spikes")
    results = []
    for n, duration_ms in enumerate(runs_ms):
        if reset and n:
            sim.reset()
        sim.run(duration_ms)
        results.append(_trains(cells))
    sim.end()
    return results


def poisson(count: int, rate_hz: float, duration_ms: float) -> list[list[float]]:
    """Spikes of Poisson sources."""
    sim = _simulator()
    sim.setup(1.0)
    sources = sim.Population(count, sim.SpikeSourcePoisson(rate=rate_hz), additional_parameters={"seed": 3})
    sources.record("spikes")
    sim.run(duration_ms)
    trains = _trains(sources)
    sim.end()
    return trains


def poisson_input(rates_hz: list[float], count: int, duration_ms: float, delay_ms: float) -> list[dict[str, Any]]:
    """For each rate: what Poisson sources recorded of themselves, and what a cell behind each of them received.

    The cells' synapses are delta pulses, so that the recorded input of a step is the weight times the number of spikes
    that arrived in it.

    :return: for each rate the sources' ``spikes``, and ``received``: the input of each step in units of the weight
    """
    weight = 0.03125  # exact in fixed point at any scale that sPyNNaker may choose
    sim = _simulator()
    sim.setup(1.0)
    pairs = []
    for rate_hz in rates_hz:
        sources = sim.Population(count, sim.SpikeSourcePoisson(rate=rate_hz), additional_parameters={"seed": 7})
        cells = sim.Population(count, sim.IF_curr_delta(v_thresh=1000.0, v_rest=0.0, v_reset=0.0))
        synapse = sim.StaticSynapse(weight=weight, delay=delay_ms)
        sim.Projection(sources, cells, sim.OneToOneConnector(), synapse, receptor_type="excitatory")
        sources.record("spikes")
        cells.record("gsyn_exc")
        pairs.append((sources, cells))
    sim.run(duration_ms)
    results = [
        {
            "spikes": _trains(sources),
            "received": (np.array(_signal(cells, "gsyn_exc")) / weight).tolist(),
        }
        for sources, cells in pairs
    ]
    sim.end()
    return results


def plastic_weight(pre_ms: list[float], driver_ms: list[float], rule: dict[str, float], duration_ms: float) -> Any:
    """The weight of a synapse after pair-based additive STDP, and the cell's spikes; a second input fires the cell."""
    sim = _simulator()
    sim.setup(1.0)
    pre = sim.Population(1, sim.SpikeSourceArray([pre_ms]))
    driver = sim.Population(1, sim.SpikeSourceArray([driver_ms]))
    cell = sim.Population(1, sim.IF_curr_exp())
    sim.Projection(driver, cell, sim.OneToOneConnector(), sim.StaticSynapse(weight=5.0, delay=1.0))
    synapse = sim.STDPMechanism(
        timing_dependence=sim.SpikePairRule(
            tau_plus=rule["tau_plus"], tau_minus=rule["tau_minus"], A_plus=rule["a_plus"], A_minus=rule["a_minus"]
        ),
        weight_dependence=sim.AdditiveWeightDependence(w_min=0.0, w_max=rule["w_max"]),
        weight=rule["weight"],
        delay=1.0,
    )
    plastic = sim.Projection(pre, cell, sim.OneToOneConnector(), synapse)
    cell.record("spikes")
    sim.run(duration_ms)
    weight = float(plastic.get("weight", "list", with_address=False)[0])
    spikes = _trains(cell)[0]
    sim.end()
    return {"weight": weight, "spikes": spikes}


def sampled_voltage(duration_ms: float, interval_ms: float) -> list[list[float]]:
    """v of two of four cells, sampled."""
    sim = _simulator()
    sim.setup(1.0)
    cells = sim.Population(4, sim.IF_curr_exp(i_offset=[0.1, 0.2, 0.3, 0.4]))
    cells[1:3].record("v", sampling_interval=interval_ms)
    sim.run(duration_ms)
    signal = _signal(cells, "v")
    sim.end()
    return signal


def balanced(seed: int, count: int, probability: float, duration_ms: float, time_scale_factor: int) -> dict[str, Any]:
    """The seed experiment's network: 80 % excitatory Izhikevich cells, random start; v of all cells recorded."""
    sim = _simulator()
    rng = np.random.default_rng(seed)
    sim.setup(1.0, time_scale_factor=time_scale_factor)
    sizes = {"excitatory": count * 4 // 5, "inhibitory": count - count * 4 // 5}
    weights = {"excitatory": 1.0, "inhibitory": 2.5}
    populations = {
        kind: sim.Population(
            size,
            sim.Izhikevich(a=0.02, b=0.2, c=-65.0, d=2.0, i_offset=5.0),
            initial_values={"v": rng.uniform(-65, -14, size).tolist(), "u": -14.0},
        )
        for kind, size in sizes.items()
    }
    for kind, source in populations.items():
        source.record(["spikes", "v"])
        for target in populations.values():
            matrix = rng.random((source.size, target.size)) < probability
            if source is target:
                np.fill_diagonal(matrix, False)
            pairs = np.column_stack(np.nonzero(matrix))
            columns = np.column_stack([pairs, np.full(len(pairs), weights[kind]), np.full(len(pairs), 2.0)])
            sim.Projection(source, target, sim.FromListConnector(columns), sim.StaticSynapse(), receptor_type=kind)
    sim.run(duration_ms)
    result: dict[str, Any] = {"spikes": [], "v_shape": [], "v_mean": []}
    for population in populations.values():
        result["spikes"] += _trains(population)
        signal = np.array(_signal(population, "v"))
        result["v_shape"].append(signal.shape)
        result["v_mean"].append(float(signal.mean()))
    sim.end()
    return result
