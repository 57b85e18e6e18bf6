"""IP tags: by which address messages leave the board for a host, and which UDP ports lead into it.

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

# Plain numbers, because enumerations are slow and every message to a host looks at these.
_VALID, _TRANSIENT = int(TagFlag.VALID), int(TagFlag.TRANSIENT)

Endpoint = tuple[str, int]


@dataclass
class Tag:
    """One entry of the table.

    :param flags: of ``TagFlag``
    :param endpoint: address and UDP port of the host
    :param timeout_ms: how long the entry lasts when it is transient
    :param expires_ms: virtual time at which it ends, or None
    :param born_ms: virtual time at which a transient tag was made
    :param rx_port: UDP port of the board, of a reverse tag
    :param dest_addr: chip to which a reverse tag leads
    :param dest_port: port and core there
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
        """The entry as it lies in the monitor's memory."""
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
    """Eight tags that hosts set, and a pool of eight for replies."""

    def __init__(self) -> None:
        self.tags = [Tag() for _ in range(TAGS)]
        self.timeout_code = _DEFAULT_TIMEOUT
        self.reverse_ports: dict[int, int] = {}  # UDP port to the tag that listens there

    def valid(self, number: int) -> Tag | None:
        """The tag, or None when it is not set."""
        return self.tags[number] if number < TAGS and self.tags[number].flags & _VALID else None

    def transient(self, sender: Endpoint, now_ms: float) -> int:
        """A tag from the pool that leads back to a sender.

        When all are in use the oldest transient one goes, and another only when there is none of these: SC&MP would
        drop the request, and any host could then keep all others from the board.
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
        """A tag of the pool that is not in use."""
        for number in range(FIXED_TAGS, TAGS):
            tag = self.tags[number]
            if not tag.flags or (tag.expires_ms is not None and tag.expires_ms <= now_ms):
                return number
        return None

    def set(self, number: int, tag: Tag) -> None:
        """Sets or replaces a tag."""
        self.tags[number] = tag
        self.reverse_ports = {
            tag.rx_port: n
            for n, tag in reversed(list(enumerate(self.tags[:FIXED_TAGS])))
            if tag.flags & TagFlag.REVERSE and tag.flags & TagFlag.VALID
        }

    def clear(self, number: int) -> None:
        """Unsets a tag."""
        self.set(number, Tag())

    def used(self, number: int) -> None:
        """Counts a message; a transient tag ends with it."""
        if self.tags[number].flags & _TRANSIENT:
            self.tags[number] = Tag()
        else:
            self.tags[number].count += 1
