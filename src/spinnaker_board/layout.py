"""The memory map of a SpiNNaker chip, and the codes of SC&MP and SARK.

Sources: SpiNNaker datasheet 2.02 (memory map), spinnaker_tools 4.0.0 (``spinnaker.h``, ``sark.h``, ``scamp.h``).
All sizes are bytes, all offsets bytes from the base named with them, all numbers little-endian. What the core in C
needs as well is read from the headers in ``core``; the rest is for the monitor alone and is defined here. The
structures in memory are in ``structures.py``.
"""

import re
from enum import IntEnum, IntFlag
from functools import cache
from pathlib import Path

#: The headers and sources of the core in C.
CORE = Path(__file__).with_name("core")
_NUMBER = re.compile(r"#define (\w+) (0x[0-9a-fA-F]+|\d+)u?(?:\s|$)")


@cache
def numbers(header: str) -> dict[str, int]:
    """The plain numbers that a header of the core defines, by name.

    Parameters
    ----------
    header
        Name of a file in ``core``.

    Examples
    --------
    >>> numbers("layout.h")["CHIP_CORES"]
    18
    """
    lines = (CORE / header).read_text(encoding="utf-8").splitlines()
    return {match[1]: int(match[2], 0) for match in map(_NUMBER.match, lines) if match}


_SHARED = numbers("layout.h")

CLOCK_MHZ = _SHARED["CLOCK_MHZ"]
QUANTUM_CYCLES = _SHARED["QUANTUM_CYCLES"]
CYCLES_PER_MS = 1000 * CLOCK_MHZ
QUANTA_PER_MS = CYCLES_PER_MS // QUANTUM_CYCLES

CORES = _SHARED["CHIP_CORES"]  # core 0 is the monitor
LINKS = _SHARED["CHIP_LINKS"]

SDRAM_BASE = _SHARED["SDRAM_BASE"]
SDRAM_ALIAS = _SHARED["SDRAM_ALIAS_BASE"]
SDRAM_BYTES = _SHARED["SDRAM_BYTES"]
SYSRAM_BASE = _SHARED["SYSRAM_BASE"]
SYSRAM_ALIAS = _SHARED["SYSRAM_ALIAS_BASE"]
SYSRAM_BYTES = _SHARED["SYSRAM_BYTES"]
ROUTER_BASE = _SHARED["ROUTER_BASE"]
SYSTEM_CONTROLLER_BASE = _SHARED["SYSTEM_CONTROLLER_BASE"]
#: The two address ranges of the chip's registers, from the first device to System RAM.
DEVICES = ((_SHARED["DEVICES_BASE"], SYSRAM_BASE), (_SHARED["DEVICES_ALIAS_BASE"], SYSRAM_ALIAS))

ITCM_BYTES = _SHARED["ITCM_BYTES"]
DTCM_BASE = _SHARED["DTCM_BASE"]

# System RAM
SYSRAM_HEAP_BASE = SYSRAM_BASE + 0x100

# SDRAM of the system, at the top: the area for images, then the system heap with the following tables
IMAGE_AREA_BYTES = 256 << 10
HOP_TABLE_BYTES = 65536 * 4
ALLOC_TAG_ENTRIES = 65536
RANDOM_BYTES = 1024
P2P_ADDRESS_TABLE_BYTES = 512 * 512 // 8

# Router
ROUTER_ENTRIES = _SHARED["ROUTER_ENTRIES"]
ROUTER_FIRST_ALLOCATABLE = 1
ROUTER_CONTROL = ROUTER_BASE + _SHARED["ROUTER_CONTROL"]
ROUTER_DIAGNOSTIC_ENABLE = ROUTER_BASE + _SHARED["ROUTER_DIAGNOSTIC_ENABLE"]
ROUTER_FIXED_ROUTE = ROUTER_BASE + _SHARED["ROUTER_FIXED_ROUTE"]
ROUTER_FILTERS = ROUTER_BASE + _SHARED["ROUTER_FILTERS"]
ROUTER_ROUTE = ROUTER_BASE + _SHARED["ROUTER_ROUTE"]
ROUTER_KEY = ROUTER_BASE + _SHARED["ROUTER_KEY"]
ROUTER_MASK = ROUTER_BASE + _SHARED["ROUTER_MASK"]
ROUTER_P2P = ROUTER_BASE + _SHARED["ROUTER_P2P"]
P2P_WORDS = _SHARED["P2P_WORDS"]
P2P_NONE = 6  # no route to this chip
P2P_SELF = 7
ROUTE_EMPTY = 0xFF000000  # with a key of ones and a mask of zeros: an entry that matches no packet

# System controller
SC_FLAGS_SET = SYSTEM_CONTROLLER_BASE + _SHARED["SC_FLAGS_SET"]
SC_FLAGS_CLEAR = SYSTEM_CONTROLLER_BASE + _SHARED["SC_FLAGS_CLEAR"]
SC_TEST_AND_CLEAR = SYSTEM_CONTROLLER_BASE + _SHARED["SC_TEST_AND_CLEAR"]


class Lock(IntEnum):
    """The test-and-set registers that SARK uses as locks."""

    MESSAGES = 0
    MAILBOX = 1
    HEAP = 6
    ROUTER = 7


class CpuState(IntEnum):
    """States of a core (``cpu_state_e``), those that the monitor sets or reads."""

    RUN_TIME_ERROR = 2
    INIT = 4
    RUN = 7
    IDLE = 15


class Mailbox(IntEnum):
    """Commands in a core's mailbox (``shm_cmd_e``)."""

    IDLE = 0
    MESSAGE = 1
    SIGNAL = 3


class Signal(IntEnum):
    """Signals to an application (``signal_e``)."""

    INIT = 0
    POWER_DOWN = 1
    STOP = 2
    START = 3
    SYNC0 = 4
    SYNC1 = 5
    PAUSE = 6
    CONTINUE = 7
    EXIT = 8
    TIMER = 9
    USER0 = 10
    USER3 = 13


class TagFlag(IntFlag):
    """Flags of an IP tag (``scamp_iptag_flags``)."""

    VALID = 0x8000
    TRANSIENT = 0x4000
    USE_SENDER = 0x0400
    REVERSE = 0x0200
    STRIP = 0x0100


SOFTWARE_VERSION = 0x00040000  # 4.0.0, the release that the board imitates
