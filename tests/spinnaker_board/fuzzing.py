"""Random requests to a board, and a count of everything that they might cost it.

Two kinds. Tame ones are what hosts and applications may do: nobody writes where the monitor keeps its own data, so
that all must come back when the applications are stopped, as after any session. Wild ones do anything at all, as code
of random words on the cores does; after them the board is switched off and on.
"""

from __future__ import annotations

import os
import random
import struct
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from arm_code import FOREVER, WFI, aplx, ldr, mov, program, str_
from hosts import Host
from monitors import IMAGE, free_buffers, send_from_core

from spinnaker_board.chip import ChipState
from spinnaker_board.layout import CORES, ROUTE_EMPTY, ROUTER_ENTRIES, ROUTER_ROUTE
from spinnaker_board.monitor import Monitor
from spinnaker_board.server import Server
from spinnaker_board.tags import TAGS

EDGES = [0, 1, 2, 4, 7, 8, 255, 256, 257, 0xFFFF, 0x10000, 0x60000000, 0x67FFFFFC, 0x67800000, 0x68000000, 0x70000000]
EDGES += [0x7FFFFFFF, 0x80000000, 0xE5000000, 0xE5007F00, 0xE5007FFF, 0xF1000000, 0xF1004000, 0xF2000100, 0xFFFFFFFF]
COMMANDS = [*range(36), 64, 255, 0xFFFF]
CHIPS = [0, 1, 0x0100, 0x0101]
BATCH = 16
_COMMS = 0x20000000
_SLEEPER = aplx(program([WFI, FOREVER]))
_STUCK = aplx(program([FOREVER]))
_SENDER = aplx(program([(0, _COMMS), mov(1, 3), str_(1, 0, 4), str_(1, 0, 8), ldr(2, 0, 20), 0xEAFFFFF9]))  # b back
_BAD = struct.pack("<4I", 3, 0x60000000, 0xFFFFFFE0, 1) + bytes(112)
_LENGTHS = [0, 4, 16, 64, 256, 300, 512, 0xFFFFFFFF]
_LOCKS = 0xF2000100
_SAFE = (0x60000000, 0x60200000)  # the cores' system buffers, which nobody uses here


def number(rng: random.Random) -> int:
    """An argument: often one at an edge."""
    return rng.choice(EDGES) if rng.random() < 0.7 else rng.getrandbits(32)


def datagram(rng: random.Random) -> bytes:
    """Bytes for the SCP port: noise, cut off messages, messages to anywhere with any command."""
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
    body = struct.pack("<HHIII", rng.choice(COMMANDS), rng.getrandbits(16), *(number(rng) for _ in range(3)))
    packet = header + body + rng.randbytes(rng.choice([0, 0, 4, 16, 64, 256, 300]))
    return packet[: rng.randrange(len(packet))] if kind < 0.25 else packet


def boot_datagram(rng: random.Random) -> bytes:
    """Bytes for the boot port."""
    head = struct.pack(">HIIII", rng.choice([1, 1, 2]), rng.randrange(7), number(rng), 0, rng.choice([0, 1, 31, 32]))
    return head + rng.randbytes(rng.choice([0, 3, 4, 1024, 1028]))


class Requests:
    """Sensible requests with random arguments, many of them wrong; see the module about `wild`."""

    def __init__(self, rng: random.Random, wild: bool) -> None:
        self._rng = rng
        self._wild = wild
        self._makers: list[Callable[[], tuple[int, tuple[int, ...], bytes]]] = [
            *[self._read] * 12, *[self._write] * 12, self._fill, *[self._load] * 8, *[self._start] * 2, self._copy,
            *[self._signal] * 2, *[self._count] * 3, *[self._tag] * 8, *[self._allocate] * 16, *[self._route] * 3,
            self._other,
        ]  # fmt: skip

    def packet(self) -> bytes:
        """One for a monitor, or for a core."""
        rng = self._rng
        command, arguments, data = rng.choice(self._makers)()
        core, port = (rng.randrange(20), rng.randrange(8)) if rng.random() < 0.1 else (0, 0)
        chip = rng.choice(CHIPS) if rng.random() < 0.97 else rng.getrandbits(16)
        packet = Host.packet(command, rng.getrandbits(16), *arguments, data=data, chip=chip, core=core, port=port)
        if rng.random() < 0.1:  # no answer wanted, or by another tag
            packet = packet[:2] + bytes((rng.choice([0x07, 0x87]), rng.randrange(18))) + packet[4:]
        return packet

    def _address(self, length: int) -> int:
        if self._wild:
            return number(self._rng)
        return self._rng.randrange(_SAFE[0], _SAFE[1] - length)

    def _read(self) -> tuple[int, tuple[int, ...], bytes]:
        address = number(self._rng)
        if address == _LOCKS and not self._wild and self._rng.random() < 0.95:
            address = 0  # reading them takes all locks of a chip
        return self._rng.choice([2, 17]), (address, self._rng.choice(_LENGTHS), self._rng.randrange(7)), b""

    def _write(self) -> tuple[int, tuple[int, ...], bytes]:
        data = self._rng.randbytes(self._rng.choice([0, 1, 4, 64, 256]))
        length = self._rng.choice([len(data), len(data), 0, 300])
        return self._rng.choice([3, 18]), (self._address(512), length, self._rng.randrange(7)), data

    def _fill(self) -> tuple[int, tuple[int, ...], bytes]:
        length = self._rng.choice([0, 4, 4096, 3, 0xFFFFFFE0, 0x10000])
        return 5, (self._address(0x10000), self._rng.getrandbits(32), length), b""

    def _load(self) -> tuple[int, tuple[int, ...], bytes]:
        images = [_SLEEPER, _STUCK, _SENDER, _BAD]
        if self._wild:
            images += [aplx(self._rng.randbytes(160)), self._rng.randbytes(200)]
        image = self._rng.choice(images)
        return 3, (IMAGE, len(image), 0), image

    def _app(self) -> int:
        return self._rng.randrange(1, 24)

    def _start(self) -> tuple[int, tuple[int, ...], bytes]:
        mask = self._rng.choice([0x3FFFE, 1 << self._rng.randrange(18), 0, self._rng.getrandbits(18)])
        return 19, (self._app() << 24 | self._rng.getrandbits(6) << 18 | mask,), b""

    def _copy(self) -> tuple[int, tuple[int, ...], bytes]:
        length = self._rng.choice([0, 192, 4096, 1 << 18, 1 << 30, 5])
        return 21, (self._rng.randrange(8), length, self._app() << 24 | 1 << self._rng.randrange(18)), b""

    def _signal(self) -> tuple[int, tuple[int, ...], bytes]:
        mask = self._rng.choice([0xFF, 0xFF, 0xF0, 0])
        word = self._rng.randrange(16) << 16 | mask << 8 | self._app() & mask
        return (20, (0x3F0000, 5 << 28 | word, 0), b"") if self._rng.random() < 0.3 else (22, (2, word), b"")

    def _count(self) -> tuple[int, tuple[int, ...], bytes]:
        return 15, (self._app(), self._rng.randrange(16)), b""

    def _tag(self) -> tuple[int, tuple[int, ...], bytes]:
        rng = self._rng
        operation = rng.choice([0, 1, 1, 1, 2, 3, 4, 5])
        flags = rng.choice([0, 1 << 13, 1 << 14, 1 << 12, 1 << 13 | 1 << 14]) << 16
        port = rng.choice([0, 17893, 54321, 53, 40001, rng.randrange(30_000, 30_032)])
        address = rng.choice([0x0100007F, 0x0900007F, 0xFFFFFFFF, 0, rng.getrandbits(32)])
        first = rng.getrandbits(4) << 24 | flags | operation << 16 | rng.getrandbits(8) << 8 | rng.randrange(18)
        return 26, (first, rng.choice([1, 8, rng.choice(CHIPS) << 16 | port]), address), b""

    def _allocate(self) -> tuple[int, tuple[int, ...], bytes]:
        rng = self._rng
        operation = rng.choice([0, 0, 0, 1, 2, 3, 3, 4, 5, 6, 7, 9])
        first = rng.choice([0, 4]) << 16 | self._app() << 8 | operation
        size = rng.choice([rng.randrange(1, 4096), 0, 1 << 20, 1 << 31, number(rng)])
        return 28, (first, rng.randrange(1100) if operation in (3, 4) else size, rng.choice([0, 0, 1, 300])), b""

    def _route(self) -> tuple[int, tuple[int, ...], bytes]:
        rng = self._rng
        operation = rng.choice([1, 2, 2, 2, 3, 3, 4]) if rng.random() < 0.9 else 0
        first = rng.choice([0, 1, 5, 1024, 2000]) << 16 | self._app() << 8 | operation
        address = rng.randrange(*_SAFE, 4) if operation == 2 and rng.random() < 0.8 else number(rng)
        return 29, (first, address, rng.randrange(1100)), b""

    def _other(self) -> tuple[int, tuple[int, ...], bytes]:
        command = self._rng.choice([0, 25, 31, 32, self._rng.randrange(40, 65536)])
        return command, tuple(number(self._rng) for _ in range(3)), self._rng.randbytes(self._rng.randrange(30))


@dataclass(frozen=True)
class Census:
    """What a board holds that could be lost: by chip, or for the process."""

    buffers: tuple[int, ...]
    heaps: tuple[tuple[int, int], ...]  # free bytes and largest block, of three heaps a chip
    free_routes: tuple[int, ...]
    routes_in_use: tuple[int, ...]
    locks: tuple[int, ...]
    cores: int
    tags: int
    reverse_ports: int
    waiting: int
    descriptors: int
    threads: int

    @classmethod
    def take(cls, server: Server) -> Census:
        """Counts."""
        monitor = server.monitor
        assert monitor is not None
        core, chips = monitor.machine.core, monitor.machine.chips
        return cls(
            buffers=tuple(len(free_buffers(chip)) for chip in chips),
            heaps=tuple(
                (heap.free_bytes(), heap.largest())
                for chip in chips
                for heap in (chip.sdram_heap, chip.sysram_heap, chip.system_heap)
            ),
            free_routes=tuple(chip.routes.largest() for chip in chips),
            routes_in_use=tuple(_routes_in_use(monitor, chip) for chip in chips),
            locks=tuple(sum(core.locked(chip.index, lock) for lock in range(32)) for chip in chips),
            cores=core.active,
            tags=sum(monitor.tags.valid(number) is not None for number in range(TAGS)),
            reverse_ports=len(server._reverse),
            waiting=monitor.mailboxes.waiting + len(monitor.outgoing),
            descriptors=sum(1 for _ in Path("/proc/self/fd").iterdir()),
            threads=threading.active_count(),
        )

    def __str__(self) -> str:
        return "\n".join(f"{name}: {value}" for name, value in asdict(self).items())


def _routes_in_use(monitor: Monitor, chip: ChipState) -> int:
    read = monitor.machine.core.read
    return sum(read(chip.index, ROUTER_ROUTE + 4 * row) < ROUTE_EMPTY for row in range(ROUTER_ENTRIES))


def resident_mb() -> float:
    """Of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 1e6


def attack(server: Server, sender: tuple[str, int], seed: int, count: int, wild: bool) -> None:
    """Hands `count` datagrams to the board as its sockets would, with the work between them that it always does."""
    rng = random.Random(seed)
    requests = Requests(rng, wild)
    monitor = server.monitor
    assert monitor is not None
    for _ in range(0, count, BATCH):
        for _ in range(BATCH):
            kind = rng.random()
            if kind < 0.85 or not (wild or kind < 0.97):
                server._take_scp(requests.packet(), sender)
            elif kind < 0.94 and wild:
                server._take_scp(datagram(rng), sender)
            elif kind < 0.97:
                server._take_boot(boot_datagram(rng), sender)
            else:
                ports = list(monitor.tags.reverse_ports) or [30_000]
                server._take_reverse(rng.choice(ports), rng.randbytes(rng.randrange(300)), sender)
        chip = rng.choice(monitor.machine.chips)
        _speak(rng, monitor, chip)
        monitor.attend()
        server._send(monitor)
        server._open_reverse_ports(monitor)
        monitor.machine.core.run(1)


def _speak(rng: random.Random, monitor: Monitor, chip: ChipState) -> None:
    """A core that runs sends its monitor a request of its own, if it gets a buffer."""
    running = monitor.machine.core.running(chip.index)
    core = rng.randrange(1, CORES)
    free = chip.memory.u32(chip.sv(0x68))
    if running >> core & 1 and free in chip.buffers and not chip.memory.u8(chip.vcpu(core, 57)):
        packet = Requests(rng, False).packet()[2:]
        send_from_core(monitor, chip, core, packet[:272])


def tidy(server: Server) -> None:
    """What a host does that wants to leave a board as it found it."""
    monitor = server.monitor
    assert monitor is not None
    sender = ("127.0.0.1", 9)

    def ask(command: int, *arguments: int, chip: int = 0) -> None:
        packet = Host.packet(command, 1, *arguments, chip=chip)
        monitor.receive(packet[:2] + b"\x07" + packet[3:], sender)

    ask(22, 2, 2 << 16)  # stops all applications
    for address in CHIPS:
        ask(29, 0, chip=address)
        for app_id in (0, *range(24, 256)):  # of no running application
            ask(28, app_id << 8 | 2, chip=address)
        for word in range(32):  # locks that a host took by reading
            data = Host.packet(3, 1, 0xF2000180 + 4 * word, 4, 0, data=bytes(4), chip=address)
            monitor.receive(data, sender)
    for tag in range(TAGS):
        ask(26, 3 << 16 | tag)
    for _ in range(3):
        monitor.attend()
        monitor.machine.core.run(1)
    monitor.outgoing.clear()
    for tag in range(TAGS):
        monitor.tags.clear(tag)
    server._open_reverse_ports(monitor)
