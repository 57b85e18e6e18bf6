"""A booted machine: the chips, as the monitor programs know them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from typing import Any

from spinnaker_board import layout
from spinnaker_board.chip import BootValues, ChipState, boot_chip
from spinnaker_board.core_types import INTERFACE, CoreMachine
from spinnaker_board.layout import Lock
from spinnaker_board.shape import Shape

_log = logging.getLogger(__name__)

_LOCK_QUANTA = 1000  # 10 ms; SARK holds a lock for microseconds
_WAIT_S = 0.5  # wall time after which a wait ends, however slow the machine is,
_LEAST_QUANTA = 10  # if so many quanta have passed


class MissingCoreError(RuntimeError):
    """The C core was not built, or from other sources than these."""


class LockedError(RuntimeError):
    """An application holds a lock and does not give it back."""


def create_core(shape: Shape, threads: int = 1, start_unix_s: int = 0) -> CoreMachine:
    """A new machine of this shape, switched on and not booted.

    :raises MissingCoreError: the extension in C is missing, or of another version
    """
    return load_core().Machine(shape.neighbours(), threads, start_unix_s)


def load_core() -> Any:
    """The extension in C, if it was built from these sources.

    :raises MissingCoreError: it is missing, or of another version
    """
    try:
        from spinnaker_board import _core
    except ImportError as error:
        raise MissingCoreError(
            "the software board needs its core in C, which was not built: install a C compiler (gcc or clang) and "
            "install varesearch again"
        ) from error
    if getattr(_core, "INTERFACE", None) != INTERFACE:
        raise MissingCoreError(
            "the software board's core in C was built from another version of its sources; build it again: "
            "install varesearch again, or run `python setup.py build_ext --inplace` in a checkout"
        )
    return _core


class Machine:
    """All chips of a board after booting.

    :param core: a new machine in C, whose memory is zero
    :param ip: the address at which the board answers, four bytes
    """

    def __init__(self, core: CoreMachine, shape: Shape, values: BootValues, ip: bytes) -> None:
        self.core = core
        self.shape = shape
        self.chips = [boot_chip(core, shape, chip, values, ip) for chip in shape.chips]
        self._by_address = {chip.address: chip for chip in self.chips}
        self._kept: set[tuple[int, Lock]] = set()  # locks that were once waited for in vain

    def chip_at(self, address: int) -> ChipState | None:
        """The chip with this address (x in the high byte); 0xffff is the root chip. None when there is none."""
        return self._by_address.get(0 if address == 0xFFFF else address)

    def neighbour(self, chip: ChipState, link: int) -> ChipState | None:
        """The chip at the other end of a link, or None."""
        other = self.shape.neighbour((chip.x, chip.y), link) if link < layout.LINKS else None
        return None if other is None else self.chips[self.shape.index[other]]

    @property
    def clock_ms(self) -> float:
        """Virtual time since power-on, in ms."""
        return self.core.cycles / layout.CYCLES_PER_MS

    def wait(self, done: Callable[[], bool], quanta: int) -> bool:
        """Lets time pass until something is so; False when it is not within a number of quanta, or too slow to come.

        Cores that never sleep make a quantum of 48 chips take milliseconds, so that virtual time alone is no bound.
        """
        end_s = time.monotonic() + _WAIT_S
        for n in range(quanta):
            if done():
                return True
            if n >= _LEAST_QUANTA and time.monotonic() >= end_s:
                return False
            self.core.run(1)
        return done()

    def wait_unlocked(self, chip: ChipState, lock: Lock) -> None:
        """Lets time pass until no application holds a lock.

        The monitor acts between quanta, so it never has to take a lock; but a core may have stopped in the middle of
        what the lock guards. A lock that nobody is left to give back is taken away. One that was waited for in vain is
        not waited for again, so that a core which keeps it holds up a single request.

        :raises LockedError: the lock is not given back
        """
        place = chip.index, lock
        if self._keeps(chip, lock) and (
            place in self._kept or not self.wait(lambda: not self._keeps(chip, lock), _LOCK_QUANTA)
        ):
            self._kept.add(place)
            self.core.run(1)  # the requests of a host that insists let time pass too
            raise LockedError(f"chip {chip.x},{chip.y}: an application keeps lock {lock.name}")
        self._kept.discard(place)

    def _keeps(self, chip: ChipState, lock: Lock) -> bool:
        """Whether an application holds a lock; one that is set on a chip without applications is taken away."""
        if not self.core.locked(chip.index, lock):
            return False
        if self.core.running(chip.index):
            return True
        self.unlock(chip, lock)
        return False

    def unlock(self, chip: ChipState, lock: Lock) -> None:
        """Takes a lock away."""
        self.core.write(chip.index, layout.SC_TEST_AND_CLEAR + 4 * lock, 0)
        self._kept.discard((chip.index, lock))

    def take_locks(self, chips: Iterable[ChipState]) -> None:
        """Waits once for all locks of some chips, and takes away what is not given back."""
        held = [(chip, lock) for chip in chips for lock in Lock if self._keeps(chip, lock)]

        def free() -> bool:
            held[:] = [(chip, lock) for chip, lock in held if self._keeps(chip, lock)]
            return not held

        if held and not self.wait(free, _LOCK_QUANTA):
            for chip, lock in held:
                _log.warning("chip %d,%d: an application keeps lock %s; it is taken away", chip.x, chip.y, lock.name)
                self.unlock(chip, lock)
