"""50,000,000 synapses in NEST alone: 10,000 cells with 5,000 each, by NEST's own rule, on two threads."""

from typing import Any

import nest as _nest

nest: Any = _nest

nest.SetKernelStatus({"local_num_threads": 2, "resolution": 1.0})
cells = [nest.Create("iaf_psc_exp", size) for size in (8000, 2000)]
for pre, degree in zip(cells, (4000, 1000), strict=True):
    for post in cells:
        rule = {"rule": "fixed_indegree", "indegree": degree, "allow_multapses": False}
        nest.Connect(pre, post, rule, {"synapse_model": "static_synapse", "weight": 0.1, "delay": 2.0})
recorder = nest.Create("spike_recorder")
for each in cells:
    nest.Connect(each, recorder)
nest.Simulate(20.0)
