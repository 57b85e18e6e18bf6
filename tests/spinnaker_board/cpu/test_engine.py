"""The decoded engine against the plain interpreter, and runs cut in pieces against runs in one piece."""

from __future__ import annotations

import ctypes
import random
import struct

import pytest
from cpu_machine import CPSR, DEVICE, SDRAM, SYS, THUMB, Core, new_state
from hypothesis import given, settings
from hypothesis import strategies as st
from programs import initial_state, program

CYCLES = 3000


def everything(core: Core) -> tuple[object, ...]:
    memories = core.itcm, core.dtcm, core.sdram[:0x10000], core.sysram
    return core.state, core.clock, *(bytes(memory) for memory in memories)


def prepared(processor: ctypes.CDLL, seed: int, plain: bool) -> Core:
    rng = random.Random(seed)
    core = Core(processor, plain)
    core.load(0, program(rng))
    for memory in (core.dtcm, core.sdram, core.sysram):
        words = [initial_state(rng)[rng.randrange(15)] for _ in range(64)]
        memory[:256] = struct.pack("<64I", *words)
    core.dtcm[-256:] = core.dtcm[:256]
    core.state = initial_state(rng)
    return core


def go(core: Core, until: int) -> None:
    while core.clock[0] < until:  # a store to the device may end a run early
        core.run(until)


@settings(max_examples=400, deadline=None)
@given(seed=st.integers(0, 2**32), lines=st.lists(st.tuples(st.integers(1, CYCLES), st.integers(0, 3)), max_size=6))
def test_engines_agree(processor: ctypes.CDLL, seed: int, lines: list[tuple[int, int]]) -> None:
    """On random programs, self-modifying and interrupted; the bus hash holds the time of every access."""
    ends = []
    for plain in (True, False):
        core = prepared(processor, seed, plain)
        for time, level in sorted(lines):
            go(core, time)
            core.lines(bool(level & 1), bool(level & 2))
        go(core, CYCLES)
        ends.append(everything(core))
        core.close()
    assert ends[0] == ends[1]


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 2**32), plain=st.booleans(), cuts=st.lists(st.integers(1, CYCLES), max_size=40))
def test_budgets_do_not_matter(processor: ctypes.CDLL, seed: int, plain: bool, cuts: list[int]) -> None:
    whole = prepared(processor, seed, plain)
    go(whole, CYCLES)
    pieces = prepared(processor, seed, plain)
    for cut in sorted(cuts):
        go(pieces, cut)
    go(pieces, CYCLES)
    assert everything(whole) == everything(pieces)
    whole.close()
    pieces.close()


def test_programs_do_run(processor: ctypes.CDLL) -> None:
    """The random programs are no trivial loops: most reach many instructions, devices, several modes, both states."""
    modes, states, instructions, accesses = set(), set(), 0, 0
    for seed in range(60):
        core = prepared(processor, seed, plain=False)
        for time in range(0, CYCLES, 100):
            go(core, time)
            modes.add(core.state[CPSR] & 0x1F)
            states.add(core.state[CPSR] & THUMB)
            if time % 500 == 0:
                core.lines(True, bool(time % 1000))
        instructions += core.clock[2]
        accesses += core.clock[3] != 0
        core.close()
    assert len(modes) >= 5
    assert len(states) == 2
    assert instructions > 60 * CYCLES / 10
    assert accesses > 30


def both(processor: ctypes.CDLL, code: bytes, state: list[int], cycles: int) -> Core:
    """Runs code from 0x100 in both engines, which must agree; returns the decoded one."""
    plain, decoded = Core(processor, plain=True), Core(processor, plain=False)
    for core in (plain, decoded):
        core.load(0x100, code)
        core.state = [*state[:15], 0x100, *state[16:]]
        go(core, cycles)
    assert everything(plain) == everything(decoded)
    plain.close()
    return decoded


def test_code_that_patches_itself(processor: ctypes.CDLL) -> None:
    """A loop that adds 1 to r0 four times, then stores another instruction over its ADD, and adds 16."""
    code = [0xE2800001, 0xE2522001, 0x1AFFFFFC, 0xE5843000, 0xE3A02004, 0xE3A05001, 0xEAFFFFF8]
    state = new_state(SYS, r2=4, r3=0xE2800010, r4=0x100)
    core = both(processor, struct.pack("<7I", *code), state, 4 + 3 + 3 * 3 + 8 + 6 + 3)
    assert core.state[0] in (4 + 16, 4 + 32)
    core.close()


def test_code_patched_by_dma(processor: ctypes.CDLL) -> None:
    """The device overwrites the next instruction, decoded in an earlier round, while the program runs."""
    code = [0xE3A00001, 0xE5843008, 0xE1A00000, 0xE2500001, 0x0AFFFFFA]
    # 0x108 becomes `andeq r0, r0, r8` + offset: the word stored is its own address
    state = new_state(SYS, r3=0x108, r4=DEVICE)
    core = both(processor, struct.pack("<5I", *code), state, 200)
    assert struct.unpack_from("<I", core.itcm, 0x108)[0] == 0x108
    core.close()


@pytest.mark.parametrize("offset", [0, 1, 2, 3])
@pytest.mark.parametrize("size", [1, 2, 3, 4, 6, 1024, 1030])
def test_written_bytes_are_decoded_again(processor: ctypes.CDLL, offset: int, size: int) -> None:
    """Whatever part of the code is written from outside, the next run sees it."""
    rng = random.Random(offset * 7 + size)
    cores = [prepared(processor, 11, plain) for plain in (True, False)]
    patch = rng.randbytes(size)
    for core in cores:
        go(core, CYCLES)
        core.load(0x3F0 + offset, patch)
        core.state = initial_state(random.Random(5))
        go(core, 2 * CYCLES)
    assert everything(cores[0]) == everything(cores[1])
    for core in cores:
        core.close()


@pytest.mark.parametrize("byte", range(4))
def test_one_written_byte_is_enough(processor: ctypes.CDLL, byte: int) -> None:
    """MOV r0, #1 and MOV r1, #2 in Thumb state; the low byte is the constant, the high one chooses the register."""
    core = Core(processor, plain=False)
    core.load(0x100, bytes((1, 0x20, 2, 0x21)))
    results = []
    for _ in range(2):
        core.state = new_state(SYS | THUMB, r15=0x100)
        core.step()
        core.step()
        results.append(core.state[:4])
        core.load(0x100 + byte, bytes(((7, 0x22, 9, 0x23)[byte],)))
    assert results[0] == [1, 2, 0, 0]
    assert results[1] == [[7, 2, 0, 0], [0, 2, 1, 0], [1, 9, 0, 0], [1, 0, 0, 2]][byte]
    core.close()


@pytest.mark.parametrize("line", [0x80, 0x40])
@pytest.mark.parametrize("immediate", [False, True])
def test_interrupt_straight_after_unmasking(processor: ctypes.CDLL, line: int, immediate: bool) -> None:
    """The handler must find that only the MSR was executed, in the middle of a long run."""
    msr = 0xE321F01F if immediate else 0xE121F003
    ends = []
    for plain in (True, False):
        core = Core(processor, plain)
        core.load(0, struct.pack("<8I", *[0xEAFFFFFE] * 8))
        core.load(0x100, struct.pack("<5I", 0xE2800001, 0xE2800001, msr, 0xE2800001, 0xE2800001))
        core.lines(line == 0x80, line == 0x40)
        core.state = new_state(SYS | 0xC0, r3=SYS, r15=0x100)
        core.run(100)
        assert core.state[0] == 2
        assert core.state[14] == 0x10C + 4
        ends.append(everything(core))
        core.close()
    assert ends[0] == ends[1]


def test_reset_forgets_decoded_code(processor: ctypes.CDLL) -> None:
    core = Core(processor, plain=False)
    core.load(0x100, struct.pack("<I", 0xE3A00001))
    core.state = new_state(SYS, r15=0x100)
    core.step()
    core.itcm[0x100:0x104] = struct.pack("<I", 0xE3A00002)
    core.reset()
    core.state = new_state(SYS, r15=0x100)
    core.step()
    assert core.state[0] == 2
    core.close()


@pytest.mark.parametrize("thumb", [False, True])
def test_running_off_the_end(processor: ctypes.CDLL, thumb: bool) -> None:
    ends = []
    for plain in (True, False):
        core = Core(processor, plain)
        nop = struct.pack("<2H", 0x46C0, 0x46C0) if thumb else struct.pack("<I", 0xE1A00000)
        core.load(0x7F00, nop * 64)
        core.state = new_state(SYS | (THUMB if thumb else 0), r15=0x7F00)
        core.run(500)
        ends.append(everything(core))
        core.close()
    assert ends[0] == ends[1]


def test_sdram_through_the_bus(processor: ctypes.CDLL) -> None:
    """With sdram and sdram_store NULL every access goes to the bus, at the same cost and with the same result."""
    copy = [0xE4913004, 0xE4823004, 0xE8B10018, 0xE8A20018, 0xE1D140B2, 0xE1C240B2, 0xE2500001, 0x1AFFFFF7]
    results = []
    for switch in (0, 3):
        core = Core(processor, plain=False)
        core.sdram[:1024] = random.Random(3).randbytes(1024)
        core.load(0x100, struct.pack("<9I", 0xE58C500C, *copy))
        core.state = new_state(SYS, r0=20, r1=SDRAM, r2=SDRAM + 0x2000, r5=switch, r12=DEVICE, r15=0x100)
        go(core, 9 + 4000)
        results.append((core.state[:5], core.clock[:3], bytes(core.sdram[0x2000:0x3000])))
        core.close()
    assert results[0] == results[1]
