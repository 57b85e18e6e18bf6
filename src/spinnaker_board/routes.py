"""The multicast table of a chip: the hardware's entries and the monitor's copy of them, with its allocator.

A copy entry is ``next`` (u16), ``free`` (u16), route, key, mask. In the first entry of a block ``next`` is the entry
behind the block and ``free`` the next free block, or ``0x8000 | application`` when allocated.
Source: spinnaker_tools 4.0.0, ``sark_alloc.c`` (``rtr_alloc_id`` and following), ``sark_hw.c`` (``rtr_mc_*``).
"""

from __future__ import annotations

import struct
from collections.abc import Collection
from dataclasses import dataclass

from spinnaker_board import layout
from spinnaker_board.memory import ChipMemory
from spinnaker_board.structures import RTR_ENTRY, SV

_ALLOCATED = 0x8000
_OWNER_MASK = 0xE0FF  # without the number of the core that allocated the block
_ROW = struct.Struct("<HHIII")
_FIRST, _END = layout.ROUTER_FIRST_ALLOCATABLE, layout.ROUTER_ENTRIES
_SV_FREE = SV.base + SV.rtr_free


@dataclass(frozen=True)
class RouteTable:
    """The table of one chip; the caller makes sure that no application holds its lock (``Lock.ROUTER``)."""

    memory: ChipMemory
    copy: int  # address of the copy, which has 1025 entries

    def _entry(self, index: int) -> int:
        return self.copy + RTR_ENTRY.bytes * index

    def _get(self, index: int, field: int) -> int:
        return self.memory.u16(self._entry(index) + field)

    def _set(self, index: int, field: int, value: int) -> None:
        self.memory.set_u16(self._entry(index) + field, value)

    def initialise(self, start: int) -> None:
        """Clear the table from entry ``start`` on and make one free block of it."""
        self.clear(start, _END - start)
        self.memory.set_u16(_SV_FREE, _FIRST)
        for index, following in ((_FIRST, _END), (_END, 0)):
            self._set(index, RTR_ENTRY.next, following)
            self._set(index, RTR_ENTRY.free, 0)
        self.memory.set_u32(self._entry(_END) + RTR_ENTRY.route, layout.ROUTE_EMPTY)

    def clear(self, start: int, count: int) -> bool:
        """Clear some entries; return False if they are not all in the table."""
        if start + count > _END:
            return False
        for index in range(start, start + count):
            self._put(index, layout.ROUTE_EMPTY, 0xFFFFFFFF, 0)
        return True

    def _put(self, index: int, route: int, key: int, mask: int) -> None:
        address = self._entry(index)
        for offset, word in ((RTR_ENTRY.route, route), (RTR_ENTRY.key, key), (RTR_ENTRY.mask, mask)):
            self.memory.set_u32(address + offset, word)
        for base, word in ((layout.ROUTER_ROUTE, route), (layout.ROUTER_KEY, key), (layout.ROUTER_MASK, mask)):
            self.memory.write(base + 4 * index, word.to_bytes(4, "little"))

    def load(self, rows: bytes | memoryview, offset: int, app_id: int) -> bool:
        """Set the entries that a host has sent; return False at the first that is outside the table.

        Parameters
        ----------
        rows
            16 bytes for each entry: its index (u16), unused (u16), route, key and mask.
        offset
            Number to add to each index.
        app_id
            The owner; 0: the one in the highest byte of the route.
        """
        for index, _, route, key, mask in _ROW.iter_unpack(rows):
            if index + offset >= _END:
                return False
            owner = app_id or route >> 24
            self._set(index + offset, RTR_ENTRY.free, _ALLOCATED | owner)
            self._put(index + offset, route & 0x00FFFFFF, key, mask)
        return True

    def allocate(self, count: int, app_id: int) -> int:
        """Allocate consecutive entries; return the index of the first, or 0 if there is no room."""
        if count <= 0:
            return 0
        previous = 0
        block = self.memory.u16(_SV_FREE)
        for _ in range(_END):
            if block == 0:
                break
            following = self._get(block, RTR_ENTRY.next)
            rest = block + count
            if rest > following:
                previous, block = block, self._get(block, RTR_ENTRY.free)
                continue
            free_link = self._get(block, RTR_ENTRY.free)
            if rest < following:
                self._set(rest, RTR_ENTRY.next, following)
                self._set(rest, RTR_ENTRY.free, free_link)
                self._set(block, RTR_ENTRY.next, rest)
                free_link = rest
            self._link(previous, free_link)
            self._set(block, RTR_ENTRY.free, _ALLOCATED | app_id)
            return block
        return 0

    def _link(self, previous: int, block: int) -> None:
        if previous:
            self._set(previous, RTR_ENTRY.free, block)
        else:
            self.memory.set_u16(_SV_FREE, block)

    def _blocks(self) -> list[tuple[int, int]]:
        """The blocks (begin, end) in order, up to where an application has overwritten the list."""
        blocks, block = [], _FIRST
        while block < (following := self._get(block, RTR_ENTRY.next)) <= _END:
            blocks.append((block, following))
            block = following
        return blocks

    def _free(self, blocks: list[tuple[int, int]], chosen: Collection[int], clear: bool) -> None:
        """Free some blocks: make the list of free blocks again, with neighbours joined."""
        last = end = 0  # the last free block, and its end
        self.memory.set_u16(_SV_FREE, 0)
        for block, following in blocks:
            if block in chosen:
                if clear:
                    self.clear(block, following - block)
            elif self._get(block, RTR_ENTRY.free) & _ALLOCATED:
                continue
            if last and end == block:
                self._set(last, RTR_ENTRY.next, following)
            else:
                self._link(last, block)
                self._set(block, RTR_ENTRY.free, 0)
                last = block
            end = following

    def free(self, block: int, clear: bool) -> bool:
        """Free a block; return False if there is none at this index."""
        blocks = self._blocks()
        if block not in dict(blocks) or not self._get(block, RTR_ENTRY.free) & _ALLOCATED:
            return False
        self._free(blocks, (block,), clear)
        return True

    def free_owners(self, owners: Collection[int], clear: bool) -> int:
        """Free all blocks of some applications; return their number."""
        blocks = self._blocks()
        marks = {block: self._get(block, RTR_ENTRY.free) & _OWNER_MASK for block, _ in blocks}
        chosen = {block for block, mark in marks.items() if mark & _ALLOCATED and mark & ~_ALLOCATED in owners}
        if chosen:
            self._free(blocks, chosen, clear)
        return len(chosen)

    def largest(self) -> int:
        """The number of entries in the largest free block."""
        best, block = 0, self.memory.u16(_SV_FREE)
        for _ in range(_END):
            if not block:
                break
            best = max(best, self._get(block, RTR_ENTRY.next) - block)
            block = self._get(block, RTR_ENTRY.free)
        return best
