"""Random programs that keep running: handlers return, wild jumps start again, code overwrites itself."""

from __future__ import annotations

import random
import struct

from cpu_machine import (
    BANK,
    BANKED_R13,
    CPSR,
    DEVICE,
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
    USR,
    USR_R8,
)

START, THUMB_START, END = 0x100, 0x500, 0x800

MOVS_PC_LR, SUBS_PC_LR_4 = 0xE1B0F00E, 0xE25EF004
STR_R13_R13 = 0xE58DD000  # the banked r13 of IRQ and FIQ mode points at the device and lowers both lines when stored
VECTORS = [0xEA00000E, MOVS_PC_LR, MOVS_PC_LR, 0xEA00000B, SUBS_PC_LR_4, 0xEA000009, 0xEA00000C, STR_R13_R13]
FIQ_TAIL = [SUBS_PC_LR_4]
RESTART = [0xE3A0EC01, MOVS_PC_LR]  # at 0x40: mov lr, #0x100
IRQ_HANDLER = [STR_R13_R13, SUBS_PC_LR_4]  # at 0x50

# value, mask of the fixed bits, weight
ARM_FORMS = [
    (0xE0000000, 0xFE000010, 6),
    (0xE0000010, 0xFE000090, 3),
    (0xE2000000, 0xFE000000, 6),
    (0xE0000090, 0xFF0000F0, 2),
    (0xE1000080, 0xFF900090, 2),
    (0xE1000050, 0xFF900FF0, 1),
    (0xE16F0F10, 0xFFFF0FF0, 1),
    (0xE10F0000, 0xFFBF0FFF, 1),
    (0xE121F000, 0xFFF0FFF0, 1),
    (0xE328F000, 0xFFF8F000, 1),
    (0xE12FFF10, 0xFFFFFFD0, 1),
    (0xE1000090, 0xFFB00FF0, 1),
    (0xE1000090, 0xFF000F90, 3),
    (0xE1400090, 0xFF4000F0, 3),
    (0xE5000000, 0xFF000F00, 6),
    (0xE4000000, 0xFE000F00, 4),
    (0xE7800000, 0xFF800FF0, 4),
    (0xE6000000, 0xFE000010, 1),
    (0xE8000000, 0xFE000000, 4),
    (0xEF000000, 0xFF000000, 1),
    (0xEE070F90, 0xFFFF0FFF, 1),
    (0x00000000, 0x0C000010, 6),
    (0x00000000, 0x0E000000, 1),
    (0x00000000, 0x00000000, 1),
]


def arm_word(rng: random.Random) -> int:
    if rng.random() < 0.1:  # a branch, mostly near by
        offset = rng.randrange(-12, 12) if rng.random() < 0.9 else rng.getrandbits(24)
        return rng.choice((0xEA, 0xEB, rng.randrange(15) << 4 | 10, 0xFA)) << 24 | offset & 0xFFFFFF
    value, mask, _ = rng.choices(ARM_FORMS, [form[2] for form in ARM_FORMS])[0]
    return (rng.getrandbits(32) & ~mask & 0xFFFFFFFF) | value


def thumb_half(rng: random.Random) -> int:
    if rng.random() < 0.1:
        return rng.choice((0xE000, 0xD000 | rng.randrange(14) << 8)) | rng.randrange(-12, 12) & 0xFF
    return rng.getrandbits(16)


def program(rng: random.Random) -> bytes:
    """The ITCM from 0 to END: vectors, handlers, ARM code from START, Thumb code from THUMB_START."""
    code = bytearray(END)
    struct.pack_into("<8I", code, 0, *VECTORS)
    struct.pack_into("<I", code, 0x20, *FIQ_TAIL)
    struct.pack_into("<2I", code, 0x40, *RESTART)
    struct.pack_into("<2I", code, 0x50, *IRQ_HANDLER)
    for at in range(START, THUMB_START, 4):
        struct.pack_into("<I", code, at, arm_word(rng))
    for at in range(THUMB_START, END, 2):
        struct.pack_into("<H", code, at, thumb_half(rng))
    return bytes(code)


def pointer(rng: random.Random) -> int:
    base = rng.choice((DTCM, DTCM, DTCM, DTCM + 0xFFC0, SDRAM, SDRAM + 0x10000000, SYSRAM, DEVICE, START, THUMB_START))
    return base + rng.choice((1, 4, 4, 4)) * rng.randrange(32)


def initial_state(rng: random.Random) -> list[int]:
    state = [rng.getrandbits(32) for _ in range(STATE_WORDS)]
    for i in [*range(15), *range(USR_R8, USR_R8 + 5), *range(FIQ_R8, FIQ_R8 + 5)]:
        state[i] = pointer(rng) if rng.random() < 0.6 else rng.getrandbits(rng.choice((4, 8, 16, 32)))
    for mode in (IRQ, FIQ):
        state[BANKED_R13 + BANK[mode]] = DEVICE
    for i in range(SPSR, SPSR + 6):
        state[i] = rng.choice((SYS, SVC, USR, SYS | THUMB))
    thumb = rng.random() < 0.4
    state[CPSR] = rng.randrange(32) << 27 | rng.choice((SYS, SVC)) | rng.choice((0, 0xC0)) | (THUMB if thumb else 0)
    state[15] = THUMB_START if thumb else START
    return state
