"""What the monitor program leaves in a chip's memory after booting: system variables, heaps, tables."""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass
from itertools import pairwise

from spinnaker_board import layout
from spinnaker_board.core_types import CoreMachine
from spinnaker_board.heap import Heap
from spinnaker_board.layout import SV, CpuState, Vcpu
from spinnaker_board.memory import ChipMemory
from spinnaker_board.routes import RouteTable
from spinnaker_board.shape import Shape, p2p_words

_SV = layout.SYSRAM_BASE + layout.SV_OFFSET
_NETINIT_DONE = 0xFF

#: Filters of the router's diagnostic counters after a boot: packets routed and dumped, by type and source
#: (spinnaker_tools 4.0.0, ``sark_hw.c``).
_DIAGNOSTIC_FILTERS = (
    *(0x01FE7CF1, 0x01FEBCF1, 0x01FE7CF2, 0x01FEBCF2, 0x01FE7CF4, 0x01FEBCF4, 0x01FE7CF8, 0x01FEBCF8),
    *(0x0001FCF1, 0x0001FCF2, 0x0001FCF4, 0x0001FCF8, 0, 0, 0, 0),
)


@dataclass(frozen=True)
class BootValues:
    """The first 128 bytes of the system variables as a host sends them in the boot image.

    The defaults are those of spinnaker_tools 4.0.0 for a board clocked at 200 MHz.
    """

    data: bytes

    @classmethod
    def default(cls, version: int) -> BootValues:
        """Values for a board that is switched on booted."""
        block = bytearray(128)
        for offset, code, value in (
            (SV.HW_VER, "B", version),
            (SV.P2PB_REPEATS, "B", 4),
            (SV.P2P_SQL, "B", 4),
            (SV.CLK_DIV, "B", 0x33),
            (SV.CPU_CLK, "H", layout.CLOCK_MHZ),
            (SV.MEM_CLK, "H", 130),
            (SV.FORWARD, "B", 0x3F),
            (SV.PEEK_TIME, "B", 200),
            (SV.LED_PERIOD, "B", 1),
            (SV.NETINIT_BC_WAIT, "B", 50),
            (SV.ROOT_CHIP, "B", 1),
            (SV.NUM_BUF, "B", 7),
            (SV.BOOT_DELAY, "B", 20),
            (SV.SYSRAM_HEAP, "I", 1024),
            (SV.IOBUF_SIZE, "I", 16384),
            (SV.SDRAM_BUFS, "I", layout.SYSTEM_BYTES),
            (SV.SYSBUF_WORDS, "I", layout.SYSTEM_BUFFER_WORDS),
            (SV.LINK_EN, "B", 0x3F),
        ):
            struct.pack_into(f"<{code}", block, offset, value)
        return cls(bytes(block))

    def word(self, offset: int) -> int:
        """The 32-bit value at `offset`."""
        return struct.unpack_from("<I", self.data, offset)[0]

    def plausible(self) -> bool:
        """Whether a chip can be laid out from these values."""
        heap_words, buffer_words, system = (
            self.word(offset) for offset in (SV.SYSRAM_HEAP, SV.SYSBUF_WORDS, SV.SDRAM_BUFS)
        )
        buffers = self.data[SV.NUM_BUF] * layout.SHARED_MESSAGE_BYTES
        room = layout.VCPU_OFFSET - layout.SYSRAM_HEAP_OFFSET - 4 * heap_words
        return (
            len(self.data) == 128
            and self.data[SV.NUM_BUF] > 0
            and room > buffers + 64
            and system % 4 == 0
            and 4 << 20 <= system <= 32 << 20
            and 4 * layout.CORES * buffer_words + 4 * self.word(SV.SDRAM_HEAP) <= 64 << 20
        )


@dataclass(frozen=True)
class ChipState:
    """Where things lie in a booted chip."""

    x: int
    y: int
    index: int
    memory: ChipMemory
    sysram_heap: Heap
    sdram_heap: Heap
    system_heap: Heap
    routes: RouteTable
    image: int  # address at which applications are loaded (``sv->sdram_sys``)
    app_data: int
    buffers: tuple[int, ...]  # addresses of the message buffers

    @property
    def address(self) -> int:
        """x in the high byte, y in the low one."""
        return self.x << 8 | self.y

    def sv(self, offset: int) -> int:
        """Address of a system variable."""
        return _SV + offset

    def vcpu(self, core: int, offset: int = 0) -> int:
        """Address of a field in a core's block."""
        return layout.SYSRAM_BASE + layout.VCPU_OFFSET + layout.VCPU_BYTES * core + offset


def boot_chip(core: CoreMachine, shape: Shape, chip: tuple[int, int], values: BootValues, ip: bytes) -> ChipState:
    """Lays out the memory of one chip as SC&MP does (``scamp-3.c``: ``sv_init``, ``sdram_init``, ``rtr_init``).

    :param ip: the board's address, four bytes, which chip (0, 0) alone has
    """
    index = shape.index[chip]
    memory = ChipMemory(core, index)
    memory.fill(layout.SYSRAM_BASE, 0, layout.SYSRAM_BYTES)
    memory.write(_SV, values.data)
    sysram_heap_base = layout.SYSRAM_BASE + layout.SYSRAM_HEAP_OFFSET + 4 * values.word(SV.SYSRAM_HEAP)
    sdram_base = layout.SDRAM_BASE + 4 * layout.CORES * values.word(SV.SYSBUF_WORDS)
    image = layout.SDRAM_BASE + layout.SDRAM_BYTES - values.word(SV.SDRAM_BUFS)
    system_base = image + layout.IMAGE_AREA_BYTES
    sdram_heap_base = sdram_base + 4 * values.word(SV.SDRAM_HEAP)

    # SDRAM of a new machine is zero, so that tables which begin empty need no filling.
    # The system heap is allocated from in SC&MP's order; the table of tags is not used while it is filled.
    system_heap = Heap.create(memory, system_base, layout.SDRAM_BASE + layout.SDRAM_BYTES, 0)
    hop_table = system_heap.allocate(layout.HOP_TABLE_BYTES, 0)
    route_copy = system_heap.allocate((layout.ROUTER_ENTRIES + 1) * layout.ROUTER_ENTRY_BYTES, 0)
    tags = system_heap.allocate(4 * layout.ALLOC_TAG_ENTRIES, 0)
    app_data = system_heap.allocate(256 * layout.APP_DATA_BYTES, 0)
    numbers = system_heap.allocate(layout.RANDOM_BYTES, 0)
    system_heap.allocate(layout.P2P_ADDRESS_TABLE_BYTES, 0)
    # On the board this is what SDRAM holds at power-on; here the same bytes at every boot, other ones on each chip.
    memory.write(numbers, random.Random(index).randbytes(layout.RANDOM_BYTES))

    sysram_heap = Heap.create(memory, sysram_heap_base, layout.SYSRAM_BASE + layout.VCPU_OFFSET, tags)
    count = values.data[SV.NUM_BUF]
    buffers = sysram_heap.allocate(count * layout.SHARED_MESSAGE_BYTES, 0)
    state = ChipState(
        *chip,
        index,
        memory,
        sysram_heap,
        Heap.create(memory, sdram_heap_base, image, tags),
        Heap(memory, system_base, tags),
        RouteTable(memory, route_copy),
        image,
        app_data,
        tuple(range(buffers, buffers + count * layout.SHARED_MESSAGE_BYTES, layout.SHARED_MESSAGE_BYTES)),
    )
    memory.fill(hop_table, 0x8000FFFF, layout.HOP_TABLE_BYTES)
    _set_router(core, state, shape)
    _set_variables(state, shape, ip, hop_table, route_copy, tags, sdram_base, sysram_heap_base)
    _set_message_buffers(state)
    for number in range(layout.CORES):
        idle_core(state, number)
    memory.set_u8(state.vcpu(0, Vcpu.STATE), CpuState.RUN)
    memory.write(state.vcpu(0, Vcpu.APP_NAME), b"scamp-3".ljust(16, b"\0"))
    return state


def idle_core(state: ChipState, number: int) -> None:
    """Sets a core's block as SARK's stub does when no application runs; the user words keep their values."""
    memory = state.memory
    memory.fill(state.vcpu(number), 0, Vcpu.USER0)
    memory.set_u8(state.vcpu(number, Vcpu.PHYS_CPU), number)
    memory.set_u8(state.vcpu(number, Vcpu.STATE), CpuState.IDLE)
    memory.set_u32(state.vcpu(number, Vcpu.TIME), memory.u32(state.sv(SV.UNIX_TIME)))
    memory.set_u32(state.vcpu(number, Vcpu.SW_VER), layout.SOFTWARE_VERSION)
    memory.write(state.vcpu(number, Vcpu.APP_NAME), b"sark".ljust(16, b"\0"))


def _set_variables(
    state: ChipState,
    shape: Shape,
    ip: bytes,
    hop_table: int,
    route_copy: int,
    tags: int,
    sdram_base: int,
    sysram_heap: int,
) -> None:
    root = (state.x, state.y) == (0, 0)
    links = sum(1 << link for link in range(layout.LINKS) if shape.neighbour((state.x, state.y), link) is not None)
    cores = bytes(range(layout.CORES)).ljust(20, b"\xff")
    for offset, code, value in (
        (SV.P2P_ADDR, "H", state.address),
        (SV.P2P_DIMS, "H", shape.width << 8 | shape.height),
        (SV.P2P_UP, "B", 1),
        (SV.ETH_ADDR, "H", 0),
        (SV.ETH_UP, "B", root),
        (SV.NETINIT_PHASE, "B", _NETINIT_DONE),
        (SV.P2P_ROOT, "H", 0),
        (SV.ROOT_CHIP, "B", root),
        (SV.LINK_EN, "B", links),
        (SV.SYSRAM_HEAP, "I", sysram_heap),
        (SV.SDRAM_HEAP, "I", state.sdram_heap.base),
        (SV.SDRAM_BUFS, "I", layout.SDRAM_BASE),
        (SV.P2V_MAP, "20s", cores),
        (SV.V2P_MAP, "20s", cores),
        (SV.NUM_CPUS, "B", layout.CORES),
        (SV.SDRAM_BASE, "I", sdram_base),
        (SV.SYSRAM_BASE, "I", layout.SYSRAM_BASE + layout.SYSRAM_HEAP_OFFSET),
        (SV.SDRAM_SYS, "I", state.image),
        (SV.VCPU_BASE, "I", layout.SYSRAM_BASE + layout.VCPU_OFFSET),
        (SV.SYS_HEAP, "I", state.system_heap.base),
        (SV.RTR_COPY, "I", route_copy),
        (SV.HOP_TABLE, "I", hop_table),
        (SV.ALLOC_TAG, "I", tags),
        (SV.P2P_ACTIVE, "H", len(shape.chips)),
        (SV.APP_DATA, "I", state.app_data),
        (SV.IP_ADDR, "4s", ip if root else bytes(4)),
        (SV.SW_VER, "I", layout.SOFTWARE_VERSION),
    ):
        state.memory.write(state.sv(offset), struct.pack(f"<{code}", value))


def _set_router(core: CoreMachine, state: ChipState, shape: Shape) -> None:
    state.routes.initialise(0)
    core.write(state.index, layout.ROUTER_CONTROL, 0x00400001)  # enabled, monitor 0, wait1 = 256 cycles
    core.write(state.index, layout.ROUTER_DIAGNOSTIC_ENABLE, 0xFFFF0000)
    for n, word in enumerate(_DIAGNOSTIC_FILTERS):
        core.write(state.index, layout.ROUTER_FILTERS + 4 * n, word)
    core.write(state.index, layout.ROUTER_DIAGNOSTIC_ENABLE, 0x0000FFFF)
    for n, word in enumerate(p2p_words(shape.routes_from((state.x, state.y)), layout.P2P_WORDS)):
        core.write(state.index, layout.ROUTER_P2P + 4 * n, word)


def link_buffers(memory: ChipMemory, buffers: tuple[int, ...]) -> None:
    """Makes a list of all message buffers, in their order."""
    for buffer, following in pairwise((*buffers, 0)):
        memory.set_u32(buffer, following)


def _set_message_buffers(state: ChipState) -> None:
    link_buffers(state.memory, state.buffers)
    state.memory.set_u32(state.sv(SV.SHM_BUF), state.buffers[0])
    state.memory.set_u32(state.sv(SV.SHM_FREE), state.buffers[0])
