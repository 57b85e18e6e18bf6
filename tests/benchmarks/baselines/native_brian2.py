"""The networks as one would write them in Brian2 alone; connectivity is drawn by Brian2.

``native_brian2.py NETWORK N DURATION_MS P TARGET [v]``: NETWORK is seed, va_coba or va_cuba; P the probability of a
connection; TARGET numpy, cython or cpp_standalone; ``v`` records the membrane potential of every cell, as the seed
does. The models are those of the presets; the Izhikevich cell's synaptic currents decay exactly, as in the harness.
"""

import sys
import tempfile
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from varesearch.phases import Phases
from varesearch_tools.benchmarks.measured import Measured


@dataclass(frozen=True)
class Model:
    """What differs between the networks; ``parameters`` name -> (value, unit)."""

    equations: str
    method: str
    threshold: str
    reset: str
    start: dict[str, str]
    weights: tuple[str, str, str]
    step_ms: float
    delay_ms: float
    refractory_ms: float = 0.0


MODELS = {
    "seed": Model(
        """
        dv/dt = (0.04*v*v + 5*v + 140 - u + 5 + ge - gi)/ms : 1
        du/dt = 0.02*(0.2*v - u)/ms : 1
        dge/dt = -ge*(1 - exp(-dt/(5*ms)))/dt : 1
        dgi/dt = -gi*(1 - exp(-dt/(5*ms)))/dt : 1
        """,
        "euler",
        "v >= 30",
        "v = -65\nu += 2",
        {"v": "-65 + 51*rand()", "u": "-14"},
        ("1.0", "2.5", "0.1"),
        1.0,
        2.0,
    ),
    "va_coba": Model(
        """
        dv/dt = (10*nS*(-60*mV - v) + ge*(0*mV - v) + gi*(-80*mV - v))/(200*pF) : volt (unless refractory)
        dge/dt = -ge/(5*ms) : siemens
        dgi/dt = -gi/(10*ms) : siemens
        """,
        "exponential_euler",
        "v > -50*mV",
        "v = -60*mV",
        {"v": "-60*mV + 10*mV*rand()"},
        ("4*nS", "51*nS", "100*nS"),
        0.1,
        0.2,
        5.0,
    ),
    "va_cuba": Model(
        """
        dv/dt = (-49*mV - v)/(20*ms) + (ge - gi)/(200*pF) : volt (unless refractory)
        dge/dt = -ge/(5*ms) : amp
        dgi/dt = -gi/(10*ms) : amp
        """,
        "exact",
        "v > -50*mV",
        "v = -60*mV",
        {"v": "-60*mV + 10*mV*rand()"},
        ("16.2*pA", "90*pA", "100*pA"),
        0.1,
        0.2,
        5.0,
    ),
}


def main(network: str, n: int, duration_ms: float, p: float, target: str, record_v: bool, folder: str) -> Measured:
    """Import, build, compile, simulate, read; a compiled program and its results are kept in ``folder``."""
    phases = Phases()
    with phases.phase("import"):
        import numpy as np

        b2: Any = import_module("brian2")  # its types are not those that it takes
    model = MODELS[network]
    with phases.phase("build"):
        if target == "cpp_standalone":
            b2.set_device("cpp_standalone", directory=folder, build_on_run=False)
        else:
            b2.prefs.codegen.target = target
        b2.defaultclock.dt = model.step_ms * b2.ms
        n_exc = round(0.8 * n)
        cells = b2.NeuronGroup(
            n,
            model.equations,
            threshold=model.threshold,
            reset=model.reset,
            method=model.method,
            refractory=model.refractory_ms * b2.ms if model.refractory_ms else False,
        )
        for variable, value in model.start.items():
            setattr(cells, variable, value)
        exc_weight, inh_weight, burst_weight = model.weights
        delay = model.delay_ms * b2.ms
        excitatory = b2.Synapses(cells[:n_exc], cells, on_pre=f"ge_post += {exc_weight}", delay=delay)
        excitatory.connect(p=p)
        inhibitory = b2.Synapses(cells[n_exc:], cells, on_pre=f"gi_post += {inh_weight}", delay=delay)
        inhibitory.connect(p=p)
        thalamus = b2.PoissonGroup(20, "100*Hz*int(t < 50*ms)")
        burst = b2.Synapses(thalamus, cells, on_pre=f"ge_post += {burst_weight}", delay=delay)
        burst.connect(p=0.01)
        spikes = b2.SpikeMonitor(cells)
        simulation = b2.Network(cells, excitatory, inhibitory, thalamus, burst, spikes)
        if record_v:
            simulation.add(b2.StateMonitor(cells, "v", record=True))
        if target == "cpp_standalone":
            simulation.run(duration_ms * b2.ms)
    if target == "cpp_standalone":
        with phases.phase("compile"):
            b2.device.build(directory=folder, run=False)
        with phases.phase("simulate"):
            b2.device.run(folder, with_output=False, run_args=[])
    else:
        with phases.phase("simulate"):
            simulation.run(duration_ms * b2.ms)
    with phases.phase("collect"):
        fired = np.asarray(spikes.i)
        out_degree = [len(excitatory) / n_exc, len(inhibitory) / (n - n_exc)]
        of_exc = int((fired < n_exc).sum())
    facts = {
        "cells": n,
        "synapses": len(excitatory) + len(inhibitory) + len(burst),
        "spikes": len(fired),
        "synaptic_events": of_exc * out_degree[0] + (len(fired) - of_exc) * out_degree[1],
        "simulated_ms": duration_ms,
    }
    return Measured.here(phases, facts)


if __name__ == "__main__":
    name, cells, milliseconds, chance, codegen, *recorded = sys.argv[1:]
    with tempfile.TemporaryDirectory() as program:
        measured = main(name, int(cells), float(milliseconds), float(chance), codegen, recorded == ["v"], program)
    measured.report()
