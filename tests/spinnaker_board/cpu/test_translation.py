"""Translated code against the engine: the same bits, cycles and bus accesses, wherever runs are cut or code changes."""

from __future__ import annotations

import ctypes
import random
import struct
from pathlib import Path

import pytest
from cpu_machine import DEVICE, DTCM, SDRAM, SYS, SYSRAM, Core, new_state
from programs import arm_word
from test_engine import everything, go
from test_engine import prepared as prepared_wild

from spinnaker_board.core_types import Instruction
from spinnaker_board.translation.instructions import decode
from spinnaker_board.translation.parts import hot_parts
from spinnaker_board.translation.source import source
from spinnaker_board.translation.worker import compile_parts, find_compiler

CYCLES = 20_000
START, LOOP_WORDS = 0x100, 100


def bits(word: int, high: int, low: int) -> int:
    """A field of an instruction."""
    return word >> low & ((1 << (high - low + 1)) - 1)


def _leaves(word: int) -> bool:
    """Whether an instruction might not come back: jumps anywhere, changes of mode."""
    kind = word >> 25 & 7
    if word >> 28 == 15 or kind in (5, 6, 7) or (kind == 4 and word & 0x8000):
        return True
    return kind < 4 and (word >> 12 & 15 == 15 or word & 0x0FFFFFD0 == 0x012FFF10)


def _tame(word: int, rng: random.Random) -> int:
    """The instruction with r0 to r6 as what it writes and r8 to r12, which hold addresses, as where its memory is."""
    kind = bits(word, 27, 25)
    extra = kind == 0 and word & 0x90 == 0x90 and bits(word, 6, 5)
    if kind == 4:
        return word & 0xFFD0007F | rng.randrange(8, 13) << 16 | 1  # without write-back
    if kind in (2, 3) or extra:
        aligned = word & ~3 if kind == 2 or (extra and bits(word, 22, 22)) else word
        return aligned & ~0x002FF000 | 1 << 24 | rng.randrange(8, 13) << 16 | rng.randrange(7) << 12
    if word & 0x0F0000F0 == 0x90 or word & 0x0F900000 == 0x01000000:  # multiplications: two registers are written
        return word & ~0x0008F000 | rng.randrange(7) << 12
    return word & ~0xF000 | rng.randrange(7) << 12


def _loop(rng: random.Random) -> bytes:
    """Random code that goes round: an outer loop over blocks with inner branches and a call."""
    code = []
    while len(code) < LOOP_WORDS:
        word = arm_word(rng)
        word = word if rng.random() < 0.05 else _tame(word, rng)
        if not _leaves(word) and (rng.random() < 0.05 or not decode(word, START).interpreted):
            code.append(word)
    for at in range(4, LOOP_WORDS - 8, 7):
        condition = rng.choice((0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14))
        code[at] = condition << 28 | 0x0A000000 | rng.randrange(0, 6)  # forward, over up to seven instructions
        if rng.random() < 0.5:
            code[at - 1] = rng.choice((0xE1500001, 0xE2512003, 0xE0743005, 0xE3560000))  # CMP, SUBS, RSBS
    code[20] = 0xEB000000 | (LOOP_WORDS + 2 - 20 - 2)  # BL to the function behind
    code[41] = 0xE5870000 | rng.randrange(0, 2) << 2  # STR to r7, which often is the device
    code.append(0xE59D0000 | rng.randrange(0, 15) << 12)
    code.append(0xEA000000 | (-(LOOP_WORDS + 1) - 2) & 0xFFFFFF)
    function = [0xE92D401F, 0xE0810002, 0xE2533001, 0x12800004, 0xE8BD801F]
    return struct.pack(f"<{len(code) + 5}I", *code, *function)


def _prepared(processor: ctypes.CDLL, seed: int) -> Core:
    rng = random.Random(seed)
    core = Core(processor, plain=False)
    vectors = [0xE1B0F00E] * 8
    vectors[3], vectors[4] = 0xEA00000B, 0xE25EF004  # a prefetch abort starts again
    vectors[6] = vectors[7] = 0xE58DD000  # IRQ and FIQ: STR r13, [r13] lowers the lines, and what follows returns
    core.load(0, struct.pack("<9I", *vectors, 0xE25EF004))
    core.load(0x1C, struct.pack("<I", 0xE25EF004))
    core.load(0x40, struct.pack("<3I", 0xE3A0EC01, 0xE3A0D501, 0xE1B0F00E))
    core.load(START, _loop(rng))
    for memory in (core.dtcm, core.sdram, core.sysram):
        memory[:0x1000] = rng.randbytes(0x1000)
    state = new_state(SYS)
    for i in range(15):
        pointer = rng.choice((DTCM, DTCM, DTCM, SDRAM, SYSRAM)) + 0x1000 + 4 * rng.randrange(64)
        state[i] = pointer if i > 7 or rng.random() < 0.5 else rng.getrandbits(32)
    state[7] = rng.choice((DEVICE, DTCM + 0x800))
    state[13] = DTCM + 0x8000
    state[15] = START
    state[17 + 2] = DEVICE  # r13 of IRQ mode
    core.state = state
    return core


def _translation(core: Core, folder: Path, name: str) -> ctypes.CDLL | None:
    """Translates what a core has run so far."""
    entered, heat = core.profile()
    parts = hot_parts(bytes(core.itcm), entered, dict.fromkeys(entered, 1) | heat, share=1.0)
    compiler = find_compiler()
    assert compiler is not None
    return ctypes.CDLL(str(compile_parts(source(parts), folder, compiler).rename(folder / name))) if parts else None


@pytest.mark.parametrize("seed", range(10))
def test_translation_agrees(processor: ctypes.CDLL, tmp_path: Path, seed: int) -> None:
    while True:
        first = _prepared(processor, seed)
        start, code = first.state, bytes(first.itcm)
        go(first, CYCLES)
        if bytes(first.itcm) == code:
            break
        first.close()  # a random program may write into its own code, to which a translation would not apply
        seed += 10
    library = _translation(first, tmp_path, "loop.so")
    assert library is not None
    first.close()
    executed = 0
    for run in range(16):
        rng = random.Random(1000 * seed + run)
        state = list(start)
        for i in range(7):
            state[i] = rng.getrandbits(32) if rng.random() < 0.5 else state[i]
        cuts, time, most = {CYCLES: False}, 0, (20_000, 2000, 300, 100)[run % 4]
        while time < CYCLES:
            cuts[time] = rng.random() < 0.1
            time += rng.randrange(1, most)
        ends = []
        for native in (False, True):
            core = _prepared(processor, seed)
            core.state = state
            if native:
                assert core.install(library) > 0
            for cut, irq in sorted(cuts.items()):
                go(core, cut)
                if irq:
                    core.lines(True, False)
            ends.append(everything(core))
            executed += core.native_instructions
            core.close()
        assert ends[0] == ends[1], f"seed {seed}, run {run}"
    assert executed > 500


@pytest.mark.parametrize("seed", range(8))
def test_wild_programs(processor: ctypes.CDLL, tmp_path: Path, seed: int) -> None:
    """Programs that overwrite themselves, change modes and states, and are interrupted: translated early, used on."""
    rng = random.Random(seed)
    cuts = sorted(rng.randrange(20_000) for _ in range(30))
    core = prepared_wild(processor, seed, plain=False)
    go(core, 3000)
    library = _translation(core, tmp_path, "wild.so")
    assert library is not None
    core.close()
    ends = []
    for native in (False, True):
        core = prepared_wild(processor, seed, plain=False)
        if native:
            core.install(library)
        for number, cut in enumerate(cuts):
            go(core, cut)
            core.lines(bool(number & 1), bool(number & 2))
            if native and number % 7 == 0:
                core.install(library)  # again, in case that it was taken away
        ends.append(everything(core))
        core.close()
    assert ends[0] == ends[1]


def _counting(processor: ctypes.CDLL) -> Core:
    """A loop that adds r1 to r0."""
    core = Core(processor, plain=False)
    core.load(START, struct.pack("<4I", 0xE0800001, 0xE2522001, 0x1AFFFFFC, 0xEAFFFFFB))
    core.state = new_state(SYS, r1=1, r2=1 << 30, r15=START)
    return core


def test_changed_code_is_not_taken_for_the_old(processor: ctypes.CDLL, tmp_path: Path) -> None:
    """A write to a translated word takes the translation away; it comes back only with the old code."""
    core = _counting(processor)
    go(core, 1000)
    library = _translation(core, tmp_path, "counting.so")
    assert library is not None
    assert core.install(library) == 1
    go(core, 2000)
    assert core.native_instructions > 500
    before, ran = core.state[0], core.native_instructions
    core.load(START, struct.pack("<I", 0xE2400001))  # SUB r0, r0, #1
    assert core.install(library) == 0
    go(core, 3000)
    assert core.state[0] < before
    assert core.native_instructions == ran
    core.load(START, struct.pack("<I", 0xE0800001))
    assert core.install(library) == 1
    go(core, 4000)
    assert core.native_instructions > ran
    core.close()


def test_a_write_beside_it_leaves_it_alone(processor: ctypes.CDLL, tmp_path: Path) -> None:
    core = _counting(processor)
    go(core, 1000)
    library = _translation(core, tmp_path, "counting.so")
    assert library is not None
    core.install(library)
    core.load(START + 16, b"\xff" * 16)
    core.load(START - 4, b"\xff" * 4)
    go(core, 2000)
    assert core.native_instructions > 500
    core.close()


def test_most_of_random_code_is_translated() -> None:
    """Else the comparisons above would say little; and what is not is what the docstring names."""
    rng = random.Random(1)
    words = [word for word in (arm_word(rng) for _ in range(3000)) if not _leaves(word)]
    done = [word for word in words if not decode(word, START).interpreted]
    assert len(done) > 0.55 * len(words)
    assert not [word for word in done if word >> 28 == 15 or bits(word, 27, 24) in (14, 15)]


def test_every_row_of_the_instruction_table(processor: ctypes.CDLL, tmp_path: Path) -> None:
    """The plain interpreter, the engine and translated code give each row with each form the same meaning."""
    rng = random.Random(7)
    rows: dict[tuple[str, str, str], int] = {}
    for _ in range(60_000):
        word = _tame(arm_word(rng), rng)
        instruction = Instruction() if _leaves(word) else decode(word, START)
        if not instruction.interpreted and instruction.kind != "JUMP":
            conditional = word & 0x0FFFFFFF | rng.choice([*range(14), *[14] * 28]) << 28
            rows.setdefault((instruction.kind, instruction.name, instruction.form), conditional)
    assert {kind for kind, _, _ in rows} == {"DATA", "DATA_S", "TEST", "REGISTERS", "LOAD", "STORE", "SPECIAL", "BLOCK"}
    assert len(rows) > 300
    words = rng.sample(list(rows.values()), len(rows))
    for first in range(0, len(words), LOOP_WORDS):
        loop = words[first : first + LOOP_WORDS]
        code = struct.pack(f"<{len(loop) + 1}I", *loop, 0xEA000000 | (-len(loop) - 2) & 0xFFFFFF)
        ends, executed = [], 0
        library = None
        for plain, native in ((True, False), (False, False), (False, True)):
            core = _prepared(processor, first)
            core.plain = plain
            core.load(START, code)
            if native:
                assert library is not None
                core.install(library)
            go(core, CYCLES)
            if not plain and library is None:
                library = _translation(core, tmp_path, f"rows_{first}.so")
            ends.append(everything(core))
            executed += core.native_instructions
            core.close()
        assert ends[0] == ends[1] == ends[2]
        assert executed > 1000
