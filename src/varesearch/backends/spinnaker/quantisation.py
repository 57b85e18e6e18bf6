"""The errors of weights that are stored in 16 bits.

A weight is stored as round(weight * scale) in 16 bits. The scale is a power of two for each population and receptor
(times a constant for conductances), which sPyNNaker derives from the largest sum of weights that it expects in a step;
its own method is called, so that the scale is the one of this network and version.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_LARGEST = 2**16 - 1


@dataclass(frozen=True)
class Quantisation:
    """One projection: the scale (steps in a unit of weight), and the errors of its weights.

    ``largest_error`` is max |stored - weight| / weight over the weights that are not 0 (so 1 if one became 0);
    ``zeroed`` counts the weights that became 0, ``clipped`` those too large for 16 bits.
    """

    scale: float
    largest_error: float
    zeroed: int
    clipped: int


def quantise(weights: NDArray[np.float64], scale: float) -> Quantisation:
    """Return the errors of ``weights`` stored with ``scale``.

    Parameters
    ----------
    weights
        At least 0, in sPyNNaker's unit; shape (synapses,).
    scale
        Steps in one unit of weight.

    Examples
    --------
    >>> quantise(np.array([0.5, 1.25]), scale=2.0).largest_error
    0.2
    """
    stored = np.rint(weights * scale)
    present = weights > 0
    kept = np.minimum(stored, _LARGEST)[present] / scale
    errors = np.abs(kept - weights[present]) / weights[present]
    return Quantisation(
        scale=scale,
        largest_error=float(errors.max()) if errors.size else 0.0,
        zeroed=int(np.count_nonzero(stored[present] == 0)),
        clipped=int(np.count_nonzero(stored > _LARGEST)),
    )


def scale_of(projection: Any) -> float:
    """Return the scale that sPyNNaker uses for a projection of its own. Call it after the run or the mapping.

    sPyNNaker 7.4.1 has no public way from a projection to its synapse type, which numbers the scales of its target.
    """
    information = projection._synapse_information
    target = information.post_vertex
    scales = target.get_weight_scales(target.get_ring_buffer_shifts())
    return float(scales[information.synapse_type])
