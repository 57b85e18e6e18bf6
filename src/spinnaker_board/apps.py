"""Applications: loading an image into cores, starting and stopping, signals.

Source: spinnaker_tools 4.0.0, ``scamp-app.c`` and ``boot_aplx.s`` (the loader, which here works at once).
"""

from __future__ import annotations

import logging
import struct
from collections.abc import Callable, Iterator
from functools import partial

from spinnaker_board import layout
from spinnaker_board.chip import ChipState, idle_core
from spinnaker_board.heap import BrokenHeapError
from spinnaker_board.layout import CpuState, Mailbox, Signal
from spinnaker_board.machine import Machine
from spinnaker_board.mailbox import Mailboxes
from spinnaker_board.memory import BadAddressError
from spinnaker_board.structures import APP_DATA, VCPU
from spinnaker_board.translation.translator import Translator

_log = logging.getLogger(__name__)

_ROW = struct.Struct("<IIII")
_COPY_ABSOLUTE, _COPY_RELATIVE, _FILL, _EXECUTE = 1, 2, 3, 4
_MAX_ROWS = 256
_CHUNK = 32  # bytes that the loader copies or fills at a time
_MAX_OUTSIDE_BYTES = 1 << 20  # that all rows of an image may write outside the core's own memories
_RTE_ABORT = 9  # run-time error code of a core whose image cannot be loaded
_MAILBOX_QUANTA = layout.QUANTA_PER_MS


class BadImageError(ValueError):
    """An application image that does not fit a core."""


def load_image(chip: ChipState, itcm: memoryview, dtcm: memoryview, table: int) -> int:
    """Execute the table of an APLX image.

    Parameters
    ----------
    itcm, dtcm
        The core's own memories.
    table
        Address of the table in SDRAM.

    Returns
    -------
    int
        The address of the first instruction.

    Raises
    ------
    BadImageError
        There is no valid table, or it points outside the memory of the core and its chip.
    """
    itcm[:] = bytes(len(itcm))
    dtcm[:] = bytes(len(dtcm))
    room = _MAX_OUTSIDE_BYTES
    try:
        for n in range(_MAX_ROWS):
            row = table + _ROW.size * n
            operation, first, second, third = _ROW.unpack(chip.memory.read(row, _ROW.size))
            if operation == _EXECUTE:
                return first
            if operation == _COPY_ABSOLUTE:
                room -= _place(chip, itcm, dtcm, first, partial(_bytes_at, chip, second), third, room)
            elif operation == _COPY_RELATIVE:
                room -= _place(chip, itcm, dtcm, first, partial(_bytes_at, chip, row + second), third, room)
            elif operation == _FILL:
                word = struct.pack("<I", third)
                room -= _place(chip, itcm, dtcm, first, partial(_repeated, word), second, room)
            else:
                break
    except BadAddressError as error:
        raise BadImageError(str(error)) from error
    raise BadImageError("the image's table has no entry point")


def _bytes_at(chip: ChipState, address: int, size: int) -> bytes:
    return bytes(chip.memory.view(address, size))


def _repeated(word: bytes, size: int) -> bytes:
    return word * (size // len(word))


def _place(
    chip: ChipState,
    itcm: memoryview,
    dtcm: memoryview,
    address: int,
    source: Callable[[int], bytes],
    length: int,
    room: int,
) -> int:
    """Copy what one row of the table asks for; return how many bytes that wrote outside the core's own memories.

    These may be ``room`` at most. A row comes from a host, so its length is checked before memory is taken for it.
    """
    size = -(-max(length, 1) // _CHUNK) * _CHUNK
    for base, memory in ((0, itcm), (layout.DTCM_BASE, dtcm)):
        offset = address - base
        if 0 <= offset < len(memory):
            if offset + length > len(memory):
                raise BadImageError(f"0x{address:08x} + {length} bytes: outside the core's memory")
            size = min(size, len(memory) - offset & ~3)
            memory[offset : offset + size] = source(size)
            return 0
    if size > room:
        raise BadImageError(
            f"0x{address:08x} + {length} bytes: more than {_MAX_OUTSIDE_BYTES} bytes outside the core's memory"
        )
    chip.memory.view(address, size)[:] = source(size)
    return size


class Applications:
    """The applications on the cores of a machine."""

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
        """The name of the application that runs on a core, or ran there last; "" if there was none."""
        if self.running(chip, core):
            text = bytes(chip.memory.view(chip.vcpu(core, VCPU.app_name), 16)).split(b"\0")[0]
            return text.decode("ascii", "replace")
        return self._names.get((chip.index, core), "")

    def count(self, app_id: int, state: int) -> int:
        """The number of cores of an application that are in a state, on the whole machine."""
        return sum(
            self._machine.chips[index].memory.u8(self._machine.chips[index].vcpu(core, VCPU.cpu_state)) == state
            for (index, core), owner in self._owner.items()
            if owner == app_id
        )

    def touch(self, chip: ChipState, app_id: int) -> None:
        """Note that an application owns something on a chip, to be freed when it is stopped."""
        chip.memory.set_u8(chip.app_data + APP_DATA.bytes * app_id + APP_DATA.clean, 0)

    def start(self, chip: ChipState, app_id: int, flags: int, mask: int) -> None:
        """Start the image at ``sv->sdram_sys`` on the cores in the mask (bit 0 is ignored)."""
        mask &= (1 << layout.CORES) - 2
        if mask == 0:
            return
        memory, record = chip.memory, chip.app_data + APP_DATA.bytes * app_id
        if memory.u8(record + APP_DATA.cores) == 0:
            memory.write(record, bytes(APP_DATA.bytes))
            memory.set_u8(record + APP_DATA.lead, (mask & -mask).bit_length() - 1)
        memory.set_u8(record + APP_DATA.clean, 0)
        memory.set_u8(record + APP_DATA.cores, memory.u8(record + APP_DATA.cores) + mask.bit_count() & 0xFF)
        memory.set_u32(record + APP_DATA.mask, memory.u32(record + APP_DATA.mask) | mask)
        self._machine.core.write(chip.index, layout.SC_FLAGS_SET, mask)
        cores = [core for core in range(1, layout.CORES) if mask >> core & 1]
        self._idle(chip, cores)
        for core in cores:
            self._start_core(chip, core, app_id, flags)

    def _start_core(self, chip: ChipState, core: int, app_id: int, flags: int) -> None:
        machine, memory = self._machine.core, chip.memory
        self._owner[chip.index, core] = app_id
        memory.set_u8(chip.vcpu(core, VCPU.app_id), app_id)
        memory.set_u8(chip.vcpu(core, VCPU.cpu_state), CpuState.INIT)
        itcm, dtcm = machine.tcm(chip.index, core)
        try:
            entry = load_image(chip, itcm, dtcm, chip.image)
        except BadImageError as error:
            _log.warning("chip %d,%d core %d: %s", chip.x, chip.y, core, error)
            memory.set_u8(chip.vcpu(core, VCPU.cpu_state), CpuState.RUN_TIME_ERROR)
            memory.set_u8(chip.vcpu(core, VCPU.rt_code), _RTE_ABORT)
            return
        if self._translator is not None:
            try:
                self._translator.starting(chip.index, core, bytes(itcm))
            except OSError as error:
                _log.warning("the cache of translated code cannot be used: %s", error)
        machine.start(chip.index, core, flags << 8 | app_id, entry)

    def _cores(self, chip: ChipState, app_id: int, app_mask: int) -> Iterator[int]:
        for core in range(1, layout.CORES):
            if self._owner[chip.index, core] & app_mask == app_id:
                yield core

    def signal(self, number: int, app_id: int, app_mask: int) -> None:
        """Send a signal to the cores of all applications whose number, masked with ``app_mask``, is ``app_id``."""
        try:
            signal = Signal(number)
        except ValueError:
            return  # SC&MP ignores a signal that it does not know
        targets = [(chip, list(self._cores(chip, app_id, app_mask))) for chip in self._machine.chips]
        if signal is Signal.STOP:
            self._stop(targets, app_id, app_mask)
        elif signal in (Signal.INIT, Signal.POWER_DOWN):
            for chip, cores in targets:
                self._idle(chip, cores)
        elif signal in (Signal.SYNC0, Signal.SYNC1):
            register = layout.SC_FLAGS_CLEAR if signal is Signal.SYNC0 else layout.SC_FLAGS_SET
            for chip, cores in targets:
                mask = sum(1 << core for core in cores)
                if mask:
                    self._machine.core.write(chip.index, register, mask)
                    self._machine.core.interrupt(chip.index, mask)
        else:
            self._signal_cores([(chip, cores) for chip, cores in targets if cores], signal)

    def _signal_cores(self, targets: list[tuple[ChipState, list[int]]], signal: Signal) -> None:
        """Put a signal into mailboxes, after waiting for all of them together.

        Like SC&MP, it overwrites a mailbox that is still in use after the wait.
        """
        busy = [(chip, core) for chip, cores in targets for core in cores]

        def idle() -> bool:
            busy[:] = [
                (chip, core) for chip, core in busy if chip.memory.u8(chip.vcpu(core, VCPU.mbox_ap_cmd)) != Mailbox.IDLE
            ]
            return not busy

        if not self._machine.wait(idle, _MAILBOX_QUANTA):
            _log.warning("signal %s: the mailboxes of %d cores did not become idle", signal.name, len(busy))
        for chip, cores in targets:
            for core in cores:
                self._mailboxes.reclaim(chip, core, VCPU.mbox_ap_cmd, VCPU.mbox_ap_msg)
                chip.memory.set_u32(chip.vcpu(core, VCPU.mbox_ap_msg), signal)
                chip.memory.set_u8(chip.vcpu(core, VCPU.mbox_ap_cmd), Mailbox.SIGNAL)
            self._machine.core.interrupt(chip.index, sum(1 << core for core in cores))

    def _idle(self, chip: ChipState, cores: list[int]) -> None:
        """Stop cores and free their message buffers."""
        if not cores:
            return
        for core in cores:
            self._names[chip.index, core] = self.name(chip, core)
            self._machine.core.stop(chip.index, core)
        for core in cores:
            self._mailboxes.forget(chip, core)
            self._owner[chip.index, core] = 0
            idle_core(chip, core)
        if not self._machine.core.running(chip.index):
            self._mailboxes.reset(chip)

    def _stop(self, targets: list[tuple[ChipState, list[int]]], app_id: int, app_mask: int) -> None:
        self._machine.take_locks([chip for chip, _ in targets])
        candidates = [candidate for candidate in range(256) if candidate & app_mask == app_id]
        for chip, cores in targets:
            self._idle(chip, cores)
            self._clean(chip, candidates)

    def _clean(self, chip: ChipState, candidates: list[int]) -> None:
        """Free the memory and routes of stopped applications, except those of the monitor (application 0)."""
        record = chip.memory.view(chip.app_data, 256 * APP_DATA.bytes)
        dirty = [n for n in candidates if not record[APP_DATA.bytes * n + APP_DATA.clean]]
        owners = frozenset(dirty) - {0}
        for heap in (chip.sdram_heap, chip.sysram_heap, chip.system_heap) if owners else ():
            try:
                heap.free_owners(owners)
            except (BadAddressError, BrokenHeapError) as error:
                _log.warning("chip %d,%d: memory of stopped applications is lost: %s", chip.x, chip.y, error)
        if owners:
            chip.routes.free_owners(owners, clear=True)
        for n in dirty:
            record[APP_DATA.bytes * n + APP_DATA.cores] = 0
            record[APP_DATA.bytes * n + APP_DATA.clean] = 1
