"""Which ARM and Thumb encodings the architecture defines (DDI 0100, ARMv5TE).

`comparable_arm` and `comparable_thumb` are False for encodings that are UNPREDICTABLE or whose should-be-zero bits are
not zero, and for the few that the reference emulator does otherwise than an ARM9E-S; those are tested against the
manual in test_manual.py: stores of the pc, coprocessor 15, unaligned words, user-mode SPSR, exception returns by other
operations than SUBS and MOVS, Thumb-2's CBZ and IT (undefined here, executed by the reference).
"""

from __future__ import annotations

PC = 15


def field(word: int, high: int, low: int) -> int:
    return word >> low & ((1 << (high - low + 1)) - 1)


def comparable_arm(word: int) -> bool:
    if word >> 28 == 15:
        return _unconditional(word)
    kind = field(word, 27, 25)
    if kind == 0:
        if word & 0x90 == 0x90:
            return _extra_transfer(word) if word & 0x60 else _multiply_or_swap(word)
        if word & 0x01900000 == 0x01000000:
            return _miscellaneous(word)
        return _data_processing(word)
    if kind == 1:
        if word & 0x01900000 == 0x01000000:
            return not word & 0x00200000 or field(word, 15, 12) == 15
        return _data_processing(word)
    if kind in (2, 3):
        return bool(kind == 3 and word & 0x10) or _single_transfer(word)
    if kind == 4:
        return _block_transfer(word)
    if kind == 7 and not word & 0x01000000:
        return field(word, 11, 8) not in (14, 15)
    if kind == 6:
        return field(word, 11, 8) not in (14, 15) and field(word, 24, 21) != 2
    return True


def _unconditional(word: int) -> bool:
    if word & 0x0E000000 == 0x0A000000:
        return True
    if word & 0x0D70F000 == 0x0550F000:
        return word & 0x02000010 != 0x02000010 and not (word & 0x02000000 and word & 15 == PC)
    # PLD with other bits clear is a hint space, and coprocessor instructions need the coprocessor
    return not (word & 0x0D000000 == 0x05000000 or field(word, 27, 25) == 6 or field(word, 27, 24) == 14)


def _data_processing(word: int) -> bool:
    operation = field(word, 24, 21)
    rn, rd, rs, rm = field(word, 19, 16), field(word, 15, 12), field(word, 11, 8), field(word, 3, 0)
    if operation in (8, 9, 10, 11) and rd != 0:
        return False
    if operation in (13, 15) and rn != 0:
        return False
    if rd == PC and word & 0x00100000 and operation not in (2, 13):
        return False  # the reference returns from exceptions by SUBS and MOVS only
    by_register = not word & 0x02000000 and word & 0x10
    return not (by_register and PC in (rn, rd, rs, rm))


def _miscellaneous(word: int) -> bool:
    operation = field(word, 22, 21)
    rn, rd, rs, rm = field(word, 19, 16), field(word, 15, 12), field(word, 11, 8), field(word, 3, 0)
    if word & 0x80:  # 16-bit multiplication
        if PC in (rn, rs, rm) or (operation != 3 and not (operation == 1 and word & 0x20) and rd == PC):
            return False
        if operation == 3 or (operation == 1 and word & 0x20):
            return rd == 0
        return not (operation == 2 and rn == rd)
    low = field(word, 6, 4)
    if low == 0:
        if operation & 1:
            return rd == 15 and rs == 0 and rm != PC
        return rn == 15 and field(word, 11, 0) == 0 and rd != PC
    if low == 1 and operation == 1:
        return word & 0x000FFF00 == 0x000FFF00
    if low == 1 and operation == 3:
        return rn == 15 and rs == 15 and PC not in (rd, rm)
    if low == 3 and operation == 1:
        return word & 0x000FFF00 == 0x000FFF00 and rm != PC
    if low == 5:
        return rs == 0 and PC not in (rn, rd, rm)
    if low == 7:
        return operation == 1 and word >> 28 == 14
    return low not in (1, 2) or operation not in (1,)  # BXJ exists only from ARMv5TEJ on


def _multiply_or_swap(word: int) -> bool:
    rn, rd, rs, rm = field(word, 19, 16), field(word, 15, 12), field(word, 11, 8), field(word, 3, 0)
    if word & 0x01000000:
        if word & 0x00B00000:
            return False  # exclusive loads and stores of ARMv6
        return rs == 0 and PC not in (rn, rd, rm) and rn not in (rd, rm)
    if word & 0x00800000:
        return PC not in (rn, rd, rs, rm) and rn != rd
    if word & 0x00400000:
        return PC not in (rn, rd, rs, rm)
    accumulates = word & 0x00200000
    return PC not in (rn, rs, rm) and (rd != PC if accumulates else rd == 0)


def _index_is_fine(word: int, registers: tuple[int, ...]) -> bool:
    """Base and index for write-back; `registers` are those that the transfer loads or stores."""
    rn, rm = field(word, 19, 16), field(word, 3, 0)
    before, write_back = word & 0x01000000, word & 0x00200000
    return not (not before or write_back) or (rn != PC and rn not in registers and rn != rm)


def _extra_transfer(word: int) -> bool:
    rd, rm = field(word, 15, 12), field(word, 3, 0)
    if not word & 0x01000000 and word & 0x00200000:
        return False
    immediate = word & 0x00400000
    if not immediate and (field(word, 11, 8) != 0 or rm == PC):
        return False
    double = not word & 0x00100000 and word & 0x40
    if double:
        if rd & 1 or rd == 14 or (not immediate and rm in (rd, rd + 1)):
            return False
        registers = (rd, rd + 1)
    else:
        registers = (rd,)
    word = word | 15 if immediate else word  # no index register
    return rd != PC and _index_is_fine(word, registers)


def _single_transfer(word: int) -> bool:
    rd, rm = field(word, 15, 12), field(word, 3, 0)
    load, byte = word & 0x00100000, word & 0x00400000
    by_register = word & 0x02000000
    user = not word & 0x01000000 and word & 0x00200000
    if rd == PC and (not load or byte or user):
        return False
    if by_register and rm == PC:
        return False
    return _index_is_fine(word if by_register else word | 15, (rd,))


def _block_transfer(word: int) -> bool:
    rn, registers = field(word, 19, 16), field(word, 15, 0)
    load, write_back, caret = word & 0x00100000, word & 0x00200000, word & 0x00400000
    if rn == PC or registers == 0:
        return False
    if not load and registers & 0x8000:
        return False
    if caret and write_back and not (load and registers & 0x8000):
        return False
    if write_back and registers >> rn & 1:
        return not load and registers & ((1 << rn) - 1) == 0
    return True


def comparable_thumb(half: int) -> bool:
    top = half >> 12
    if half >> 10 == 0x11:  # high registers
        operation = field(half, 9, 8)
        if operation == 3:
            return half & 7 == 0 and (not half & 0x80 or field(half, 6, 3) != PC)
        return True
    if top == 11 and half & 0x0600 == 0x0400:
        return half & 0x1FF != 0
    if top == 12:
        registers, rn = half & 0xFF, field(half, 10, 8)
        stores_changed_base = not half & 0x0800 and registers >> rn & 1 and registers & ((1 << rn) - 1)
        return registers != 0 and not stores_changed_base
    if top == 11 and half & 0x0500 == 0x0100:
        return False
    if half >> 8 == 0xBF:
        return False
    return half >> 11 not in (0x1D, 0x1E, 0x1F)  # the reference takes the halves of BL together; test_thumb_long_branch


def changes_mode(word: int) -> bool:
    """MSR, exception returns, and transfers of the user bank: every bank has to be compared."""
    if word >> 28 == 15:
        return False
    if word & 0x0DB00000 == 0x01200000 and (word & 0x02000000 or word & 0xF0 == 0):
        return True
    if word & 0x0E400000 == 0x08400000:
        return True
    data_processing = word & 0x0C000000 == 0 and not (not word & 0x02000000 and word & 0x90 == 0x90)
    return bool(data_processing and word & 0x00100000 and field(word, 15, 12) == PC)
