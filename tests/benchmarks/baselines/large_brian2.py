"""50,000,000 synapses in Brian2 alone: 10,000 cells with 5,000 each, from arrays of sources and targets."""

import numpy as np
from brian2 import Network, NeuronGroup, SpikeMonitor, Synapses, ms, prefs

prefs.codegen.target = "numpy"
rng = np.random.default_rng(1)
cells = [
    NeuronGroup(n, "dv/dt = -v/(10*ms) : 1", threshold="v > 1", reset="v = 0", method="exact") for n in (8000, 2000)
]
parts = [*cells, *(SpikeMonitor(each) for each in cells)]
for pre, degree in zip(cells, (4000, 1000), strict=True):
    for post in cells:
        i = np.sort(rng.integers(0, len(pre), size=len(post) * degree, dtype=np.int32))
        j = rng.integers(0, len(post), size=len(post) * degree, dtype=np.int32)
        synapses = Synapses(pre, post, "w : 1 (shared)", on_pre="v_post += w", delay=2 * ms)
        synapses.connect(i=i, j=j)
        del i, j
        parts.append(synapses)
Network(*parts).run(2 * ms)
