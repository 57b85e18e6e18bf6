"""The monitor's commands: what each SCP request does and answers.

Source: spinnaker_tools 4.0.0, ``scamp-cmd.c`` and ``sark_base.c``; formats as seen from SpiNNMan 7.4.1.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

from spinnaker_board import layout
from spinnaker_board.apps import Applications
from spinnaker_board.chip import ChipState
from spinnaker_board.heap import BrokenHeapError
from spinnaker_board.layout import Lock, TagFlag
from spinnaker_board.machine import LockedError, Machine
from spinnaker_board.memory import BadAddressError
from spinnaker_board.scp import BOOT_PORT, MAX_DATA_BYTES, SCP_PORT, Command, ReturnCode, ScpError, ScpRequest, words
from spinnaker_board.structures import IPTAG, RTR_ENTRY, SV, VCPU
from spinnaker_board.tags import FIXED_TAGS, POOL_TAGS, TAGS, Endpoint, Tag, TagTable

_NAME = b"SC&MP/SpiNNaker\0" + b"4.0.0\0"
_BUILD_DATE = 0x5EC00000
_MAX_TYPE = 2  # byte, half word, word
_CHECKSUM_MASK = 0x1FFFFFFF
_NN_SIGNAL = 5  # top four bits of the data of a nearest-neighbour packet that carries a signal
_MAX_FILL_BYTES = 1 << 24
_NO_REVERSE_PORTS = (0, SCP_PORT, BOOT_PORT)  # no port at all, and the board's own


class Commands:
    """The SCP commands of the monitors of a machine."""

    def __init__(self, machine: Machine, applications: Applications, tags: TagTable) -> None:
        self._machine = machine
        self._applications = applications
        self._tags = tags
        self._handlers: dict[int, Callable[[ChipState, ScpRequest], bytes]] = {
            Command.VER: self._version,
            Command.READ: self._read,
            Command.WRITE: self._write,
            Command.FILL: self._fill,
            Command.COUNT: self._count,
            Command.LINK_READ: self._link_read,
            Command.LINK_WRITE: self._link_write,
            Command.AR: self._start,
            Command.NNP: self._nearest_neighbour,
            Command.APP_COPY_RUN: self._copy_run,
            Command.SIG: self._signal,
            Command.LED: self._nothing,
            Command.ALLOC: self._allocate,
            Command.RTR: self._router,
            Command.INFO: self._info,
            Command.SYNC: self._nothing,
        }

    def obey(self, chip: ChipState, request: ScpRequest, sender: Endpoint | None, tag: int) -> bytes:
        """Execute a command on a chip.

        Parameters
        ----------
        sender
            The host that sent the command; None if an application did.
        tag
            The IP tag of the answer.

        Returns
        -------
        bytes
            The data of the answer.

        Raises
        ------
        ScpError
            The command fails; the error holds the return code.
        """
        if request.command == Command.IPTAG:  # the only command that depends on who sent it
            return self._ip_tag(request, sender, tag)
        handler = self._handlers.get(request.command)
        if handler is None:
            raise ScpError(ReturnCode.COMMAND)
        try:
            return handler(chip, request)
        except (BadAddressError, BrokenHeapError) as error:
            raise ScpError(ReturnCode.ARGUMENT) from error
        except LockedError as error:
            raise ScpError(ReturnCode.TIMEOUT) from error

    def _nothing(self, _chip: ChipState, _request: ScpRequest) -> bytes:
        return b""

    def _version(self, chip: ChipState, _request: ScpRequest) -> bytes:
        return words(chip.address << 16, 0xFFFF0000 + MAX_DATA_BYTES, _BUILD_DATE) + _NAME

    def _read(self, chip: ChipState, request: ScpRequest) -> bytes:
        if request.arg2 > MAX_DATA_BYTES or request.arg3 > _MAX_TYPE:
            raise ScpError(ReturnCode.ARGUMENT)
        return chip.memory.read(request.arg1, request.arg2)

    def _write(self, chip: ChipState, request: ScpRequest) -> bytes:
        if request.arg2 > len(request.data) or request.arg3 > _MAX_TYPE:
            raise ScpError(ReturnCode.ARGUMENT)
        chip.memory.write(request.arg1, request.data[: request.arg2])
        return b""

    def _fill(self, chip: ChipState, request: ScpRequest) -> bytes:
        if request.arg3 > _MAX_FILL_BYTES or request.arg3 % 4:
            raise ScpError(ReturnCode.ARGUMENT)
        chip.memory.fill(request.arg1, request.arg2, request.arg3)
        return b""

    def _over_link(self, chip: ChipState, request: ScpRequest) -> ChipState:
        other = self._machine.neighbour(chip, request.arg3)
        if other is None or request.arg2 > MAX_DATA_BYTES or request.arg2 % 4:
            raise ScpError(ReturnCode.ARGUMENT if request.arg3 >= layout.LINKS else ReturnCode.TIMEOUT)
        return other

    def _link_read(self, chip: ChipState, request: ScpRequest) -> bytes:
        return self._over_link(chip, request).memory.read(request.arg1, request.arg2)

    def _link_write(self, chip: ChipState, request: ScpRequest) -> bytes:
        other = self._over_link(chip, request)
        if request.arg2 > len(request.data):
            raise ScpError(ReturnCode.ARGUMENT)
        other.memory.write(request.arg1, request.data[: request.arg2])
        return b""

    def _count(self, _chip: ChipState, request: ScpRequest) -> bytes:
        return words(self._applications.count(request.arg1, request.arg2))

    def _launch(self, chip: ChipState, word: int) -> None:
        if word & 1:  # the monitor itself
            raise ScpError(ReturnCode.ARGUMENT)
        self._applications.start(chip, word >> 24, word >> 18 & 63, word & (1 << layout.CORES) - 1)

    def _start(self, chip: ChipState, request: ScpRequest) -> bytes:
        self._launch(chip, request.arg1)
        return b""

    def _copy_run(self, chip: ChipState, request: ScpRequest) -> bytes:
        other = self._machine.neighbour(chip, request.arg1 & 7)
        length = request.arg2
        if request.arg3 & 1 or length % 4 or length > layout.IMAGE_AREA_BYTES or request.arg1 & 7 >= layout.LINKS:
            raise ScpError(ReturnCode.ARGUMENT)
        if other is None:
            raise ScpError(ReturnCode.TIMEOUT)
        image = other.memory.view(other.image, length)
        chip.memory.write(chip.image, image)
        expected = request.arg1 >> 3
        total = sum(image.cast("I")) & 0xFFFFFFFF
        if expected and total & _CHECKSUM_MASK != expected:
            raise ScpError(ReturnCode.CHECKSUM, words(total))
        self._launch(chip, request.arg3)
        return b""

    def _nearest_neighbour(self, _chip: ChipState, request: ScpRequest) -> bytes:
        if request.arg1 >> 24 != 0 or request.arg2 >> 28 != _NN_SIGNAL:
            raise ScpError(ReturnCode.ARGUMENT)  # floods and other broadcasts, which current host software does not use
        self._send_signal(request.arg2)
        return b""

    def _signal(self, chip: ChipState, request: ScpRequest) -> bytes:
        if request.arg1 not in (0, 2) or (request.arg1 == 0 and chip.address != 0):
            raise ScpError(ReturnCode.ARGUMENT)
        self._send_signal(request.arg2)
        return b""

    def _send_signal(self, word: int) -> None:
        self._applications.signal(word >> 16 & 15, word & 0xFF, word >> 8 & 0xFF)

    def _ip_tag(self, request: ScpRequest, sender: Endpoint | None, tag: int) -> bytes:
        operation, number = request.arg1 >> 16 & 0xFF, request.arg1 & 0xFF
        if operation > 4 or number >= TAGS:
            raise ScpError(ReturnCode.ARGUMENT)
        if operation in (0, 1):
            return self._set_tag(request, number if operation else None, sender, tag)
        if operation == 2:
            count = max(min(request.arg2, TAGS - number), 0)
            if request.arg2 * IPTAG.bytes > MAX_DATA_BYTES:
                raise ScpError(ReturnCode.ARGUMENT)
            return b"".join(entry.pack() for entry in self._tags.tags[number : number + count])
        if operation == 3:
            self._tags.clear(number)
            return b""
        answer = words(FIXED_TAGS << 24 | POOL_TAGS << 16 | IPTAG.bytes << 8 | self._tags.timeout_code)
        if request.arg2 < 16:
            self._tags.timeout_code = request.arg2
        return answer

    def _set_tag(self, request: ScpRequest, number: int | None, sender: Endpoint | None, own_tag: int) -> bytes:
        if number is None:
            number = self._tags.free_pool_tag(self._machine.clock_ms)
            if number is None:
                return words(255)
        reverse_port = request.arg2 & 0xFFFF
        if request.arg1 >> 20 & TagFlag.REVERSE and reverse_port in _NO_REVERSE_PORTS:
            raise ScpError(ReturnCode.ARGUMENT)
        flags = request.arg1 >> 20 & int(TagFlag.USE_SENDER | TagFlag.REVERSE | TagFlag.STRIP)
        source = self._tags.valid(own_tag)
        origin = source.endpoint if source is not None else sender or ("0.0.0.0", 0)
        ip = str(ipaddress.IPv4Address(request.arg3.to_bytes(4, "little"))) if request.arg3 else origin[0]
        tag = Tag(
            flags | int(TagFlag.VALID),
            timeout_code=request.arg1 >> 24 & 15,
            dest_addr=request.arg2 >> 16,
            dest_port=request.arg1 >> 8 & 0xFF,
        )
        if flags & TagFlag.REVERSE:
            tag.rx_port = reverse_port
        else:
            tag.endpoint = (ip, origin[1] if flags & TagFlag.USE_SENDER else request.arg2 & 0xFFFF)
        self._tags.set(number, tag)
        return words(number)

    def _allocate(self, chip: ChipState, request: ScpRequest) -> bytes:
        operation, app_id, flags = request.arg1 & 0xFF, request.arg1 >> 8 & 0xFF, request.arg1 >> 16 & 0xFF
        heap, routes = chip.sdram_heap, chip.routes
        if operation > 7:
            raise ScpError(ReturnCode.ARGUMENT)
        self._machine.wait_unlocked(chip, Lock.ROUTER if operation in (3, 4, 5) else Lock.HEAP)
        if operation in (0, 3):
            self._applications.touch(chip, app_id)
        match operation:
            case 0:
                return words(heap.allocate(request.arg2, app_id, request.arg3, retry=bool(flags & 4)))
            case 1:
                if not heap.free(request.arg2):
                    raise ScpError(ReturnCode.ARGUMENT)
                return b""
            case 2:
                return words(heap.free_owners({app_id}))
            case 3:
                return words(routes.allocate(request.arg2, app_id))
            case 4:
                if not routes.free(request.arg2, bool(request.arg3)):
                    raise ScpError(ReturnCode.ARGUMENT)
                return b""
            case 5:
                return words(routes.free_owners({app_id}, bool(request.arg2)))
            case 6:
                return words(heap.free_bytes(), heap.largest())
            case _:
                return words(heap.tagged(app_id, request.arg2 & 0xFF))

    def _router(self, chip: ChipState, request: ScpRequest) -> bytes:
        operation, app_id, count = request.arg1 & 0xFF, request.arg1 >> 8 & 0xFF, request.arg1 >> 16
        routes = chip.routes
        self._machine.wait_unlocked(chip, Lock.ROUTER)
        done = True
        if operation == 0:
            routes.initialise(1)
        elif operation == 1:
            done = routes.clear(request.arg2, count)
        elif operation == 2:
            rows = chip.memory.read(request.arg2, 4)
            count = count or int.from_bytes(rows[2:], "little")
            done = count <= layout.ROUTER_ENTRIES and routes.load(
                chip.memory.read(request.arg2, RTR_ENTRY.bytes * count), request.arg3, app_id
            )
        elif operation == 3:
            if request.arg2 >> 31:
                return words(chip.memory.u32(chip.sv(SV.fr_copy)))
            route = request.arg2 & 0x00FFFFFF
            chip.memory.set_u32(chip.sv(SV.fr_copy), route)
            self._machine.core.write(chip.index, layout.ROUTER_FIXED_ROUTE, route)
        else:
            done = False
        if not done:
            raise ScpError(ReturnCode.ARGUMENT)
        return b""

    def _info(self, chip: ChipState, _request: ScpRequest) -> bytes:
        self._machine.wait_unlocked(chip, Lock.HEAP)
        self._machine.wait_unlocked(chip, Lock.ROUTER)
        memory = chip.memory
        # The masks keep each field within its bits even if a host has overwritten the system variables.
        summary = (
            (memory.u8(chip.sv(SV.num_cpus)) & 0x1F)
            | (memory.u8(chip.sv(SV.link_en)) & 0x3F) << 8
            | (chip.routes.largest() & 0x7FF) << 14
            | (memory.u8(chip.sv(SV.eth_up)) & 1) << 25
        )
        states = bytes(memory.u8(chip.vcpu(core, VCPU.cpu_state)) for core in range(layout.CORES))
        to_root = self._machine.core.read(chip.index, layout.ROUTER_P2P) & 7
        return (
            words(summary, chip.sdram_heap.largest(), chip.sysram_heap.largest())
            + states
            + memory.read(chip.sv(SV.eth_addr), 2)
            + memory.read(chip.sv(SV.ip_addr), 4)
            + bytes((to_root, 0))
        )
