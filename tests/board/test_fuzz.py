"""Hostile datagrams: the board answers with the protocol's error code or drops them, and never dies."""

from __future__ import annotations

import random
import socket
import struct
import time
from pathlib import Path

import pytest
from arm_code import FOREVER, WFI, aplx, program
from hosts import SCP_PORT, Host

from varesearch.board.process import Board

EDGES = [0, 1, 2, 4, 7, 8, 255, 256, 257, 0xFFFF, 0x10000, 0x60000000, 0x67FFFFFC, 0x67800000, 0x68000000, 0x70000000]
EDGES += [0x7FFFFFFF, 0x80000000, 0xE5000000, 0xE5007F00, 0xE5007FFF, 0xF1000000, 0xF1004000, 0xF2000100, 0xFFFFFFFF]
COMMANDS = [*range(36), 64, 255, 0xFFFF]


def _number(rng: random.Random) -> int:
    return rng.choice(EDGES) if rng.random() < 0.7 else rng.getrandbits(32)


def _datagram(rng: random.Random) -> bytes:
    kind = rng.random()
    if kind < 0.1:
        return rng.randbytes(rng.randrange(0, 600))
    header = struct.pack(
        "<2x4B2H",
        rng.choice([0x87, 0x07, 0xFF, rng.getrandbits(8)]),
        rng.choice([0xFF, 0, 9, rng.getrandbits(8)]),
        rng.choice([0, 1, 5, 0x21, 0xFF, rng.getrandbits(8)]),
        rng.choice([0xFF, 0, rng.getrandbits(8)]),
        rng.choice([0, 0x0100, 0x0101, 0xFFFF, rng.getrandbits(16)]),
        rng.choice([0, 0xFFFF, rng.getrandbits(16)]),
    )
    body = struct.pack("<HHIII", rng.choice(COMMANDS), rng.getrandbits(16), *(_number(rng) for _ in range(3)))
    packet = header + body + rng.randbytes(rng.choice([0, 0, 4, 16, 64, 256, 300]))
    return packet[: rng.randrange(len(packet))] if kind < 0.25 else packet


def _boot_datagram(rng: random.Random) -> bytes:
    head = struct.pack(">HIIII", rng.choice([1, 1, 2]), rng.randrange(7), _number(rng), 0, rng.choice([0, 1, 31, 32]))
    return head + rng.randbytes(rng.choice([0, 3, 4, 1024, 1028]))


def _attack(board: Board, seed: int, duration_s: float) -> None:
    """Sends random datagrams to all ports; a well-behaved host must be served all the while."""
    rng = random.Random(seed)
    end = time.monotonic() + duration_s
    with (
        Host(board.address, timeout_s=5, tries=6) as host,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as scp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as boot,
    ):
        scp.connect((board.address, SCP_PORT))
        boot.connect((board.address, 54321))
        image = aplx(program([WFI, FOREVER]))
        while time.monotonic() < end:
            for _ in range(30):
                scp.send(_datagram(rng))
            boot.send(_boot_datagram(rng))
            host.socket.send(Host.packet(3, 1, 0x67800000, len(image), 0, data=image))
            answer = host.call(0)
            assert answer.code == 0x80
            assert board.alive


def _check_log(log: Path) -> None:
    assert "could not be handled" not in log.read_text(), log.read_text()[-3000:]


@pytest.mark.parametrize(("version", "seed"), [(3, 1), (5, 2)])
def test_random_datagrams_are_survived(version: int, seed: int) -> None:
    with Board(version=version) as board:
        _attack(board, seed, 4.0)
        _check_log(board.log)
        assert board.status().booted


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 104))
def test_random_datagrams_are_survived_for_minutes(seed: int) -> None:
    with Board(version=3) as board:
        _attack(board, seed, 60.0)
        _check_log(board.log)


def test_random_boot_datagrams_are_survived() -> None:
    rng = random.Random(5)
    with Board(version=3, booted=False) as board, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as boot:
        boot.connect((board.address, 54321))
        for n in range(3000):
            boot.send(_boot_datagram(rng))
            if n % 100 == 0:
                board.status()
        assert not board.status().booted
        _check_log(board.log)


def test_random_code_runs_without_harm_to_the_board() -> None:
    """Applications of random words on all cores of all chips: they may do anything to their chip, but to it only."""
    rng = random.Random(11)
    with Board(version=3) as board, Host(board.address, timeout_s=5, tries=6) as host:
        for round_ in range(3):
            image = aplx(rng.randbytes(1024))
            for chip in (0, 0x0101):
                for offset in range(0, len(image), 256):
                    host.write(0x67800000 + offset, image[offset : offset + 256], chip=chip)
                assert host.call(19, (40 + round_) << 24 | 0x3FFFE, chip=chip).code == 0x80
            for _ in range(30):
                assert host.call(0, chip=0x0101).code == 0x80
            assert host.call(20, 0x3F0000, 0x5002FF00 | 40 + round_, 0x80003F00).code == 0x80
        _check_log(board.log)
