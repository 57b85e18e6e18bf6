"""SCP: commands to the monitor, carried by SDP.

Source: SpiNNaker application note 5 (SCP); codes as in ``sark.h`` of spinnaker_tools 4.0.0.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

_REQUEST = struct.Struct("<HHIII")
_ANSWER = struct.Struct("<HH")
MAX_DATA_BYTES = 256
SCP_PORT = 17893  # of UDP
BOOT_PORT = 54321


class Command(IntEnum):
    """The commands that the monitor obeys."""

    VER = 0
    READ = 2
    WRITE = 3
    FILL = 5
    COUNT = 15
    LINK_READ = 17
    LINK_WRITE = 18
    AR = 19
    NNP = 20
    APP_COPY_RUN = 21
    SIG = 22
    LED = 25
    IPTAG = 26
    ALLOC = 28
    RTR = 29
    INFO = 31
    SYNC = 32


class ReturnCode(IntEnum):
    """The result of a command, or of the delivery of a message."""

    OK = 0x80
    LENGTH = 0x81
    CHECKSUM = 0x82
    COMMAND = 0x83
    ARGUMENT = 0x84
    PORT = 0x85
    TIMEOUT = 0x86
    ROUTE = 0x87
    CORE = 0x88
    DEAD = 0x89
    NO_BUFFER = 0x8A


class ScpError(Exception):
    """A command that cannot be obeyed; the answer gives the code and the data."""

    def __init__(self, code: ReturnCode, data: bytes = b"") -> None:
        super().__init__(code.name)
        self.code = code
        self.data = data


@dataclass(frozen=True)
class ScpRequest:
    """A command with its arguments and up to 256 bytes of data."""

    command: int
    sequence: int
    arg1: int
    arg2: int
    arg3: int
    data: bytes

    @classmethod
    def unpack(cls, data: bytes) -> ScpRequest:
        """Unpack a command. Raises ScpError with the code LENGTH if arguments are missing."""
        if len(data) < _REQUEST.size:
            raise ScpError(ReturnCode.LENGTH)
        command, sequence, arg1, arg2, arg3 = _REQUEST.unpack_from(data)
        return cls(command, sequence, arg1, arg2, arg3, data[_REQUEST.size :])


def sequence_of(data: bytes) -> int:
    """The sequence number of a command; 0 if the command is too short to have one."""
    return struct.unpack_from("<H", data, 2)[0] if len(data) >= _ANSWER.size else 0


def pack_answer(code: int, sequence: int, data: bytes = b"") -> bytes:
    """Pack an answer: code, sequence number, data."""
    return _ANSWER.pack(code, sequence) + data


def words(*values: int) -> bytes:
    """Pack 32-bit numbers."""
    return struct.pack(f"<{len(values)}I", *values)
