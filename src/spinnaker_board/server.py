"""The board on the network: its UDP sockets on a loopback address, and the pace of virtual time."""

from __future__ import annotations

import errno
import gc
import ipaddress
import logging
import selectors
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from private_folder import NotPrivateError
from spinnaker_board.boot import BootLoader
from spinnaker_board.chip import BootValues
from spinnaker_board.control import Control
from spinnaker_board.layout import QUANTA_PER_MS
from spinnaker_board.machine import Machine, create_core
from spinnaker_board.monitor import Monitor
from spinnaker_board.scp import BOOT_PORT, SCP_PORT
from spinnaker_board.shape import SHAPES
from spinnaker_board.tags import Endpoint
from spinnaker_board.translation.translator import Translator

_log = logging.getLogger(__name__)

_BOARD_PORTS = (SCP_PORT, BOOT_PORT)  # no datagram is sent there, or boards might talk to themselves for ever
_LOOPBACK = "127."  # 127.0.0.0/8; addresses are in dotted form
_MAX_DATAGRAM = 2048
_BATCH = 16  # datagrams taken from a socket before the machine runs on
_MAX_WAITING_MESSAGES = 32  # for application cores; beyond that, datagrams stay in the sockets
# Wall time that the machine may run before the sockets are read again, and that the board waits for a datagram when the
# machine is ahead of the wall clock. Both are shorter for a while after a datagram, because another one often follows.
_SLICE_NS, _SLICE_AFTER_DATAGRAM_NS = 2_000_000, 500_000
_WAIT_S, _WAIT_AFTER_DATAGRAM_S = 0.001, 0.0001
_AFTER_DATAGRAM_S = 0.05
_WAIT_WITHOUT_CORES_S = 0.02  # when no core runs
_BACKLOG_MS = 10.0  # how far virtual time may fall behind the wall clock and still catch up


class AddressError(ValueError):
    """An address that a board cannot have."""


@dataclass(frozen=True)
class Settings:
    """The settings of a board.

    Attributes
    ----------
    version
        3 (four chips) or 5 (48 chips).
    address
        IPv4 loopback address, from 127.0.0.2 on.
    booted
        Whether it is booted at the start, or waits for a boot image.
    threads
        Number of processors that execute cores.
    time_limit_s
        Wall time after which the board stops, or None.
    cache
        Folder for compiled code; None: all code is interpreted.
    """

    version: int = 3
    address: str = "127.0.0.2"
    booted: bool = True
    threads: int = 1
    time_limit_s: float | None = None
    cache: str | None = None

    def check(self) -> None:
        """Raise AddressError if a board cannot have this address."""
        try:
            address = ipaddress.IPv4Address(self.address)
        except ValueError:
            address = None
        if address is None or not address.is_loopback:
            raise AddressError(
                f"address={self.address}: a board binds to the loopback network only; "
                "use 127.0.0.2, or another address from 127.0.0.1 to 127.255.255.254"
            )


def _bind(address: str, port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        sock.bind((address, port))
    except OSError as error:
        sock.close()
        reason = (
            "is in use: another board, or another program, is there"
            if error.errno == errno.EADDRINUSE
            else (f"cannot be used: {error.strerror}")
        )
        raise AddressError(
            f"address={address}: UDP port {port} {reason}; choose another address, 127.0.0.2 to 127.255.255.254"
        ) from error
    return sock


class Server:
    """One board, to be used in a ``with`` block; `run` serves until `stop` or the time limit.

    Raises AddressError if its address is not a loopback address or is in use, MissingCoreError if the extension in C
    was not built.
    """

    def __init__(self, settings: Settings) -> None:
        settings.check()
        self.settings = settings
        self.shape = SHAPES[settings.version]
        self._switch_on()
        self._selector = selectors.DefaultSelector()
        self._scp = _bind(settings.address, SCP_PORT)
        try:
            self._boot = _bind(settings.address, BOOT_PORT)
        except AddressError:
            self._scp.close()
            raise
        self._reverse: dict[int, socket.socket] = {}
        self._refused_ports: set[int] = set()
        self._control: Control | None = None
        self.stopping = False
        self._expects_datagram_until_s = 0.0
        self._selector.register(self._scp, selectors.EVENT_READ, partial(self._drain, self._scp, self._take_scp))
        self._selector.register(self._boot, selectors.EVENT_READ, partial(self._drain, self._boot, self._take_boot))
        if settings.booted:
            self._come_up(BootValues.default(settings.version))

    def _switch_on(self) -> None:
        self.monitor: Monitor | None = None
        self._core = create_core(self.shape, self.settings.threads)
        self._translator = self._create_translator()
        self._boot_loader = BootLoader()
        self._anchor_s = time.monotonic()
        self._anchor_ms = 0.0

    def power_cycle(self) -> None:
        """Switch the board off and on, which leaves nothing of what hosts and applications did."""
        for port in tuple(self._reverse):
            self._close_reverse(port)
        self._refused_ports.clear()
        self._switch_on()
        gc.collect()  # the old machine's memory
        if self.settings.booted:
            self._come_up(BootValues.default(self.settings.version))
        _log.info("switched off and on")

    def _create_translator(self) -> Translator | None:
        if self.settings.cache is None:
            return None
        try:
            return Translator(self._core, self.settings.cache)
        except NotPrivateError as error:
            _log.warning("all code is interpreted, with the same results: %s", error)
            return None

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all sockets."""
        self._selector.close()
        for sock in (self._scp, self._boot, *self._reverse.values()):
            sock.close()

    def attach(self, control: Control) -> None:
        """Let the parent process control the board."""
        self._control = control
        self._selector.register(control.fileno(), selectors.EVENT_READ, lambda: control.answer(self))

    def stop(self) -> None:
        """Make `run` return."""
        self.stopping = True

    def _come_up(self, values: BootValues) -> None:
        ip = ipaddress.IPv4Address(self.settings.address).packed
        try:
            self.monitor = Monitor(Machine(self._core, self.shape, values, ip), self._translator)
        except Exception:
            self._switch_on()  # a machine that is partly laid out cannot be booted again
            raise
        _log.info(
            "booted: version %d, %d chips, at %s", self.shape.version, len(self.shape.chips), self.settings.address
        )

    def run(self) -> None:
        """Serve hosts until `stop` or the time limit."""
        limit = self.settings.time_limit_s
        end_s = time.monotonic() + limit if limit is not None else None
        wait_s = 0.0
        while not self.stopping:
            for key, _ in self._selector.select(wait_s):
                self._safely(key.data)
            if end_s is not None and time.monotonic() >= end_s:
                _log.info("time limit of %g s reached", limit)
                return
            wait_s = _WAIT_WITHOUT_CORES_S if self.monitor is None else self._serve(self.monitor)

    def _serve(self, monitor: Monitor) -> float:
        """Run the machine until the sockets are to be read again; return how long to wait for a datagram, in s."""
        end_s = time.monotonic() + _SLICE_AFTER_DATAGRAM_NS / 1e9
        while True:
            self._safely(monitor.attend)
            if self._translator is not None:
                self._safely(self._translator.attend)
            self._send(monitor)
            self._open_reverse_ports(monitor)
            wait_s = self._advance(monitor)
            if wait_s > 0 or time.monotonic() >= end_s:
                return wait_s

    @staticmethod
    def _safely(work: Callable[[], object]) -> None:
        """Do something. No defect may end the board, so it is logged with its trace."""
        try:
            work()
        except Exception:
            _log.exception("a part of the board failed; the board goes on")

    def _drain(self, sock: socket.socket, take: Callable[[bytes, Endpoint], None]) -> None:
        for _ in range(_BATCH):
            if self.monitor is not None and self.monitor.mailboxes.waiting >= _MAX_WAITING_MESSAGES:
                return
            try:
                packet, sender = sock.recvfrom(_MAX_DATAGRAM)
            except BlockingIOError:
                return
            except OSError as error:
                _log.warning("receiving failed: %s", error)
                return
            self._expects_datagram_until_s = time.monotonic() + _AFTER_DATAGRAM_S
            try:
                take(packet, sender)
            except Exception:  # no datagram may end the board; the defect is logged with its trace
                _log.exception(
                    "a datagram of %d bytes from %s could not be handled: %s", len(packet), sender, packet[:64].hex()
                )

    def _take_scp(self, packet: bytes, sender: Endpoint) -> None:
        if self.monitor is not None:
            self.monitor.receive(packet, sender)

    def _take_boot(self, packet: bytes, _sender: Endpoint) -> None:
        if self.monitor is None:
            values = self._boot_loader.receive(packet)
            if values is not None:
                self._come_up(values)

    def _take_reverse(self, port: int, packet: bytes, sender: Endpoint) -> None:
        if self.monitor is not None:
            self.monitor.receive_reverse(packet, port, sender)

    def _open_reverse_ports(self, monitor: Monitor) -> None:
        wanted = monitor.tags.reverse_ports.keys()
        if wanted == self._reverse.keys() | self._refused_ports:
            return
        self._refused_ports &= wanted
        for port in self._reverse.keys() - wanted:
            self._close_reverse(port)
        for port in wanted - self._reverse.keys() - self._refused_ports:
            try:
                sock = _bind(self.settings.address, port)
            except AddressError as error:
                self._refused_ports.add(port)
                _log.warning("reverse IP tag: %s", error)
                continue
            self._reverse[port] = sock
            take = partial(self._take_reverse, port)
            self._selector.register(sock, selectors.EVENT_READ, partial(self._drain, sock, take))

    def _close_reverse(self, port: int) -> None:
        sock = self._reverse.pop(port)
        self._selector.unregister(sock)
        sock.close()

    def _send(self, monitor: Monitor) -> None:
        while monitor.outgoing:
            datagram = monitor.outgoing.popleft()
            if not datagram.to[0].startswith(_LOOPBACK):
                _log.warning("a datagram for %s is dropped: the board talks to this machine only", datagram.to)
                continue
            if datagram.to[1] in _BOARD_PORTS or (
                datagram.to[0] == self.settings.address and datagram.to[1] in self._reverse
            ):
                _log.warning("a datagram for %s is dropped: a board is there and might answer without end", datagram.to)
                continue
            try:
                self._reverse.get(datagram.from_port, self._scp).sendto(datagram.data, datagram.to)
            except OSError as error:
                _log.warning("a datagram for %s is lost: %s", datagram.to, error)

    def _advance(self, monitor: Monitor) -> float:
        """Run the machine towards the wall clock, for one slice; return how long to wait for a datagram, in s."""
        machine, core = monitor.machine, monitor.machine.core
        now_s = time.monotonic()
        due_ms = self._anchor_ms + (now_s - self._anchor_s) * 1000
        if core.active == 0:
            core.skip(max(int((due_ms - machine.clock_ms) * QUANTA_PER_MS), 0))
            return _WAIT_WITHOUT_CORES_S
        behind_ms = due_ms - machine.clock_ms
        if behind_ms > _BACKLOG_MS:
            self._anchor_s, self._anchor_ms = now_s, machine.clock_ms + _BACKLOG_MS
            behind_ms = _BACKLOG_MS
        quanta = int(behind_ms * QUANTA_PER_MS)
        expects_datagram = now_s < self._expects_datagram_until_s
        if quanta <= 0:
            return _WAIT_AFTER_DATAGRAM_S if expects_datagram else _WAIT_S
        core.run(min(quanta, QUANTA_PER_MS), _SLICE_AFTER_DATAGRAM_NS if expects_datagram else _SLICE_NS)
        return 0.0
