"""The SARK heap against a model that only knows intervals."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinnaker_board.heap import BrokenHeapError, Heap
from spinnaker_board.machine import create_core
from spinnaker_board.memory import BadAddressError, ChipMemory
from spinnaker_board.shape import SPIN3
from spinnaker_board.structures import BLOCK

BASE, TOP, TAGS = 0x60100000, 0x60101000, 0x60200000


@pytest.fixture(scope="module")
def memory() -> ChipMemory:
    return ChipMemory(create_core(SPIN3), 0)


@pytest.fixture
def heap(memory: ChipMemory) -> Heap:
    memory.fill(TAGS, 0, 65536 * 4)
    return Heap.create(memory, BASE, TOP, TAGS)


def test_a_new_heap_is_one_free_block(heap: Heap) -> None:
    assert heap.largest() == heap.free_bytes() == TOP - BASE - 16 - 2 * BLOCK.bytes


STEPS = st.lists(st.tuples(st.integers(0, 300), st.integers(1, 3), st.integers(0, 20)), max_size=60)


@settings(max_examples=100, deadline=None)
@given(steps=STEPS)
def test_blocks_never_overlap_and_all_comes_back(memory: ChipMemory, steps: list[tuple[int, int, int]]) -> None:
    memory.fill(TAGS, 0, 4096)
    heap = Heap.create(memory, BASE, TOP, TAGS)
    whole = heap.largest()
    held: dict[int, tuple[int, int]] = {}
    for size, app_id, victim in steps:
        if victim < len(held):
            address = sorted(held)[victim]
            del held[address]
            assert heap.free(address)
        else:
            largest = heap.largest()
            address = heap.allocate(size, app_id)
            assert (address != 0) == (0 < -(-size // 4) * 4 <= largest)
            if address:
                assert address % 4 == 0 and address > BASE + 16 and address + size <= TOP - BLOCK.bytes
                held[address] = (size, app_id)
        ends = sorted((a, a + s) for a, (s, _) in held.items())
        assert all(end <= following for (_, end), (following, _) in pairwise(ends))
    for app_id in (1, 2, 3):
        assert heap.free_owners({app_id}) == sum(owner == app_id for _, owner in held.values())
    assert heap.largest() == whole
    assert heap.free_bytes() == whole


def test_a_tag_is_used_once_until_freed(heap: Heap) -> None:
    block = heap.allocate(40, 17, tag=5)
    assert heap.tagged(17, 5) == block != 0
    assert heap.allocate(40, 17, tag=5) == 0
    assert heap.allocate(40, 17, tag=5, retry=True) == block
    assert heap.allocate(44, 17, tag=5, retry=True) == 0
    assert heap.allocate(40, 18, tag=5) not in (0, block)
    assert heap.free(block)
    assert heap.tagged(17, 5) == 0
    assert heap.allocate(40, 17, tag=5) == block


@pytest.mark.parametrize(("size", "tag"), [(0, 0), (-4, 0), (1 << 31, 0), (1 << 33, 0), (16, 256), (16, -1)])
def test_senseless_requests_get_nothing(heap: Heap, size: int, tag: int) -> None:
    assert heap.allocate(size, 1, tag) == 0


@pytest.mark.parametrize("offset", [-8, 4, 16, 0x100000])
def test_only_allocated_blocks_are_freed(heap: Heap, offset: int) -> None:
    block = heap.allocate(64, 1)
    before = heap.free_bytes()
    assert not heap.free(block + offset)
    assert heap.free(block)
    assert not heap.free(block)
    assert heap.free_bytes() == before + 64 + BLOCK.bytes


def test_a_heap_that_an_application_broke_is_found_out(heap: Heap, memory: ChipMemory) -> None:
    block = heap.allocate(64, 1)
    memory.set_u32(block - BLOCK.bytes, block - BLOCK.bytes)  # leads to itself
    with pytest.raises(BrokenHeapError):
        heap.free(block)
    memory.set_u32(block - BLOCK.bytes, 0x12345678)
    with pytest.raises(BadAddressError):
        heap.free(block)
