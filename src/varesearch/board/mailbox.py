"""SDP between the monitor and the application cores of its chip, through buffers in System RAM.

Source: spinnaker_tools 4.0.0, ``scamp-3.c`` (``shm_send_msg``), ``sark_base.c`` (``sark_msg_send``, ``sark_int``).
"""

from __future__ import annotations

import logging
import math
import struct
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from varesearch.board import layout, sdp
from varesearch.board.chip import ChipState
from varesearch.board.layout import SV, Lock, Mailbox, Vcpu
from varesearch.board.machine import Machine
from varesearch.board.memory import BadAddressError
from varesearch.board.sdp import SdpMessage

_log = logging.getLogger(__name__)

_LENGTH_OFFSET = 4  # u16: bytes behind the checksum field
_MESSAGE_OFFSET = 8
_PATIENCE_MS = 20.0  # virtual; SC&MP waits 1 ms, but holds the host up meanwhile
_MAX_WAITING = 256


@dataclass
class _Queue:
    messages: deque[tuple[float, SdpMessage]] = field(default_factory=deque)


class Mailboxes:
    """Messages on their way to application cores.

    A core takes one message at a time, so that messages wait here until it has taken the one before.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._queues: dict[tuple[int, int], _Queue] = {}

    @property
    def waiting(self) -> int:
        """Messages that have not been put into a mailbox yet."""
        return sum(len(queue.messages) for queue in self._queues.values())

    def post(self, chip: ChipState, message: SdpMessage) -> bool:
        """Takes a message for an application core; False when too many are waiting."""
        if self.waiting >= _MAX_WAITING:
            return False
        queue = self._queues.setdefault((chip.index, message.core), _Queue())
        queue.messages.append((self._machine.clock_ms + _PATIENCE_MS, message))
        return True

    def forget(self, chip: ChipState, core: int) -> None:
        """Drops what waits for a core that was stopped."""
        self._queues.pop((chip.index, core), None)

    def deliver(self) -> list[SdpMessage]:
        """Puts messages into mailboxes that are idle.

        :return: messages for which the core did not become ready in time
        """
        late = []
        for (index, core), queue in list(self._queues.items()):
            chip = self._machine.chips[index]
            deadline, message = queue.messages[0]
            try:
                taken = self._put(chip, core, message)
            except BadAddressError as error:
                # Somebody wrote over the list of buffers in System RAM; the message can never be put there.
                _log.warning("chip %d,%d: a message to core %d is lost: %s", chip.x, chip.y, core, error)
                taken, deadline = False, -math.inf
            if taken:
                queue.messages.popleft()
            elif self._machine.clock_ms > deadline:
                late.append(message)
                queue.messages.popleft()
            if not queue.messages:
                del self._queues[index, core]
        return late

    def _put(self, chip: ChipState, core: int, message: SdpMessage) -> bool:
        memory = chip.memory
        if memory.u8(chip.vcpu(core, Vcpu.MBOX_AP_CMD)) != Mailbox.IDLE:
            return False
        if self._machine.core.locked(chip.index, Lock.MESSAGES):
            return False
        buffer = memory.u32(chip.sv(SV.SHM_FREE))
        if buffer == 0:
            return False
        rest = memory.u32(buffer)
        packed = message.pack()
        memory.write(buffer + _LENGTH_OFFSET, struct.pack("<HH", len(packed), 0) + packed)
        memory.set_u32(chip.sv(SV.SHM_FREE), rest)
        count = memory.u16(chip.sv(SV.SHM_COUNT)) + 1 & 0xFFFF
        memory.set_u16(chip.sv(SV.SHM_COUNT), count)
        memory.set_u16(chip.sv(SV.SHM_MAX), max(count, memory.u16(chip.sv(SV.SHM_MAX))))
        memory.set_u32(chip.vcpu(core, Vcpu.MBOX_AP_MSG), buffer)
        memory.set_u8(chip.vcpu(core, Vcpu.MBOX_AP_CMD), Mailbox.MESSAGE)
        self._machine.core.interrupt(chip.index, 1 << core)
        return True

    def collect(self, chip: ChipState) -> Iterator[SdpMessage]:
        """Takes the messages that cores of a chip have for their monitor.

        :raises BadAddressError: an application has broken its mailbox
        """
        memory = chip.memory
        self._machine.wait_unlocked(chip, Lock.MAILBOX)
        flags = memory.u32(chip.sv(SV.MBOX_FLAGS))
        memory.set_u32(chip.sv(SV.MBOX_FLAGS), 0)
        for core in range(1, min(flags.bit_length(), layout.CORES)):
            if flags >> core & 1 and memory.u8(chip.vcpu(core, Vcpu.MBOX_MP_CMD)) == Mailbox.MESSAGE:
                buffer = memory.u32(chip.vcpu(core, Vcpu.MBOX_MP_MSG))
                length = memory.u16(buffer + _LENGTH_OFFSET)
                packet = memory.read(buffer + _MESSAGE_OFFSET, min(length, sdp.HEADER_BYTES + sdp.DATA_BYTES))
                self._machine.wait_unlocked(chip, Lock.MESSAGES)
                memory.set_u32(buffer, memory.u32(chip.sv(SV.SHM_FREE)))
                memory.set_u32(chip.sv(SV.SHM_FREE), buffer)
                memory.set_u16(chip.sv(SV.SHM_COUNT), memory.u16(chip.sv(SV.SHM_COUNT)) - 1 & 0xFFFF)
                memory.set_u8(chip.vcpu(core, Vcpu.MBOX_MP_CMD), Mailbox.IDLE)
                yield SdpMessage.unpack(packet)
