"""SDP messages, which travel on the board and between the board and hosts.

Source: SpiNNaker application note 4 (SDP); memory layout as in ``sark.h`` (``sdp_msg_t``) of spinnaker_tools 4.0.0.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace

_HEADER = struct.Struct("<BBBBHH")
HEADER_BYTES = _HEADER.size
PAD_BYTES = 2  # before the header in a UDP datagram
DATA_BYTES = 16 + 256  # at most: command header and data
REPLY_EXPECTED = 0x80
PLAIN = 0x07
CHECKSUM = 0x40
TAG_NONE = 255
PORT_ETHERNET = 255  # as destination port and core: to a host, through an IP tag
ROOT = 0xFFFF  # as an address: the chip with the Ethernet


class BadDatagramError(ValueError):
    """A datagram that is not an SDP message."""


@dataclass(frozen=True)
class SdpMessage:
    """An SDP message.

    Attributes
    ----------
    flags
        Bit 7 means that a reply is expected.
    tag
        IP tag for messages to the host, 255 for none.
    dest_port
        Port (three bits) and core (five bits) of the receiver.
    srce_port
        Port and core of the sender.
    dest_addr
        Chip of the receiver, x in the high byte.
    srce_addr
        Chip of the sender.
    data
        What follows the header, at most 272 bytes.
    """

    flags: int
    tag: int
    dest_port: int
    srce_port: int
    dest_addr: int
    srce_addr: int
    data: bytes

    @classmethod
    def unpack(cls, packet: bytes) -> SdpMessage:
        """Unpack header and data. Raises BadDatagramError if the packet is too short or too long."""
        if not HEADER_BYTES <= len(packet) <= HEADER_BYTES + DATA_BYTES:
            raise BadDatagramError(
                f"{len(packet)} bytes: an SDP message has {HEADER_BYTES} to {HEADER_BYTES + DATA_BYTES}"
            )
        flags, tag, dest_port, srce_port, dest_addr, srce_addr = _HEADER.unpack_from(packet)
        return cls(flags, tag, dest_port, srce_port, dest_addr, srce_addr, packet[HEADER_BYTES:])

    def pack(self) -> bytes:
        """Pack header and data."""
        header = (self.flags, self.tag, self.dest_port, self.srce_port, self.dest_addr, self.srce_addr)
        return _HEADER.pack(*header) + self.data

    @property
    def reply_expected(self) -> bool:
        """Whether the sender expects a reply."""
        return bool(self.flags & REPLY_EXPECTED)

    @property
    def core(self) -> int:
        """The number of the receiving core."""
        return self.dest_port & 0x1F

    @property
    def port(self) -> int:
        """The port on the receiving core."""
        return self.dest_port >> 5

    def answer(self, data: bytes) -> SdpMessage:
        """The reply to the sender."""
        return replace(
            self,
            flags=self.flags & ~REPLY_EXPECTED,
            dest_port=self.srce_port,
            srce_port=self.dest_port,
            dest_addr=self.srce_addr,
            srce_addr=self.dest_addr,
            data=data,
        )
