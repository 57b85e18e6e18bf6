"""The software board of :mod:`spinnaker_board`: started for the run on a loopback address of its own, then stopped."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from varesearch.backends.base import BackendUnavailableError
from varesearch.backends.spinnaker import SpinnakerSettings
from varesearch.backends.spinnaker.machines._base import Machine, Size, version_in

if TYPE_CHECKING:
    from spinnaker_board.process import Board

_OVERRUN_S = 24 * 3600
"""The board may be slower than real time. If its process dies, the wait ends at once."""

_LOGGED = re.compile(r"^[-\d]+ [:,\d]+ (?P<level>WARNING|ERROR|CRITICAL) [\w.]+: (?P<text>.*)$")
"""A line of the board's log that the run reports."""

SMALL_CORES = 48
"""Cores of a SpiNN-3 for a network: 4 chips of 18 without those of SC&MP and sPyNNaker, and some in reserve."""

SMALL_SDRAM_MB = 200.0
"""Memory of a SpiNN-3 for synapses and recordings: 4 chips of 128 MB without the system's, and some in reserve."""

MISSING = "the software board's C extension is not built; install a C compiler and install varesearch again"


def is_built() -> bool:
    """Whether the extension that executes the binaries is installed."""
    return find_spec("spinnaker_board._core") is not None


@dataclass(frozen=True)
class Software(Machine):
    """A board that this computer plays: it executes the real binaries and estimates their timing.

    Attributes
    ----------
    threads
        Number of processors for it.
    smallest
        Whether to take a SpiNN-3 if the network fits on it; 48 idle chips take more time than a small network.
    """

    threads: int = 1
    smallest: bool = False

    timing = "estimated, because this computer plays the board"

    @classmethod
    def from_settings(cls, settings: SpinnakerSettings) -> "Software":
        return cls(version_in(settings), threads=settings.threads, smallest=settings.version is None)

    def configuration(self) -> dict[str, str]:
        return {**self.options, "version": str(self.version)}

    @contextmanager
    def started(self, folder: Path, cache: Path | None, size: Size) -> Iterator["_RunningBoard"]:
        from spinnaker_board.process import Board, BoardError
        from spinnaker_board.server import AddressError

        version = self.version_for(size)
        # Translated code gets a folder of its own, since it must be private.
        kept = cache / "board" if cache is not None else None
        try:
            board = Board(version=version, threads=self.threads, log=folder / "board.log", cache=kept)
        except (BoardError, AddressError) as error:
            raise BackendUnavailableError(f"backend.machine=software: {error}") from error
        try:
            yield _RunningBoard(version, board=board, options=self.options)
        finally:
            board.stop()

    def version_for(self, size: Size) -> int:
        """The version of the board for a network of this size."""
        if not self.smallest:
            return self.version
        return 3 if size.cores <= SMALL_CORES and size.sdram_mb <= SMALL_SDRAM_MB else 5

    def probe(self, timeout_s: float) -> None:
        """Whether its extension can be loaded."""
        from spinnaker_board.machine import MissingCoreError, load_core

        try:
            load_core()
        except MissingCoreError as error:
            raise BackendUnavailableError(f"backend.machine=software: {error}") from error

    def describe(self) -> str:
        return f"software board (version {self.version})"


@dataclass(frozen=True)
class _RunningBoard(Software):
    """A software board that has been started."""

    board: "Board" = field(kw_only=True)

    def configuration(self) -> dict[str, str]:
        return {**self.options, "machine_name": self.board.address, "version": str(self.version)}

    def overrun_s(self, wanted_s: int) -> int:
        return max(wanted_s, _OVERRUN_S)

    def probe(self, timeout_s: float) -> None:
        """It runs already."""

    def simulated_ms(self) -> float | None:
        return self.board.status().clock_ms

    def metrics(self) -> dict[str, float]:
        """Counts, and estimates in cycles of the board's cost model of whether a real board would keep up."""
        counts = self.board.statistics()
        cores = [core for core in counts.cores if len(core.series)]  # those with the tick of the network
        busiest = counts.busiest
        return {
            "estimate.busiest_core_load": busiest.tick_busy_max if busiest else 0.0,
            "estimate.busiest_core_mean_load": max((core.tick_busy_mean for core in cores), default=0.0),
            "estimate.core_overruns": float(sum(core.overruns for core in cores)),
            "board.instructions": float(counts.instructions),
            "board.translated_share": counts.translated_share,
            "board.packets": float(sum(core.packets_out for core in cores)),
            "board.packets_lost": float(sum(core.packets_lost for core in cores)),
            "board.sdram_mb_by_dma": sum(core.dma_bytes for core in cores) / 1e6,
            "board.router_hops": float(counts.router_hops),
        }

    def reported(self) -> list[tuple[int, str]]:
        text = self.board.log.read_text(errors="replace") if self.board.log.exists() else ""
        lines = (_LOGGED.match(line) for line in text.splitlines())
        return [(getattr(logging, line["level"]), line["text"]) for line in lines if line]

    def verdict(self, time_scale_factor: float) -> dict[str, str]:
        """Whether a real board would hold real time: an estimate from the busiest tick of the busiest core."""
        busiest = self.board.statistics().busiest
        if busiest is None:
            return {}
        share = f"busiest core at {busiest.tick_busy_max:.0%} of its tick (estimate)"
        if busiest.overruns:
            answer = f"no, ticks overrun even at time scale factor {time_scale_factor:g}"
        else:
            answer = "yes" if time_scale_factor <= 1 else f"at {time_scale_factor:g} times its duration"
        return {"would hold real time": f"{answer}, {share}"}

    def describe(self) -> str:
        return f"software board at {self.board.address} (version {self.version})"
