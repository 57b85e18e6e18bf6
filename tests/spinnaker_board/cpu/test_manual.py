"""What the manual (DDI 0100) says and the reference emulator does otherwise or not at all: exceptions, interrupts,
banked registers, unaligned transfers, coprocessor 15, and our choices where the manual leaves one."""

from __future__ import annotations

import struct

import pytest
from cpu_machine import (
    ABT,
    BANK,
    BANKED_R13,
    BANKED_R14,
    CPSR,
    DEVICE,
    DTCM,
    FIQ,
    FIQ_MASKED,
    FIQ_R8,
    IRQ,
    IRQ_MASKED,
    SDRAM,
    SPSR,
    SVC,
    SYS,
    SYSRAM,
    THUMB,
    UND,
    USR,
    USR_R8,
    C,
    Core,
    N,
    V,
    Z,
    new_state,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

MODES = [USR, FIQ, IRQ, SVC, ABT, UND, SYS]
NOWHERE = 0x20000000
AT = 0x1000


def execute(core: Core, code: int, state: list[int], thumb: bool = False) -> list[int]:
    core.load(AT, code.to_bytes(2 if thumb else 4, "little"))
    state[15] = AT
    core.state = state
    core.step()
    return core.state


def put(core: Core, address: int, value: int) -> None:
    core.dtcm[address - DTCM : address - DTCM + 4] = struct.pack("<I", value)


def get(core: Core, address: int) -> int:
    return struct.unpack_from("<I", core.dtcm, address - DTCM)[0]


# Exceptions: name, code, Thumb, vector, mode, r14 relative to the instruction (DDI 0100 table A2-4 and A2.6)
EXCEPTIONS = [
    ("undefined", 0xE7F000F0, False, 0x04, UND, 4),
    ("undefined in Thumb", 0xDE00, True, 0x04, UND, 2),
    ("Thumb-2 CBZ", 0xB100, True, 0x04, UND, 2),
    ("Thumb-2 IT", 0xBF08, True, 0x04, UND, 2),
    ("ARMv6 REV", 0xBA00, True, 0x04, UND, 2),
    ("BLX suffix with bit 0", 0xE801, True, 0x04, UND, 2),
    ("ARMv6 REV in ARM", 0xE6BF0F30, False, 0x04, UND, 4),
    ("ARMv6 UMAAL", 0xE0400090, False, 0x04, UND, 4),
    ("VFP", 0xEE300A00, False, 0x04, UND, 4),
    ("coprocessor 14", 0xEE100E10, False, 0x04, UND, 4),
    ("LDC", 0xED900E00, False, 0x04, UND, 4),
    ("MCRR", 0xEC410F00, False, 0x04, UND, 4),
    ("condition 15 SWI", 0xFF000000, False, 0x04, UND, 4),
    ("LDRD with odd register", 0xE1C010D0, False, 0x04, UND, 4),
    ("SWI", 0xEF123456, False, 0x08, SVC, 4),
    ("SWI in Thumb", 0xDF12, True, 0x08, SVC, 2),
    ("BKPT", 0xE1200070, False, 0x0C, ABT, 4),
    ("BKPT in Thumb", 0xBE00, True, 0x0C, ABT, 4),
    ("data abort, LDR", 0xE5910000, False, 0x10, ABT, 8),
    ("data abort, LDR with write-back", 0xE5B10004, False, 0x10, ABT, 8),
    ("data abort, STR post-indexed", 0xE4810004, False, 0x10, ABT, 8),
    ("data abort, LDRH", 0xE1D100B0, False, 0x10, ABT, 8),
    ("data abort, LDRD", 0xE1C120D0, False, 0x10, ABT, 8),
    ("data abort, LDM", 0xE8B10005, False, 0x10, ABT, 8),
    ("data abort, LDM with base", 0xE8910007, False, 0x10, ABT, 8),
    ("data abort, STM", 0xE9210005, False, 0x10, ABT, 8),
    ("data abort, LDM with pc and caret", 0xE8F18001, False, 0x10, ABT, 8),
    ("data abort, SWP", 0xE1010090, False, 0x10, ABT, 8),
    ("data abort in Thumb", 0x6808, True, 0x10, ABT, 8),
    ("data abort, Thumb LDMIA", 0xC905, True, 0x10, ABT, 8),
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("code", "thumb", "vector", "to", "link"), [e[1:] for e in EXCEPTIONS], ids=[e[0] for e in EXCEPTIONS]
)
def test_exception(core: Core, code: int, thumb: bool, vector: int, to: int, link: int, mode: int) -> None:
    flags = N | C | (THUMB if thumb else 0)
    before = new_state(flags | mode, **{f"r{i}": 0x100 + i for i in range(15)})
    before[1] = NOWHERE
    after = execute(core, code, list(before), thumb)
    assert after[15] == vector
    assert after[CPSR] == N | C | IRQ_MASKED | to
    assert after[SPSR + BANK[to]] == flags | mode
    assert after[14] == AT + link
    assert after[:8] == before[:8]  # a base register that was to be written back is restored
    if mode != to:
        bank = BANK[mode]
        assert (after[BANKED_R13 + bank], after[BANKED_R14 + bank]) == (0x10D, 0x10E)


@pytest.mark.parametrize("thumb", [False, True])
def test_prefetch_abort(core: Core, thumb: bool) -> None:
    core.state = new_state(SYS | (THUMB if thumb else 0), r15=NOWHERE)
    core.step()
    after = core.state
    assert (after[15], after[CPSR], after[14]) == (0x0C, ABT | IRQ_MASKED, NOWHERE + 4)
    assert after[SPSR + BANK[ABT]] == SYS | (THUMB if thumb else 0)


@pytest.mark.parametrize("end", [0x8000, 0x8000 - 4])
def test_running_off_the_end_of_the_itcm_aborts(core: Core, end: int) -> None:
    core.load(0x7FF0, struct.pack("<4I", *[0xE1A00000] * 4))
    core.state = new_state(SYS, r15=end - 8 if end == 0x8000 else end)
    core.run(core.clock[0] + 3)
    assert core.state[CPSR] & 0x1F == ABT
    assert core.state[14] == 0x8000 + 4


@pytest.mark.parametrize("thumb", [False, True])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("masks", [0, IRQ_MASKED, FIQ_MASKED, IRQ_MASKED | FIQ_MASKED])
@pytest.mark.parametrize("lines", [(True, False), (False, True), (True, True)])
def test_interrupt(core: Core, lines: tuple[bool, bool], masks: int, mode: int, thumb: bool) -> None:
    before = new_state(Z | masks | mode | (THUMB if thumb else 0), **{f"r{i}": 0x100 + i for i in range(15)})
    for i in range(5):
        before[FIQ_R8 + i] = before[USR_R8 + i] = 0x200 + i
    core.lines(*lines)
    after = execute(core, 0x46C0 if thumb else 0xE1A00000, list(before), thumb)
    core.lines(False, False)
    if lines[1] and not masks & FIQ_MASKED:
        to, vector, masked = FIQ, 0x1C, IRQ_MASKED | FIQ_MASKED
    elif lines[0] and not masks & IRQ_MASKED:
        to, vector, masked = IRQ, 0x18, IRQ_MASKED | (masks & FIQ_MASKED)
    else:
        assert after[15] == AT + (2 if thumb else 4)
        assert after[CPSR] == before[CPSR]
        return
    assert (after[15], after[CPSR], after[14]) == (vector, Z | masked | to, AT + 4)
    assert after[SPSR + BANK[to]] == before[CPSR]
    if to == FIQ and mode != FIQ:
        assert after[8:13] == [0x200 + i for i in range(5)]
        assert after[USR_R8 : USR_R8 + 5] == [0x108 + i for i in range(5)]
    if mode == to:
        return  # r14 and SPSR of the interrupted handler are lost
    core.load(vector, (0xE25EF004).to_bytes(4, "little"))  # SUBS pc, lr, #4 goes back to where it was
    core.step()
    back = core.state
    assert back[:16] == [*before[:15], AT]
    assert back[CPSR] == before[CPSR]


def test_fiq_interrupts_an_irq_handler(core: Core) -> None:
    core.load(0, struct.pack("<8I", *[0xE1A00000] * 8))
    core.lines(True, True)
    core.state = new_state(SYS, r15=AT)
    core.step()
    assert core.state[15] == 0x1C
    core.lines(True, False)
    core.state = new_state(SYS, r15=AT)
    core.step()
    assert core.state[15] == 0x18
    core.lines(True, True)
    core.step()
    after = core.state
    assert (after[15], after[14]) == (0x1C, 0x18 + 4)
    assert after[SPSR + BANK[FIQ]] == IRQ | IRQ_MASKED


@pytest.mark.parametrize("source", MODES)
@pytest.mark.parametrize("target", MODES)
def test_mode_change_banks_registers(core: Core, source: int, target: int) -> None:
    before = new_state(source, **{f"r{i}": 0x100 + i for i in range(15)})
    before[0] = target | IRQ_MASKED | FIQ_MASKED
    for i in range(BANKED_R13, SPSR):
        before[i] = 0x300 + i
    for i in range(5):
        before[USR_R8 + i], before[FIQ_R8 + i] = 0x400 + i, 0x500 + i
    after = execute(core, 0xE121F000, list(before))  # MSR CPSR_c, r0
    if source == USR:  # may not
        assert after == [*before[:15], AT + 4, *before[16:]]
        return
    assert after[CPSR] == target | IRQ_MASKED | FIQ_MASKED
    same = BANK[source] == BANK[target]
    assert after[13] == (0x10D if same else 0x300 + BANKED_R13 + BANK[target])
    assert after[14] == (0x10E if same else 0x300 + BANKED_R14 + BANK[target])
    if (source == FIQ) == (target == FIQ):
        assert after[8:13] == [0x108 + i for i in range(5)]
    else:
        assert after[8:13] == [(0x500 if target == FIQ else 0x400) + i for i in range(5)]
    if target == USR:
        return
    back = execute(core, 0xE121F000, [source | 0xC0 if i == 0 else word for i, word in enumerate(core.state)])
    assert back[8:15] == before[8:15]


def test_msr_unmasks_and_the_interrupt_comes_before_the_next_instruction(core: Core) -> None:
    core.lines(True, False)
    after = execute(core, 0xE121F000, new_state(SVC | IRQ_MASKED | FIQ_MASKED, r0=SVC | FIQ_MASKED))
    assert after[15] == AT + 4
    core.step()
    assert (core.state[15], core.state[14]) == (0x18, AT + 8)
    core.lines(False, False)


def test_msr_in_user_mode_writes_flags_only(core: Core) -> None:
    after = execute(core, 0xE12FF000, new_state(USR | C, r0=N | V | SVC | IRQ_MASKED))
    assert after[CPSR] == N | V | USR


def test_msr_ignores_undefined_modes_and_the_thumb_bit(core: Core) -> None:
    after = execute(core, 0xE12FF000, new_state(SVC, r0=0x00FFFF00 | N | THUMB | 0x14))
    assert after[CPSR] == N | SVC


@pytest.mark.parametrize("mask", range(16))
def test_msr_spsr_by_bytes(core: Core, mask: int) -> None:
    before = new_state(SVC, r0=0xFFFFFFFF)
    after = execute(core, 0xE160F000 | mask << 16, before)
    fields = sum(0xFF << 8 * i for i in range(4) if mask >> i & 1)
    assert after[SPSR + BANK[SVC]] == fields & 0xF80000FF


@pytest.mark.parametrize("operation", [0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 15])
@pytest.mark.parametrize("spsr", [SYS | Z, FIQ | C | IRQ_MASKED, SVC | THUMB | N, USR | THUMB])
def test_every_data_processing_operation_returns_from_exceptions(core: Core, operation: int, spsr: int) -> None:
    before = new_state(IRQ | C, r14=0x2344, r0=0)
    before[SPSR + BANK[IRQ]] = spsr
    after = execute(core, 0xE010F000 | operation << 21 | 14 << 16, before)  # rd pc, rn r14, rm r0
    with_c = {0: 0, 1: 0x2344, 2: 0x2344, 3: -0x2344, 4: 0x2344, 5: 0x2345, 6: 0x2344, 7: -0x2344, 12: 0x2344}
    with_c |= {13: 0, 14: 0x2344, 15: -1}
    mask = 0xFFFFFFFE if spsr & THUMB else 0xFFFFFFFC
    assert after[15] == with_c[operation] & mask
    assert after[CPSR] == spsr


@pytest.mark.parametrize("offset", range(4))
@pytest.mark.parametrize("region", ["dtcm", "sdram", "sysram", "itcm"])
def test_unaligned_transfers(core: Core, region: str, offset: int) -> None:
    """Words are rotated on loading and aligned on storing; halfwords are aligned (our choice of UNPREDICTABLE)."""
    base = {"dtcm": DTCM, "sdram": SDRAM, "sysram": SYSRAM, "itcm": 0}[region] + 0x40
    memory = getattr(core, region)
    memory[0x40:0x48] = bytes(range(0x11, 0x19))
    rotated = [0x14131211, 0x11141312, 0x12111413, 0x13121114][offset]
    load = execute(core, 0xE5910000, new_state(r1=base + offset))
    assert load[0] == rotated
    swap = execute(core, 0xE1010092, new_state(r1=base + offset, r2=0xAABBCCDD))
    assert swap[0] == rotated
    assert bytes(memory[0x40:0x48]) == bytes.fromhex("ddccbbaa15161718")
    half = execute(core, 0xE1D100B0, new_state(r1=base + 4 + offset))
    assert half[0] == (0x1615 if offset < 2 else 0x1817)
    execute(core, 0xE5810000, new_state(r1=base + offset, r0=0x01020304))
    execute(core, 0xE1C100B4, new_state(r1=base + offset, r0=0xFFFFEEEE))
    assert bytes(memory[0x40:0x44]) == bytes.fromhex("04030201")
    assert bytes(memory[0x44:0x48]) == bytes.fromhex("eeee1718" if offset < 2 else "1516eeee")
    multiple = execute(core, 0xE8B1000C, new_state(r1=base + offset))
    assert multiple[1] == base + offset + 8
    assert multiple[2] == 0x01020304


def test_stored_pc_is_twelve_ahead(core: Core) -> None:
    execute(core, 0xE581F000, new_state(r1=DTCM))
    execute(core, 0xE8818001, new_state(r1=DTCM + 4, r0=7))
    assert [get(core, DTCM + 4 * i) for i in range(3)] == [AT + 12, 7, AT + 12]


def test_user_bank_transfers(core: Core) -> None:
    """LDM and STM with ^ reach the registers of user mode from FIQ mode."""
    before = new_state(FIQ, r1=DTCM, **{f"r{i}": 0x100 + i for i in range(8, 15)})
    for i in range(5):
        before[USR_R8 + i] = 0x400 + i
    before[BANKED_R13], before[BANKED_R14] = 0x40D, 0x40E
    stored = execute(core, 0xE8C17F00, list(before))
    assert [get(core, DTCM + 4 * i) for i in range(7)] == [0x400, 0x401, 0x402, 0x403, 0x404, 0x40D, 0x40E]
    assert stored[8:15] == before[8:15]
    for i in range(7):
        put(core, DTCM + 4 * i, 0x700 + i)
    loaded = execute(core, 0xE8D17F00, list(before))
    assert loaded[8:15] == before[8:15]
    assert loaded[USR_R8 : USR_R8 + 5] == [0x700 + i for i in range(5)]
    assert (loaded[BANKED_R13], loaded[BANKED_R14]) == (0x705, 0x706)


@pytest.mark.parametrize(("target", "state"), [(0x2000, 0), (0x2001, THUMB), (0x2003, THUMB)])
def test_loads_of_the_pc_interwork(core: Core, target: int, state: int) -> None:
    put(core, DTCM, target)
    for code in (0xE591F000, 0xE8918000):
        after = execute(core, code, new_state(SYS, r1=DTCM))
        assert after[15] == target & (~1 if state else ~3)
        assert after[CPSR] == SYS | state
    after = execute(core, 0xBD00, new_state(SYS | THUMB, r13=DTCM), thumb=True)
    assert (after[15], after[13]) == (target & (~1 if state else ~3), DTCM + 4)
    assert after[CPSR] == SYS | state


def test_coprocessor_15(core: Core) -> None:
    assert execute(core, 0xEE100F10, new_state())[0] == 0x41059680
    assert execute(core, 0xEE110F10, new_state())[0] == 0x107C
    assert execute(core, 0xEE010F10, new_state())[15] == AT + 4
    assert execute(core, 0xEE070F9A, new_state())[15] == AT + 4
    for unknown in (0xEE100F11, 0xEE120F10, 0xEE070F15, 0xEE300F10, 0xEE090F11):
        assert execute(core, unknown, new_state())[15] == 4
    assert execute(core, 0xEE100F10, new_state(USR))[15] == 4


@pytest.mark.parametrize("masks", [0, IRQ_MASKED | FIQ_MASKED])
@pytest.mark.parametrize("line", ["irq", "fiq"])
def test_wait_for_interrupt(core: Core, line: str, masks: int) -> None:
    core.load(AT, struct.pack("<2I", 0xEE070F90, 0xE3A00007))
    core.load(0x18, struct.pack("<2I", 0xE3A00008, 0xE3A00009))
    core.state = new_state(SYS | masks, r15=AT)
    start = core.clock[0]
    core.run(start + 1000)
    core.run(start + 3000)
    cycles, slept, instructions, _, waiting = core.clock
    assert (cycles, waiting, core.state[15]) == (start + 3000, 1, AT + 4)
    assert (slept, instructions) == (2999, 1)
    core.lines(line == "irq", line == "fiq")
    core.step()
    core.lines(False, False)
    assert core.clock[4] == 0
    if masks:
        assert core.state[0] == 7
    else:
        assert core.state[15] == (0x18 if line == "irq" else 0x1C)
        assert core.state[14] == AT + 8


def test_wait_with_a_line_already_up_does_not_sleep(core: Core) -> None:
    core.load(AT, struct.pack("<2I", 0xEE070F90, 0xE3A00007))
    core.lines(True, False)
    core.state = new_state(r15=AT)
    core.run(core.clock[0] + 2)
    core.lines(False, False)
    assert core.state[0] == 7
    assert core.clock[1] == 0


def test_device_write_raises_a_line_and_ends_the_run(core: Core) -> None:
    core.load(AT, struct.pack("<3I", 0xE5810000, 0xE3A00007, 0xE3A00008))
    core.state = new_state(SYS, r0=5, r1=DEVICE, r15=AT)
    core.run(core.clock[0] + 1_000_000)
    assert core.state[15] == AT + 4
    assert core.clock[0] == 1 + 8
    core.step()
    assert (core.state[15], core.state[14]) == (0x18, AT + 8)
    core.lines(False, False)


def test_reset(core: Core) -> None:
    core.state = [0xFFFFFFF0 | i for i in range(CPSR)] + [SYS] + [7] * 28
    clock = core.clock
    core.reset()
    assert core.state == new_state(SVC | IRQ_MASKED | FIQ_MASKED)
    assert core.clock == clock


# Cost of single instructions in cycles, by cost.h: name, code, Thumb, cycles
COSTS = [
    ("data processing", 0xE0800001, 1),
    ("failed condition", 0x0A000000, 1),
    ("branch", 0xEA000000, 3),
    ("branch and exchange", 0xE12FFF1E, 3),
    ("move to pc", 0xE1A0F00E, 3),
    ("multiply", 0xE0000291, 3),
    ("multiply long", 0xE0810292, 3),
    ("16-bit multiply", 0xE1600281, 3),
    ("saturating addition", 0xE1010052, 1),
    ("load from DTCM", 0xE5930000, 1),
    ("store to DTCM", 0xE5830000, 1),
    ("load from SDRAM", 0xE5940000, 26),
    ("byte from SDRAM", 0xE5D40000, 26),
    ("halfword from SDRAM", 0xE1D400B0, 26),
    ("store to SDRAM", 0xE5840000, 5),
    ("load from SysRAM", 0xE5950000, 9),
    ("store to SysRAM", 0xE5850000, 9),
    ("load from nowhere", 0xE5960000, 11),
    ("three registers from DTCM", 0xE8930007, 4),
    ("three registers from SDRAM", 0xE8940007, 79),
    ("three registers to SDRAM", 0xE8840007, 16),
    ("load of pc", 0xE593F000, 3),
    ("two registers and pc", 0xE8938003, 6),
    ("doubleword", 0xE1C300D0, 3),
    ("doubleword to SDRAM", 0xE1C400F0, 11),
    ("swap in SDRAM", 0xE1040090, 30),
    ("software interrupt", 0xEF000000, 3),
    ("write status", 0xE129F000, 1),
]


@pytest.mark.parametrize(("code", "cycles"), [c[1:] for c in COSTS], ids=[c[0] for c in COSTS])
def test_cost(core: Core, code: int, cycles: int) -> None:
    state = new_state(SVC, r0=SVC, r3=DTCM, r4=SDRAM, r5=SYSRAM, r6=NOWHERE, r14=AT)
    before = core.clock
    execute(core, code, state)
    assert core.clock[0] - before[0] == cycles
    assert core.clock[2] - before[2] == 1


def test_interrupt_entry_costs_three_cycles_and_no_instruction(core: Core) -> None:
    core.lines(True, False)
    execute(core, 0xE1A00000, new_state(SYS))
    core.lines(False, False)
    assert core.clock[0] == 3
    assert core.clock[2] == 0


def test_instructions_from_sdram(core: Core) -> None:
    core.sdram[:8] = struct.pack("<2I", 0xE3A00007, 0xE12FFF1E)
    core.state = new_state(SYS, r14=AT, r15=SDRAM)
    core.run(core.clock[0] + 27)
    assert (core.state[0], core.state[15]) == (7, AT)
    assert core.clock[0] == 26 + 28


# The saturating and 16-bit instructions once more, against arithmetic on Python's integers (DDI 0100 A10.7).
def signed(value: int, bits: int = 32) -> int:
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def clip(value: int) -> int:
    return max(-(1 << 31), min((1 << 31) - 1, value))


WORD = st.one_of(st.integers(0, 2**32 - 1), st.sampled_from([0, 1, 0x7FFFFFFF, 0x80000000, 0x80008000, 0xFFFFFFFF]))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(a=WORD, b=WORD, acc=WORD, x=st.integers(0, 1), y=st.integers(0, 1))
def test_dsp_against_integers(core: Core, a: int, b: int, acc: int, x: int, y: int) -> None:

    def run(code: int) -> tuple[int, bool]:
        after = execute(core, code, new_state(SYS, r1=a, r2=b, r3=acc))
        return signed(after[0]), bool(after[CPSR] >> 27 & 1)

    def saturating(value: int, earlier: bool = False) -> tuple[int, bool]:
        return clip(value), earlier or clip(value) != value

    sa, sb, sacc = signed(a), signed(b), signed(acc)
    doubled, overflowed = saturating(2 * sb)
    assert run(0xE1020051) == saturating(sa + sb)
    assert run(0xE1220051) == saturating(sa - sb)
    assert run(0xE1420051) == saturating(sa + doubled, overflowed)
    assert run(0xE1620051) == saturating(sa - doubled, overflowed)
    half_a, half_b = signed(a >> 16 * x, 16), signed(b >> 16 * y, 16)
    total = half_a * half_b + sacc
    assert run(0xE1003281 | x << 5 | y << 6) == (signed(total), clip(total) != total)
    total = (sa * half_b >> 16) + sacc
    assert run(0xE1203281 | y << 6) == (signed(total), clip(total) != total)
    assert run(0xE12002A1 | y << 6) == (signed(sa * half_b >> 16), False)
    assert run(0xE1600281 | x << 5 | y << 6) == (signed(half_a * half_b), False)
