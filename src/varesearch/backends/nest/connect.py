"""One synapse for each pair of two arrays, in one call."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def connect_arrays(
    nest: Any,
    sources: NDArray[np.int64],
    targets: NDArray[np.int64],
    weights: NDArray[np.float64] | None = None,
    delays_ms: NDArray[np.float64] | None = None,
) -> None:
    """Connect node ``sources[k]`` to node ``targets[k]``; ids may repeat. Also for devices, where it is faster too.

    Without ``weights`` they are 1, without ``delays_ms`` the kernel's shortest: what recorders need. NEST's own
    ``Connect`` of node collections goes target by target (20,000 cells to one recorder: 1 s against 4 ms).
    """
    if not sources.size:
        return
    synapses = {
        "synapse_model": "static_synapse",
        "weight": np.ones(sources.size) if weights is None else weights,
        "delay": np.full(sources.size, nest.GetKernelStatus("min_delay")) if delays_ms is None else delays_ms,
    }
    nest.Connect(sources, targets, "one_to_one", synapses)
