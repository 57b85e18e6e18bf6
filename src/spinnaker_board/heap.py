"""SARK's heaps, kept in the chip's own memory so that applications can allocate on them too.

A heap begins with four words: first free block, first block, last block, free bytes. A block has a header of two
words: the next block in the order of addresses, and the next free block or, when allocated, a mark that holds its
owner. The last block is empty and ends both lists. Blocks with a tag are also entered in the table of tags.
Source: spinnaker_tools 4.0.0, ``sark.h`` (``heap_t``, ``block_t``) and ``sark_alloc.c``.

The caller makes sure that no application holds the heap's lock (``Lock.HEAP``).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise

from spinnaker_board.memory import BadAddressError, ChipMemory
from spinnaker_board.structures import BLOCK, HEAP

_ALLOCATED = 0xFFFF0000
_MAX_BLOCKS = 1 << 20  # a longer list, which no sensible application makes, would hold the board up


class BrokenHeapError(ValueError):
    """An application has overwritten the lists of a heap."""


@dataclass(frozen=True)
class Heap:
    """A heap in the memory of a chip.

    Attributes
    ----------
    memory
        The memory of the chip.
    base
        The address of the heap's first word.
    tags
        The address of the table of tagged blocks: a word for each of 256 tags of each of 256 applications.
    """

    memory: ChipMemory
    base: int
    tags: int

    @classmethod
    def create(cls, memory: ChipMemory, base: int, top: int, tags: int) -> Heap:
        """Make one free block of the memory from ``base`` to ``top``."""
        first, last = base + HEAP.bytes, top - BLOCK.bytes
        root = memory.view(base, HEAP.bytes)
        HEAP.pack_into(root, free=first, first=first, last=last, free_bytes=last - first - BLOCK.bytes)
        BLOCK.pack_into(memory.view(first, BLOCK.bytes), next=last, free=0)
        BLOCK.pack_into(memory.view(last, BLOCK.bytes), next=0, free=0)
        return cls(memory, base, tags)

    def _tag_entry(self, app_id: int, tag: int) -> int:
        return self.tags + 4 * ((app_id << 8) + tag)

    def _walk(self, address: int, link: int) -> list[int]:
        """The blocks of a list. Both lists are sorted by address; one that is not has been overwritten."""
        words, start = self.memory.words(self.base)
        end = start + 4 * len(words) - BLOCK.bytes
        blocks: list[int] = []
        last = 0
        while address != 0:
            if not start <= address <= end:
                raise BadAddressError(f"0x{address:08x}: outside the memory of the heap at 0x{self.base:08x}")
            if address <= last or address % 4 or len(blocks) == _MAX_BLOCKS:
                raise BrokenHeapError(f"the lists of the heap at 0x{self.base:08x} are broken")
            blocks.append(address)
            last = address
            address = words[(address - start + link) >> 2]
        return blocks

    def _free_blocks(self) -> list[int]:
        return self._walk(self.memory.u32(self.base + HEAP.free), BLOCK.free)

    def allocate(self, size: int, app_id: int, tag: int = 0, retry: bool = False) -> int:
        """Allocate memory: the first free block that is large enough.

        Parameters
        ----------
        size
            Bytes.
        tag
            0 for no tag, or 1 to 255; an application may use each tag once.
        retry
            If the tag is in use, return its block, provided it has this size.

        Returns
        -------
        int
            The address of the memory; 0 if there is no room or the tag is in use.
        """
        if size <= 0 or size > 1 << 31 or not 0 <= tag <= 255:
            return 0
        memory = self.memory
        if tag:
            taken = memory.u32(self._tag_entry(app_id, tag))
            if taken:
                block = taken - BLOCK.bytes
                return taken if retry and memory.u32(block) - taken == size else 0
        size = (size + 3 & ~3) + BLOCK.bytes
        previous = 0
        for block in self._free_blocks():
            following = memory.u32(block)
            rest = block + size
            if following < rest:
                previous = block
                continue
            free_link = memory.u32(block + BLOCK.free)
            if rest + BLOCK.bytes < following:  # splits the block, unless the rest would be empty
                memory.set_u32(rest, following)
                memory.set_u32(rest + BLOCK.free, free_link)
                memory.set_u32(block, rest)
                free_link = rest
                following = rest
            memory.set_u32(previous + BLOCK.free if previous else self.base + HEAP.free, free_link)
            # SARK takes off the size asked for, not the block's, and so drifts when a few bytes are left over.
            memory.set_u32(
                self.base + HEAP.free_bytes, memory.u32(self.base + HEAP.free_bytes) - (following - block) & 0xFFFFFFFF
            )
            memory.set_u32(block + BLOCK.free, _ALLOCATED | app_id << 8 | tag)
            if tag:
                memory.set_u32(self._tag_entry(app_id, tag), block + BLOCK.bytes)
            return block + BLOCK.bytes
        return 0

    def free(self, address: int) -> bool:
        """Free a block; return False if no block at this address is allocated."""
        memory = self.memory
        block = address - BLOCK.bytes
        if block not in self._walk(memory.u32(self.base + HEAP.first), BLOCK.next)[:-1]:
            return False
        mark = memory.u32(block + BLOCK.free)
        if mark & _ALLOCATED != _ALLOCATED:
            return False
        if mark & 0xFF:
            memory.set_u32(self._tag_entry(mark >> 8 & 0xFF, mark & 0xFF), 0)
        following = memory.u32(block)
        freed = memory.u32(self.base + HEAP.free_bytes) + following - block
        memory.set_u32(self.base + HEAP.free_bytes, freed & 0xFFFFFFFF)
        before = [free for free in self._free_blocks() if free < block]
        previous = before[-1] if before else 0
        link = previous + BLOCK.free if previous else self.base + HEAP.free
        after = memory.u32(link)
        memory.set_u32(link, block)
        memory.set_u32(block + BLOCK.free, after)
        if after and following == after:
            memory.set_u32(block, memory.u32(after))
            memory.set_u32(block + BLOCK.free, memory.u32(after + BLOCK.free))
        if previous and memory.u32(previous) == block:
            memory.set_u32(previous, memory.u32(block))
            memory.set_u32(previous + BLOCK.free, memory.u32(block + BLOCK.free))
        return True

    def free_owners(self, owners: Collection[int]) -> int:
        """Free all blocks of some applications in one pass; return their number."""
        memory = self.memory
        blocks = self._walk(memory.u32(self.base + HEAP.first), BLOCK.next)
        count = freed = run = run_end = 0
        link = self.base + HEAP.free  # where the address of the next free block belongs
        for block, following in pairwise(blocks):
            mark = memory.u32(block + BLOCK.free)
            if mark & _ALLOCATED == _ALLOCATED:
                if mark >> 8 & 0xFF not in owners:
                    continue
                if mark & 0xFF:
                    memory.set_u32(self._tag_entry(mark >> 8 & 0xFF, mark & 0xFF), 0)
                count += 1
                freed += following - block
            if run and run_end == block:  # joins the free block before it
                memory.set_u32(run, following)
            else:
                memory.set_u32(link, block)
                run, link = block, block + BLOCK.free
            run_end = following
        memory.set_u32(link, 0)
        memory.set_u32(self.base + HEAP.free_bytes, memory.u32(self.base + HEAP.free_bytes) + freed & 0xFFFFFFFF)
        return count

    def free_bytes(self) -> int:
        """The free bytes, without headers."""
        return self.memory.u32(self.base + HEAP.free_bytes)

    def largest(self) -> int:
        """The size of the largest block that can be allocated, in bytes."""
        # Not negative, even if an application has overwritten the list.
        sizes = [self.memory.u32(block) - block - BLOCK.bytes for block in self._free_blocks()]
        return max([0, *sizes])

    def tagged(self, app_id: int, tag: int) -> int:
        """The address of the block with a tag, or 0."""
        return self.memory.u32(self._tag_entry(app_id & 0xFF, tag & 0xFF))
