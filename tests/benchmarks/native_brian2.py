"""The seed network as one would write it in Brian2 alone: what the Brian2 back end is measured against.

The same model, sizes and times as ``experiment=seed_izhikevich``, connectivity drawn by Brian2; every cell's spikes
and, if asked for, v are recorded.
"""

import time
from dataclasses import dataclass

import brian2 as b2
import numpy as np


@dataclass(frozen=True)
class Measured:
    """CPU seconds of building and of simulating; how much there was to do."""

    build_s: float
    run_s: float
    synapses: int
    spikes: int


def native_seed_network(n: int, duration_ms: float = 1000.0, seed: int = 1, record_v: bool = True) -> Measured:
    """Simulate the seed network of ``n`` cells on the numpy target (Brian2's target is put back)."""
    target = b2.prefs.codegen.target
    b2.prefs.codegen.target = "numpy"
    try:
        return _simulate(n, duration_ms, seed, record_v)
    finally:
        b2.prefs.codegen.target = target


def _simulate(n: int, duration_ms: float, seed: int, record_v: bool) -> Measured:
    start = time.process_time()
    b2.seed(seed)
    dt = 1 * b2.ms
    n_exc = round(0.8 * n)
    clock = b2.Clock(dt)
    cells = b2.NeuronGroup(
        n,
        """
        dv/dt = (0.04*v*v + 5*v + 140 - u + 5 + ie - ii)/ms : 1
        du/dt = 0.02*(0.2*v - u)/ms : 1
        die/dt = -ie*(1 - exp(-dt/(5*ms)))/dt : 1
        dii/dt = -ii*(1 - exp(-dt/(5*ms)))/dt : 1
        """,
        threshold="v >= 30",
        reset="v = -65\nu += 2",
        method="euler",
        clock=clock,
    )
    cells.v = "-65 + 51*rand()"
    cells.u = -14
    excitatory = b2.Synapses(cells[:n_exc], cells, on_pre="ie_post += 1.0", delay=2 * b2.ms, clock=clock)
    excitatory.connect(p=0.02)
    inhibitory = b2.Synapses(cells[n_exc:], cells, on_pre="ii_post += 2.5", delay=2 * b2.ms, clock=clock)
    inhibitory.connect(p=0.02)
    rng = np.random.default_rng(seed)
    steps, sources = np.nonzero(rng.random((50, 20)) < 0.1)
    thalamus = b2.SpikeGeneratorGroup(20, sources, steps * dt, clock=clock)
    burst = b2.Synapses(thalamus, cells, on_pre="ie_post += 0.1", delay=2 * b2.ms, clock=clock)
    burst.connect(p=0.01)
    spikes = b2.SpikeMonitor(cells)
    network = b2.Network(cells, excitatory, inhibitory, thalamus, burst, spikes)
    if record_v:
        network.add(b2.StateMonitor(cells, "v", record=True, clock=clock))
    built = time.process_time()
    network.run(duration_ms * b2.ms, namespace={})
    done = time.process_time()
    synapses = len(excitatory) + len(inhibitory) + len(burst)
    return Measured(built - start, done - built, synapses, int(spikes.num_spikes))


if __name__ == "__main__":
    for size in (1500, 5000, 10_000, 20_000):
        print(size, native_seed_network(size, record_v=size <= 1500))
