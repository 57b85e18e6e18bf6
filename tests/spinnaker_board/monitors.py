"""A booted machine and its monitors in this process, without a network: what a host or an application would ask."""

from __future__ import annotations

import struct

from hosts import Answer, Host

from spinnaker_board import layout
from spinnaker_board.chip import BootValues, ChipState
from spinnaker_board.layout import Mailbox
from spinnaker_board.machine import Machine, create_core
from spinnaker_board.monitor import Monitor
from spinnaker_board.shape import SHAPES
from spinnaker_board.structures import SV, VCPU

SENDER = ("127.0.0.1", 40000)
IMAGE = 0x67800000
OK, ARGUMENT, TIMEOUT, DEAD, NO_BUFFER = 0x80, 0x84, 0x86, 0x89, 0x8A


def booted(version: int = 3) -> Monitor:
    """A new machine."""
    shape = SHAPES[version]
    return Monitor(Machine(create_core(shape), shape, BootValues.default(version), bytes((127, 0, 0, 2))))


def call(monitor: Monitor, command: int, *arguments: int, data: bytes = b"", chip: int = 0) -> Answer:
    """A command from a host, and its answer."""
    monitor.receive(Host.packet(command, 77, *arguments, data=data, chip=chip), SENDER)
    reply = monitor.outgoing.pop().data
    code, sequence = struct.unpack_from("<HH", reply, 10)
    assert sequence == 77
    return Answer(code, sequence, reply[14:])


def load(monitor: Monitor, image: bytes, cores: int, app_id: int, chip: int = 0) -> None:
    """Starts an image on the cores in the mask."""
    for offset in range(0, len(image), 256):
        part = image[offset : offset + 256]
        assert call(monitor, 3, IMAGE + offset, len(part), 0, data=part, chip=chip).code == OK
    assert call(monitor, 19, app_id << 24 | cores, chip=chip).code == OK


def stop(monitor: Monitor, app_id: int, mask: int = 0xFF) -> None:
    """Stops an application, or with another mask several."""
    assert call(monitor, 22, 2, 2 << 16 | mask << 8 | app_id).code == OK


def free_buffers(chip: ChipState) -> list[int]:
    """Message buffers in the chip's list of free ones, in its order."""
    found = []
    buffer = chip.memory.u32(chip.sv(SV.shm_free))
    while buffer:
        assert buffer not in found
        found.append(buffer)
        buffer = chip.memory.u32(buffer)
    return found


def send_from_core(monitor: Monitor, chip: ChipState, core: int, packet: bytes) -> None:
    """Leaves a message for the monitor as SARK does: a shared buffer, the mailbox, the flag, the interrupt."""
    memory = chip.memory
    buffer = memory.u32(chip.sv(SV.shm_free))
    assert buffer
    memory.set_u32(chip.sv(SV.shm_free), memory.u32(buffer))
    memory.set_u16(chip.sv(SV.shm_count), memory.u16(chip.sv(SV.shm_count)) + 1)
    memory.write(buffer + 4, struct.pack("<HH", len(packet), 0) + packet)
    memory.set_u32(chip.vcpu(core, VCPU.mbox_mp_msg), buffer)
    memory.set_u8(chip.vcpu(core, VCPU.mbox_mp_cmd), Mailbox.MESSAGE)
    memory.set_u32(chip.sv(SV.mbox_flags), memory.u32(chip.sv(SV.mbox_flags)) | 1 << core)
    monitor.machine.core.write(chip.index, layout.SYSTEM_CONTROLLER_BASE + 8, 0x5EC00001)
