"""The boot protocol: a host sends the monitor's image to the bare machine.

The image itself is not executed; the system variables in it decide how the machine comes up.
Source: spinnaker_tools 4.0.0 (``scamp-boot.c``, boot ROM protocol), SpiNNMan 7.4.1 (``spinnaker_boot_messages.py``).
"""

from __future__ import annotations

import logging
import struct

from spinnaker_board.chip import BootValues

_log = logging.getLogger(__name__)

_HEADER = struct.Struct(">HIIII")
_VERSION = 1
_BEGIN, _BLOCK, _END = 1, 3, 5
_BLOCK_BYTES = 1024
_MAX_BLOCKS = 32
_VALUES_OFFSET = 384
_VALUES_BYTES = 128


class BootLoader:
    """The boot ROM: receives the blocks of a boot image."""

    def __init__(self) -> None:
        self._blocks: dict[int, bytes] = {}
        self._expected = 0

    def receive(self, packet: bytes) -> BootValues | None:
        """Take a datagram from the boot port; return the values to boot with once the last one has arrived.

        Datagrams that do not belong to a boot are dropped.
        """
        if len(packet) < _HEADER.size:
            return None
        version, operation, first, _, third = _HEADER.unpack_from(packet)
        data = packet[_HEADER.size :]
        if version != _VERSION:
            return None
        if operation == _BEGIN:
            self._blocks.clear()
            self._expected = third + 1 if third < _MAX_BLOCKS else 0
        elif operation == _BLOCK and first & 0xFF < self._expected and len(data) <= _BLOCK_BYTES and len(data) % 4 == 0:
            swapped = struct.unpack(f">{len(data) // 4}I", data)
            self._blocks[first & 0xFF] = struct.pack(f"<{len(swapped)}I", *swapped)
        elif operation == _END and first == 1:
            return self._values()
        return None

    def _values(self) -> BootValues | None:
        if not self._expected or len(self._blocks) != self._expected:
            _log.warning("boot image incomplete: %d of %d blocks", len(self._blocks), self._expected)
            return None
        image = b"".join(self._blocks[block] for block in range(self._expected))
        values = BootValues(image[_VALUES_OFFSET : _VALUES_OFFSET + _VALUES_BYTES])
        if len(values.data) < _VALUES_BYTES or not values.plausible():
            _log.warning("boot image refused: its system variables do not describe a machine")
            return None
        return values
