"""Where things lie in a SpiNNaker chip, and what their numbers mean.

Sources: SpiNNaker datasheet 2.02 (memory map), spinnaker_tools 4.0.0 (``spinnaker.h``, ``sark.h``, ``scamp.h``).
All sizes are bytes, all offsets bytes from the base named with them, all numbers little-endian. What the core in C
needs as well is read from ``core/layout.h``; the rest is for the monitor alone, and stands here.
"""

from enum import IntEnum, IntFlag

from spinnaker_board.headers import numbers

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
#: Chip-wide registers of all kinds, twice: from the first device to System RAM.
DEVICES = ((_SHARED["DEVICES_BASE"], SYSRAM_BASE), (_SHARED["DEVICES_ALIAS_BASE"], SYSRAM_ALIAS))

ITCM_BYTES = _SHARED["ITCM_BYTES"]
DTCM_BASE = _SHARED["DTCM_BASE"]
DTCM_BYTES = _SHARED["DTCM_BYTES"]

# System RAM
SYSRAM_HEAP_OFFSET = 0x100
VCPU_OFFSET = 0x7000
VCPU_BYTES = 128
SV_OFFSET = _SHARED["SV_OFFSET"]
SV_BYTES = 256

# SDRAM, as the monitor program divides it with the default boot values
SYSTEM_BYTES = 8 << 20  # at the top: image area, then the system heap
IMAGE_AREA_BYTES = 256 << 10
SYSTEM_BUFFER_WORDS = 32768  # for each core, at the bottom
HOP_TABLE_BYTES = 65536 * 4
ALLOC_TAG_ENTRIES = 65536
APP_DATA_BYTES = 8
RANDOM_BYTES = 1024
SHARED_MESSAGE_BYTES = 292
P2P_ADDRESS_TABLE_BYTES = 512 * 512 // 8

# Router
ROUTER_ENTRIES = _SHARED["ROUTER_ENTRIES"]
ROUTER_FIRST_ALLOCATABLE = 1
ROUTER_ENTRY_BYTES = 16
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
ROUTE_EMPTY = 0xFF000000  # with key all ones and mask zero: an entry that matches nothing

# System controller
SC_FLAGS_SET = SYSTEM_CONTROLLER_BASE + _SHARED["SC_FLAGS_SET"]
SC_FLAGS_CLEAR = SYSTEM_CONTROLLER_BASE + _SHARED["SC_FLAGS_CLEAR"]
SC_TEST_AND_CLEAR = SYSTEM_CONTROLLER_BASE + _SHARED["SC_TEST_AND_CLEAR"]


class Lock(IntEnum):
    """Test-and-set registers that SARK uses as locks."""

    MESSAGES = 0
    MAILBOX = 1
    HEAP = 6
    ROUTER = 7


class SV:
    """Offsets of the system variables (``sv_t``) from ``SV_OFFSET``."""

    P2P_ADDR = 0x00
    P2P_DIMS = 0x02
    DBG_ADDR = 0x04
    P2P_UP = 0x06
    ETH_ADDR = 0x08
    HW_VER = 0x0A
    ETH_UP = 0x0B
    P2PB_REPEATS = 0x0C
    P2P_SQL = 0x0D
    CLK_DIV = 0x0E
    CLOCK_MS = _SHARED["SV_CLOCK_MS"]
    UNIX_TIME = _SHARED["SV_UNIX_TIME"]
    CPU_CLK = 0x24
    MEM_CLK = 0x26
    FORWARD = 0x28
    PEEK_TIME = 0x2A
    LED_PERIOD = 0x2B
    NETINIT_BC_WAIT = 0x2C
    NETINIT_PHASE = 0x2D
    P2P_ROOT = 0x2E
    CLOCK_DRIFT = 0x38
    RANDOM = 0x3C
    ROOT_CHIP = 0x40
    NUM_BUF = 0x41
    BOOT_DELAY = 0x42
    SYSRAM_HEAP = 0x48  # while booting: words between the base of System RAM and its heap
    SDRAM_HEAP = 0x4C
    IOBUF_SIZE = 0x50
    SDRAM_BUFS = 0x54  # while booting: bytes of system SDRAM
    SYSBUF_WORDS = 0x58
    BOOT_SIG = 0x5C
    LINK_EN = 0x65
    SHM_FREE = 0x68
    SHM_COUNT = 0x6C  # u16
    SHM_MAX = 0x6E  # u16
    P2V_MAP = 0x94
    V2P_MAP = 0xA8
    NUM_CPUS = 0xBC
    SDRAM_BASE = 0xC0
    SYSRAM_BASE = 0xC4
    SDRAM_SYS = 0xC8
    VCPU_BASE = 0xCC
    SYS_HEAP = 0xD0
    RTR_COPY = 0xD4
    HOP_TABLE = 0xD8
    ALLOC_TAG = 0xDC
    RTR_FREE = 0xE0  # u16
    P2P_ACTIVE = 0xE2  # u16
    APP_DATA = 0xE4
    SHM_BUF = 0xE8
    MBOX_FLAGS = 0xEC
    IP_ADDR = 0xF0
    FR_COPY = 0xF4
    SW_VER = 0xFC


class Vcpu:
    """Offsets in the block of a core (``vcpu_t``)."""

    RT_CODE = 44
    PHYS_CPU = 45
    STATE = 46
    APP_ID = 47
    MBOX_AP_MSG = 48
    MBOX_MP_MSG = 52
    MBOX_AP_CMD = 56
    MBOX_MP_CMD = 57
    TIME = 68
    APP_NAME = 72
    SW_VER = 92
    USER0 = 112


class CpuState(IntEnum):
    """``cpu_state_e``; the codes that the monitor itself sets or looks at."""

    RUN_TIME_ERROR = 2
    INIT = 4
    RUN = 7
    IDLE = 15


class Mailbox(IntEnum):
    """``shm_cmd_e``."""

    IDLE = 0
    MESSAGE = 1
    SIGNAL = 3


class Signal(IntEnum):
    """``signal_e``."""

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
    """``scamp_iptag_flags``."""

    VALID = 0x8000
    TRANSIENT = 0x4000
    USE_SENDER = 0x0400
    REVERSE = 0x0200
    STRIP = 0x0100


SOFTWARE_VERSION = 0x00040000  # 4.0.0, the release whose behaviour is played
