"""Just enough of SpiNNaker's protocols to ask a board for its version, and to boot it as sPyNNaker would.

SCP and the boot protocol: SpiNNaker Application Note 4 (SDP and SCP specification) and 6 (the boot protocol).
"""

import socket
import struct
import time
from dataclasses import dataclass

SCP_PORT = 17893
BOOT_PORT = 54321

_REPLY_EXPECTED = 0x87
_ANY_TAG = 0xFF
_TO_MONITOR = 0x00
_FROM_HOST = 0xFF
_COMMAND_VERSION = 0
_SEQUENCE = 1
_OK = 0x80

_BOOT_MESSAGE_VERSION = 1
_FLOOD_FILL_START, _FLOOD_FILL_BLOCK, _FLOOD_FILL_END = 1, 3, 5
_BLOCK_WORDS = 256
_SYSTEM_VARIABLES = slice(384, 512)  # where the boot values lie in the image
_BETWEEN_MESSAGES_S = 0.1  # a board on a slow link loses them otherwise (spinnman waits as long)
_AFTER_BOOT_S = 2.0
_LEDS = {3: 0x502, 5: 0x1}  # which pins drive the board's lights, by version (spinnman's transceivers)


class SilentError(Exception):
    """Nothing came back in time."""


class ClosedError(Exception):
    """The host says that nobody listens there, or there is no way to it."""


@dataclass(frozen=True)
class Version:
    """What a booted board says of itself."""

    software: str
    boot_time: int


def ask_version(host: str, timeout_s: float, tries: int = 2, port: int = SCP_PORT) -> Version:
    """The version of the monitor (SC&MP) at ``host``, asked up to ``tries`` times within ``timeout_s``.

    Raises SilentError, or ClosedError (also for a name without an address).
    """
    sdp = struct.pack("<2x8B", _REPLY_EXPECTED, _ANY_TAG, _TO_MONITOR, _FROM_HOST, 0, 0, 0, 0)
    request = sdp + struct.pack("<2H3I", _COMMAND_VERSION, _SEQUENCE, 0, 0, 0)
    with _connected(host, port) as channel:
        channel.settimeout(timeout_s / tries)
        for _ in range(tries):
            try:
                channel.send(request)
                return _version(channel.recv(1024))
            except TimeoutError:
                continue
            except OSError as error:
                raise ClosedError(str(error)) from error
    raise SilentError


def boot(host: str, version: int, port: int = BOOT_PORT) -> None:
    """Send the boot image that spinnman ships, and wait until a board would be up. Raises ClosedError.

    A board has no way to answer: ask for its version afterwards.
    """
    with _connected(host, port) as channel:
        try:
            for message in boot_messages(version):
                channel.send(message)
                time.sleep(_BETWEEN_MESSAGES_S)
        except OSError as error:
            raise ClosedError(str(error)) from error
    time.sleep(_AFTER_BOOT_S)


def _connected(host: str, port: int) -> socket.socket:
    """A UDP socket connected to the host, so that a closed port is heard of."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, socket.AF_INET, socket.SOCK_DGRAM)[0]
    except OSError as error:
        raise ClosedError(f"no address for {host}") from error
    channel = socket.socket(family, kind, protocol)
    try:
        channel.connect(address)
    except OSError as error:
        channel.close()
        raise ClosedError(str(error)) from error
    return channel


def _version(reply: bytes) -> Version:
    """Read the answer: pad, SDP header, return code, sequence, three arguments, text."""
    if len(reply) < 26 or struct.unpack_from("<H", reply, 10)[0] != _OK:
        raise SilentError
    boot_time = struct.unpack_from("<I", reply, 22)[0]
    words = [part.decode(errors="replace") for part in reply[26:].split(b"\0") if part]
    return Version(software=" ".join(words), boot_time=boot_time)


def boot_messages(version: int) -> list[bytes]:
    """The datagrams that boot a board of this version."""
    image = _boot_image(version)
    size = 4 * _BLOCK_WORDS
    blocks = [image[start : start + size] for start in range(0, len(image), size)]
    header = struct.Struct(">HIIII")
    return [
        header.pack(_BOOT_MESSAGE_VERSION, _FLOOD_FILL_START, 0, 0, len(blocks) - 1),
        *(
            header.pack(_BOOT_MESSAGE_VERSION, _FLOOD_FILL_BLOCK, (_BLOCK_WORDS - 1) << 8 | number, 0, 0) + block
            for number, block in enumerate(blocks)
        ),
        header.pack(_BOOT_MESSAGE_VERSION, _FLOOD_FILL_END, 1, 0, 0),
    ]


def _boot_image(version: int) -> bytes:
    """spinnman's image with the boot values of this version, its words big-endian as the boot ROM wants them."""
    from importlib.resources import files

    from spinnman.messages.spinnaker_boot.system_variable_boot_values import SystemVariableBootValues
    from spinnman.messages.spinnaker_boot.system_variable_boot_values import SystemVariableDefinition as Variable

    now = int(time.time())
    values = SystemVariableBootValues()
    for variable, value in (
        (Variable.hardware_version, version),
        (Variable.unix_timestamp, now),
        (Variable.boot_signature, now),
        (Variable.is_root_chip, 1),
        (Variable.led_0, _LEDS[version]),
    ):
        values.set_value(variable, value)
    image = bytearray(files("spinnman.messages.spinnaker_boot").joinpath("boot_data", "scamp.boot").read_bytes())
    image[_SYSTEM_VARIABLES] = values.bytestring[:128]
    words = struct.unpack(f"<{len(image) // 4}I", image)
    return struct.pack(f">{len(words)}I", *words)
