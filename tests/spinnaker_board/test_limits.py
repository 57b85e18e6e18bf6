"""Every request has an end, in time and in memory, and gives back what it takes; a defect in one is answered."""

from __future__ import annotations

import logging
import random
import socket
import struct
import tracemalloc
from pathlib import Path

import pytest
from arm_code import FOREVER, WFI, aplx, mov, program, str_
from hosts import Host
from monitors import ARGUMENT, IMAGE, OK, booted, call, load, send_from_core, stop

from spinnaker_board import machine as machine_module
from spinnaker_board.boot import BootLoader
from spinnaker_board.chip import BootValues
from spinnaker_board.log_filter import RepeatFilter
from spinnaker_board.machine import MissingCoreError, create_core
from spinnaker_board.monitor import Monitor
from spinnaker_board.process import Board
from spinnaker_board.server import Server, Settings
from spinnaker_board.shape import SPIN3
from spinnaker_board.translation.translator import Translator

STUCK = aplx(program([FOREVER]))


def _row(*words: int) -> bytes:
    return struct.pack("<4I", *words)


@pytest.mark.parametrize(
    "rows",
    [
        _row(3, 0x60100000, 0xFFFFFFE0, 0),
        _row(3, 0xE5000000, 0xFFFFFFE0, 0),
        _row(3, 0x60100000, 8 << 20, 0),
        _row(3, 0, 0xFFFFFFE0, 0),
        _row(3, 0x400000, 0xFFFFFFE0, 0),
        _row(1, 0x60100000, 0x60000000, 128 << 20),
        _row(2, 0x60100000, 32, 0xFFFFFFFF),
        _row(1, 0x60100000, 0xE4000000, 0x01010000),  # registers, and beyond them
        _row(1, 0xE4FF0000, 0x60100000, 0x00018000),
        _row(3, 0x60100000, 64 << 10, 0) * 17,  # together more than an image may write
    ],
)
def test_an_image_cannot_ask_for_more_than_a_megabyte_outside_its_core(monitor: Monitor, rows: bytes) -> None:
    assert len(rows) <= 17 * 16
    tracemalloc.start()
    load(monitor, rows.ljust(512, b"\0"), 0x3FFFE, 30)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 << 20
    assert call(monitor, 15, 30, 2).word(0) == 17  # a run-time error on each core


def test_the_largest_fill_is_sixteen_megabytes(monitor: Monitor) -> None:
    assert call(monitor, 5, 0x60000000, 0, 0xFFFFFFE0).code == ARGUMENT
    tracemalloc.start()
    assert call(monitor, 5, 0x64000000, 7, 16 << 20).code == OK
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 << 20
    assert call(monitor, 5, 0x67F00000, 0, 2 << 20).code == ARGUMENT


def test_any_command_of_an_application_is_survived_and_its_buffer_comes_back(monitor: Monitor) -> None:
    """An application's own monitor gets them: an image that reaches beyond the registers ended the process once."""
    chip = monitor.machine.chips[0]
    load(monitor, _row(1, 0x60100000, 0xE4000000, 0x01010000).ljust(512, b"\0"), 0, 9)
    rng = random.Random(1)
    addresses = [0xE4FFFFFC, 0xE5000000, 0xE5007F00, 0xF4FFFFF0, 0xF5007FFF, 0x67FFFFFC, 0xFFFFFFFF, 0, 1 << 24 | 0x10]
    for command in range(36):
        for first in addresses:
            load(monitor, STUCK, 1 << 4, 9)
            body = struct.pack("<HHIII", command, 1, first, rng.choice([4, 256, 1 << 24, 0x50020009]), 0) + bytes(64)
            header = struct.pack("<4B2H", 0x87, 0xFF, 0, 1 << 5 | 4, 0, 0)
            send_from_core(monitor, chip, 4, header + body)
            monitor.attend()
    assert call(monitor, 0).code == OK


def test_a_defect_is_logged_and_answered(
    monitor: Monitor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(monitor.applications, "count", fail)
    assert call(monitor, 15, 1, 1).code == ARGUMENT
    assert "a defect" in caplog.text
    assert call(monitor, 0).code == OK
    load(monitor, STUCK, 1 << 4, 9)
    send_from_core(monitor, monitor.machine.chips[0], 4, struct.pack("<4B2HHHIII", 7, 255, 0, 4, 0, 0, 15, 1, 1, 1, 0))
    monitor.attend()
    assert caplog.text.count("RuntimeError: a defect") == 2


def test_a_routing_table_whose_lists_lead_in_circles(monitor: Monitor) -> None:
    """The list of free blocks was followed for ever."""
    chip = monitor.machine.chips[1]
    routes, memory = chip.routes, chip.memory
    blocks = [call(monitor, 28, 31 << 8 | 3, 10, chip=chip.address).word(0) for _ in range(4)]
    assert call(monitor, 28, 4, blocks[0], 0, chip=chip.address).code == OK
    memory.set_u16(routes.copy + 16 * blocks[0] + 2, blocks[0])
    assert call(monitor, 28, 4, blocks[2], 0, chip=chip.address).code == OK
    assert call(monitor, 28, 31 << 8 | 5, chip=chip.address).word(0) == 2
    assert routes.largest() == 1023
    for index in range(1, 1024):
        memory.set_u16(routes.copy + 16 * index, index)
    for operation in (3, 4, 5):
        assert call(monitor, 28, 31 << 8 | operation, 5, chip=chip.address).code in (OK, ARGUMENT)
    assert call(monitor, 31, 0x5F, chip=chip.address).code == OK
    assert call(monitor, 29, 0, chip=chip.address).code == OK
    assert routes.largest() == 1023


def test_a_heap_of_many_blocks_is_given_back_in_one_pass(monitor: Monitor) -> None:
    """Twenty thousand blocks of two applications in turns; one by one it took a walk for each."""
    before = call(monitor, 28, 6).data
    for n in range(20_000):
        assert call(monitor, 28, (31 + n % 2) << 8, 4).word(0)
    assert call(monitor, 28, 31 << 8 | 2).word(0) == 10_000
    stop(monitor, 32)
    assert call(monitor, 28, 6).data == before


def test_a_heap_that_cannot_be_cleaned_keeps_nothing_else_from_it(monitor: Monitor) -> None:
    chip = monitor.machine.chips[3]
    block = call(monitor, 28, 31 << 8, 100, chip=chip.address).word(0)
    row = call(monitor, 28, 31 << 8 | 3, 5, chip=chip.address).word(0)
    assert row and chip.routes.largest() < 1023
    kept = chip.memory.u32(block - 8)
    chip.memory.set_u32(block - 8, block - 8)
    stop(monitor, 31)
    assert chip.routes.largest() == 1023
    chip.memory.set_u32(block - 8, kept)
    assert call(monitor, 28, 31 << 8 | 2, chip=chip.address).word(0) == 1


def test_registers_are_read_a_kilobyte_at_most_and_never_beyond_their_end(monitor: Monitor) -> None:
    assert call(monitor, 29, 1024 << 16 | 2, 0xF1000000).code == ARGUMENT
    for address in (0xE4FFFFFC, 0xF4FFFFFC, 0xEFFFFFFC):
        assert call(monitor, 2, address, 8, 0).code == ARGUMENT


@pytest.mark.parametrize("port", [0, 17893, 54321])
def test_a_reverse_tag_needs_a_port_of_its_own(port: int) -> None:
    """With port 0 all answers left from another port, and no host took them."""
    with Board(version=3) as board, Host(board.address) as host:
        assert host.call(26, 1 << 16 | 2 | 2 << 28 | 1 << 13, port).code == ARGUMENT
        assert all(host.call(0).code == OK for _ in range(5))


def test_a_board_does_not_talk_to_itself() -> None:
    """A tag that leads to a board's own port would keep a message for ever."""
    with Board(version=3) as board, Host(board.address) as host:
        own = int.from_bytes(socket.inet_aton(board.address), "little")
        assert host.call(26, 1 << 16 | 3, 17893, own).code == OK
        host.socket.send(struct.pack("<2x4B2HHHIII", 0x07, 3, 0xFF, 0xFF, 0, 0, 0, 1, 0, 0, 0))
        assert host.call(0).code == OK
        count = host.call(26, 2 << 16 | 3, 1).data[16:20]
        assert count == host.call(26, 2 << 16 | 3, 1).data[16:20] == struct.pack("<I", 1)
        assert "a board is there" in board.log.read_text()


def test_a_power_cycle_makes_a_board_new() -> None:
    with Board(version=3) as board, Host(board.address) as host:
        port = 20124
        assert host.call(26, 1 << 16 | 2 | 2 << 28 | 1 << 13, port).code == OK
        for offset in range(0, len(STUCK), 256):
            host.write(IMAGE + offset, STUCK[offset : offset + 256])
        host.write(0xE5000000, bytes(256))
        host.call(19, 33 << 24 | 0x3FFFE)
        board.power_cycle()
        assert board.status().active_cores == 0
        assert host.read(0xE5007000 + 128 + 46, 2) == bytes((15, 0))
        assert not struct.unpack_from("<H", host.call(26, 2 << 16 | 2, 1).data, 14)[0]
        assert f":{port:04X} " not in Path("/proc/net/udp").read_text()


def test_a_parent_that_asks_nonsense_is_told() -> None:
    with Board(version=3) as board:
        assert "No such file" in str(board._ask(ask="statistics", path="/nowhere/at/all")["error"])
        assert "KeyError" in str(board._ask(ask="statistics")["error"])
        assert board.status().booted


def _boot(loader: BootLoader, values: bytes) -> BootValues | None:
    image = bytes(384) + values + bytes(512)
    loader.receive(struct.pack(">HIIII", 1, 1, 0, 0, 0))
    words = struct.unpack("<256I", image)
    loader.receive(struct.pack(">HIIII", 1, 3, 255 << 8, 0, 0) + struct.pack(">256I", *words))
    return loader.receive(struct.pack(">HIIII", 1, 5, 1, 0, 0))


def test_no_boot_values_that_are_taken_break_the_boot() -> None:
    """Random words among the values: refused, or a machine comes up."""
    rng = random.Random(6)
    loader, taken = BootLoader(), 0
    for _ in range(300):
        values = bytearray(BootValues.default(3).data)
        for _ in range(rng.randrange(1, 4)):
            struct.pack_into("<I", values, 4 * rng.randrange(32), rng.choice([0, 1, 255, 1 << 20, rng.getrandbits(32)]))
        result = _boot(loader, bytes(values))
        if result is not None and taken < 40:
            taken += 1
            machine = machine_module.Machine(create_core(SPIN3), SPIN3, result, bytes(4))
            assert machine.chips[0].sdram_heap.largest() > 1 << 20
    assert taken == 40


def test_after_a_boot_that_failed_another_one_succeeds(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(Settings(3, "127.0.0.241", booted=False))
    first = server._core

    def fail(*_: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr("spinnaker_board.server.Machine", fail)
        with pytest.raises(MemoryError):
            server._come_up(BootValues.default(3))
    assert server.monitor is None
    assert server._core is not first
    server._come_up(BootValues.default(3))
    assert server.monitor is not None
    server.close()


def test_programs_that_came_and_went_are_forgotten(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    translator = Translator(create_core(SPIN3), tmp_path)
    for n in range(1000):
        translator.starting(0, 1 + n % 3, struct.pack("<I", n) * 8192)
    assert len(translator._programs) < 100
    assert len(translator._running) == 3
    assert set(translator._running.values()) <= translator._programs.keys()


def test_a_cache_that_goes_away_stops_no_application(tmp_path: Path) -> None:
    monitor = booted()
    translator = Translator(monitor.machine.core, tmp_path / "cache")
    (tmp_path / "cache").rmdir()
    monitor.applications._translator = translator
    load(monitor, aplx(program([(0, 0x60000200), mov(1, 99), str_(1, 0), WFI, FOREVER])), 1 << 4, 33)
    monitor.machine.core.run(2)
    assert monitor.machine.chips[0].memory.u32(0x60000200) == 99


def test_a_log_stays_small(caplog: pytest.LogCaptureFixture) -> None:
    log, other = logging.getLogger("first"), logging.getLogger("second")
    caplog.handler.addFilter(RepeatFilter())
    for n in range(5000):
        log.warning("datagram %d", n)
    other.warning("a message of another kind")
    messages = [record.getMessage() for record in caplog.records]
    assert messages[:20] == [f"datagram {n}" for n in range(20)]
    assert messages[20] == "datagram 31 (number 32 of its kind; those since number 20 are left out)"
    assert len(messages) == 20 + 8 + 1  # 32, 64, ... 4096
    assert messages[-1] == "a message of another kind"


def test_a_core_built_from_other_sources_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine_module, "INTERFACE", -1)
    with pytest.raises(MissingCoreError, match="build it again"):
        create_core(SPIN3)
