"""The allocator of multicast routes and what it leaves in the router."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinnaker_board.chip import BootValues, boot_chip
from spinnaker_board.machine import create_core
from spinnaker_board.routes import RouteTable
from spinnaker_board.shape import SPIN3

CORE = create_core(SPIN3)
TABLE = boot_chip(CORE, SPIN3, (0, 0), BootValues.default(3), bytes(4)).routes


@pytest.fixture
def table() -> RouteTable:
    TABLE.initialise(0)
    return TABLE


def _registers(row: int) -> tuple[int, int, int]:
    route, key, mask = (CORE.read(0, base + 4 * row) for base in (0xF1004000, 0xF1008000, 0xF100C000))
    return route, key, mask


def test_an_empty_table_matches_nothing(table: RouteTable) -> None:
    assert table.largest() == 1023
    assert _registers(0) == _registers(1023) == (0xFF000000, 0xFFFFFFFF, 0)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 400), st.integers(1, 3), st.integers(0, 8)), max_size=40))
def test_blocks_never_overlap_and_all_comes_back(steps: list[tuple[int, int, int]]) -> None:
    TABLE.initialise(0)
    held: dict[int, tuple[int, int]] = {}
    for count, app_id, victim in steps:
        if victim < len(held):
            block = sorted(held)[victim]
            del held[block]
            assert TABLE.free(block, clear=False)
        else:
            largest = TABLE.largest()
            block = TABLE.allocate(count, app_id)
            assert (block != 0) == (0 < count <= largest)
            if block:
                held[block] = (count, app_id)
        rows = [row for block, (count, _) in held.items() for row in range(block, block + count)]
        assert len(rows) == len(set(rows))
        assert all(1 <= row < 1024 for row in rows)
    for app_id in (1, 2, 3):
        assert TABLE.free_owners({app_id}, clear=True) == sum(owner == app_id for _, owner in held.values())
    assert TABLE.largest() == 1023


def test_loaded_rows_reach_the_router_and_go_with_their_owner(table: RouteTable) -> None:
    block = table.allocate(2, 30)
    rows = struct.pack("<HHIII", 0, 2, 0x1F000041, 0x1000, 0xFFFFF000) + struct.pack("<HHIII", 1, 0, 0x42, 0x2000, 1)
    assert table.load(rows, block, 30)
    assert _registers(block) == (0x41, 0x1000, 0xFFFFF000)
    assert _registers(block + 1) == (0x42, 0x2000, 1)
    assert table.free_owners({30}, clear=True) == 1
    assert _registers(block) == (0xFF000000, 0xFFFFFFFF, 0)


def test_rows_outside_the_table_are_refused(table: RouteTable) -> None:
    assert not table.load(struct.pack("<HHIII", 1000, 1, 1, 2, 3), 24, 30)
    assert not table.clear(1000, 25)
    assert not table.free(0, clear=False)
    assert not table.free(1024, clear=False)
    assert not table.free(5, clear=False)
