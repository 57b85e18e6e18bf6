"""The resources of a machine that a network takes: cores, chips, boards, routes, memory."""

from collections.abc import Iterator
from contextlib import contextmanager

LOADING_BYTES_PER_S = 1.0e6
"""Assumed for the estimate of the loading time, for each board: about 256 bytes each 0.25 ms by SCP. Not measured."""


@contextmanager
def mapping_only() -> Iterator[None]:
    """Let sPyNNaker place and route, and skip the data that it would generate for loading.

    One method of its main class is replaced for as long as this lasts. On a virtual machine nothing is ever loaded,
    yet sPyNNaker draws every synapse and writes every parameter into a data base before it finds out: with 20,000
    cells that took 197 s with its own connectors, and the mapping itself takes about a second. Cores, chips, routes
    and memory do not come from these data; they are sums over the placed vertices.
    """
    from spynnaker.pyNN.spinnaker import SpiNNaker

    # Defined in a base class: put on the class that is run, it is taken away again without a trace.
    name = "_do_data_generation"
    setattr(SpiNNaker, name, _nothing)
    try:
        yield
    finally:
        delattr(SpiNNaker, name)


def mapping_metrics(n_steps: int, lists: bool) -> dict[str, float]:
    """Return the sizes of the mapped network; call it after the mapping and before the session ends.

    ``cores`` are those of the network, without sPyNNaker's monitors; ``chips`` and ``boards`` are those that hold one
    of them; ``routing_entries`` are uncompressed, over all chips, and ``routing_entries_max`` on the fullest chip
    (1,023 fit, sPyNNaker compresses beyond); ``sdram_mb`` (10⁶ bytes) holds synapses, parameters and the recordings of
    ``n_steps``; ``loading_estimate_s`` is the time to write these data, at :data:`LOADING_BYTES_PER_S` on each board.
    It is left out without ``lists``, when the machine fills in the synapses itself.
    """
    from spynnaker.pyNN.data import SpynnakerDataView

    placed = [
        placement for placement in SpynnakerDataView.iterate_placemements() if placement.vertex.app_vertex is not None
    ]
    chips = {(placement.x, placement.y) for placement in placed}
    machine = SpynnakerDataView.get_machine()
    boards = {(chip.nearest_ethernet_x, chip.nearest_ethernet_y) for chip in (machine[x, y] for x, y in chips)}
    memory = [placement.vertex.sdram_required for placement in placed]
    tables = SpynnakerDataView.get_uncompressed()
    entries = [table.number_of_entries for table in tables]
    metrics = {
        "cores": float(len(placed)),
        "chips": float(len(chips)),
        "boards": float(len(boards)),
        "routing_entries": float(sum(entries)),
        "routing_entries_max": float(max(entries, default=0)),
        "sdram_mb": sum(sdram.get_total_sdram(n_steps) for sdram in memory) / 1e6,
    }
    if lists:
        written = sum(sdram.fixed for sdram in memory)
        metrics["loading_estimate_s"] = written / LOADING_BYTES_PER_S / len(boards)
    return metrics


def _nothing(_simulator: object) -> None:
    """Generate no data."""
