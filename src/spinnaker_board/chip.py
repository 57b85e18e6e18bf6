"""A chip's memory after SC&MP has booted it: system variables, heaps, tables."""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass
from itertools import pairwise

from spinnaker_board import layout
from spinnaker_board.core_types import CoreMachine
from spinnaker_board.heap import Heap
from spinnaker_board.layout import CpuState
from spinnaker_board.memory import ChipMemory
from spinnaker_board.routes import RouteTable
from spinnaker_board.shape import Shape, p2p_words
from spinnaker_board.structures import APP_DATA, RTR_ENTRY, SDP_MSG, SV, VCPU

_NETINIT_DONE = 0xFF
_BOOT_BYTES = 128  # of the system variables, which a host sends

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
        """The values of a board that is booted when it is switched on."""
        block = SV.defaults()
        SV.pack_into(block, hw_ver=version, root_chip=1)
        return cls(bytes(block[:_BOOT_BYTES]))

    def word(self, offset: int) -> int:
        """The 32-bit value at `offset`."""
        return struct.unpack_from("<I", self.data, offset)[0]

    def plausible(self) -> bool:
        """Whether a chip's memory can be divided as these values say."""
        heap_words, buffer_words, system = (
            self.word(offset) for offset in (SV.sysram_heap, SV.sysbuf_words, SV.sdram_bufs)
        )
        buffers = self.data[SV.num_buf] * SDP_MSG.bytes
        room = VCPU.base - layout.SYSRAM_HEAP_BASE - 4 * heap_words
        return (
            len(self.data) == _BOOT_BYTES
            and self.data[SV.num_buf] > 0
            and room > buffers + 64
            and system % 4 == 0
            and 4 << 20 <= system <= 32 << 20
            and 4 * layout.CORES * buffer_words + 4 * self.word(SV.sdram_heap) <= 64 << 20
        )


@dataclass(frozen=True)
class ChipState:
    """A booted chip, and the addresses of the heaps and tables in its memory."""

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
        """The chip's point-to-point address: x in the high byte, y in the low byte."""
        return self.x << 8 | self.y

    def sv(self, offset: int) -> int:
        """The address of a system variable, for example ``sv(SV.clock_ms)``."""
        return SV.base + offset

    def vcpu(self, core: int, offset: int = 0) -> int:
        """The address of a field in the block of a core, for example ``vcpu(1, VCPU.cpu_state)``."""
        return VCPU.base + VCPU.bytes * core + offset

    def set_sv(self, **values: int | bytes) -> None:
        """Set system variables."""
        SV.pack_into(self.memory.view(SV.base, SV.bytes), **values)

    def set_vcpu(self, core: int, **values: int | bytes) -> None:
        """Set fields in a core's block."""
        VCPU.pack_into(self.memory.view(self.vcpu(core), VCPU.bytes), **values)


def boot_chip(core: CoreMachine, shape: Shape, chip: tuple[int, int], values: BootValues, ip: bytes) -> ChipState:
    """Lay out the memory of one chip as SC&MP does (``scamp-3.c``: ``sv_init``, ``sdram_init``, ``rtr_init``).

    Parameters
    ----------
    ip
        The IP address of the board (4 bytes); only chip (0, 0) has it.
    """
    index = shape.index[chip]
    memory = ChipMemory(core, index)
    memory.fill(layout.SYSRAM_BASE, 0, layout.SYSRAM_BYTES)
    memory.write(SV.base, values.data)
    sysram_heap_base = layout.SYSRAM_HEAP_BASE + 4 * values.word(SV.sysram_heap)
    sdram_base = layout.SDRAM_BASE + 4 * layout.CORES * values.word(SV.sysbuf_words)
    image = layout.SDRAM_BASE + layout.SDRAM_BYTES - values.word(SV.sdram_bufs)
    system_base = image + layout.IMAGE_AREA_BYTES
    sdram_heap_base = sdram_base + 4 * values.word(SV.sdram_heap)

    # The SDRAM of a new machine is zero, so tables that begin empty need not be filled.
    # Blocks are allocated in SC&MP's order, without tags, because the table of tags is one of them.
    system_heap = Heap.create(memory, system_base, layout.SDRAM_BASE + layout.SDRAM_BYTES, 0)
    hop_table = system_heap.allocate(layout.HOP_TABLE_BYTES, 0)
    route_copy = system_heap.allocate((layout.ROUTER_ENTRIES + 1) * RTR_ENTRY.bytes, 0)
    tags = system_heap.allocate(4 * layout.ALLOC_TAG_ENTRIES, 0)
    app_data = system_heap.allocate(256 * APP_DATA.bytes, 0)
    numbers = system_heap.allocate(layout.RANDOM_BYTES, 0)
    system_heap.allocate(layout.P2P_ADDRESS_TABLE_BYTES, 0)
    # On a real board these are what SDRAM contains at power-on. Here each chip has its own, the same at every boot.
    memory.write(numbers, random.Random(index).randbytes(layout.RANDOM_BYTES))

    sysram_heap = Heap.create(memory, sysram_heap_base, VCPU.base, tags)
    count = values.data[SV.num_buf]
    buffers = sysram_heap.allocate(count * SDP_MSG.bytes, 0)
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
        tuple(range(buffers, buffers + count * SDP_MSG.bytes, SDP_MSG.bytes)),
    )
    memory.fill(hop_table, 0x8000FFFF, layout.HOP_TABLE_BYTES)
    _set_router(core, state, shape)
    _set_variables(state, shape, ip, hop_table, route_copy, tags, sdram_base, sysram_heap_base)
    _set_message_buffers(state)
    for number in range(layout.CORES):
        idle_core(state, number)
    state.set_vcpu(0, cpu_state=CpuState.RUN, app_name=b"scamp-3")
    return state


def idle_core(state: ChipState, number: int) -> None:
    """Fill the block of a core that runs no application, as SARK does; the four user words keep their values."""
    memory = state.memory
    memory.fill(state.vcpu(number), 0, VCPU.user0)
    state.set_vcpu(
        number,
        phys_cpu=number,
        cpu_state=CpuState.IDLE,
        time=memory.u32(state.sv(SV.unix_time)),
        sw_ver=layout.SOFTWARE_VERSION,
        app_name=b"sark",
    )


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
    state.set_sv(
        p2p_addr=state.address,
        p2p_dims=shape.width << 8 | shape.height,
        p2p_up=1,
        eth_addr=0,
        eth_up=root,
        netinit_phase=_NETINIT_DONE,
        p2p_root=0,
        root_chip=root,
        link_en=links,
        sysram_heap=sysram_heap,
        sdram_heap=state.sdram_heap.base,
        sdram_bufs=layout.SDRAM_BASE,
        p2v_map=cores,
        v2p_map=cores,
        num_cpus=layout.CORES,
        sdram_base=sdram_base,
        sysram_base=layout.SYSRAM_HEAP_BASE,
        sdram_sys=state.image,
        vcpu_base=VCPU.base,
        sys_heap=state.system_heap.base,
        rtr_copy=route_copy,
        hop_table=hop_table,
        alloc_tag=tags,
        p2p_active=len(shape.chips),
        app_data=state.app_data,
        ip_addr=ip if root else bytes(4),
        sw_ver=layout.SOFTWARE_VERSION,
    )


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
    """Link all message buffers to a list."""
    for buffer, following in pairwise((*buffers, 0)):
        memory.set_u32(buffer, following)


def _set_message_buffers(state: ChipState) -> None:
    link_buffers(state.memory, state.buffers)
    state.set_sv(shm_buf=state.buffers[0], shm_free=state.buffers[0])
