"""Applications: loading an image into cores, starting and stopping, signals.

Source: spinnaker_tools 4.0.0, ``scamp-app.c`` and ``boot_aplx.s`` (the loader, which here works at once).
"""

from __future__ import annotations

import logging
import struct
from collections.abc import Callable, Iterator

from varesearch.board import layout
from varesearch.board.chip import ChipState, idle_core
from varesearch.board.layout import CpuState, Lock, Mailbox, Signal, Vcpu
from varesearch.board.machine import LockedError, Machine
from varesearch.board.mailbox import Mailboxes
from varesearch.board.memory import BadAddressError
from varesearch.board.translation.translator import Translator

_log = logging.getLogger(__name__)

_ROW = struct.Struct("<IIII")
_COPY_ABSOLUTE, _COPY_RELATIVE, _FILL, _EXECUTE = 1, 2, 3, 4
_MAX_ROWS = 256
_CHUNK = 32  # the loader copies and fills so many bytes at a time
_RTE_ABORT = 9  # run-time error code of a core whose image cannot be loaded
_MAILBOX_QUANTA = 100  # 1 ms
_APP_DATA_CORES, _APP_DATA_CLEAN, _APP_DATA_SEMA, _APP_DATA_LEAD, _APP_DATA_MASK = 0, 1, 2, 3, 4


class BadImageError(ValueError):
    """An application image that does not fit a core."""


def load_image(chip: ChipState, itcm: memoryview, dtcm: memoryview, table: int) -> int:
    """Executes the table of an APLX image.

    :param table: address of the table in SDRAM
    :return: address at which the core is to start
    :raises BadImageError: the table is not one, or leads outside the core's memory
    """
    itcm[:] = bytes(len(itcm))
    dtcm[:] = bytes(len(dtcm))
    try:
        for n in range(_MAX_ROWS):
            row = table + _ROW.size * n
            operation, first, second, third = _ROW.unpack(chip.memory.read(row, _ROW.size))
            if operation == _EXECUTE:
                return first
            if operation == _COPY_ABSOLUTE:
                _place(chip, itcm, dtcm, first, lambda size, at=second: chip.memory.read(at, size), third)
            elif operation == _COPY_RELATIVE:
                _place(chip, itcm, dtcm, first, lambda size, at=row + second: chip.memory.read(at, size), third)
            elif operation == _FILL:
                word = struct.pack("<I", third)
                _place(chip, itcm, dtcm, first, lambda size, word=word: word * (size // 4), second)
            else:
                break
    except BadAddressError as error:
        raise BadImageError(str(error)) from error
    raise BadImageError("the image's table has no entry point")


def _place(
    chip: ChipState, itcm: memoryview, dtcm: memoryview, address: int, source: Callable[[int], bytes], length: int
) -> None:
    size = -(-max(length, 1) // _CHUNK) * _CHUNK
    for base, memory in ((0, itcm), (layout.DTCM_BASE, dtcm)):
        offset = address - base
        if 0 <= offset < len(memory):
            if offset + length > len(memory):
                raise BadImageError(f"0x{address:08x} + {length} bytes: outside the core's memory")
            size = min(size, len(memory) - offset & ~3)
            memory[offset : offset + size] = source(size)
            return
    chip.memory.write(address, source(size))


class Applications:
    """What runs on the cores of a machine."""

    def __init__(self, machine: Machine, mailboxes: Mailboxes, translator: Translator | None = None) -> None:
        self._machine = machine
        self._translator = translator
        self._mailboxes = mailboxes
        self._names: dict[tuple[int, int], str] = {}
        self._owner = {(chip.index, core): 0 for chip in machine.chips for core in range(1, layout.CORES)}

    def running(self, chip: ChipState, core: int) -> bool:
        """Whether a core has been given an application."""
        return self._owner.get((chip.index, core), 0) != 0

    def name(self, chip: ChipState, core: int) -> str:
        """Name of the application that runs on a core, or that ran there last; empty when none ever did."""
        if self.running(chip, core):
            text = bytes(chip.memory.view(chip.vcpu(core, Vcpu.APP_NAME), 16)).split(b"\0")[0]
            return text.decode("ascii", "replace")
        return self._names.get((chip.index, core), "")

    def count(self, app_id: int, state: int) -> int:
        """Cores of an application that are in a state, on the whole machine."""
        return sum(
            self._machine.chips[index].memory.u8(self._machine.chips[index].vcpu(core, Vcpu.STATE)) == state
            for (index, core), owner in self._owner.items()
            if owner == app_id
        )

    def touch(self, chip: ChipState, app_id: int) -> None:
        """Notes that an application owns something on a chip, which its stop has to give back."""
        chip.memory.set_u8(chip.app_data + layout.APP_DATA_BYTES * app_id + _APP_DATA_CLEAN, 0)

    def start(self, chip: ChipState, app_id: int, flags: int, mask: int) -> None:
        """Starts the image at ``sv->sdram_sys`` on the cores in the mask (bit 0 is ignored)."""
        mask &= (1 << layout.CORES) - 2
        if mask == 0:
            return
        memory, record = chip.memory, chip.app_data + layout.APP_DATA_BYTES * app_id
        if memory.u8(record + _APP_DATA_CORES) == 0:
            memory.write(record, bytes(layout.APP_DATA_BYTES))
            memory.set_u8(record + _APP_DATA_LEAD, (mask & -mask).bit_length() - 1)
        memory.set_u8(record + _APP_DATA_CLEAN, 0)
        memory.set_u8(record + _APP_DATA_CORES, memory.u8(record + _APP_DATA_CORES) + mask.bit_count() & 0xFF)
        memory.set_u32(record + _APP_DATA_MASK, memory.u32(record + _APP_DATA_MASK) | mask)
        self._machine.core.write(chip.index, layout.SC_FLAGS_SET, mask)
        for core in range(1, layout.CORES):
            if mask >> core & 1:
                self._start_core(chip, core, app_id, flags)

    def _start_core(self, chip: ChipState, core: int, app_id: int, flags: int) -> None:
        machine, memory = self._machine.core, chip.memory
        machine.stop(chip.index, core)
        self._mailboxes.forget(chip, core)
        idle_core(chip, core)
        self._owner[chip.index, core] = app_id
        memory.set_u8(chip.vcpu(core, Vcpu.APP_ID), app_id)
        memory.set_u8(chip.vcpu(core, Vcpu.STATE), CpuState.INIT)
        itcm, dtcm = machine.tcm(chip.index, core)
        try:
            entry = load_image(chip, itcm, dtcm, chip.image)
        except BadImageError as error:
            _log.warning("chip %d,%d core %d: %s", chip.x, chip.y, core, error)
            memory.set_u8(chip.vcpu(core, Vcpu.STATE), CpuState.RUN_TIME_ERROR)
            memory.set_u8(chip.vcpu(core, Vcpu.RT_CODE), _RTE_ABORT)
            return
        if self._translator is not None:
            self._translator.starting(chip.index, core, bytes(itcm))
        machine.start(chip.index, core, flags << 8 | app_id, entry)

    def _cores(self, chip: ChipState, app_id: int, app_mask: int) -> Iterator[int]:
        for core in range(1, layout.CORES):
            if self._owner[chip.index, core] & app_mask == app_id:
                yield core

    def signal(self, number: int, app_id: int, app_mask: int) -> None:
        """Sends a signal to all cores whose application, masked, has this number."""
        try:
            signal = Signal(number)
        except ValueError:
            return  # as SC&MP does with a signal that it does not know
        for chip in self._machine.chips:
            cores = list(self._cores(chip, app_id, app_mask))
            mask = sum(1 << core for core in cores)
            if signal is Signal.STOP:
                self._stop(chip, cores, app_id, app_mask)
            elif signal in (Signal.INIT, Signal.POWER_DOWN):
                self._idle(chip, cores)
            elif mask and signal in (Signal.SYNC0, Signal.SYNC1):
                register = layout.SC_FLAGS_CLEAR if signal is Signal.SYNC0 else layout.SC_FLAGS_SET
                self._machine.core.write(chip.index, register, mask)
                self._machine.core.interrupt(chip.index, mask)
            elif mask:
                self._signal_cores(chip, cores, signal)

    def _signal_cores(self, chip: ChipState, cores: list[int], signal: Signal) -> None:
        memory = chip.memory
        for core in cores:
            for _ in range(_MAILBOX_QUANTA):
                if memory.u8(chip.vcpu(core, Vcpu.MBOX_AP_CMD)) == Mailbox.IDLE:
                    break
                self._machine.core.run(1)
        for core in cores:
            memory.set_u32(chip.vcpu(core, Vcpu.MBOX_AP_MSG), signal)
            memory.set_u8(chip.vcpu(core, Vcpu.MBOX_AP_CMD), Mailbox.SIGNAL)
        self._machine.core.interrupt(chip.index, sum(1 << core for core in cores))

    def _idle(self, chip: ChipState, cores: list[int]) -> None:
        for core in cores:
            self._machine.core.stop(chip.index, core)
            self._mailboxes.forget(chip, core)
            self._names[chip.index, core] = self.name(chip, core)
            self._owner[chip.index, core] = 0
            idle_core(chip, core)

    def _stop(self, chip: ChipState, cores: list[int], app_id: int, app_mask: int) -> None:
        for lock in Lock:
            try:
                self._machine.wait_unlocked(chip, lock)
            except LockedError as error:
                _log.warning("%s; it is taken away", error)
                self._machine.core.write(chip.index, layout.SC_TEST_AND_CLEAR + 4 * lock, 0)
        self._idle(chip, cores)
        for candidate in range(256):
            if candidate & app_mask == app_id:
                self._clean(chip, candidate)

    def _clean(self, chip: ChipState, app_id: int) -> None:
        record = chip.app_data + layout.APP_DATA_BYTES * app_id
        if chip.memory.u8(record + _APP_DATA_CLEAN):
            return
        for heap in (chip.sdram_heap, chip.sysram_heap, chip.system_heap):
            if app_id:  # the monitor's own blocks carry application 0
                heap.free_owner(app_id)
        if app_id:
            chip.routes.free_owner(app_id, clear=True)
        chip.memory.set_u8(record + _APP_DATA_CORES, 0)
        chip.memory.set_u8(record + _APP_DATA_CLEAN, 1)
