"""A booted machine: its chips as their monitors see them, and how the monitors wait for applications."""

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

_LOCK_QUANTA = 10 * layout.QUANTA_PER_MS  # SARK holds a lock for microseconds
_WAIT_S = 0.5  # wall time after which a wait ends, however slow the machine is, ...
_MIN_QUANTA = 10  # ... once this many quanta have passed


class MissingCoreError(RuntimeError):
    """The extension in C was not built, or was built from other sources."""


class LockedError(RuntimeError):
    """An application holds a lock and does not release it."""


def create_core(shape: Shape, threads: int = 1, start_unix_s: int = 0) -> CoreMachine:
    """Make a machine of this shape, switched on but not booted. Raises MissingCoreError as `load_core` does."""
    return load_core().Machine(shape.neighbours(), threads, start_unix_s)


def load_core() -> Any:
    """Import the extension in C. Raises MissingCoreError if it is missing or was built from other sources."""
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
    """A booted board.

    Parameters
    ----------
    core
        A new machine in C, whose memory is zero.
    shape
        Its chips and links.
    values
        The boot values.
    ip
        The IP address of the board (4 bytes).
    """

    def __init__(self, core: CoreMachine, shape: Shape, values: BootValues, ip: bytes) -> None:
        self.core = core
        self.shape = shape
        self.chips = [boot_chip(core, shape, chip, values, ip) for chip in shape.chips]
        self._by_address = {chip.address: chip for chip in self.chips}
        self._unreleased: set[tuple[int, Lock]] = set()  # locks that an application did not release in time

    def chip_at(self, address: int) -> ChipState | None:
        """The chip with this address (x in the high byte; 0xffff is the root chip), or None."""
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
        """Run the machine until ``done()``; return False if that takes more than a number of quanta or 0.5 s.

        If no core sleeps, a quantum of 48 chips takes milliseconds, so virtual time alone does not limit the wait.
        """
        end_s = time.monotonic() + _WAIT_S
        for n in range(quanta):
            if done():
                return True
            if n >= _MIN_QUANTA and time.monotonic() >= end_s:
                return False
            self.core.run(1)
        return done()

    def wait_unlocked(self, chip: ChipState, lock: Lock) -> None:
        """Run the machine until no application holds a lock. Raises LockedError if it is not released.

        The monitor acts between quanta, so it need not take the lock itself; but an application may be in the middle
        of what the lock guards. A lock that no running core can release is cleared. After one wait in vain there is no
        second one, so a core that keeps a lock delays only one request.
        """
        place = chip.index, lock
        if self._is_held(chip, lock) and (
            place in self._unreleased or not self.wait(lambda: not self._is_held(chip, lock), _LOCK_QUANTA)
        ):
            self._unreleased.add(place)
            self.core.run(1)  # a host that repeats its request lets time pass, too
            raise LockedError(f"chip {chip.x},{chip.y}: an application keeps lock {lock.name}")
        self._unreleased.discard(place)

    def _is_held(self, chip: ChipState, lock: Lock) -> bool:
        """Whether an application holds a lock; on a chip without applications, a lock that is set is cleared."""
        if not self.core.locked(chip.index, lock):
            return False
        if self.core.running(chip.index):
            return True
        self.unlock(chip, lock)
        return False

    def unlock(self, chip: ChipState, lock: Lock) -> None:
        """Clear a lock."""
        self.core.write(chip.index, layout.SC_TEST_AND_CLEAR + 4 * lock, 0)
        self._unreleased.discard((chip.index, lock))

    def take_locks(self, chips: Iterable[ChipState]) -> None:
        """Wait once for all locks of some chips, then clear those that were not released."""
        held = [(chip, lock) for chip in chips for lock in Lock if self._is_held(chip, lock)]

        def free() -> bool:
            held[:] = [(chip, lock) for chip, lock in held if self._is_held(chip, lock)]
            return not held

        if held and not self.wait(free, _LOCK_QUANTA):
            for chip, lock in held:
                _log.warning("chip %d,%d: lock %s was not released; it is cleared", chip.x, chip.y, lock.name)
                self.unlock(chip, lock)
