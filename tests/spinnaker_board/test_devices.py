"""Devices of a core as small ARM programs see them, and the quantum's rules."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import pairwise

import pytest
from arm_code import FOREVER, WFI, add, ldr, mov, program, str_

from spinnaker_board.core_types import CoreMachine
from spinnaker_board.machine import create_core
from spinnaker_board.shape import SPIN3, SPIN5, Shape

SDRAM = 0x60000000
TIMER, COMMS, VIC, DMA, SYSTEM = 0x21000000, 0x20000000, 0x2F000000, 0x40000000, 0xF2000000
QUANTUM = 2000


def _start(machine: CoreMachine, chip: int, core: int, body: list[int | tuple[int, int]], irq: bytes = b"") -> None:
    code = program(body)
    itcm, _ = machine.tcm(chip, core)
    itcm[: len(code)] = code
    if irq:  # IRQ vector at 0x18, FIQ at 0x1c: the handler takes the place of the endless loops
        itcm[0x18 : 0x18 + len(irq)] = irq
    machine.start(chip, core, 0, 0)


def _words(machine: CoreMachine, offset: int, count: int, chip: int = 0) -> tuple[int, ...]:
    return struct.unpack_from(f"<{count}I", machine.sdram(chip), offset)


@pytest.fixture
def machine() -> Iterator[CoreMachine]:
    yield create_core(SPIN3)


def test_a_sleeping_core_costs_no_instructions(machine: CoreMachine) -> None:
    _start(machine, 0, 1, [WFI, FOREVER])
    machine.run(10)
    counts = machine.statistics(0, 1)
    assert counts["instructions"] == 2  # the branch to the program, and WFI
    assert counts["cycles"] - counts["busy_cycles"] > 9 * QUANTUM


def test_timer_counts_down_at_the_processors_clock(machine: CoreMachine) -> None:
    body = [(0, TIMER), (1, 50000), str_(1, 0), mov(1, 0xE2), str_(1, 0, 8), (2, SDRAM), ldr(3, 0, 4), ldr(4, 0, 4)]
    _start(machine, 0, 1, [*body, str_(3, 2), str_(4, 2, 4), FOREVER])
    machine.run(1)
    first, second = _words(machine, 0, 2)
    assert 49900 < first < 50000
    assert first - second == 1 + 8  # an instruction and a device access, of core/cost.h


def test_periodic_timer_keeps_its_period_whatever_the_quantum(machine: CoreMachine) -> None:
    """The handler stores the free-running second timer at each expiry of the first, whose period is odd."""
    handler = struct.pack("<I", 0xEAFFFFFE + 8)  # b 0x40 from 0x18: the program is its own handler
    body = [
        (0, TIMER), (1, 7001), str_(1, 0), (1, 0xFFFFFFFF), str_(1, 0, 0x20),
        mov(1, 0x82), str_(1, 0, 0x28), mov(1, 0xE2), str_(1, 0, 8),
        (5, VIC), mov(6, 0x10), str_(6, 5, 0x10), (7, SDRAM),
        WFI, ldr(3, 0, 0x24), str_(3, 7), add(7, 7, 4), str_(1, 0, 0xC), 0xEAFFFFF9,  # b back to WFI
    ]  # fmt: skip
    _start(machine, 0, 1, body, handler)
    machine.run(50)
    stamps = _words(machine, 0, 10)
    assert [a - b for a, b in pairwise(stamps)] == [7001] * 9


def test_dma_moves_both_ways_and_refuses_what_is_no_memory(machine: CoreMachine) -> None:
    machine.sdram(0)[:8] = struct.pack("<2I", 0x11223344, 0x55667788)

    def transfer(system: int, tcm: int, description: int) -> list[int | tuple[int, int]]:
        return [(1, system), str_(1, 0, 4), (1, tcm), str_(1, 0, 8), (1, description), str_(1, 0, 12)]

    wait = [ldr(2, 0, 0x14), 0xE3120001, 0x1AFFFFFC]  # tst r2, #1; bne back
    out = transfer(SDRAM + 0x100, 0x400000, 1 << 19 | 8)
    bad = transfer(0x12345678, 0x400000, 8)
    body = [(0, DMA), *transfer(SDRAM, 0x400000, 8), *wait, *out, *wait, *bad, *wait, (3, SDRAM), str_(2, 3, 0x200)]
    _start(machine, 0, 3, [*body, FOREVER])
    machine.run(2)
    assert _words(machine, 0x100, 2) == (0x11223344, 0x55667788)
    (status,) = _words(machine, 0x200, 1)
    assert status >> 24 == 3
    assert status & 1 << 13  # error
    assert machine.statistics(0, 3)["dma_bytes"] == 16


def test_test_and_set_is_given_to_one_core_only(machine: CoreMachine) -> None:
    for core in range(1, 18):
        body = [(0, SYSTEM), ldr(1, 0, 0x100), (2, SDRAM + 4 * core), str_(1, 2), FOREVER]
        _start(machine, 0, core, body)
    machine.run(1)
    assert sorted(_words(machine, 4, 17)) == [0] + [0x80000000] * 16
    assert machine.locked(0, 0)


def _route(machine: CoreMachine, chip: int, row: int, key: int, route: int) -> None:
    for base, word in ((0xF1004000, route), (0xF1008000, key), (0xF100C000, 0xFFFFFFFF)):
        machine.write(chip, base + 4 * row, word)


def _receiver(target: int) -> list[int | tuple[int, int]]:
    """Stores each key that comes, a word further each time."""
    loop = [ldr(1, 0, 0xC), 0xE3510000, 0x0AFFFFFC, ldr(1, 0, 0x14), str_(1, 2), add(2, 2, 4), 0xEAFFFFF8]
    return [(0, COMMS), (2, target), *loop]


def test_packets_arrive_in_the_next_quantum_in_the_order_of_the_senders(machine: CoreMachine) -> None:
    for row, key in enumerate((7, 8)):
        _route(machine, 0, row, key, 1 << 0)  # east
        _route(machine, 2, row, key, 1 << 6 + 5)  # core 5 of chip (1, 0)
    _start(machine, 2, 5, _receiver(SDRAM))
    for core, key in ((2, 8), (1, 7)):
        _start(machine, 0, core, [(0, COMMS), mov(1, key), str_(1, 0, 8), str_(1, 0, 8), FOREVER])
    machine.run(1)
    assert _words(machine, 0, 4, chip=2) == (0, 0, 0, 0)
    machine.run(1)
    assert _words(machine, 0, 5, chip=2) == (7, 7, 8, 8, 0)
    assert machine.statistics(2, 5)["packets_in"] == 4


def test_a_packet_without_route_goes_straight_on_and_not_from_its_source(machine: CoreMachine) -> None:
    machine.write(0, 0xF100002C, 0xFFFF)
    _start(machine, 0, 1, [(0, COMMS), mov(1, 9), str_(1, 0, 8), FOREVER])
    machine.run(2)
    assert machine.router_hops == 1
    large = create_core(SPIN5)
    row = [SPIN5.index[x, 0] for x in range(5)]
    _route(large, row[0], 0, 9, 1 << 0)
    _route(large, row[4], 0, 9, 1 << 6 + 1)
    _start(large, row[4], 1, _receiver(SDRAM))
    _start(large, row[0], 1, [(0, COMMS), mov(1, 9), str_(1, 0, 8), FOREVER])
    large.run(2)
    assert large.router_hops == 5
    assert _words(large, 0, 1, chip=row[4]) == (9,)


def test_a_routing_loop_ends(machine: CoreMachine) -> None:
    for chip in range(4):
        _route(machine, chip, 0, 5, 0b001001)  # east and west for ever
    _start(machine, 0, 1, [(0, COMMS), mov(1, 5), str_(1, 0, 8), FOREVER])
    machine.run(2)
    assert machine.router_hops == 512


def test_back_pressure_stops_a_sender_whose_receiver_is_asleep(machine: CoreMachine) -> None:
    """A sender that waits while the controller says "full" loses nothing, and one that does not is counted."""
    for key in (1, 2):
        _route(machine, 0, key - 1, key, 1 << 6 + 5)
    _start(machine, 0, 5, [WFI, FOREVER])
    polite = [(0, COMMS), mov(1, 1), ldr(2, 0), 0xE3120201, 0x0AFFFFFC, str_(1, 0, 8), 0xEAFFFFFA]  # tst #0x10000000
    _start(machine, 0, 1, polite)
    machine.run(100)
    counts = machine.statistics(0, 1)
    assert 64 <= counts["packets_out"] <= 128
    assert counts["packets_lost"] == machine.statistics(0, 5)["packets_lost"] == 0
    _start(machine, 0, 2, [(0, COMMS), mov(1, 2), str_(1, 0, 8), 0xEAFFFFFD])
    machine.run(100)
    assert machine.statistics(0, 5)["packets_in"] == 2048
    assert machine.statistics(0, 2)["packets_lost"] > 0
    assert machine.statistics(0, 5)["packets_lost"] > 0


def test_the_send_buffer_becomes_full_by_a_send_only(machine: CoreMachine) -> None:
    """Programs look twice: once to wait, once to be sure. Congestion found in between must not surprise them."""
    _route(machine, 0, 0, 1, 1 << 6 + 5)
    _start(machine, 0, 5, [WFI, FOREVER])
    for core in range(1, 4):
        look_twice = [ldr(2, 0), 0xE3120201, 0x0AFFFFFC, ldr(3, 0), 0xE3130201, 0x05853000]  # streq r3, [r5]
        _start(machine, 0, core, [(0, COMMS), mov(1, 1), (5, SDRAM), *look_twice, str_(1, 0, 8), 0xEAFFFFF7])
    machine.run(300)
    assert _words(machine, 0, 1) == (0,)
    assert 64 < machine.statistics(0, 5)["inbox_longest"] < 4 * 65


def _busy_machine(shape: Shape, threads: int) -> CoreMachine:
    """Cores that send to the next chip, count what they get in SDRAM and fight for a lock."""
    machine = create_core(shape, threads)
    for chip in range(len(shape.chips)):
        for core in range(1, 6):
            _route(machine, chip, core - 1, chip << 8 | core, 1 << 2 | 1 << 6 + core)
            body = [
                (0, COMMS), (1, chip << 8 | core), (4, SYSTEM), (5, SDRAM + 0x40 * core),
                str_(1, 0, 8), ldr(2, 0, 0xC), 0xE3520000, 0x0A000002,  # anything received?
                ldr(3, 0, 0x14), ldr(6, 5), 0xE0866003,  # add r6, r6, r3
                ldr(7, 4, 0x100), add(6, 6, 1), str_(6, 5), str_(7, 5, 4), str_(7, 4, 0x180), 0xEAFFFFF2,
            ]  # fmt: skip
            _start(machine, chip, core, body)
    return machine


@pytest.mark.parametrize("shape", [SPIN3, SPIN5], ids=["spin3", "spin5"])
def test_any_number_of_threads_gives_the_same_bits(shape: Shape) -> None:
    results = []
    for threads in (1, 2, 3):
        machine = _busy_machine(shape, threads)
        machine.run(40)
        results.append(
            [
                (bytes(machine.sdram(chip)[:0x400]), *(machine.registers(chip, core) for core in range(1, 6)))
                for chip in range(len(shape.chips))
            ]
        )
    assert results[0] == results[1] == results[2]
    assert any(any(chip[0]) for chip in results[0])


def test_steps_of_any_size_give_the_same_bits() -> None:
    one, many = _busy_machine(SPIN3, 1), _busy_machine(SPIN3, 1)
    one.run(60)
    for _ in range(60):
        many.run(1)
    assert [one.registers(chip, 1) for chip in range(4)] == [many.registers(chip, 1) for chip in range(4)]
    assert one.sdram(0)[:0x400] == many.sdram(0)[:0x400]


def test_ticks_tell_how_full_they_were(machine: CoreMachine) -> None:
    body = [
        (0, TIMER), (1, 100000), str_(1, 0), mov(1, 0xE2), str_(1, 0, 8),
        (5, VIC), mov(6, 0x10), str_(6, 5, 0x10),
        WFI, str_(1, 0, 0xC), (2, 20000), 0xE2522001, 0x1AFFFFFD, 0xEAFFFFF9,  # 20000 rounds: subs, bne
    ]  # fmt: skip
    _start(machine, 0, 1, body, struct.pack("<I", 0xEAFFFFFE + 8))
    machine.run(1000)
    counts = machine.statistics(0, 1)
    assert counts["tick_cycles"] == 100000
    assert counts["ticks"] == 18  # of 20 expiries the first is of unknown length and the last not over
    assert counts["overruns"] == 0
    assert 0.79 < counts["tick_busy_max"] / 100000 < 0.81  # 20000 x (1 + 1 + 2) cycles


@pytest.mark.parametrize("call", [
    lambda m: m.sdram(4), lambda m: m.tcm(0, 0), lambda m: m.tcm(0, 18), lambda m: m.start(9, 1, 0, 0),
    lambda m: m.interrupt(4, 1), lambda m: m.statistics(0, 99),
])  # fmt: skip
def test_what_does_not_exist_is_an_index_error(machine: CoreMachine, call) -> None:
    with pytest.raises(IndexError):
        call(machine)


@pytest.mark.parametrize("address", [0, 0x400000, 0x60000000, 0xE5000001, 0xF6000000, 0xFFFFF000, 1 << 40])
def test_what_is_no_register_is_refused(machine: CoreMachine, address: int) -> None:
    for access in (lambda: machine.read(0, address), lambda: machine.write(0, address, 0)):
        with pytest.raises(ValueError, match=f"no register at 0x{address:08x}"):
            access()


def test_memory_outlives_its_machine() -> None:
    view = create_core(SPIN3).sdram(3)
    view[-1] = 7
    assert view[-1] == 7
    assert len(view) == 128 << 20
