"""A board reached by its address."""

import struct
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from varesearch.backends.base import BackendUnavailableError
from varesearch.backends.spinnaker import SpinnakerSettings
from varesearch.backends.spinnaker.machines._base import Machine, UserFile, version_in

if TYPE_CHECKING:
    from spinnman.messages.spinnaker_boot import SpinnakerBootMessage

# sPyNNaker takes exactly this name for the stub of its own tests.
_STUB = "127.0.0.1"
_TRIES = 2
_AFTER_BOOT_S = 2.0
_LEDS = {3: 0x502, 5: 0x1}  # which pins drive the board's lights, by version (spinnman's transceivers)
_BOOT_VALUES = slice(384, 512)  # where the system variables lie in the boot image
_BLOCK_BYTES = 1024


@dataclass(frozen=True)
class Board(Machine):
    """One board (or the root of several), by host name or address."""

    machine_name: str

    setting = "machine_name"
    line = "machine_name"

    @classmethod
    def from_settings(cls, settings: SpinnakerSettings) -> "Board":
        return cls(version_in(settings), cls.address_in(settings))

    @classmethod
    def from_file(cls, file: UserFile) -> "Board":
        return cls(file.version, file.address, options=file.lines)

    def configuration(self) -> dict[str, str]:
        return {**self.options, "machine_name": self._reachable_name, "version": str(self.version)}

    @property
    def _reachable_name(self) -> str:
        return "localhost" if self.machine_name == _STUB else self.machine_name

    def probe(self, timeout_s: float) -> None:
        """Ask the monitor for its version; if there is silence, boot the board once and ask again."""
        # Importing these parts of SpiNNMan takes 0.07 s of CPU; sPyNNaker, loaded only if a board answers, takes 1.5 s.
        from spinnman.constants import SCP_SCAMP_PORT, UDP_BOOT_CONNECTION_DEFAULT_PORT
        from spinnman.exceptions import SpinnmanIOException

        try:
            if answers(self._reachable_name, timeout_s):
                return
            _boot(self._reachable_name, self.version)
            if answers(self._reachable_name, timeout_s):
                return
        except SpinnmanIOException as error:
            raise BackendUnavailableError(
                f"backend.machine_name={self.machine_name}: no SpiNNaker board there ({error}); check the address and "
                "that the board is on, or choose backend.machine=mapping to map without a machine"
            ) from error
        raise BackendUnavailableError(
            f"backend.machine_name={self.machine_name}: silence, also after booting (UDP ports {SCP_SCAMP_PORT} and "
            f"{UDP_BOOT_CONNECTION_DEFAULT_PORT}, {timeout_s:g} s each); check power, cable, address and firewall, or "
            "choose backend.machine=mapping to map without a machine"
        )

    def describe(self) -> str:
        return f"board {self.machine_name} (version {self.version})"


def answers(host: str, timeout_s: float) -> bool:
    """Whether the monitor of a board there tells its version. Raises SpinnmanIOException if nobody listens there."""
    from spinnman.connections.udp_packet_connections import SCAMPConnection
    from spinnman.exceptions import SpinnmanIOException, SpinnmanTimeoutException
    from spinnman.messages.scp.impl.get_version import GetVersion

    with closing(SCAMPConnection(remote_host=host)) as connection:
        request = GetVersion(connection.chip_x, connection.chip_y, 0)
        for _ in range(_TRIES):
            connection.send(connection.get_scp_data(request))
            try:
                _, _, data, offset = connection.receive_scp_response(timeout_s / _TRIES)
                request.get_scp_response().read_bytestring(data, offset)
            except SpinnmanTimeoutException:
                continue
            except SpinnmanIOException:
                raise
            except Exception:  # not an answer that SpiNNMan can read: what is there is no board
                return False
            return True
    return False


def _boot(host: str, version: int) -> None:
    """Boot a board as sPyNNaker would; it does not answer. Raises SpinnmanIOException if nobody listens there."""
    from spinnman.connections.udp_packet_connections import BootConnection

    with closing(BootConnection(host)) as connection:
        for message in boot_messages(version):
            connection.send_boot_message(message)
    time.sleep(_AFTER_BOOT_S)


def boot_messages(version: int) -> Iterator["SpinnakerBootMessage"]:
    """What boots a board of a version.

    SpiNNMan's own ``SpinnakerBootMessages`` cannot be used here: it takes the version from sPyNNaker's configuration,
    which exists only when a simulation has been set up. A test compares the two.
    """
    from spinnman.messages.spinnaker_boot import SpinnakerBootMessage
    from spinnman.messages.spinnaker_boot import SpinnakerBootOpCode as Code
    from spinnman.messages.spinnaker_boot.system_variable_boot_values import SystemVariableBootValues
    from spinnman.messages.spinnaker_boot.system_variable_boot_values import SystemVariableDefinition as Variable

    now = int(time.time())
    values = SystemVariableBootValues()
    values.set_value(Variable.hardware_version, version)
    values.set_value(Variable.unix_timestamp, now)
    values.set_value(Variable.boot_signature, now)
    values.set_value(Variable.is_root_chip, 1)
    values.set_value(Variable.led_0, _LEDS[version])
    image = bytearray(files("spinnman.messages.spinnaker_boot").joinpath("boot_data", "scamp.boot").read_bytes())
    image[_BOOT_VALUES] = values.bytestring[:128]
    words = struct.unpack(f"<{len(image) // 4}I", image)
    data = struct.pack(f">{len(words)}I", *words)
    blocks = [data[start : start + _BLOCK_BYTES] for start in range(0, len(data), _BLOCK_BYTES)]
    yield SpinnakerBootMessage(Code.FLOOD_FILL_START, 0, 0, len(blocks) - 1)
    for number, block in enumerate(blocks):
        yield SpinnakerBootMessage(Code.FLOOD_FILL_BLOCK, (_BLOCK_BYTES // 4 - 1) << 8 | number, 0, 0, block)
    yield SpinnakerBootMessage(Code.FLOOD_FILL_CONTROL, 1, 0, 0)
