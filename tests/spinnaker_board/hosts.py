"""A minimal host for tests: SCP over UDP, written from the protocol and not from the board's code."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass

SCP_PORT = 17893


@dataclass
class Answer:
    """A reply: return code, sequence number, what follows."""

    code: int
    sequence: int
    data: bytes

    def word(self, n: int) -> int:
        """The n-th 32-bit number of the data."""
        return struct.unpack_from("<I", self.data, 4 * n)[0]


class Host:
    """A UDP socket that speaks SCP to a board.

    :param tries: how often a command is sent when no answer comes, as hosts do over UDP
    """

    def __init__(self, address: str, timeout_s: float = 5.0, tries: int = 1) -> None:
        self._tries = tries
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect((address, SCP_PORT))
        self.socket.settimeout(timeout_s)
        self._sequence = 0

    def __enter__(self) -> Host:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    @staticmethod
    def packet(
        command: int, sequence: int, *arguments: int, data: bytes = b"", chip: int = 0, core: int = 0, port: int = 0
    ) -> bytes:
        """A datagram that asks for a reply."""
        header = struct.pack("<2x4B2H", 0x87, 0xFF, port << 5 | core, 0xFF, chip, 0)
        words = (*arguments, 0, 0, 0)[:3]
        return header + struct.pack("<HHIII", command, sequence, *words) + data

    def call(
        self, command: int, *arguments: int, data: bytes = b"", chip: int = 0, core: int = 0, port: int = 0
    ) -> Answer:
        """Sends a command and waits for its reply."""
        self._sequence = self._sequence + 1 & 0xFFFF
        packet = self.packet(command, self._sequence, *arguments, data=data, chip=chip, core=core, port=port)
        for rest in reversed(range(self._tries)):
            self.socket.send(packet)
            try:
                return self._answer()
            except TimeoutError:
                if rest == 0:
                    raise
        raise ValueError("tries must be positive")

    def _answer(self) -> Answer:
        while True:
            reply = self.socket.recv(2048)
            code, sequence = struct.unpack_from("<HH", reply, 10)
            if sequence == self._sequence:
                return Answer(code, sequence, reply[14:])

    def read(self, address: int, length: int, chip: int = 0) -> bytes:
        """Reads up to 256 bytes of a chip's memory."""
        answer = self.call(2, address, length, 0, chip=chip)
        assert answer.code == 0x80
        return answer.data

    def write(self, address: int, data: bytes, chip: int = 0) -> None:
        """Writes up to 256 bytes of a chip's memory."""
        assert self.call(3, address, len(data), 0, data=data, chip=chip).code == 0x80
