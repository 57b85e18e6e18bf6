"""SpiNNaker through the unmodified sPyNNaker 7.4.1.

Left to right: ``machines`` (where it runs) -> ``session`` (what sPyNNaker changes in the process) -> ``connectors``,
``building`` (the network) -> ``reading`` (spikes, v), ``provenance``, ``quantisation``, ``mapping`` (what is known
about the run) -> ``backend``.
"""

from dataclasses import dataclass
from typing import ClassVar

from varesearch.config.backend import BackendSettings
from varesearch.config.ranges import Range
from varesearch.config.settings import quantity


@dataclass
class SpinnakerSettings(BackendSettings):
    """SpiNNaker through sPyNNaker. User name and password of spalloc come from the environment, never from here."""

    machine: str = quantity("auto", "", "auto, board, spalloc, remote, software, or mapping (maps, simulates nothing)")
    machine_name: str | None = quantity(None, "", "board: its host name or address")
    version: int | None = quantity(
        None, "", "version of the board: 3 (4 chips) or 5 (48 chips, or more boards); null: 5, software: by size"
    )
    spalloc_server: str | None = quantity(None, "", "spalloc: host[:port] (old) or http(s) address (new)")
    spalloc_user: str | None = quantity(None, "", "spalloc (old): who asks for the machine; null: SPALLOC_USER")
    remote_url: str | None = quantity(None, "", "remote: address of the service")
    time_scale_factor: float | None = quantity(
        None,
        "",
        "hardware ms for each simulated ms; null: the least that the start of the network needs",
        plausible=Range(0.1, 10_000),
    )
    neurons_per_core: int | None = quantity(
        None, "cells", "most cells on a core; null: sPyNNaker's rule (256)", allowed=Range(1, 256)
    )
    weight_range: str = quantity(
        "spynnaker",
        "",
        "what 16 bits of input must hold: drawn, all weights onto any cell at once; spynnaker, what its own rule says",
        ("spynnaker", "drawn"),
    )
    probe_timeout_s: float = quantity(
        3.0, "s", "how long the machine may take to answer before anything is built", allowed=Range(1e-3, 60)
    )
    threads: int = quantity(
        1, "", "software: processors to use; the results are the same for any number", allowed=Range(1, 64)
    )
    overrun_s: int = quantity(
        5,
        "s",
        "how long the cores may overstay the run before it counts as failed",
        plausible=Range(1, 3_600),
        allowed=Range(1, 2**31 - 1),
    )

    addresses: ClassVar[tuple[str, ...]] = ("machine_name", "spalloc_server", "spalloc_user", "remote_url")
