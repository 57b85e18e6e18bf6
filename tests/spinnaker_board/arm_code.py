"""Enough of an ARM assembler for small programs in tests (DDI 0100, chapter A3). All instructions are unconditional."""

from __future__ import annotations

import struct

WFI = 0xEE070F90  # mcr p15, 0, r0, c7, c0, 4
FOREVER = 0xEAFFFFFE  # b .


def ldr(rd: int, rn: int, offset: int = 0) -> int:
    """rd = [rn + offset]"""
    return 0xE5900000 | rn << 16 | rd << 12 | offset


def str_(rd: int, rn: int, offset: int = 0) -> int:
    """[rn + offset] = rd"""
    return 0xE5800000 | rn << 16 | rd << 12 | offset


def add(rd: int, rn: int, value: int) -> int:
    """rd = rn + value, 0 to 255"""
    return 0xE2800000 | rn << 16 | rd << 12 | value


def mov(rd: int, value: int) -> int:
    """rd = value, 0 to 255"""
    return 0xE3A00000 | rd << 12 | value


def program(body: list[int | tuple[int, int]]) -> bytes:
    """Code at address 0x40 with a vector table before it; a tuple (register, constant) loads a constant.

    All vectors but reset lead to an endless loop.
    """
    loads = [item for item in body if isinstance(item, tuple)]
    pool = 0x40 + 4 * len(body)
    words, constants = [], []
    for n, item in enumerate(body):
        if isinstance(item, tuple):
            register, value = item
            distance = pool + 4 * len(constants) - (0x40 + 4 * n + 8)
            assert distance >= 0
            words.append(0xE59F0000 | register << 12 | distance)
            constants.append(value)
        else:
            words.append(item)
    assert len(constants) == len(loads)
    vectors = [0xEA00000E, *([FOREVER] * 15)]  # b 0x40
    return struct.pack(f"<{16 + len(words) + len(constants)}I", *vectors, *words, *constants)


def aplx(code: bytes) -> bytes:
    """An application image: copy the code to ITCM, start at 0."""
    padded = code.ljust(-(-len(code) // 32) * 32, b"\0")
    return struct.pack("<8I", 2, 0, 32, len(padded), 4, 0, 0, 0) + padded
