"""The networks as one would write them in NEST alone; connectivity is drawn by NEST.

``native_nest.py NETWORK N DURATION_MS P THREADS``: NETWORK is seed, va_coba or va_cuba, P the probability of a
connection. NEST's own Izhikevich cell takes
its synapses as steps of voltage, so the seed network has weights of 0.5 and 1.25 mV here, those of the harness's cell
``izhikevich_delta``; its activity is of the same order, not the same.
"""

import sys
from importlib import import_module
from typing import Any

from varesearch.phases import Phases
from varesearch_tools.benchmarks.measured import Measured

LIF = {"C_m": 200.0, "t_ref": 5.0, "V_th": -50.0, "V_reset": -60.0, "tau_syn_ex": 5.0, "tau_syn_in": 10.0}
MODELS = {
    "seed": ("izhikevich", {"a": 0.02, "b": 0.2, "c": -65.0, "d": 2.0, "I_e": 5.0, "U_m": -14.0}, (0.5, 1.25, 0.5)),
    "va_coba": ("iaf_cond_exp", {**LIF, "E_L": -60.0, "g_L": 10.0, "E_ex": 0.0, "E_in": -80.0}, (4.0, 51.0, 100.0)),
    "va_cuba": ("iaf_psc_exp", {**LIF, "E_L": -49.0, "tau_m": 20.0}, (16.2, 90.0, 100.0)),
}
"""Model, its parameters, and the weights of excitation, inhibition and the first burst, in the model's units."""


def main(network: str, n: int, duration_ms: float, p: float, threads: int) -> Measured:
    """Import, build, simulate, read."""
    phases = Phases()
    with phases.phase("import"):
        import numpy as np

        nest: Any = import_module("nest")  # its module makes its names as it is loaded
    model, parameters, (exc_weight, inh_weight, burst_weight) = MODELS[network]
    seed = network == "seed"
    with phases.phase("build"):
        nest.set_verbosity("M_ERROR")
        nest.ResetKernel()
        nest.SetKernelStatus({"resolution": 1.0 if seed else 0.1, "local_num_threads": threads, "rng_seed": 1})
        delay = 2.0 if seed else 0.2
        n_exc = round(0.8 * n)
        cells = nest.Create(model, n, params=parameters)
        cells.V_m = nest.random.uniform(-65.0, -14.0) if seed else nest.random.uniform(-60.0, -50.0)
        exc, inh = cells[:n_exc], cells[n_exc:]
        wiring = {"rule": "pairwise_bernoulli", "p": p}
        nest.Connect(exc, cells, wiring, {"weight": exc_weight, "delay": delay})
        nest.Connect(inh, cells, wiring, {"weight": -inh_weight, "delay": delay})
        recurrent = nest.num_connections
        thalamus = nest.Create("parrot_neuron", 20)
        noise = nest.Create("poisson_generator", params={"rate": 100.0, "stop": 50.0})
        nest.Connect(noise, thalamus, syn_spec={"delay": delay})
        nest.Connect(thalamus, cells, {**wiring, "p": 0.01}, {"weight": burst_weight, "delay": delay})
        synapses = nest.num_connections
        recorder = nest.Create("spike_recorder")
        nest.Connect(cells, recorder)
    with phases.phase("simulate"):
        nest.Simulate(duration_ms)
    with phases.phase("collect"):
        senders = np.asarray(recorder.events["senders"])
    facts = {
        "cells": n,
        "synapses": synapses,
        "spikes": len(senders),
        "synaptic_events": len(senders) * recurrent / n,
        "simulated_ms": duration_ms,
    }
    return Measured.here(phases, facts)


if __name__ == "__main__":
    name, cells, milliseconds, chance, number = sys.argv[1:]
    main(name, int(cells), float(milliseconds), float(chance), int(number)).report()
