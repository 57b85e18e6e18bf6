"""IP tags: the addresses of hosts that messages are sent to, and the UDP ports that lead to cores.

Source: spinnaker_tools 4.0.0, ``scamp.h`` (``iptag_t``) and ``scamp-cmd.c`` (``cmd_iptag``).
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from spinnaker_board.layout import TagFlag
from spinnaker_board.structures import IPTAG

FIXED_TAGS = 8
POOL_TAGS = 8
TAGS = FIXED_TAGS + POOL_TAGS
_DEFAULT_TIMEOUT = 9  # code for 2.56 s

# Plain numbers, because enumerations are slow and these are needed for every message to a host.
_VALID, _TRANSIENT = int(TagFlag.VALID), int(TagFlag.TRANSIENT)

Endpoint = tuple[str, int]


@dataclass
class Tag:
    """An IP tag.

    Attributes
    ----------
    flags
        Of ``TagFlag``.
    endpoint
        Address and UDP port of the host.
    timeout_code
        How long the tag lasts if it is transient: ``10 << timeout_code - 1`` ms; 0: without end.
    expires_ms, born_ms
        Virtual time at which it ends (None: never), and at which it was made.
    count
        Number of messages that used it.
    rx_port
        UDP port of the board, if it is a reverse tag.
    dest_addr, dest_port
        Chip, and port and core there, that a reverse tag leads to.
    """

    flags: int = 0
    endpoint: Endpoint = ("0.0.0.0", 0)
    timeout_code: int = 0
    expires_ms: float | None = None
    born_ms: float = 0.0
    count: int = 0
    rx_port: int = 0
    dest_addr: int = 0
    dest_port: int = 0

    def pack(self) -> bytes:
        """Pack the tag as SC&MP keeps it."""
        entry = bytearray(IPTAG.bytes)
        IPTAG.pack_into(
            entry,
            ip=ipaddress.IPv4Address(self.endpoint[0]).packed,
            port=self.endpoint[1],
            timeout=1 << self.timeout_code - 1 if self.timeout_code else 0,
            flags=self.flags,
            count=self.count & 0xFFFFFFFF,
            rx_port=self.rx_port,
            dest_addr=self.dest_addr,
            dest_port=self.dest_port,
        )
        return bytes(entry)


class TagTable:
    """The IP tags of a board: eight that hosts set, and a pool of eight for replies."""

    def __init__(self) -> None:
        self.tags = [Tag() for _ in range(TAGS)]
        self.timeout_code = _DEFAULT_TIMEOUT
        self.reverse_ports: dict[int, int] = {}  # UDP port -> number of its tag

    def valid(self, number: int) -> Tag | None:
        """The tag with a number; None if it is not set."""
        return self.tags[number] if number < TAGS and self.tags[number].flags & _VALID else None

    def transient(self, sender: Endpoint, now_ms: float) -> int:
        """Set a tag of the pool for the reply to a sender; return its number.

        If all are in use, the oldest transient one is replaced, or the oldest one if none is transient. SC&MP would
        drop the request, so a single host could lock out all others.
        """
        number = self.free_pool_tag(now_ms)
        if number is None:
            number = min(
                range(FIXED_TAGS, TAGS), key=lambda n: (not self.tags[n].flags & _TRANSIENT, self.tags[n].born_ms)
            )
        lasts_ms = 10 << self.timeout_code - 1 if self.timeout_code else None
        self.tags[number] = Tag(
            _VALID | _TRANSIENT, sender, self.timeout_code, None if lasts_ms is None else now_ms + lasts_ms, now_ms
        )
        return number

    def free_pool_tag(self, now_ms: float) -> int | None:
        """The number of a tag of the pool that is not in use, or None."""
        for number in range(FIXED_TAGS, TAGS):
            tag = self.tags[number]
            if not tag.flags or (tag.expires_ms is not None and tag.expires_ms <= now_ms):
                return number
        return None

    def set(self, number: int, tag: Tag) -> None:
        """Set or replace a tag."""
        self.tags[number] = tag
        self.reverse_ports = {
            tag.rx_port: n
            for n, tag in reversed(list(enumerate(self.tags[:FIXED_TAGS])))
            if tag.flags & TagFlag.REVERSE and tag.flags & TagFlag.VALID
        }

    def clear(self, number: int) -> None:
        """Clear a tag."""
        self.set(number, Tag())

    def used(self, number: int) -> None:
        """Count a message that used a tag; a transient tag ends with it."""
        if self.tags[number].flags & _TRANSIENT:
            self.tags[number] = Tag()
        else:
            self.tags[number].count += 1
