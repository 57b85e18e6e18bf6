"""What the cores did: totals, and the work of each tick. The basis of "would hold real time on the real board".

The figures are cycles of the documented cost model, an estimate of hardware, not a measurement of it.
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
    """Columns of a core's series, which has one row a tick."""
    return tuple(load_core().TICK_COLUMNS.split())


@dataclass(frozen=True)
class CoreStatistics:
    """Counts of one core since its application was started.

    :param busy_cycles: cycles not asleep
    :param translated: those of the instructions that translated code executed
    :param packets_lost: packets that found no room on their way to or from this core
    :param payloads_in: packets in ``packets_in`` that carry a payload
    :param payloads_out: packets in ``packets_out`` that carry a payload
    :param dma_bytes: bytes moved between SDRAM and the core by its DMA controller
    :param inbox_longest: most packets that waited for the core at once
    :param tick_cycles: period of timer 1, 0 when it never ran
    :param ticks: periods of timer 1 that passed
    :param overruns: periods in which the core never slept: its work did not fit
    :param tick_busy_mean: share of a period in which the core worked, on average over periods
    :param tick_busy_max: the same of the busiest period
    :param series: the first 65,536 periods, uint32, shape (ticks, 5), columns as in `series_columns`
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
    """A board's cores that ever ran an application, and its totals.

    :param clock_ms: virtual time since power-on
    :param router_hops: chips that packets have passed
    """

    version: int
    clock_ms: float
    router_hops: int
    cores: tuple[CoreStatistics, ...]

    @property
    def instructions(self) -> int:
        """Executed by the applications that ran last, all cores together."""
        return sum(core.instructions for core in self.cores)

    @property
    def translated_share(self) -> float:
        """Share of the instructions that translated code executed; the rest was interpreted, with the same result."""
        return sum(core.translated for core in self.cores) / max(self.instructions, 1)

    @property
    def busiest(self) -> CoreStatistics | None:
        """The core with the fullest tick, among those whose tick is 0.1 ms or longer; None when there is none."""
        return max((core for core in self.cores if len(core.series)), key=lambda core: core.tick_busy_max, default=None)


def gather(monitor: Monitor) -> BoardStatistics:
    """Reads all counters of a machine."""
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
    """Writes statistics to an ``.npz`` file."""
    head = {name: value for name, value in asdict(statistics).items() if name != "cores"}
    head["cores"] = [{name: v for name, v in asdict(core).items() if name != "series"} for core in statistics.cores]
    arrays: dict[str, Any] = {f"series_{n}": core.series for n, core in enumerate(statistics.cores)}
    arrays["head"] = np.array(json.dumps(head))
    with Path(path).open("wb") as file:
        np.savez_compressed(file, **arrays)


def load(path: str | Path) -> BoardStatistics:
    """Reads what `save` wrote."""
    with np.load(path) as file:
        head = json.loads(str(file["head"]))
        cores = tuple(CoreStatistics(**core, series=file[f"series_{n}"]) for n, core in enumerate(head.pop("cores")))
    return BoardStatistics(cores=cores, **head)
