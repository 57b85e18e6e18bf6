"""All monitors of a board: SDP messages between hosts, monitors and application cores."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from spinnaker_board import layout, sdp
from spinnaker_board.apps import Applications
from spinnaker_board.chip import ChipState
from spinnaker_board.commands import Commands
from spinnaker_board.layout import TagFlag
from spinnaker_board.machine import LockedError, Machine
from spinnaker_board.mailbox import Mailboxes
from spinnaker_board.scp import ReturnCode, ScpError, ScpRequest, pack_answer, sequence_of
from spinnaker_board.sdp import BadDatagramError, SdpMessage
from spinnaker_board.tags import TAGS, Endpoint, TagTable
from spinnaker_board.translation.translator import Translator

_STRIP = int(TagFlag.STRIP)

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Datagram:
    """A UDP datagram for a host."""

    to: Endpoint
    data: bytes
    from_port: int = 0  # UDP port of the board that sends it; 0: the SCP port


class Monitor:
    """SC&MP on all chips of a board, which works between the quanta of the machine."""

    def __init__(self, machine: Machine, translator: Translator | None = None) -> None:
        self.machine = machine
        self.tags = TagTable()
        self.mailboxes = Mailboxes(machine)
        self.applications = Applications(machine, self.mailboxes, translator)
        self.outgoing: deque[Datagram] = deque()
        self._calling: set[int] = set()  # chips whose cores have something for their monitor
        self._commands = Commands(machine, self.applications, self.tags)

    def receive(self, packet: bytes, sender: Endpoint) -> None:
        """Take a datagram that a host sent to the SCP port. Like SC&MP, drop it if it is not an SDP message."""
        try:
            message = SdpMessage.unpack(packet[sdp.PAD_BYTES :])
        except BadDatagramError as error:
            _log.debug("datagram from %s dropped: %s", sender, error)
            return
        message = replace(message, srce_addr=0, flags=message.flags & ~sdp.CHECKSUM)
        if message.reply_expected:
            if message.tag == sdp.TAG_NONE:
                message = replace(message, tag=self.tags.transient(sender, self.machine.clock_ms))
            elif self.tags.valid(message.tag) is None:
                return
        self._route(message, sender)

    def receive_reverse(self, data: bytes, port: int, sender: Endpoint) -> None:
        """Take a datagram that a host sent to a port with a reverse tag."""
        number = self.tags.reverse_ports.get(port)
        if number is None or len(data) > sdp.DATA_BYTES:
            return
        tag = self.tags.tags[number]
        tag.endpoint = sender
        message = SdpMessage(sdp.PLAIN, number, tag.dest_port, sdp.PORT_ETHERNET, tag.dest_addr, 0, data)
        self._route(message, sender)

    def attend(self) -> None:
        """Collect the messages of applications for their monitors, and deliver those that wait for applications."""
        self._calling.update(self.machine.core.attention())
        for index in tuple(self._calling):
            chip = self.machine.chips[index]
            try:
                for message in self.mailboxes.collect(chip):
                    self._safely(self._route, message, None)
            except LockedError as error:  # tried again until the lock is released or the core stopped
                _log.warning("%s: its messages have to wait", error)
                if self.machine.core.running(index):
                    continue
            self._calling.discard(index)
        for message, code in self.mailboxes.deliver():
            self._safely(self._refuse, message, code)

    @staticmethod
    def _safely(handle: Callable[..., None], *arguments: object) -> None:
        """Handle a message. No message may end the board, so a defect is logged with its trace."""
        try:
            handle(*arguments)
        except Exception:
            _log.exception("a message could not be handled: %s", arguments)

    def _route(self, message: SdpMessage, sender: Endpoint | None) -> None:
        if message.dest_port == sdp.PORT_ETHERNET:
            self._to_host(message)
            return
        chip = self.machine.chip_at(message.dest_addr)
        if chip is None:
            self._refuse(message, ReturnCode.ROUTE)
        elif message.core >= layout.CORES:
            self._refuse(message, ReturnCode.CORE)
        elif message.core != 0:
            self._to_core(chip, message)
        elif message.port != 0:
            self._refuse(message, ReturnCode.PORT)
        else:
            self._obey(chip, message, sender)

    def _to_core(self, chip: ChipState, message: SdpMessage) -> None:
        if not self.applications.running(chip, message.core):
            self._refuse(message, ReturnCode.DEAD)
        elif not self.mailboxes.post(chip, message):
            self._refuse(message, ReturnCode.NO_BUFFER)

    def _obey(self, chip: ChipState, message: SdpMessage, sender: Endpoint | None) -> None:
        sequence = sequence_of(message.data)
        try:
            request = ScpRequest.unpack(message.data)
            data = self._commands.obey(chip, request, sender, message.tag)
            answer = pack_answer(ReturnCode.OK, sequence, data)
        except ScpError as error:
            answer = pack_answer(error.code, sequence, error.data)
        except Exception:  # a defect of the board, which must survive it; the sender gets an error
            _log.exception("a command could not be obeyed: %s", message)
            answer = pack_answer(ReturnCode.ARGUMENT, sequence)
        if message.reply_expected:
            self._route(message.answer(answer), None)

    def _refuse(self, message: SdpMessage, code: ReturnCode) -> None:
        if message.reply_expected:
            self._route(message.answer(pack_answer(code, sequence_of(message.data))), None)

    def _to_host(self, message: SdpMessage) -> None:
        tag = self.tags.valid(message.tag) if message.tag < TAGS else None
        if tag is None:
            return
        data = message.data if tag.flags & _STRIP else bytes(sdp.PAD_BYTES) + message.pack()
        self.outgoing.append(Datagram(tag.endpoint, data, tag.rx_port))
        self.tags.used(message.tag)
