"""The communications controller, datasheet 8.5 and 8.6: what a packet carries, and what the status registers show."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator

import pytest
from arm_code import FOREVER, add, ldr, mov, program, str_

from spinnaker_board.core_types import CoreMachine
from spinnaker_board.machine import create_core
from spinnaker_board.shape import SPIN3

SDRAM, COMMS, VIC = 0x60000000, 0x20000000, 0x2F000000
TCR, TDR, TKR, RSR, RDR, RKR = 0x00, 0x04, 0x08, 0x0C, 0x10, 0x14
PAYLOAD = 1 << 17
FIXED_ROUTE = 3 << 22
FULL, OVERRUN, NOT_FULL, EMPTY = 1 << 30, 1 << 29, 1 << 28, 1 << 31

Write = tuple[int, int]


@pytest.fixture
def machine() -> Iterator[CoreMachine]:
    """Every multicast and fixed-route packet of chip 0 goes to its core 5."""
    machine = create_core(SPIN3)
    for base, word in ((0xF1004000, 1 << 6 + 5), (0xF1008000, 0), (0xF100C000, 0)):
        machine.write(0, base, word)
    machine.write(0, 0xF1000084, 1 << 6 + 5)
    yield machine


def _start(machine: CoreMachine, core: int, body: list[int | tuple[int, int]]) -> None:
    code = program(body)
    itcm, _ = machine.tcm(0, core)
    itcm[: len(code)] = code
    machine.start(0, core, 0, 0)


def _receive(machine: CoreMachine) -> None:
    """Core 5 stores status, data and key of each packet, in this order."""
    take = [ldr(3, 0, RDR), str_(3, 2, 4), ldr(3, 0, RKR), str_(3, 2, 8), add(2, 2, 12)]
    wait = [ldr(1, 0, RSR), 0xE3510000, 0xAAFFFFFC]  # bit 31 is the sign: cmp r1, #0; bge back
    _start(machine, 5, [(0, COMMS), (2, SDRAM), *wait, str_(1, 2), *take, 0xEAFFFFF5])


def _send(machine: CoreMachine, writes: list[Write]) -> None:
    body: list[int | tuple[int, int]] = [(0, COMMS)]
    for offset, value in writes:
        body += [(1, value), str_(1, 0, offset)]
    _start(machine, 1, [*body, FOREVER])


def _packets(machine: CoreMachine, count: int) -> list[tuple[int, int, int]]:
    return list(struct.iter_unpack("<3I", machine.sdram(0)[: 12 * count]))


#: Writes, and for each packet its key and its payload, None where it has none.
SENT: list[tuple[str, list[Write], list[tuple[int, int | None]]]] = [
    ("key alone", [(TKR, 1)], [(1, None)]),
    ("data, key", [(TDR, 5), (TKR, 1)], [(1, 5)]),
    ("a payload of zero is one", [(TDR, 0), (TKR, 1)], [(1, 0)]),
    ("it goes with one packet", [(TDR, 5), (TKR, 1), (TKR, 2)], [(1, 5), (2, None)]),
    ("the last write counts", [(TDR, 5), (TDR, 6), (TKR, 1)], [(1, 6)]),
    ("TCR after the data", [(TDR, 5), (TCR, 0), (TKR, 1)], [(1, 5)]),
    ("payload bit without data", [(TCR, PAYLOAD), (TKR, 1)], [(1, None)]),
    ("payload bit and data once", [(TCR, PAYLOAD), (TDR, 5), (TKR, 1), (TKR, 2)], [(1, 5), (2, None)]),
    ("fixed route", [(TCR, FIXED_ROUTE), (TDR, 5), (TKR, 1), (TKR, 2)], [(1, 5), (2, None)]),
]


@pytest.mark.parametrize(("writes", "expected"), [case[1:] for case in SENT], ids=[case[0] for case in SENT])
def test_a_packet_carries_what_was_written_since_the_last_key(
    machine: CoreMachine, writes: list[Write], expected: list[tuple[int, int | None]]
) -> None:
    _receive(machine)
    _send(machine, writes)
    machine.run(3)
    packets = _packets(machine, len(expected) + 1)
    assert packets[-1] == (0, 0, 0)
    kind = 3 if writes[0] == (TCR, FIXED_ROUTE) else 0
    for (status, data, key), (sent_key, payload) in zip(packets, expected, strict=False):
        # Received, free of errors, the packet's type as a number and as a bit, its payload bit (8.6, r3).
        assert status == 0x90000000 | kind << 22 | 1 << kind | (PAYLOAD if payload is not None else 0)
        assert key == sent_key
        if payload is not None:
            assert data == payload
    with_payload = sum(payload is not None for _, payload in expected)
    assert machine.statistics(0, 1)["payloads_out"] == machine.statistics(0, 5)["payloads_in"] == with_payload
    assert machine.statistics(0, 5)["packets_in"] == len(expected)


def test_any_order_of_writes_follows_the_data_sheet(machine: CoreMachine) -> None:
    rng = random.Random(4)
    writes = [
        (rng.choice([TCR, TDR, TDR, TKR, TKR]), rng.choice([0, PAYLOAD, rng.getrandbits(22)])) for _ in range(100)
    ]
    expected: list[tuple[int, int | None]] = []
    pending = None
    for offset, value in writes:
        if offset == TDR:
            pending = value
        elif offset == TKR:
            expected.append((value, pending))
            pending = None
    _receive(machine)
    _send(machine, writes)
    machine.run(6)
    data = 0  # a packet without payload leaves the register as it was
    for (status, seen, key), (sent_key, payload) in zip(_packets(machine, len(expected)), expected, strict=True):
        data = data if payload is None else payload
        assert (bool(status & PAYLOAD), seen, key) == (payload is not None, data, sent_key)
    assert {payload is None for _, payload in expected} == {True, False}


def test_data_and_key_may_be_written_by_one_instruction(machine: CoreMachine) -> None:
    """STM, as section 8.5 says."""
    _receive(machine)
    stm = 0xE8800006  # stmia r0, {r1, r2}
    _start(machine, 1, [(0, COMMS + TDR), mov(1, 77), mov(2, 9), stm, FOREVER])
    machine.run(3)
    assert _packets(machine, 2) == [(0x90000001 | PAYLOAD, 77, 9), (0, 0, 0)]


def test_a_restarted_core_has_no_payload_pending(machine: CoreMachine) -> None:
    _receive(machine)
    _send(machine, [(TDR, 5)])
    machine.run(1)
    _send(machine, [(TKR, 3)])
    machine.run(3)
    assert _packets(machine, 1) == [(0x90000001, 0, 3)]


def test_full_and_overrun_stay_until_they_are_cleared(machine: CoreMachine) -> None:
    """65 packets in one quantum: the last is lost, with its payload; the flags and their interrupts are sticky (r0)."""
    _receive(machine)
    sends: list[int | tuple[int, int]] = [str_(4, 0, TKR)] * 64
    look = [ldr(3, 0, TCR), str_(3, 5), ldr(3, 6, 8), str_(3, 5, 4), add(5, 5, 8)]
    body = [(0, COMMS), mov(4, 9), (5, SDRAM + 0x4000), (6, VIC), *sends, str_(4, 0, TDR), str_(4, 0, TKR), *look]
    wait: list[int | tuple[int, int]] = [(7, 2000), 0xE2577001, 0x1AFFFFFD]  # subs r7, r7, #1; bne back
    clear: list[int | tuple[int, int]] = [(3, FULL), str_(3, 0, TCR), *look, mov(3, 0), str_(3, 0, TCR), *look]
    _start(machine, 1, [*body, *wait, *look, *clear, str_(4, 0, TKR), FOREVER])
    machine.run(10)
    seen = list(struct.iter_unpack("<2I", machine.sdram(0)[0x4000:0x4020]))
    state = [status & (FULL | OVERRUN | NOT_FULL | EMPTY) for status, _ in seen]
    lines = [raw & (1 << 9 | 1 << 10 | 1 << 11 | 1 << 23) for _, raw in seen]
    free = NOT_FULL | EMPTY
    assert state == [FULL | OVERRUN, FULL | OVERRUN | free, FULL | free, free]
    ready = 1 << 11 | 1 << 23
    assert lines == [1 << 9 | 1 << 10, 1 << 9 | 1 << 10 | ready, 1 << 9 | ready, ready]
    assert machine.statistics(0, 1)["packets_lost"] == 1
    packets = _packets(machine, 65)
    assert all(status == 0x90000001 for status, _, _ in packets)  # the payload went with the packet that was lost
    assert machine.statistics(0, 5)["packets_in"] == 65


def test_the_status_register_keeps_the_last_control_byte(machine: CoreMachine) -> None:
    _send(machine, [(TDR, 5), (TKR, 1)])
    body: list[int | tuple[int, int]] = [(0, COMMS), (2, SDRAM), (7, 2000), 0xE2577001, 0x1AFFFFFD]
    look = [ldr(1, 0, RSR), str_(1, 2), ldr(1, 0, RDR), str_(1, 2, 4), add(2, 2, 8)]
    _start(machine, 5, [*body, *look, ldr(1, 0, RKR), *look, FOREVER])
    machine.run(6)
    assert list(struct.iter_unpack("<2I", machine.sdram(0)[:16])) == [(0x90000001 | PAYLOAD, 5), (PAYLOAD, 5)]
