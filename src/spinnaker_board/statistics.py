"""What the cores did: totals, and the work in each tick.

Cycles are those of the cost model (``core/cost.h``). They estimate what a real board would need: nothing was
measured on one.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spinnaker_board import layout
from spinnaker_board.machine import load_core

if TYPE_CHECKING:
    from spinnaker_board.monitor import Monitor


def series_columns() -> tuple[str, ...]:
    """The names of the columns of ``CoreStatistics.series``."""
    return tuple(load_core().TICK_COLUMNS.split())


@dataclass(frozen=True)
class CoreStatistics:
    """Counts of a core since its application started.

    Attributes
    ----------
    cycles, busy_cycles
        All cycles, and those in which the core did not sleep.
    instructions, translated
        Instructions executed, and those of them that compiled code executed.
    packets_lost
        Packets to or from this core for which a queue had no room.
    payloads_in, payloads_out
        Those of ``packets_in`` and ``packets_out`` that carry a payload.
    dma_bytes
        Bytes that the DMA controller moved between SDRAM and the core.
    inbox_longest
        The largest number of packets that waited for the core.
    tick_cycles
        Period of timer 1; 0 if it never ran.
    ticks
        Number of periods of timer 1.
    overruns
        Periods in which the core did not sleep, because it had too much work.
    tick_busy_mean, tick_busy_max
        Fraction of a period in which the core worked: mean over the periods, and maximum.
    series
        The first 65,536 periods: uint32, shape (ticks, 5), columns as in `series_columns`.
    """

    x: int
    y: int
    core: int
    application: str
    running: bool
    cycles: int
    busy_cycles: int
    instructions: int
    translated: int
    packets_in: int
    packets_out: int
    packets_lost: int
    payloads_in: int
    payloads_out: int
    dma_bytes: int
    inbox_longest: int
    tick_cycles: int
    ticks: int
    overruns: int
    tick_busy_mean: float
    tick_busy_max: float
    series: np.ndarray = field(repr=False)


@dataclass(frozen=True)
class BoardStatistics:
    """The cores of a board that have run an application, and totals.

    Attributes
    ----------
    clock_ms
        Virtual time since power-on, in ms.
    router_hops
        Number of times that a router passed on a packet.
    """

    version: int
    clock_ms: float
    router_hops: int
    cores: tuple[CoreStatistics, ...]

    @property
    def instructions(self) -> int:
        """The instructions that the last applications executed, on all cores."""
        return sum(core.instructions for core in self.cores)

    @property
    def translated_share(self) -> float:
        """The fraction of the instructions that compiled code executed; the others were interpreted."""
        return sum(core.translated for core in self.cores) / max(self.instructions, 1)

    @property
    def busiest(self) -> CoreStatistics | None:
        """The core with the busiest tick, of those whose tick is 0.1 ms or longer; None if there is none."""
        return max((core for core in self.cores if len(core.series)), key=lambda core: core.tick_busy_max, default=None)


def gather(monitor: Monitor) -> BoardStatistics:
    """Read the counters of all cores of a machine."""
    machine = monitor.machine
    cores, width = [], len(series_columns())
    for chip in machine.chips:
        for number in range(1, layout.CORES):
            name = monitor.applications.name(chip, number)
            if not name:
                continue
            counts = machine.core.statistics(chip.index, number)
            period, ticks = counts["tick_cycles"], counts["ticks"]
            cores.append(
                CoreStatistics(
                    *(chip.x, chip.y, number, name, counts["on"], counts["cycles"], counts["busy_cycles"]),
                    *(
                        counts["instructions"],
                        counts["translated"],
                        counts["packets_in"],
                        counts["packets_out"],
                        counts["packets_lost"],
                        counts["payloads_in"],
                        counts["payloads_out"],
                    ),
                    *(counts["dma_bytes"], counts["inbox_longest"], period, ticks, counts["overruns"]),
                    tick_busy_mean=counts["tick_busy_sum"] / (period * ticks) if ticks else 0.0,
                    tick_busy_max=counts["tick_busy_max"] / period if ticks else 0.0,
                    series=np.frombuffer(counts["series"] or b"", np.uint32).reshape(-1, width),
                )
            )
    return BoardStatistics(machine.shape.version, machine.clock_ms, machine.core.router_hops, tuple(cores))


def save(statistics: BoardStatistics, path: str | Path) -> None:
    """Write statistics to an ``.npz`` file."""
    head = {name: value for name, value in asdict(statistics).items() if name != "cores"}
    head["cores"] = [{name: v for name, v in asdict(core).items() if name != "series"} for core in statistics.cores]
    arrays: dict[str, Any] = {f"series_{n}": core.series for n, core in enumerate(statistics.cores)}
    arrays["head"] = np.array(json.dumps(head))
    with Path(path).open("wb") as file:
        np.savez_compressed(file, **arrays)


def load(path: str | Path) -> BoardStatistics:
    """Read the file that `save` wrote."""
    with np.load(path) as file:
        head = json.loads(str(file["head"]))
        cores = tuple(CoreStatistics(**core, series=file[f"series_{n}"]) for n, core in enumerate(head.pop("cores")))
    return BoardStatistics(cores=cores, **head)
