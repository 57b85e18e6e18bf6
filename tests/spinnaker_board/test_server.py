"""The board as a host on the network sees it."""

from __future__ import annotations

import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest
from arm_code import FOREVER, aplx, mov, program, str_
from hosts import Host

from spinnaker_board.process import Board, BoardError
from spinnaker_board.server import AddressError

OK, LENGTH, COMMAND, ARGUMENT, PORT, TIMEOUT, ROUTE, CORE, DEAD = 0x80, 0x81, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89
IMAGE = 0x67800000


@pytest.fixture(scope="module")
def host(board: Board):
    with Host(board.address) as host:
        yield host


def _load(host: Host, image: bytes, cores: int, app_id: int, wait: int = 0) -> None:
    for offset in range(0, len(image), 256):
        host.write(IMAGE + offset, image[offset : offset + 256])
    assert host.call(19, app_id << 24 | wait << 18 | cores).code == OK


def _stop(host: Host, app_id: int) -> None:
    assert host.call(20, 0x3F0000, 0x5002FF00 | app_id, 0x80003F00).code == OK


def test_version(host: Host) -> None:
    answer = host.call(0)
    assert answer.word(0) == 0
    assert answer.word(1) == 0xFFFF0100
    assert answer.data[12:] == b"SC&MP/SpiNNaker\x004.0.0\x00"
    assert host.call(0, chip=0x0101).word(0) == 0x01010000
    assert host.call(0, chip=0xFFFF).word(0) == 0


def test_memory_is_shared_by_both_aliases_and_not_by_chips(host: Host) -> None:
    for base, alias in ((0x60000000, 0x70000000), (0xE5001000, 0xF5001000)):
        host.write(base + 0x40, b"something", chip=0x0100)
        assert host.read(alias + 0x40, 9, chip=0x0100) == b"something"
        assert host.read(alias + 0x40, 9, chip=0x0001) != b"something"


@pytest.mark.parametrize(
    ("address", "length"),
    [
        *[(0x68000000, 4), (0x67FFFFFD, 4), (0x5FFFFFFF, 1), (0xE5008000, 4), (0xF5007F01, 256), (0, 4)],
        *[(0x400000, 4), (0xFFFFFFFF, 4), (0xE6000000, 4), (0xF1000001, 4), (0xF1000000, 3), (0x60000000, 257)],
    ],
)
def test_access_outside_memory_is_refused(host: Host, address: int, length: int) -> None:
    assert host.call(2, address, length, 0).code == ARGUMENT
    assert host.call(3, address, length, 0, data=bytes(min(length, 256))).code == ARGUMENT


def test_system_variables_describe_the_board(host: Host, board: Board) -> None:
    assert host.read(0xF5007F02, 2) == bytes((2, 2))
    assert host.read(0xF5007FF0, 4) == socket.inet_aton(board.address)
    assert host.read(0xF5007FF0, 4, chip=0x0100) == bytes(4)
    assert host.read(0xF5007F94, 40) == (bytes(range(18)) + b"\xff\xff") * 2
    info = host.call(31, 0x5F)
    assert info.word(0) == 18 | 0x3F << 8 | 1023 << 14 | 1 << 25
    assert info.data[12:30] == bytes((7, *[15] * 17))


@pytest.mark.parametrize(
    ("command", "arguments", "code"),
    [
        (99, (), COMMAND),
        (2, (0x60000000, 4, 3), ARGUMENT),
        (3, (0x60000000, 8, 0), ARGUMENT),  # eight bytes announced, none sent
        (19, (17 << 24 | 1,), ARGUMENT),  # the monitor itself
        (21, (6, 4, 2), ARGUMENT),
        (21, (0, 5, 2), ARGUMENT),
        (21, (0, 1 << 30, 2), ARGUMENT),
        (26, (1 << 16 | 16,), ARGUMENT),
        (26, (9 << 16,), ARGUMENT),
        (28, (8,), ARGUMENT),
        (28, (1, 0x60300004), ARGUMENT),
        (29, (9,), ARGUMENT),
        (29, (2000 << 16 | 1, 0), ARGUMENT),
        (29, (5 << 16 | 2, 0x67FFFFF8), ARGUMENT),
        (17, (0x60000000, 4, 6), ARGUMENT),
        (22, (1, 0), ARGUMENT),
        (20, (0x07000000, 0, 0), ARGUMENT),
        (5, (0x60000000, 0, 6), ARGUMENT),
    ],
)
def test_senseless_commands_get_the_protocols_error(
    host: Host, command: int, arguments: tuple[int, ...], code: int
) -> None:
    assert host.call(command, *arguments).code == code


def test_messages_that_cannot_be_delivered(host: Host) -> None:
    assert host.call(0, chip=0x0505).code == ROUTE
    assert host.call(0, core=18).code == CORE
    assert host.call(0, port=3).code == PORT
    assert host.call(0, core=9).code == DEAD  # no application


def test_a_short_command_is_answered_with_its_length_error(host: Host) -> None:
    host.socket.send(struct.pack("<2x4B2HHH", 0x87, 0xFF, 0, 0xFF, 0, 0, 0, 77))
    assert struct.unpack_from("<HH", host.socket.recv(100), 10) == (LENGTH, 77)


def test_sdram_is_allocated_by_application_and_tag(host: Host) -> None:
    before = host.call(28, 6).word(0)
    block = host.call(28, 17 << 8, 1000, 5).word(0)
    assert host.call(28, 17 << 8 | 7, 5).word(0) == block
    assert host.call(28, 17 << 8, 1000, 5).word(0) == 0
    assert host.call(28, 4 << 16 | 17 << 8, 1000, 5).word(0) == block  # may be asked for again
    assert host.call(28, 17 << 8 | 2).word(0) == 1
    assert host.call(28, 6).word(0) == before


def test_fixed_route_is_kept(host: Host) -> None:
    assert host.call(29, 3, 0x40).code == OK
    assert host.call(29, 3, 1 << 31).word(0) == 0x40


def test_tags_are_set_read_and_cleared(host: Host) -> None:
    assert (
        host.call(26, 1 << 16 | 3 | 1 << 28, 4567, int.from_bytes(socket.inet_aton("127.0.0.9"), "little")).word(0) == 3
    )
    tag = host.call(26, 2 << 16 | 3, 1).data
    assert len(tag) == 32
    assert socket.inet_ntoa(tag[:4]) == "127.0.0.9"
    assert struct.unpack_from("<H", tag, 10) == (4567,)
    assert struct.unpack_from("<H", tag, 14)[0] & 0x8100 == 0x8100
    assert host.call(26, 3 << 16 | 3).code == OK
    assert not struct.unpack_from("<H", host.call(26, 2 << 16 | 3, 1).data, 14)[0] & 0x8000


def test_an_application_is_loaded_runs_and_is_stopped(host: Host) -> None:
    code = program([(0, 0x60000200), mov(1, 99), str_(1, 0), FOREVER])
    _load(host, aplx(code), 1 << 4, 33)
    deadline = time.monotonic() + 5
    while host.read(0x60000200, 4) != bytes((99, 0, 0, 0)):
        assert time.monotonic() < deadline
    assert host.call(15, 33, 4).word(0) == 1  # in state INIT: this one knows nothing of SARK
    _stop(host, 33)
    assert host.call(15, 33, 4).word(0) == 0
    assert host.read(0xE5007000 + 128 * 4 + 46, 2) == bytes((15, 0))


def test_an_application_is_copied_to_a_neighbour(host: Host) -> None:
    image = aplx(program([(0, 0x60000204), mov(1, 55), str_(1, 0), FOREVER]))
    _load(host, image, 0, 34)
    total = sum(struct.unpack(f"<{len(image) // 4}I", image)) & 0x1FFFFFFF
    # Link 3 of chip (1, 0) leads west, to (0, 0).
    assert host.call(21, 3 | (total ^ 1) << 3, len(image), 34 << 24 | 4, chip=0x0100).code == 0x82
    assert host.call(21, 3 | total << 3, len(image), 34 << 24 | 4, chip=0x0100).code == OK
    deadline = time.monotonic() + 5
    while host.read(0x60000204, 1, chip=0x0100) != bytes((55,)):
        assert time.monotonic() < deadline
    _stop(host, 34)


@pytest.mark.parametrize(
    "image",
    [
        bytes(512),
        b"\xff" * 512,
        struct.pack("<4I", 2, 0, 32, 0x9000) + bytes(256),  # more than the ITCM holds
        struct.pack("<4I", 1, 0, 0x12345678, 64) + bytes(256),  # from no memory
        struct.pack("<4I", 3, 0x12345678, 64, 0) + bytes(256),  # to no memory
    ],
)
def test_a_corrupt_application_ends_as_a_run_time_error(host: Host, image: bytes) -> None:
    _load(host, image, 1 << 2, 35)
    assert host.read(0xE5007000 + 128 * 2 + 44, 4) == bytes((9, 2, 2, 35))
    _stop(host, 35)


def test_an_application_that_never_sleeps_keeps_nobody_from_the_board(host: Host) -> None:
    _load(host, aplx(program([FOREVER])), 0x3FFFE, 36)
    begun = time.monotonic()
    assert all(host.call(0).code == OK for _ in range(100))
    assert time.monotonic() - begun < 4  # it would be for ever
    host.socket.send(Host.packet(0, 1, core=5, port=1))  # lies in its mailbox, at which it never looks
    assert host.call(0, core=5, port=1).code == TIMEOUT
    _stop(host, 36)


@pytest.mark.parametrize("address", [0xECF75D62, 0x67FFFFFE, 0xFFFFFFFC])
def test_a_host_that_breaks_the_list_of_buffers_costs_messages_not_the_board(address: int) -> None:
    with Board(version=3) as board, Host(board.address) as host:
        _load(host, aplx(program([FOREVER])), 1 << 4, 37)
        host.write(0xE5007F68, struct.pack("<I", address))
        for _ in range(3):
            assert host.call(0, core=4, port=1).code == TIMEOUT
        assert host.call(0).code == OK
        assert board.alive


def test_a_host_that_breaks_heap_and_system_variables_still_gets_an_answer() -> None:
    """The first free block of System RAM's heap seems to end before it begins."""
    with Board(version=3) as board, Host(board.address) as host:
        heap = struct.unpack("<I", host.read(0xE5007F00 + 0x48, 4))[0]
        block = struct.unpack("<I", host.read(heap, 4))[0]
        host.write(block, bytes(4))
        host.write(0xE5007F00, b"\xff" * 0x40)
        assert host.call(31, 0x5F).code == OK
        assert board.alive


def test_two_hosts_get_their_own_answers(board: Board, host: Host) -> None:
    with Host(board.address) as other:
        for n in range(20):
            other.socket.send(Host.packet(2, 500 + n, 0x60000000, 4, 0))
            assert host.call(0).code == OK
        assert {struct.unpack_from("<H", other.socket.recv(64), 12)[0] for _ in range(20)} == set(range(500, 520))


def test_a_vanished_host_does_no_harm(board: Board, host: Host) -> None:
    with Host(board.address) as other:
        for n in range(200):
            other.socket.send(Host.packet(0, n))
    assert all(host.call(0).code == OK for _ in range(20))


def test_a_reverse_tag_opens_and_closes_a_port(board: Board, host: Host) -> None:
    port = 20123
    assert host.call(26, 1 << 16 | 2 | 2 << 28 | 1 << 13, port).code == OK
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        deadline = time.monotonic() + 5
        while f":{port:04X} " not in Path("/proc/net/udp").read_text():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        with pytest.raises(OSError, match="in use"):
            probe.bind((board.address, port))
    assert host.call(26, 3 << 16 | 2).code == OK


def test_boards_share_a_machine_but_not_an_address(board: Board) -> None:
    with Board(version=3) as second:
        assert second.address != board.address
        with Host(second.address) as host:
            assert host.call(0).code == OK
    with pytest.raises(AddressError, match="in use"):
        Board(version=3, address=board.address)


@pytest.mark.parametrize("address", ["0.0.0.0", "192.168.1.1", "localhost", "::1", "127.0.0.0.1", ""])
def test_other_networks_are_refused(address: str) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "spinnaker_board", "--address", address], capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert "loopback" in result.stderr
    assert "127.0.0.2" in result.stderr


@pytest.mark.parametrize(
    "arguments", [["--version", "4"], ["--threads", "0"], ["--time-limit", "-1"], ["--time-limit", "nan"], ["--what"]]
)
def test_bad_arguments_are_named(arguments: list[str]) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "spinnaker_board", *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 2
    assert arguments[0] in result.stderr


def test_the_time_limit_ends_a_board(tmp_path: Path) -> None:
    log = tmp_path / "log"
    command = [sys.executable, "-m", "spinnaker_board", "--address", "127.0.0.250", "--time-limit", "0.5"]
    result = subprocess.run([*command, "--log", str(log)], capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0
    assert "127.0.0.250" in result.stdout
    assert "time limit" in log.read_text()


def test_a_board_ends_with_its_parent(tmp_path: Path) -> None:
    script = (
        "import os\nfrom spinnaker_board.process import Board\n"
        "board = Board()\nprint(board.pid, flush=True)\nos._exit(1)\n"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    pid = int(result.stdout)
    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2]:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_stopped_board_says_so() -> None:
    board = Board()
    status = board.status()
    assert status.booted
    assert status.active_cores == 0
    board.stop()
    board.stop()
    assert not board.alive
    with pytest.raises(BoardError, match="has ended"):
        board.status()


def test_an_unbooted_board_is_silent_until_spinnman_boots_it() -> None:
    from spinnaker_board.chip import BootValues

    with Board(version=5, booted=False) as board, Host(board.address, timeout_s=0.3) as host:
        with pytest.raises(TimeoutError):
            host.call(0)
        assert not board.status().booted
        with pytest.raises(BoardError):
            board.statistics()
        image = bytes(384) + BootValues.default(5).data + bytes(2048 - 512)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as boot:
            boot.connect((board.address, 54321))
            boot.send(struct.pack(">HIIII", 1, 1, 0, 0, 1))
            for block in (0, 1):
                words = struct.unpack("<256I", image[1024 * block : 1024 * block + 1024])
                boot.send(struct.pack(">HIIII", 1, 3, 255 << 8 | block, 0, 0) + struct.pack(">256I", *words))
            boot.send(struct.pack(">HIIII", 1, 5, 1, 0, 0))
        host.socket.settimeout(10)
        assert host.call(0).code == OK
        assert host.read(0xF5007F02, 2) == bytes((8, 8))


def test_without_its_core_the_board_says_what_is_missing() -> None:
    script = (
        "import sys\nsys.modules['spinnaker_board._core'] = None\n"
        "from spinnaker_board.__main__ import main\nsys.exit(main(['--address', '127.0.0.251']))\n"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert "C compiler" in result.stderr
