"""A chip's memory as the monitor sees it, by address."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from spinnaker_board import layout

if TYPE_CHECKING:
    from spinnaker_board.core_types import CoreMachine

# The addresses of both memories are multiples of their sizes, which are powers of two.
_SDRAM_BITS = layout.SDRAM_BYTES.bit_length() - 1
_SDRAM_PAGES = {base >> _SDRAM_BITS for base in (layout.SDRAM_BASE, layout.SDRAM_ALIAS)}
_SYSRAM_BITS = layout.SYSRAM_BYTES.bit_length() - 1
_SYSRAM_PAGES = {base >> _SYSRAM_BITS for base in (layout.SYSRAM_BASE, layout.SYSRAM_ALIAS)}

_MAX_REGISTER_BYTES = 1024  # in one access; registers are read word by word

_U16 = struct.Struct("<H")
_U32 = struct.Struct("<I")


class BadAddressError(ValueError):
    """An address that is not in the memory of a chip."""


class ChipMemory:
    """The SDRAM, System RAM and registers of the chip with an index in the machine."""

    def __init__(self, core: CoreMachine, chip: int) -> None:
        self._core = core
        self._chip = chip
        self._sdram = core.sdram(chip)
        self._sysram = core.sysram(chip)

    def _find(self, address: int, length: int) -> tuple[memoryview, int]:
        if address >> _SDRAM_BITS in _SDRAM_PAGES:
            memory, offset = self._sdram, address & layout.SDRAM_BYTES - 1
        elif address >> _SYSRAM_BITS in _SYSRAM_PAGES:
            memory, offset = self._sysram, address & layout.SYSRAM_BYTES - 1
        else:
            raise BadAddressError(f"0x{address:08x}: neither SDRAM nor System RAM")
        if length < 0 or offset + length > len(memory):
            raise BadAddressError(f"0x{address:08x} + {length} bytes: neither SDRAM nor System RAM")
        return memory, offset

    def view(self, address: int, length: int) -> memoryview:
        """A writable view of ``length`` bytes; raises BadAddressError if they are not all in SDRAM or System RAM."""
        memory, offset = self._find(address, length)
        return memory[offset : offset + length]

    def _is_register(self, address: int, length: int) -> bool:
        return 0 <= length <= _MAX_REGISTER_BYTES and any(
            base <= address <= top - length for base, top in layout.DEVICES
        )

    def words(self, base: int) -> tuple[memoryview, int]:
        """The whole memory that contains ``base`` as 32-bit words, and the address of its first word.

        It serves to follow lists. Raises BadAddressError if ``base`` is in neither SDRAM nor System RAM.
        """
        memory, offset = self._find(base, 4)
        return memory.cast("I"), base - offset

    def read(self, address: int, length: int) -> bytes:
        """Read memory, or up to 1 KB of registers if ``address`` and ``length`` are multiples of four.

        Raises BadAddressError if the bytes are in neither.
        """
        if self._is_register(address, length) and address % 4 == length % 4 == 0:
            words = (self._core.read(self._chip, address + offset) for offset in range(0, length, 4))
            return b"".join(map(_U32.pack, words))
        return bytes(self.view(address, length))

    def write(self, address: int, data: bytes | memoryview) -> None:
        """Write memory, or registers word by word. Raises BadAddressError if the bytes are in neither."""
        if self._is_register(address, len(data)) and address % 4 == len(data) % 4 == 0:
            for offset in range(0, len(data), 4):
                self._core.write(self._chip, address + offset, _U32.unpack_from(data, offset)[0])
        else:
            self.view(address, len(data))[:] = data

    def fill(self, address: int, word: int, length: int) -> None:
        """Fill ``length`` bytes, a multiple of four, with a word."""
        view = self.view(address, length)
        view[:] = _U32.pack(word) * (length // 4)

    def u32(self, address: int) -> int:
        """The word at an address in memory."""
        return _U32.unpack_from(*self._find(address, 4))[0]

    def set_u32(self, address: int, value: int) -> None:
        """Set the word at an address in memory."""
        _U32.pack_into(*self._find(address, 4), value)

    def u16(self, address: int) -> int:
        """The half word at an address in memory."""
        return _U16.unpack_from(*self._find(address, 2))[0]

    def set_u16(self, address: int, value: int) -> None:
        """Set the half word at an address in memory."""
        _U16.pack_into(*self._find(address, 2), value)

    def u8(self, address: int) -> int:
        """The byte at an address in memory."""
        memory, offset = self._find(address, 1)
        return memory[offset]

    def set_u8(self, address: int, value: int) -> None:
        """Set the byte at an address in memory."""
        memory, offset = self._find(address, 1)
        memory[offset] = value
