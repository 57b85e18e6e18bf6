"""Hostile datagrams: the board answers with the protocol's error code or drops them, and never dies."""

from __future__ import annotations

import logging
import random
import socket
import time
from pathlib import Path

import fuzzing
import pytest
from arm_code import FOREVER, WFI, aplx, program
from fuzzing import Census, boot_datagram, datagram, resident_mb
from hosts import SCP_PORT, Host
from serving import Serving
from spynnaker_process import SpynnakerProcess

from spinnaker_board.process import Board


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
                scp.send(datagram(rng))
            boot.send(boot_datagram(rng))
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
            boot.send(boot_datagram(rng))
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


NETWORK = {"seed": 3, "count": 100, "probability": 0.05, "duration_ms": 60, "time_scale_factor": 1}
ROUND = 10_000  # wild datagrams between two times that the board is switched off and on
GROWTH_MB = 100  # of the process, over any number of datagrams: pages that were written, decoded code, Python's own
PLATEAU_MB = 20  # and from the middle to the end of them


def _law(count: int, folder: Path, caplog: pytest.LogCaptureFixture) -> str:
    """Half of the datagrams tame, half wild: nothing fails, nothing is lost, and a network runs as it did before.

    :return: figures of it
    """
    caplog.set_level(logging.ERROR)
    serving = Serving()
    server = serving.server
    process = SpynnakerProcess(serving.board, folder)

    def run() -> dict[str, object]:
        with serving:
            return process.run("balanced", **NETWORK)

    expected = run()
    assert sum(map(len, expected["spikes"])) > 100  # type: ignore[arg-type]
    server.power_cycle()
    first = Census.take(server)
    sizes, begun_s = [resident_mb()], time.process_time()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as host:
        host.bind(("127.0.0.1", 0))
        before = Census.take(server)
        fuzzing.attack(server, host.getsockname(), 1, count // 2, wild=False)
        fuzzing.tidy(server)
        assert Census.take(server) == before
        sizes.append(resident_mb())
        tame_s = time.process_time() - begun_s
        assert run() == expected
        server.power_cycle()
        begun_s = time.process_time()
        for seed in range(max(count // 2 // ROUND, 1)):
            fuzzing.attack(server, host.getsockname(), seed, min(count // 2, ROUND), wild=True)
            sizes.append(resident_mb())
            server.power_cycle()
            assert Census.take(server) == before
        wild_s = time.process_time() - begun_s
    assert Census.take(server) == first
    sizes.append(resident_mb())
    assert run() == expected
    process.close()
    server.close()
    errors = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert not errors, errors[:5]
    assert max(sizes) - sizes[0] < GROWTH_MB, sizes
    middle = len(sizes) // 2
    assert max(sizes[middle:]) - max(sizes[: middle + 1]) < PLATEAU_MB, sizes
    return (
        f"{count} datagrams: {tame_s:.0f} s of CPU tame, {wild_s:.0f} s wild; resident {sizes[0]:.0f} MB before, "
        f"{max(sizes):.0f} at most, {sizes[-1]:.0f} after"
    )


@pytest.mark.timeout(600)
def test_random_datagrams_cost_nothing_and_a_network_runs_as_before(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _law(20_000, tmp_path, caplog)


@pytest.mark.slow
@pytest.mark.timeout(14_400)
def test_a_million_random_datagrams_cost_nothing_and_a_network_runs_as_before(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = _law(1_000_000, tmp_path, caplog)
    with capsys.disabled():
        print(f"\n{figures}")
