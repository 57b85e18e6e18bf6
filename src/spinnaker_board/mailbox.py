"""SDP between the monitor and the application cores of its chip, through buffers in System RAM.

Source: spinnaker_tools 4.0.0, ``scamp-3.c`` (``shm_send_msg``), ``sark_base.c`` (``sark_msg_send``, ``sark_int``).
"""

from __future__ import annotations

import logging
import math
import struct
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from spinnaker_board import layout, sdp
from spinnaker_board.chip import ChipState, link_buffers
from spinnaker_board.layout import Lock, Mailbox
from spinnaker_board.machine import Machine
from spinnaker_board.memory import BadAddressError
from spinnaker_board.scp import ReturnCode
from spinnaker_board.sdp import BadDatagramError, SdpMessage
from spinnaker_board.structures import SDP_MSG, SV, VCPU

_log = logging.getLogger(__name__)

_TIMEOUT_MS = 20.0  # of virtual time; SC&MP waits 1 ms, during which the host has to wait, too
_TIMEOUT_S = 0.5  # of wall time, after which a slow machine has to reach only ...
_MIN_TIMEOUT_MS = 1.0  # ... this much virtual time
_MAX_WAITING = 256


@dataclass(frozen=True)
class _Waiting:
    """A message, and when it arrived in virtual and in wall time."""

    message: SdpMessage
    since_ms: float
    since_s: float


@dataclass
class _Queue:
    """Messages for a core, and when it last took one: as long as it takes messages, none is late."""

    messages: deque[_Waiting] = field(default_factory=deque)
    taken_ms: float = -math.inf
    taken_s: float = -math.inf

    def late(self, now_ms: float, now_s: float) -> bool:
        """Whether neither the first message has arrived nor the core has taken one for longer than the timeout."""
        passed_ms = now_ms - max(self.messages[0].since_ms, self.taken_ms)
        passed_s = now_s - max(self.messages[0].since_s, self.taken_s)
        return passed_ms > _TIMEOUT_MS or (passed_ms > _MIN_TIMEOUT_MS and passed_s > _TIMEOUT_S)


class Mailboxes:
    """The mailboxes of all application cores, and the messages that wait for them.

    A mailbox holds one message, so messages wait here until the core has taken the one before.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._queues: dict[tuple[int, int], _Queue] = {}
        self._undeliverable: list[SdpMessage] = []
        self._waiting = 0

    @property
    def waiting(self) -> int:
        """The number of messages that are not in a mailbox yet."""
        return self._waiting

    def post(self, chip: ChipState, message: SdpMessage) -> bool:
        """Accept a message for an application core; return False if too many are waiting."""
        if self._waiting >= _MAX_WAITING:
            return False
        queue = self._queues.setdefault((chip.index, message.core), _Queue())
        queue.messages.append(_Waiting(message, self._machine.clock_ms, time.monotonic()))
        self._waiting += 1
        return True

    def forget(self, chip: ChipState, core: int) -> None:
        """Free the buffers in the mailboxes of a core that was stopped, and give up the messages that wait for it."""
        queue = self._queues.pop((chip.index, core), _Queue())
        self._waiting -= len(queue.messages)
        self._undeliverable += [waiting.message for waiting in queue.messages]
        self.reclaim(chip, core, VCPU.mbox_ap_cmd, VCPU.mbox_ap_msg)
        self.reclaim(chip, core, VCPU.mbox_mp_cmd, VCPU.mbox_mp_msg)

    def reclaim(self, chip: ChipState, core: int, command: int, message: int) -> None:
        """Free the buffer in a mailbox of a core, if there is one."""
        memory = chip.memory
        if memory.u8(chip.vcpu(core, command)) == Mailbox.MESSAGE:
            memory.set_u8(chip.vcpu(core, command), Mailbox.IDLE)
            buffer = memory.u32(chip.vcpu(core, message))
            if buffer in chip.buffers and buffer not in self._free_buffers(chip):
                self._release(chip, buffer)

    def reset(self, chip: ChipState) -> None:
        """Free all buffers of a chip on which no core runs, and forget the calls for its monitor."""
        memory = chip.memory
        link_buffers(memory, chip.buffers)
        memory.set_u32(chip.sv(SV.shm_free), chip.buffers[0])
        memory.set_u16(chip.sv(SV.shm_count), 0)
        memory.set_u32(chip.sv(SV.mbox_flags), 0)

    @staticmethod
    def _free_buffers(chip: ChipState) -> set[int]:
        """The buffers in the list of free ones, up to where an application has overwritten it."""
        free: set[int] = set()
        buffer = chip.memory.u32(chip.sv(SV.shm_free))
        while buffer in chip.buffers and buffer not in free:
            free.add(buffer)
            buffer = chip.memory.u32(buffer)
        return free

    @staticmethod
    def _release(chip: ChipState, buffer: int) -> None:
        memory = chip.memory
        memory.set_u32(buffer, memory.u32(chip.sv(SV.shm_free)))
        memory.set_u32(chip.sv(SV.shm_free), buffer)
        memory.set_u16(chip.sv(SV.shm_count), memory.u16(chip.sv(SV.shm_count)) - 1 & 0xFFFF)

    def deliver(self) -> list[tuple[SdpMessage, ReturnCode]]:
        """Put messages into mailboxes that are empty; return the messages that cannot be delivered, and why."""
        refused = [(message, ReturnCode.DEAD) for message in self._undeliverable]
        self._undeliverable.clear()
        now_ms, now_s = self._machine.clock_ms, time.monotonic()
        for (index, core), queue in list(self._queues.items()):
            chip = self._machine.chips[index]
            first = queue.messages[0].message
            try:
                taken = self._put(chip, core, first)
            except BadAddressError as error:
                # The list of buffers in System RAM was overwritten, so the message can never be delivered.
                _log.warning("chip %d,%d: a message to core %d is lost: %s", chip.x, chip.y, core, error)
                refused.append((first, ReturnCode.TIMEOUT))
                taken = True
            if taken:
                queue.messages.popleft()
                self._waiting -= 1
                queue.taken_ms, queue.taken_s = now_ms, now_s
            while queue.messages and queue.late(now_ms, now_s):
                refused.append((queue.messages.popleft().message, ReturnCode.TIMEOUT))
                self._waiting -= 1
            if not queue.messages:
                del self._queues[index, core]
        return refused

    def _put(self, chip: ChipState, core: int, message: SdpMessage) -> bool:
        memory = chip.memory
        if memory.u8(chip.vcpu(core, VCPU.mbox_ap_cmd)) != Mailbox.IDLE:
            return False
        if self._machine.core.locked(chip.index, Lock.MESSAGES):
            return False
        buffer = memory.u32(chip.sv(SV.shm_free))
        if buffer == 0:
            return False
        rest = memory.u32(buffer)
        packed = message.pack()
        memory.write(buffer + SDP_MSG.length, struct.pack("<HH", len(packed), 0) + packed)
        memory.set_u32(chip.sv(SV.shm_free), rest)
        count = memory.u16(chip.sv(SV.shm_count)) + 1 & 0xFFFF
        memory.set_u16(chip.sv(SV.shm_count), count)
        memory.set_u16(chip.sv(SV.shm_max), max(count, memory.u16(chip.sv(SV.shm_max))))
        memory.set_u32(chip.vcpu(core, VCPU.mbox_ap_msg), buffer)
        memory.set_u8(chip.vcpu(core, VCPU.mbox_ap_cmd), Mailbox.MESSAGE)
        self._machine.core.interrupt(chip.index, 1 << core)
        return True

    def collect(self, chip: ChipState) -> Iterator[SdpMessage]:
        """Take the messages that the cores of a chip have for their monitor; one that cannot be read is lost.

        Raises LockedError if an application keeps a lock; the remaining messages can be collected later.
        """
        memory = chip.memory
        core = 0
        while True:
            others = memory.u32(chip.sv(SV.mbox_flags)) >> core + 1
            core += (others & -others).bit_length()
            if not others or core >= layout.CORES:
                return
            self._machine.wait_unlocked(chip, Lock.MAILBOX)
            self._machine.wait_unlocked(chip, Lock.MESSAGES)
            memory.set_u32(chip.sv(SV.mbox_flags), memory.u32(chip.sv(SV.mbox_flags)) & ~(1 << core))
            if memory.u8(chip.vcpu(core, VCPU.mbox_mp_cmd)) != Mailbox.MESSAGE:
                continue
            memory.set_u8(chip.vcpu(core, VCPU.mbox_mp_cmd), Mailbox.IDLE)
            try:
                message = self._take(chip, memory.u32(chip.vcpu(core, VCPU.mbox_mp_msg)))
            except (BadAddressError, BadDatagramError) as error:
                _log.warning("chip %d,%d: a message of core %d is lost: %s", chip.x, chip.y, core, error)
                continue
            yield message

    def _take(self, chip: ChipState, buffer: int) -> SdpMessage:
        memory = chip.memory
        length = memory.u16(buffer + SDP_MSG.length)
        packet = bytes(memory.view(buffer + SDP_MSG.flags, min(length, sdp.HEADER_BYTES + sdp.DATA_BYTES)))
        self._release(chip, buffer)
        return SdpMessage.unpack(packet)
