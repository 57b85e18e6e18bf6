"""Every instruction against an independent processor (unicorn), on random operands, flags, modes and memory.

The instructions are all distinct words of the installed SpiNNaker binaries taken as ARM instructions (a superset of the
code in them), all their distinct halfwords as Thumb instructions (the slow test takes all 65,536), and random encodings
of every ARMv5TE form. Where the reference is not an ARM9E-S, predictable.py leaves the encoding to test_manual.py.
"""

from __future__ import annotations

import importlib.util
import random
import struct
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from cpu_machine import (
    ABT,
    BANK,
    BANKED_R13,
    BANKED_R14,
    CPSR,
    DTCM,
    FIQ,
    FIQ_R8,
    IRQ,
    SDRAM,
    SPSR,
    STATE_WORDS,
    SVC,
    SYS,
    SYSRAM,
    THUMB,
    UND,
    USR,
    USR_R8,
    Core,
)
from predictable import changes_mode, comparable_arm, comparable_thumb, field
from unicorn import (
    UC_ARCH_ARM,
    UC_ERR_EXCEPTION,
    UC_ERR_FETCH_UNMAPPED,
    UC_ERR_INSN_INVALID,
    UC_ERR_READ_UNMAPPED,
    UC_ERR_WRITE_UNMAPPED,
    UC_HOOK_MEM_UNMAPPED,
    UC_MODE_ARM,
    UC_MODE_ARM946,
)
from unicorn import arm_const as arm
from unicorn.unicorn import Uc, UcError

MODES = [USR, FIQ, IRQ, SVC, ABT, UND, SYS]
CODE = 0x4000  # in the middle of the ITCM, so that pc-relative operands stay in it
WINDOW = DTCM + 0x8000
FIRST_REGISTERS = [arm.UC_ARM_REG_R0 + i for i in range(13)]
REGISTERS = [*FIRST_REGISTERS, arm.UC_ARM_REG_SP, arm.UC_ARM_REG_LR, arm.UC_ARM_REG_PC]
EDGES = [0, 1, 2, 31, 32, 33, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0x80000001, 0xFFFFFFFF]


class Reference:
    """unicorn as an ARM946E-S with the memory map of a SpiNNaker core; SDRAM only its first 64 KB."""

    def __init__(self) -> None:
        self.uc = Uc(UC_ARCH_ARM, UC_MODE_ARM | UC_MODE_ARM946)
        for base, size in ((0, 0x8000), (DTCM, 0x10000), (SDRAM, 0x10000), (SYSRAM, 0x8000)):
            self.uc.mem_map(base, size)
        self.fault = 0
        self.uc.hook_add(UC_HOOK_MEM_UNMAPPED, self._unmapped)

    def _unmapped(self, _uc: Uc, _kind: int, address: int, _size: int, _value: int, _data: object) -> bool:
        self.fault = address
        return False

    def set_banks(self, state: list[int]) -> None:
        write = self.uc.reg_write
        for mode, bank in BANK.items():
            write(arm.UC_ARM_REG_CPSR, mode)
            write(arm.UC_ARM_REG_SP, state[BANKED_R13 + bank])
            write(arm.UC_ARM_REG_LR, state[BANKED_R14 + bank])
            if bank:
                write(arm.UC_ARM_REG_SPSR, state[SPSR + bank])
            for i in range(5):
                write(FIRST_REGISTERS[8 + i], state[(FIQ_R8 if mode == FIQ else USR_R8) + i])

    def banks(self) -> dict[str, int]:
        found = {}
        now = self.uc.reg_read(arm.UC_ARM_REG_CPSR)
        for mode, bank in BANK.items():
            self.uc.reg_write(arm.UC_ARM_REG_CPSR, mode)
            found[f"r13 {bank}"] = self.uc.reg_read(arm.UC_ARM_REG_SP)
            found[f"r14 {bank}"] = self.uc.reg_read(arm.UC_ARM_REG_LR)
            for i in range(8, 13):
                found[f"r{i} {mode == FIQ}"] = self.uc.reg_read(FIRST_REGISTERS[i])
        self.uc.reg_write(arm.UC_ARM_REG_CPSR, now)
        return found

    def step(self, state: list[int]) -> int:
        """Runs one instruction from `state`; returns unicorn's error, 0 when there was none."""
        mode = state[CPSR] & 0x1F
        self.uc.reg_write(arm.UC_ARM_REG_CPSR, state[CPSR])
        if BANK[mode]:
            self.uc.reg_write(arm.UC_ARM_REG_SPSR, state[SPSR + BANK[mode]])
        self.uc.reg_write_batch(list(zip(REGISTERS[:15], state[:15], strict=True)))
        try:
            self.uc.emu_start(state[15] | (1 if state[CPSR] & THUMB else 0), 0xFFFFFFFF, count=1)
        except UcError as error:
            return int(error.errno)
        return 0

    def registers(self) -> list[int]:
        return [*map(int, self.uc.reg_read_batch(REGISTERS)), int(self.uc.reg_read(arm.UC_ARM_REG_CPSR))]


def banks_of(state: list[int]) -> dict[str, int]:
    """All banked registers of our state, the current mode's taken from the registers in use."""
    current = state[CPSR] & 0x1F
    found = {}
    for mode, bank in BANK.items():
        here = BANK[current] == bank
        found[f"r13 {bank}"] = state[13] if here else state[BANKED_R13 + bank]
        found[f"r14 {bank}"] = state[14] if here else state[BANKED_R14 + bank]
        for i in range(5):
            if (mode == FIQ) == (current == FIQ):
                found[f"r{8 + i} {mode == FIQ}"] = state[8 + i]
            else:
                found[f"r{8 + i} {mode == FIQ}"] = state[(FIQ_R8 if mode == FIQ else USR_R8) + i]
    return found


def shifted_index(word: int, state: list[int]) -> int:
    value, amount, kind = state[word & 15], field(word, 11, 7), field(word, 6, 5)
    if kind == 0:
        return value << amount & 0xFFFFFFFF
    if kind == 1:
        return value >> (amount or 32)
    if kind == 2:
        return (value - ((value >> 31) << 32)) >> (amount or 32) & 0xFFFFFFFF
    if amount == 0:
        return value >> 1 | (state[CPSR] >> 29 & 1) << 31
    return (value >> amount | value << (32 - amount)) & 0xFFFFFFFF


def is_aligned(word: int, state: list[int]) -> bool:
    """Whether an ARM transfer is aligned as its size wants it; what happens otherwise is tested in test_manual.py."""
    kind = field(word, 27, 25)
    if word >> 28 == 15:
        return True
    extra = kind == 0 and word & 0x90 == 0x90 and word & 0x60
    swap = word & 0x0FB00FF0 == 0x01000090
    if not (extra or swap or kind in (2, 3, 4)):
        return True
    base = state[field(word, 19, 16)] + (8 if field(word, 19, 16) == 15 else 0)
    if swap or kind == 4:
        return base & 3 == 0 or bool(swap and word & 0x00400000)
    if extra:
        offset = field(word, 11, 8) << 4 | word & 15 if word & 0x00400000 else state[word & 15]
        double = not word & 0x00100000 and word & 0x40
        size = 8 if double else 1 if field(word, 6, 5) == 2 else 2
    else:
        offset = shifted_index(word, state) if kind == 3 else word & 0xFFF
        size = 1 if word & 0x00400000 else 4
    if not word & 0x01000000:
        offset = 0
    address = base + offset if word & 0x00800000 else base - offset
    return address % size == 0


def random_psr(rng: random.Random, mode: int) -> int:
    return rng.randrange(32) << 27 | rng.choice((0, 0x40, 0x80, 0xC0)) | mode


def random_state(rng: random.Random, thumb: bool) -> list[int]:
    state = [0] * STATE_WORDS
    for i in range(15):
        kind = rng.random()
        if kind < 0.3:
            state[i] = rng.choice(EDGES)
        elif kind < 0.6:
            state[i] = rng.getrandbits(32)
        elif kind < 0.8:
            state[i] = 8 * rng.randrange(64)
        else:
            state[i] = WINDOW + 8 * rng.randrange(64)
    state[CPSR] = random_psr(rng, rng.choice(MODES)) | (THUMB if thumb else 0)
    for i in range(BANKED_R13, STATE_WORDS):
        state[i] = rng.getrandbits(32)
    for i in range(SPSR, SPSR + 6):
        state[i] = random_psr(rng, rng.choice(MODES)) | rng.choice((0, THUMB))
    return state


def suit_state(rng: random.Random, word: int, state: list[int]) -> None:
    """Lets most transfers hit memory, gives MSR a program status register, and exception returns a target."""
    kind = field(word, 27, 25)
    if word & 0x0FB000F0 == 0x01200000:
        state[word & 15] = random_psr(rng, rng.choice(MODES))
    if kind in (0, 1) and word & 0x0010F000 == 0x0010F000:
        target = CODE + 4 * rng.randrange(256)
        if field(word, 24, 21) == 13:
            state[word & 15] = target
        else:
            state[word & 15] = rng.randrange(64)
            state[field(word, 19, 16)] = target
    if kind in (2, 3, 4) or (kind == 0 and word & 0x90 == 0x90):
        rn, rm = field(word, 19, 16), word & 15
        if (kind == 3 or (kind == 0 and not word & 0x00400000)) and rng.random() < 0.9:
            state[rm] = 8 * rng.randrange(64)
        if rng.random() < 0.95:
            state[rn] = rng.choice((WINDOW, WINDOW, SDRAM + 0x8000, SYSRAM + 0x4000)) + 8 * rng.randrange(64)


def msr_is_defined(word: int) -> bool:
    """MSR with an immediate: a mode that exists, no change of T, no bits beyond ARMv5TE's."""
    if word & 0x0FB00000 != 0x03200000:
        return True
    rotation = 2 * field(word, 11, 8)
    value = word & 0xFF
    value = (value >> rotation | value << (32 - rotation)) & 0xFFFFFFFF
    return not value & 0x07FFFF20 and (not word & 0x00010000 or value & 0x1F in MODES)


class Bench:
    """The reference and both of our engines, case by case."""

    def __init__(self, new_core: Callable[[bool], Core], seed: int) -> None:
        self.reference = Reference()
        self.cores = [new_core(True), new_core(False)]
        self.rng = random.Random(seed)
        self.outcomes: Counter[str] = Counter()
        self.refresh_memory()

    def refresh_memory(self) -> None:
        for base, size, name in ((DTCM, 0x10000, "dtcm"), (SDRAM, 0x10000, "sdram"), (SYSRAM, 0x8000, "sysram")):
            # words with ...10 at the end would be UNPREDICTABLE when loaded into pc; half of them point into the ITCM
            words = [self.rng.getrandbits(self.rng.choice((15, 32))) & ~2 for _ in range(size // 4)]
            content = struct.pack(f"<{size // 4}I", *words)
            self.reference.uc.mem_write(base, content)
            for core in self.cores:
                getattr(core, name)[:size] = content

    def place(self, address: int, code: bytes) -> None:
        self.reference.uc.mem_write(address, code)
        self.reference.uc.ctl_remove_cache(address, address + len(code))
        for core in self.cores:
            core.load(address, code)

    def memories_agree(self) -> bool:
        return all(
            bytes(self.reference.uc.mem_read(base, size)) == bytes(getattr(core, name)[:size])
            for core in self.cores
            for base, size, name in ((DTCM, 0x10000, "dtcm"), (SDRAM, 0x10000, "sdram"), (SYSRAM, 0x8000, "sysram"))
        )

    def case(self, code: int, size: int, state: list[int], all_banks: bool, steps: int = 1) -> None:
        """One instruction of `size` bytes at state[15] from `state` in all three processors."""
        self.place(state[15], code.to_bytes(size, "little"))
        if all_banks:
            self.reference.set_banks(state)
        error = self.reference.step(state)
        expected = self.reference.registers()
        results = []
        for core in self.cores:
            core.state = state
            for _ in range(steps):
                core.step()
            results.append(core.state)
        assert results[0] == results[1], f"{code:#x}: the engines differ"
        ours = results[0]
        where = f"{code:#010x} from {' '.join(f'{word:x}' for word in state[:17])}"
        if error in (UC_ERR_READ_UNMAPPED, UC_ERR_WRITE_UNMAPPED):
            fault = self.reference.fault
            if SDRAM <= fault < 0x68000000 or 0x70000000 <= fault < 0x78000000:
                for core in self.cores:  # there is more of it on a chip than in the reference; undo the store
                    core.sdram[:0x10000] = bytes(self.reference.uc.mem_read(SDRAM, 0x10000))
                return
            self.outcomes["abort"] += 1
            self.expect_exception(state, ours, 0x10, ABT, state[15] + 8, where)
        elif error in (UC_ERR_INSN_INVALID, UC_ERR_EXCEPTION):
            self.outcomes["exception"] += 1
            self.expect_trap(code, size, state, ours, where)
        elif error == UC_ERR_FETCH_UNMAPPED and all_banks:
            self.outcomes["unreached"] += 1  # the reference does not finish a return to an address without memory
        else:
            assert error in (0, UC_ERR_FETCH_UNMAPPED), f"{where}: the reference says {error}"
            self.outcomes["executed"] += 1
            if not expected[CPSR] & THUMB:
                expected[15] &= ~3  # a target ...10 is UNPREDICTABLE; the reference keeps the bit
            differences = {i: (hex(ours[i]), hex(expected[i])) for i in range(17) if ours[i] != expected[i]}
            assert not differences, f"{where}, differs (ours, reference) in {differences}"
            if all_banks:
                assert banks_of(ours) == self.reference.banks(), where

    def expect_exception(
        self, before: list[int], after: list[int], vector: int, mode: int, link: int, where: str
    ) -> None:
        bank = BANK[mode]
        assert after[15] == vector, where
        assert after[CPSR] == (before[CPSR] & ~(0x1F | THUMB)) | mode | 0x80, where
        assert after[SPSR + bank] == before[CPSR], where
        assert after[14] == link, where
        assert banks_of(after)["r8 False"] == banks_of(before)["r8 False"], where
        assert after[:8] == before[:8], where

    def expect_trap(self, code: int, size: int, before: list[int], after: list[int], where: str) -> None:
        swi = code >> 8 == 0xDF if size == 2 else code >> 24 & 15 == 15 != code >> 28
        breakpoint_ = code >> 8 == 0xBE if size == 2 else code & 0x0FF000F0 == 0x01200070
        if swi:
            self.expect_exception(before, after, 0x08, SVC, before[15] + size, where)
        elif breakpoint_:
            self.expect_exception(before, after, 0x0C, ABT, before[15] + 4, where)
        else:
            self.expect_exception(before, after, 0x04, UND, before[15] + size, where)

    def arm_words(self, words: Iterable[int]) -> None:
        for number, word in enumerate(words):
            if not comparable_arm(word) or not msr_is_defined(word):
                continue
            state = random_state(self.rng, thumb=False)
            suit_state(self.rng, word, state)
            state[15] = CODE + 4 * (number % 1024)
            without_spsr = state[CPSR] & 0x1F in (USR, SYS)
            returns = changes_mode(word)
            if without_spsr and (returns or word & 0x0FFF0FFF == 0x014F0000):
                state[CPSR] = state[CPSR] & ~0x1F | SVC
            if is_aligned(word, state):
                self.case(word, 4, state, returns)
        assert self.memories_agree()

    def thumb_halves(self, halves: Iterable[int]) -> None:
        for half in halves:
            if not comparable_thumb(half):
                continue
            state = random_state(self.rng, thumb=True)
            state[15] = CODE + 2 * (half % 2048)
            kind = half >> 12
            if kind in (5, 6, 7, 8, 12):
                rn = field(half, 10, 8) if kind == 12 else field(half, 5, 3)
                if kind == 5:
                    state[field(half, 8, 6)] = 8 * self.rng.randrange(64)
                state[rn] = WINDOW + 8 * self.rng.randrange(64)
            if kind in (9, 11):
                state[13] = WINDOW + 8 * self.rng.randrange(64)
            self.case(half, 2, state, all_banks=False)
        assert self.memories_agree()


def binaries() -> list[Path]:
    found = []
    for package in ("spinn_front_end_common", "spynnaker"):
        spec = importlib.util.find_spec(package)
        assert spec and spec.submodule_search_locations, f"{package} is not installed"
        for folder in spec.submodule_search_locations:
            found += sorted(Path(folder).rglob("*.aplx"))
    return found


def words_of_binaries() -> list[int]:
    """All distinct words behind the load tables (rows of four words that end with the row for EXEC, type 4)."""
    words: set[int] = set()
    files = binaries()
    assert len(files) > 50
    for file in files:
        content = file.read_bytes()
        start = 0
        while struct.unpack_from("<I", content, start)[0] != 4:
            start += 16
        start += 16
        words.update(struct.unpack_from(f"<{(len(content) - start) // 4}I", content, start))
    return sorted(words)


# Value and mask of every ARMv5TE form with condition AL, the free bits drawn at random; some forms more than once.
FORMS = {
    "data processing, immediate shift": (0xE0000000, 0xFE000010, 6000),
    "data processing, register shift": (0xE0000010, 0xFE000090, 6000),
    "data processing, immediate": (0xE2000000, 0xFE000000, 4000),
    "exception return, SUBS": (0xE050F000, 0xFFF0FF90, 600),
    "exception return, MOVS": (0xE1B0F000, 0xFFFFFF90, 600),
    "multiply": (0xE0000090, 0xFFC000F0, 3000),
    "multiply long": (0xE0800090, 0xFF8000F0, 3000),
    "16-bit multiply": (0xE1000080, 0xFF900090, 4000),
    "saturating": (0xE1000050, 0xFF900FF0, 1500),
    "count leading zeros": (0xE16F0F10, 0xFFFF0FF0, 300),
    "read status": (0xE10F0000, 0xFFBF0FFF, 300),
    "write status, register": (0xE120F000, 0xFFB0FFF0, 1500),
    "write status, immediate": (0xE320F000, 0xFFB0F000, 1500),
    "branch exchange": (0xE12FFF10, 0xFFFFFFD0, 300),
    "swap": (0xE1000090, 0xFFB00FF0, 1000),
    "halfword, register": (0xE0000090, 0xFE400F90, 3000),
    "halfword, immediate": (0xE0400090, 0xFE400090, 3000),
    "single, immediate": (0xE4000000, 0xFE000000, 3000),
    "single, register": (0xE6000000, 0xFE000010, 3000),
    "block": (0xE8000000, 0xFE000000, 3000),
    "branch": (0xEA000000, 0xFE000000, 200),
    "branch to Thumb": (0xFA000000, 0xFE000000, 200),
    "preload": (0xF550F000, 0xFF70F000, 100),
    "undefined": (0xE6000010, 0xFE000010, 300),
    "coprocessor": (0xEC000000, 0xFC000000, 500),
    "software interrupt": (0xEF000000, 0xFF000000, 100),
    "any condition": (0x00000000, 0x0C000010, 4000),
    "anything": (0x00000000, 0x00000000, 6000),
}


@pytest.mark.parametrize("form", FORMS)
def test_arm_forms(new_core: Callable[[bool], Core], form: str) -> None:
    value, mask, cases = FORMS[form]
    bench = Bench(new_core, seed=cases)
    rng = random.Random(value)
    words = [(rng.getrandbits(32) & ~mask & 0xFFFFFFFF) | value for _ in range(cases)]
    bench.arm_words(words)
    assert sum(bench.outcomes.values()) >= cases // 20, bench.outcomes


def test_arm_words_of_the_binaries(new_core: Callable[[bool], Core]) -> None:
    bench = Bench(new_core, seed=1)
    bench.arm_words(words_of_binaries())
    assert bench.outcomes["executed"] > 20_000, bench.outcomes


def test_thumb_halfwords_of_the_binaries(new_core: Callable[[bool], Core]) -> None:
    bench = Bench(new_core, seed=2)
    bench.thumb_halves(sorted({half for word in words_of_binaries() for half in (word & 0xFFFF, word >> 16)}))
    assert bench.outcomes["executed"] > 14_000, bench.outcomes


@pytest.mark.slow
@pytest.mark.parametrize("quarter", range(4))
def test_all_thumb_halfwords(new_core: Callable[[bool], Core], quarter: int) -> None:
    bench = Bench(new_core, seed=quarter)
    bench.thumb_halves(range(quarter * 0x4000, (quarter + 1) * 0x4000))
    assert bench.outcomes["executed"] > 8_000, bench.outcomes


def test_thumb_long_branch(new_core: Callable[[bool], Core]) -> None:
    """BL and BLX: two of our instructions, one of the reference's."""
    bench = Bench(new_core, seed=5)
    for number in range(1000):
        first = 0xF000 | bench.rng.getrandbits(11)
        second = bench.rng.choice((0xE800, 0xF800)) | bench.rng.getrandbits(11)
        if second >> 11 == 0x1D:
            second &= ~1
        state = random_state(bench.rng, thumb=True)
        state[15] = CODE + 4 * (number % 1024)
        bench.case(first | second << 16, 4, state, all_banks=False, steps=2)
    assert bench.outcomes["executed"] == 1000


def test_reference_is_what_we_think(new_core: Callable[[bool], Core]) -> None:
    """A deliberate difference must be seen: the same case with one operand changed on our side only."""
    bench = Bench(new_core, seed=6)
    state = random_state(bench.rng, thumb=False)
    state[15] = CODE
    bench.place(CODE, (0xE0910002).to_bytes(4, "little"))  # ADDS r0, r1, r2
    assert bench.reference.step(state) == 0
    state[2] ^= 1
    bench.cores[0].state = state
    bench.cores[0].step()
    assert bench.cores[0].state[:17] != bench.reference.registers()
