"""A booted machine: the chips, as the monitor programs know them."""

from __future__ import annotations

from varesearch.board import layout
from varesearch.board.chip import BootValues, ChipState, boot_chip
from varesearch.board.core_types import CoreMachine
from varesearch.board.layout import Lock
from varesearch.board.shape import Shape

_LOCK_QUANTA = 1000  # 10 ms; SARK holds a lock for microseconds


class MissingCoreError(RuntimeError):
    """The C core was not built."""


class LockedError(RuntimeError):
    """An application holds a lock and does not give it back."""


def create_core(shape: Shape, threads: int = 1, start_unix_s: int = 0) -> CoreMachine:
    """A new machine of this shape, switched on and not booted.

    :raises MissingCoreError: the extension in C is missing
    """
    try:
        from varesearch.board import _core
    except ImportError as error:
        raise MissingCoreError(
            "the software board needs its core in C, which was not built: install a C compiler (gcc or clang) and "
            "install varesearch again"
        ) from error
    return _core.Machine(shape.neighbours(), threads, start_unix_s)


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
        return self.core.cycles / (200 * 1000)

    def wait_unlocked(self, chip: ChipState, lock: Lock) -> None:
        """Lets time pass until no application holds a lock.

        The monitor acts between quanta, so it never has to take a lock; but a core may have stopped in the middle of
        what the lock guards.

        :raises LockedError: the lock is not given back
        """
        for _ in range(_LOCK_QUANTA):
            if not self.core.locked(chip.index, lock):
                return
            self.core.run(1)
        raise LockedError(f"chip {chip.x},{chip.y}: an application keeps lock {lock.name}")
