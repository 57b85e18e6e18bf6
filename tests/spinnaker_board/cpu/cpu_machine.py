"""The processor of the software board under ctypes: compile it, give it a state, let it run."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sysconfig
from pathlib import Path

CORE = Path(__file__).parents[3] / "src" / "spinnaker_board" / "core"
SINGLE = (CORE / f"{name}.c" for name in ("access", "cpu", "engine", "native", "operations", "psr", "thumb"))
SOURCES = sorted([*CORE.glob("plain_*.c"), *CORE.glob("decode*.c"), *SINGLE])
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"]

DTCM = 0x00400000
SDRAM = 0x60000000
SYSRAM = 0xE5000000
DEVICE = 0x10000000

N, Z, C, V, Q = 1 << 31, 1 << 30, 1 << 29, 1 << 28, 1 << 27
IRQ_MASKED, FIQ_MASKED, THUMB = 0x80, 0x40, 0x20
USR, FIQ, IRQ, SVC, ABT, UND, SYS = 0x10, 0x11, 0x12, 0x13, 0x17, 0x1B, 0x1F
BANK = {USR: 0, SYS: 0, FIQ: 1, IRQ: 2, SVC: 3, ABT: 4, UND: 5}

STATE_WORDS = 45
CPSR, BANKED_R13, BANKED_R14, SPSR, USR_R8, FIQ_R8 = 16, 17, 23, 29, 35, 40
State = ctypes.c_uint32 * STATE_WORDS
Clock = ctypes.c_uint64 * 6


def compile_processor(folder: Path) -> ctypes.CDLL:
    """Builds the processor with the harness; under the sanitizers when BOARD_SANITIZE is set."""
    compiler = os.environ.get("CC", sysconfig.get_config_var("CC") or "cc").split()
    sanitize = bool(os.environ.get("BOARD_SANITIZE"))
    library = folder / "processor.so"
    command = [*compiler, "-std=c11", "-g", "-O1", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-Wno-error=cpp"]
    command += ["-shared", "-fPIC", f"-I{CORE}", *(SANITIZERS if sanitize else [])]
    command += ["-o", str(library), str(Path(__file__).with_name("harness.c")), *map(str, SOURCES)]
    subprocess.run(command, check=True)
    processor = ctypes.CDLL(str(library))
    processor.harness_new.restype = ctypes.c_void_p
    processor.harness_memory.restype = ctypes.c_void_p
    processor.harness_memory.argtypes = [ctypes.c_void_p, ctypes.c_uint]
    processor.harness_free.argtypes = [ctypes.c_void_p]
    processor.harness_reset.argtypes = [ctypes.c_void_p]
    processor.harness_itcm_written.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint32]
    processor.harness_get.argtypes = [ctypes.c_void_p, ctypes.POINTER(ctypes.c_uint32)]
    processor.harness_set.argtypes = [ctypes.c_void_p, ctypes.POINTER(ctypes.c_uint32)]
    processor.harness_clock.argtypes = [ctypes.c_void_p, ctypes.POINTER(ctypes.c_uint64)]
    processor.harness_lines.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int]
    processor.harness_run.argtypes = [ctypes.c_void_p, ctypes.c_uint64, ctypes.c_int]
    processor.harness_install.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    processor.harness_profile.argtypes = [ctypes.c_void_p, *[ctypes.c_void_p] * 3]
    processor.harness_step.argtypes = [ctypes.c_void_p, ctypes.c_int]
    return processor


class Core:
    """One processor; `plain` chooses the interpreter that works instruction by instruction."""

    def __init__(self, processor: ctypes.CDLL, plain: bool) -> None:
        self._processor = processor
        self._handle = processor.harness_new()
        if not self._handle:
            raise MemoryError("no memory for a core")
        self.plain = plain
        sizes = [0x8000, 0x10000, 0x8000000, 0x8000]
        views = [
            (ctypes.c_uint8 * size).from_address(processor.harness_memory(self._handle, which))
            for which, size in enumerate(sizes)
        ]
        self.itcm, self.dtcm, self.sdram, self.sysram = (memoryview(view).cast("B") for view in views)
        self._state = State()
        self._clock = Clock()

    def close(self) -> None:
        self._processor.harness_free(self._handle)

    @property
    def state(self) -> list[int]:
        self._processor.harness_get(self._handle, self._state)
        return list(self._state)

    @state.setter
    def state(self, words: list[int]) -> None:
        self._state[:] = words
        self._processor.harness_set(self._handle, self._state)

    @property
    def clock(self) -> tuple[int, ...]:
        """Cycles, sleep cycles, instructions, hash of all bus accesses with their times, waiting."""
        return self._clock_of()[:5]

    def load(self, offset: int, code: bytes) -> None:
        self.itcm[offset : offset + len(code)] = code
        self._processor.harness_itcm_written(self._handle, offset, len(code))

    def reset(self) -> None:
        self._processor.harness_reset(self._handle)

    def lines(self, irq: bool, fiq: bool) -> None:
        self._processor.harness_lines(self._handle, irq, fiq)

    def run(self, until: int) -> None:
        self._processor.harness_run(self._handle, until, self.plain)

    def profile(self) -> tuple[list[int], dict[int, int]]:
        """Addresses of ARM instructions that were executed, and heat by address."""
        entered, translated, heat = (
            (ctypes.c_uint8 * 0x2000)(),
            (ctypes.c_uint8 * 0x2000)(),
            (ctypes.c_uint32 * 0x2000)(),
        )
        self._processor.harness_profile(self._handle, entered, translated, heat)
        return [4 * n for n, flag in enumerate(entered) if flag], {
            4 * n: count for n, count in enumerate(heat) if count
        }

    def install(self, library: ctypes.CDLL) -> int:
        """Gives the core translated code; returns the number of parts that it took."""
        table = ctypes.c_char.in_dll(library, "native_table")
        return self._processor.harness_install(self._handle, ctypes.addressof(table))

    @property
    def native_instructions(self) -> int:
        """Instructions that translated code executed."""
        return self._clock_of()[5]

    def _clock_of(self) -> tuple[int, ...]:
        self._processor.harness_clock(self._handle, self._clock)
        return tuple(self._clock)

    def step(self) -> None:
        self._processor.harness_step(self._handle, self.plain)


def new_state(cpsr: int = SVC | IRQ_MASKED | FIQ_MASKED, **registers: int) -> list[int]:
    """All zero but for cpsr and the registers given as r0=..., r15=..."""
    state = [0] * STATE_WORDS
    state[CPSR] = cpsr
    for name, value in registers.items():
        state[int(name[1:])] = value
    return state
