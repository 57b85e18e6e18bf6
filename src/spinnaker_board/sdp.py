"""SDP datagrams: the header that every message on the board and to its host carries.

Source: SpiNNaker application note 4 (SDP); layout as memorised in ``sark.h`` (``sdp_msg_t``) of spinnaker_tools 4.0.0.
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
PORT_ETHERNET = 255  # as destination port and core: to the host, by way of a tag
ROOT = 0xFFFF  # as an address: the chip with the Ethernet


class BadDatagramError(ValueError):
    """Not an SDP datagram."""


@dataclass(frozen=True)
class SdpMessage:
    """One message.

    :param flags: bit 7: a reply is expected
    :param tag: IP tag for messages to the host, 255 for none
    :param dest_port: port (three bits) and core (five bits) of the receiver
    :param srce_port: the same of the sender
    :param dest_addr: chip of the receiver, x in the high byte
    :param srce_addr: chip of the sender
    :param data: what follows the header
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
        """Reads header and data.

        :raises BadDatagramError: too short or too long
        """
        if not HEADER_BYTES <= len(packet) <= HEADER_BYTES + DATA_BYTES:
            raise BadDatagramError(
                f"{len(packet)} bytes: an SDP message has {HEADER_BYTES} to {HEADER_BYTES + DATA_BYTES}"
            )
        flags, tag, dest_port, srce_port, dest_addr, srce_addr = _HEADER.unpack_from(packet)
        return cls(flags, tag, dest_port, srce_port, dest_addr, srce_addr, packet[HEADER_BYTES:])

    def pack(self) -> bytes:
        """Header and data."""
        header = (self.flags, self.tag, self.dest_port, self.srce_port, self.dest_addr, self.srce_addr)
        return _HEADER.pack(*header) + self.data

    @property
    def reply_expected(self) -> bool:
        """Whether the sender waits for an answer."""
        return bool(self.flags & REPLY_EXPECTED)

    @property
    def core(self) -> int:
        """Number of the receiving core."""
        return self.dest_port & 0x1F

    @property
    def port(self) -> int:
        """Port on the receiving core."""
        return self.dest_port >> 5

    def answer(self, data: bytes) -> SdpMessage:
        """The message that goes back to the sender."""
        return replace(
            self,
            flags=self.flags & ~REPLY_EXPECTED,
            dest_port=self.srce_port,
            srce_port=self.dest_port,
            dest_addr=self.srce_addr,
            srce_addr=self.dest_addr,
            data=data,
        )
