"""The drawn synapses for sPyNNaker, as whole arrays.

sPyNNaker's own FromListConnector groups its list by Python loops over the sources; :class:`ListConnector` answers the
same questions with whole arrays, and keeps every synapse: self-connections and repeated pairs are rows like any other.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pacman.model.graphs.common import Slice
from spynnaker.pyNN.models.neural_projections.connectors import (
    AbstractConnector,
    AbstractGenerateConnectorOnHost,
)


class ListConnector(AbstractConnector, AbstractGenerateConnectorOnHost):
    """Explicit synapses.

    ``sources`` and ``targets`` of shape (synapses,) count from 0 in their populations; ``weights`` are in sPyNNaker's
    unit and not negative, ``delay_steps`` whole steps from 1.

    ``learns``: the synapses learn. A core reads their delay back from a field that has as many bits as its ring of
    inputs has slots, and these are made for the longest delay: if that is a power of two, the rule would find 0 in its
    place (sPyNNaker 7.4.1; the spike itself arrives in time). So one step more is reported as the longest delay.
    """

    def __init__(
        self,
        sources: NDArray[np.integer],
        targets: NDArray[np.integer],
        weights: NDArray[np.float64],
        delay_steps: NDArray[np.integer],
        dt_ms: float,
        learns: bool = False,
    ) -> None:
        super().__init__()
        order = np.argsort(targets, kind="stable")
        self._sources = sources[order]
        self._targets = targets[order]
        self._weights = weights[order]
        self._delay_steps = delay_steps[order]
        self._dt_ms, self._learns = dt_ms, learns

    @property
    def weights(self) -> NDArray[np.float64]:
        """The weights, in the order of the targets."""
        return self._weights

    def release(self) -> None:
        """Free the arrays, since sPyNNaker keeps its last network until the next set-up."""
        nothing = np.empty(0, dtype=np.int32)
        self._sources = self._targets = self._delay_steps = nothing
        self._weights = np.empty(0)

    def get_delay_maximum(self, synapse_info: Any) -> float:
        return float(self._delay_steps.max() + self._learns) * self._dt_ms

    def get_delay_minimum(self, synapse_info: Any) -> float:
        return float(self._delay_steps.min()) * self._dt_ms

    def get_delay_variance(self, delays: Any, synapse_info: Any) -> float:
        return float(np.var(self._delay_steps)) * self._dt_ms**2

    def get_weight_mean(self, weights: Any, synapse_info: Any) -> float:
        return float(self._weights.mean())

    def get_weight_maximum(self, synapse_info: Any) -> float:
        return float(self._weights.max())

    def get_weight_variance(self, weights: Any, synapse_info: Any) -> float:
        return float(self._weights.var())

    def get_n_connections_from_pre_vertex_maximum(
        self, n_post_atoms: int, synapse_info: Any, min_delay: float | None = None, max_delay: float | None = None
    ) -> int:
        """Return the most synapses of one source onto a block of ``n_post_atoms`` targets, delays in ms in a range."""
        sources, targets = self._sources, self._targets
        if min_delay is not None and max_delay is not None:
            delays = self._delay_steps * self._dt_ms
            within = (delays >= min_delay) & (delays <= max_delay)
            if not within.all():
                sources, targets = sources[within], targets[within]
        if not len(sources):
            return 0
        blocks = -(-synapse_info.n_post_neurons // n_post_atoms)
        return int(np.bincount(sources.astype(np.int64) * blocks + targets // n_post_atoms).max())

    def get_n_connections_to_post_vertex_maximum(self, synapse_info: Any) -> int:
        """Return the largest in-degree."""
        return int(np.bincount(self._targets).max()) if len(self._targets) else 0

    def create_synaptic_block(
        self, post_slices: Any, post_vertex_slice: Slice, synapse_type: int, synapse_info: Any
    ) -> NDArray[Any]:
        """Return the synapses onto one core; delays are in ms, as sPyNNaker's blocks have them."""
        start = np.searchsorted(self._targets, post_vertex_slice.lo_atom, side="left")
        stop = np.searchsorted(self._targets, post_vertex_slice.hi_atom, side="right")
        block = np.zeros(int(stop - start), dtype=self.NUMPY_SYNAPSES_DTYPE)
        block["source"] = synapse_info.pre_vertex.get_key_ordered_indices(self._sources[start:stop])
        block["target"] = post_vertex_slice.get_relative_indices(self._targets[start:stop])
        block["weight"] = self._weights[start:stop]
        block["delay"] = self._delay_steps[start:stop] * self._dt_ms
        block["synapse_type"] = synapse_type
        return block

    def get_connected_vertices(self, s_info: Any, source_vertex: Any, target_vertex: Any) -> list[Any]:
        """Return which cores of the source reach which core of the target; only those are routed."""
        targets = target_vertex.splitter.get_in_coming_vertices(s_info.partition_id)
        sources = source_vertex.splitter.get_out_going_vertices(s_info.partition_id)
        first_target = np.array([vertex.vertex_slice.lo_atom for vertex in targets])
        first_source = np.array([vertex.vertex_slice.lo_atom for vertex in sources])
        # Several cores may serve one slice of targets (split synapse cores): the slice is found, then all of them.
        starts = np.unique(first_target)
        rows = np.searchsorted(starts, self._targets, side="right") - 1
        columns = np.searchsorted(first_source, self._sources, side="right") - 1
        reached = np.zeros((len(starts), len(sources)), dtype=bool)
        reached[rows, columns] = True
        if reached.all():
            return [(vertex, [source_vertex]) for vertex in targets]
        return [
            (vertex, [source for source, hit in zip(sources, reached[row], strict=True) if hit])
            for vertex, row in zip(targets, np.searchsorted(starts, first_target), strict=True)
        ]
