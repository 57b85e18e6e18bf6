"""The original notebook as a script for PyNN's Brian2 module as it is shipped, every step in its order.

Two things had to be mended, or it does not run: inhibitory weights are negative, and currents are in nA (5 mV/ms are
0.005 nA). PyNN's synapses onto an Izhikevich cell are steps of voltage, so the network is busy in another way than the
notebook's own; the work of a user's machine is the same in kind and size. ``seeds_way.py OUTPUT_FOLDER``.
"""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from varesearch.phases import Phases
from varesearch_tools.benchmarks.measured import Measured

T_MS, STEP_MS, DELAY_MS = 1000.0, 1.0, 2.0
N_EXC, N_INH, N_THALAMIC = 1200, 300, 20


def main(folder: Path) -> Measured:
    """Import, build, simulate, save, plot."""
    phases = Phases()
    with phases.phase("import"):
        import matplotlib as mpl

        mpl.use("Agg")
        import matplotlib.pyplot as plt
        import numpy as np
        from pyNN.random import NumpyRNG, RandomDistribution
        from pyNN.utility.plotting import Figure, Panel

        sim: Any = import_module("pyNN.brian2")  # its types are not those that it takes

    with phases.phase("build"):
        sim.setup(timestep=STEP_MS, min_delay=DELAY_MS, max_delay=DELAY_MS)
        rng = NumpyRNG(seed=98766987, parallel_safe=True)
        parameters = {"a": 0.02, "b": 0.2, "c": -65.0, "d": 2.0, "i_offset": 0.005}
        exc = sim.Population(N_EXC, sim.Izhikevich(**parameters), label="excitatory")
        inh = sim.Population(N_INH, sim.Izhikevich(**parameters), label="inhibitory")
        start = RandomDistribution("uniform", [-65.0, -14.0], rng=rng)
        for cells in (exc, inh):
            cells.record(["v", "spikes"])
            cells.initialize(v=start, u=-14.0)
        exc_connector = sim.FixedProbabilityConnector(0.02, rng=rng)
        inh_connector = sim.FixedProbabilityConnector(0.02, rng=rng)
        exc_synapse = sim.StaticSynapse(weight=1.0, delay=DELAY_MS)
        inh_synapse = sim.StaticSynapse(weight=-2.5, delay=DELAY_MS)
        projections = [
            sim.Projection(exc, target, exc_connector, exc_synapse, receptor_type="excitatory") for target in (exc, inh)
        ] + [
            sim.Projection(inh, target, inh_connector, inh_synapse, receptor_type="inhibitory") for target in (exc, inh)
        ]
        thalamus = sim.Population(N_THALAMIC, sim.SpikeSourcePoisson(rate=100.0, duration=50.0), label="thalamus")
        thalamus.record("spikes")
        burst = sim.FixedProbabilityConnector(0.01, rng=rng)
        synapse = sim.StaticSynapse(weight=0.1, delay=DELAY_MS)
        projections += [
            sim.Projection(thalamus, target, burst, synapse, receptor_type="excitatory") for target in (exc, inh)
        ]

    with phases.phase("simulate"):
        sim.run(T_MS)

    with phases.phase("collect"):
        data = {}
        for cells in (exc, inh, thalamus):
            for quantity in ("v", "spikes"):
                cells.write_data(str(folder / f"{cells.label}-{quantity}.pkl"))
                data[cells.label] = cells.get_data()

    with phases.phase("plot"):
        for label in ("excitatory", "inhibitory"):
            trains = data[label].segments[0].spiketrains
            Figure(Panel(trains, xlabel="Time/ms", xticks=True, yticks=True, markersize=0.2, xlim=(0, T_MS)))
            plt.savefig(folder / f"raster_{label}.png")
        figure, axes = plt.subplots(figsize=(6, 8))
        for label in ("excitatory", "inhibitory"):
            axes.hist(np.asarray(data[label].segments[0].analogsignals[0]).ravel(), 100, label=label)
        axes.set_xlim(-90, -40)
        axes.legend()
        figure.savefig(folder / "membrane_potential.png")
        figure, rows = plt.subplots(2, 1, sharex=True, figsize=(9, 5))
        for axes, label in zip(rows, ("excitatory", "inhibitory"), strict=True):
            axes.eventplot([np.asarray(train) for train in data[label].segments[0].spiketrains])
        figure.savefig(folder / "spikes.png")

    spikes = {label: sum(len(t) for t in data[label].segments[0].spiketrains) for label in ("excitatory", "inhibitory")}
    synapses = {id(projection): projection.size() for projection in projections}
    events = sum(synapses[id(p)] * spikes[p.pre.label] / p.pre.size for p in projections if p.pre.label in spikes)
    facts = {
        "cells": N_EXC + N_INH,
        "synapses": sum(synapses.values()),
        "spikes": sum(spikes.values()),
        "synaptic_events": events,
        "simulated_ms": T_MS,
    }
    return Measured.here(phases, facts)


if __name__ == "__main__":
    main(Path(sys.argv[1])).report()
