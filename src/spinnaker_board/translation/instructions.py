"""C for single ARM instructions, as operations on local variables ``r0`` ... ``r14``, ``n``, ``z``, ``c``, ``v``.

Encodings as in the ARM Architecture Reference Manual (DDI 0100) A3 and A5. What is not here (changes of mode,
coprocessors, rotation through the carry, rare forms of addressing) is left to the engine; the two agree on every
instruction that both do, which tests/spinnaker_board/cpu/test_translation.py holds them to.
"""

from __future__ import annotations

from dataclasses import dataclass

BRANCH, MULTIPLY, BLOCK_REGISTER = 2, 2, 1  # cycles, as in core/cost.h
PC = 15
_ITCM_BYTES = 0x8000

#: By the condition field; N is bit 31 of n, Z is set when z is zero, C is c, V is bit 31 of v.
CONDITIONS = (
    *("!z", "z", "c", "!c", "n >> 31", "!(n >> 31)", "v >> 31", "!(v >> 31)", "c && z", "!(c && z)"),
    *("!((n ^ v) >> 31)", "(n ^ v) >> 31", "z && !((n ^ v) >> 31)", "!(z && !((n ^ v) >> 31))"),
)

#: The same when the flags are those of the subtraction p - q.
COMPARISONS = (
    *("p == q", "p != q", "p >= q", "p < q", "n >> 31", "!(n >> 31)", "v >> 31", "!(v >> 31)", "p > q", "p <= q"),
    *("(int32_t)p >= (int32_t)q", "(int32_t)p < (int32_t)q", "(int32_t)p > (int32_t)q", "(int32_t)p <= (int32_t)q"),
)


class UnsupportedError(Exception):
    """An instruction for the engine."""


@dataclass(frozen=True)
class Instruction:
    """C for one instruction.

    :param text: statements; ``BEFORE`` and ``AFTER`` stand for leaving before and behind the instruction, ``BLOCK`` for
        the address of what an access needs to know of its block
    :param cost: cycles that it takes without those of an access outside the DTCM
    :param ends: nothing falls through; the text has set ``pc``
    :param flags: "" leaves the flags alone, "subtraction" sets them to those of p - q, "other" sets them
    :param literal: address and value of a constant in the ITCM that is part of the text
    """

    text: str
    cost: int = 1
    ends: bool = False
    flags: str = ""
    literal: tuple[int, int] | None = None


def bits(word: int, high: int, low: int) -> int:
    """A field of an instruction."""
    return word >> low & ((1 << (high - low + 1)) - 1)


def branch_target(address: int, word: int) -> int | None:
    """Target of B or BL with a condition; None for anything else."""
    if word >> 28 == 15 or bits(word, 27, 25) != 5:
        return None
    offset = (word & 0xFFFFFF ^ 0x800000) - 0x800000
    return (address + 8 + 4 * offset) & 0xFFFFFFFF


def _register(number: int, address: int) -> str:
    return f"0x{address + 8:x}u" if number == PC else f"r{number}"


def _operand(word: int, address: int, with_carry: bool) -> tuple[str, str]:
    """The shifter operand and the carry out of it, as C expressions; `c` where it does not change (A5.1)."""
    if bits(word, 25, 25):
        value, rotation = rotated_byte(word), bits(word, 11, 8)
        return f"0x{value:x}u", f"{value >> 31}u" if rotation else "c"
    rm = _register(word & 15, address)
    kind = bits(word, 6, 5)
    if bits(word, 4, 4):
        if with_carry or PC in (word & 15, bits(word, 11, 8)):
            raise UnsupportedError
        amount = f"(r{bits(word, 11, 8)} & 255u)"
        if kind < 2:
            return f"({amount} < 32 ? {rm} {'<<' if kind == 0 else '>>'} {amount} : 0u)", "c"
        return (f"asr({rm}, {amount})" if kind == 2 else f"ror({rm}, {amount})"), "c"
    amount_ = bits(word, 11, 7)
    if kind == 0:
        return (rm, "c") if amount_ == 0 else (f"({rm} << {amount_})", f"({rm} >> {32 - amount_} & 1u)")
    if kind == 3:
        if amount_ == 0:
            raise UnsupportedError
        return f"ror({rm}, {amount_})", f"({rm} >> {amount_ - 1} & 1u)"
    amount_ = amount_ or 32
    shifted = f"asr({rm}, {amount_})" if kind == 2 else f"({rm} >> {amount_})" if amount_ < 32 else "0u"
    return shifted, f"({rm} >> {amount_ - 1} & 1u)"


def rotated_byte(word: int) -> int:
    """The immediate operand of data processing and MSR."""
    rotation = 2 * bits(word, 11, 8)
    value = word & 0xFF
    return (value >> rotation | value << (32 - rotation)) & 0xFFFFFFFF


_LOGICAL = {0: "{a} & b", 1: "{a} ^ b", 8: "{a} & b", 9: "{a} ^ b", 12: "{a} | b", 13: "b", 14: "{a} & ~b", 15: "~b"}
_SUBTRACTION = {2: ("{a}", "b"), 3: ("b", "{a}"), 10: ("{a}", "b")}
_ADDITION = {4: ("b", "0u"), 5: ("b", "c"), 6: ("~b", "c"), 7: ("~{a}", "c"), 11: ("b", "0u")}  # 7 adds to b


def _data_processing(word: int, address: int) -> Instruction:
    operation, flags = bits(word, 24, 21), bits(word, 20, 20)
    rd, rn = bits(word, 15, 12), bits(word, 19, 16)
    compares = 8 <= operation <= 11
    if not bits(word, 25, 25) and bits(word, 4, 4) and rn == PC and operation not in (13, 15):
        raise UnsupportedError
    if rd == PC and not compares:
        if operation == 13 and not flags and word & 0x02000FF0 == 0 and word & 15 != PC:
            return Instruction(f"pc = r{word & 15} & ~3u;", 1 + BRANCH, ends=True)
        raise UnsupportedError
    a = _register(rn, address)
    lines, sets = [], ""
    value, carry = _operand(word, address, with_carry=bool(operation in _LOGICAL and flags))
    lines.append(f"uint32_t b = {value};")
    if operation in _LOGICAL:
        if flags:
            lines.append(f"uint32_t k = {carry};")
        lines.append(f"uint32_t x = {_LOGICAL[operation].format(a=a)};")
        if flags:
            lines.append("n = z = x; c = k;")
    elif operation in _SUBTRACTION:
        first, second = (part.format(a=a) for part in _SUBTRACTION[operation])
        if flags:
            lines.append(f"p = {first}; q = {second}; uint32_t x = p - q;")
            lines.append("n = z = x; c = p >= q; v = (p ^ q) & (p ^ x);")
            sets = "subtraction"
        else:
            lines.append(f"uint32_t x = {first} - {second};")
    else:
        first = "b" if operation == 7 else a
        second, third = (part.format(a=a) for part in _ADDITION[operation])
        if flags:
            lines.append(f"uint32_t s = {first}, t = {second}; uint64_t w = (uint64_t)s + t + {third};")
            lines.append("uint32_t x = (uint32_t)w; n = z = x; c = (uint32_t)(w >> 32); v = ~(s ^ t) & (s ^ x);")
        else:
            lines.append(f"uint32_t x = {first} + {second} + {third};")
    if not compares:
        lines.append(f"r{rd} = x;")
    return Instruction("{ " + " ".join(lines) + " }", flags=sets or ("other" if flags else ""))


def _multiply(word: int) -> Instruction:
    operation, flags = bits(word, 23, 21), bits(word, 20, 20)
    high, low, rs, rm = bits(word, 19, 16), bits(word, 15, 12), bits(word, 11, 8), word & 15
    if PC in (high, rs, rm) or (operation != 0 and low == PC) or operation in (2, 3) or flags:
        raise UnsupportedError
    if operation < 2:
        text = f"r{high} = r{rm} * r{rs}" + (f" + r{low};" if operation else ";")
    else:
        product = f"(uint64_t)r{rm} * r{rs}" if operation < 6 else f"(uint64_t)(sw(r{rm}) * sw(r{rs}))"
        total = f" + ((uint64_t)r{high} << 32 | r{low})" if operation & 1 else ""
        text = f"{{ uint64_t w = {product}{total}; r{low} = (uint32_t)w; r{high} = (uint32_t)(w >> 32); }}"
    return Instruction(text, 1 + MULTIPLY)


def _miscellaneous(word: int) -> Instruction:
    operation, low = bits(word, 22, 21), bits(word, 7, 4)
    high, rd, rs, rm = bits(word, 19, 16), bits(word, 15, 12), bits(word, 11, 8), word & 15
    if low == 0 and operation == 0 and rd != PC:
        return Instruction(f"r{rd} = status(*cpsr, n, z, c, v);")
    if low == 0 and operation == 1 and rm != PC:
        return _write_status(high, f"r{rm}")
    if low == 1 and operation == 1 and rm != PC:
        return Instruction(f"pc = r{rm} & 1u ? r{rm} : r{rm} & ~3u;", 1 + BRANCH, ends=True)
    if low == 1 and operation == 3 and PC not in (rd, rm):
        return Instruction(f"r{rd} = r{rm} ? (uint32_t)__builtin_clz(r{rm}) : 32u;")
    if not low & 8 or PC in (high, rs, rm):
        raise UnsupportedError
    y = f"sh(r{rs} >> {16 * bits(word, 6, 6)})"
    x = f"sh(r{rm} >> {16 * bits(word, 5, 5)})"
    wide = f"(uint64_t)(sw(r{rm}) * {y}) >> 16"
    if operation == 3:
        text = f"r{high} = (uint32_t)({x} * {y});"
    elif operation == 1 and low & 2:
        text = f"r{high} = (uint32_t)({wide});"
    elif rd == PC:
        raise UnsupportedError
    elif operation == 2:
        total = f"(uint64_t)({x} * {y}) + ((uint64_t)r{high} << 32 | r{rd})"
        text = f"{{ uint64_t w = {total}; r{rd} = (uint32_t)w; r{high} = (uint32_t)(w >> 32); }}"
    else:  # SMLAxy and SMLAWy: an overflow of the sum sets Q
        product = f"{x} * {y}" if operation == 0 else wide
        lines = f"uint32_t s = (uint32_t)({product}), t = r{rd}, x = s + t;"
        text = f"{{ {lines} *cpsr |= (~(s ^ t) & (s ^ x)) >> 31 << 27; r{high} = x; }}"
    return Instruction(text, 1 + MULTIPLY)


def _write_status(mask: int, value: str) -> Instruction:
    """MSR of the CPSR within a mode, unless it lets an interrupt in: those are for the engine."""
    fields = (0xDF if mask & 1 else 0) | (0xF8000000 if mask & 8 else 0)
    lines = [f"uint32_t s = status(*cpsr, n, z, c, v), t = (s & ~0x{fields:x}u) | ({value} & 0x{fields:x}u);"]
    lines.append("if (((s ^ t) & 31u) || (s & 31u) == 16u || (*irq && !(t & 0x80u)) || (*fiq && !(t & 0x40u))) BEFORE;")
    lines.append("*cpsr = t;")
    if mask & 8:
        lines.append("n = t; z = !(t >> 30 & 1u); c = t >> 29 & 1u; v = t << 3;")
    return Instruction("{ " + " ".join(lines) + " }", flags="other" if mask & 8 else "")


def _transfer(word: int, address: int, size: int, extend: str, offset: str, index: bool) -> Instruction:
    """A single load or store, `extend` being what a load makes of x."""
    rd, rn, load = bits(word, 15, 12), bits(word, 19, 16), bits(word, 20, 20)
    before, write_back = bits(word, 24, 24), bits(word, 21, 21) or not bits(word, 24, 24)
    if (rd == PC and not (load and size == 4 and extend == "x")) or (rd == PC and write_back):
        raise UnsupportedError
    if (write_back and (rn in (rd, PC) or index)) or (rn == PC and not load):
        raise UnsupportedError
    base = _register(rn, address)
    moved = f"{base} {'+' if bits(word, 23, 23) else '-'} {offset}"
    lines = [f"uint32_t a = {moved if before else base}, o = a - 0x400000u;"]
    back = "" if not write_back else f"r{rn} = {'a' if before else moved};"
    inside = f"LIKELY(!(o & 0x{0xFFFF0000 | size - 1:x}u))"
    if not load:
        lines.append(f"if ({inside}) {{ put{size}(dtcm + o, r{rd}); {back} }}")
        lines.append(f"else {{ int s = f->store(f, a, {size}, BLOCK, r{rd}); if (s == 2) BEFORE;")
        lines.append(f"{back} if (s == 1) AFTER; }}")
    elif rd == PC:
        lines.append(f"if (!({inside})) BEFORE; pc = get4(dtcm + o); pc = pc & 1u ? pc : pc & ~3u;")
        return Instruction("{ " + " ".join(lines) + " }", 1 + BRANCH, ends=True)
    else:
        lines.append(f"uint32_t x; if ({inside}) {{ x = get{size}(dtcm + o); {back} r{rd} = {extend}; }}")
        lines.append(f"else {{ int s = f->load(f, a, {size}, BLOCK); if (s == 2) BEFORE;")
        lines.append(f"x = f->value; {back} r{rd} = {extend}; if (s == 1) AFTER; }}")
    return Instruction("{ " + " ".join(lines) + " }")


def _single_transfer(word: int, address: int, words: dict[int, int]) -> Instruction:
    size, load = (1 if bits(word, 22, 22) else 4), bool(bits(word, 20, 20))
    offset = word & 0xFFF
    if bits(word, 25, 25):
        if bits(word, 6, 5) != 0 or word & 15 == PC or bits(word, 4, 4):
            raise UnsupportedError
        return _transfer(word, address, size, "x", f"(r{word & 15} << {bits(word, 11, 7)})", index=True)
    place = address + 8 + (offset if bits(word, 23, 23) else -offset)
    simple = load and size == 4 and word & 0x01200000 == 0x01000000 and bits(word, 15, 12) != PC
    if simple and bits(word, 19, 16) == PC and place in words:
        return Instruction(f"r{bits(word, 15, 12)} = 0x{words[place]:x}u;", literal=(place, words[place]))
    return _transfer(word, address, size, "x", f"0x{offset:x}u", index=False)


def _extra_transfer(word: int, address: int) -> Instruction:
    kind, load = bits(word, 6, 5), bool(bits(word, 20, 20))
    index = not bits(word, 22, 22)
    offset = f"r{word & 15}" if index else f"0x{bits(word, 11, 8) << 4 | word & 15:x}u"
    if (index and word & 15 == PC) or word & 0x01200000 == 0x00200000:
        raise UnsupportedError
    if not load and kind != 1:
        return _double_transfer(word, offset, index)
    extend = {1: "x", 2: "(x ^ 0x80u) - 0x80u", 3: "(x ^ 0x8000u) - 0x8000u"}[kind]
    return _transfer(word, address, 1 if kind == 2 else 2, extend if load else "x", offset, index)


def _double_transfer(word: int, offset: str, index: bool) -> Instruction:
    """LDRD and STRD with an offset, within the DTCM."""
    rd, rn = bits(word, 15, 12), bits(word, 19, 16)
    if index or word & 0x01200000 != 0x01000000 or rn == PC or rd & 1 or rd == 14:
        raise UnsupportedError
    lines = [f"uint32_t o = r{rn} {'+' if bits(word, 23, 23) else '-'} {offset} - 0x400000u;"]
    lines.append("if (o & 0xffff0003u || o > 0xfff8u) BEFORE;")
    if bits(word, 6, 5) == 2:
        lines.append(f"r{rd} = get4(dtcm + o); r{rd + 1} = get4(dtcm + o + 4);")
    else:
        lines.append(f"put4(dtcm + o, r{rd}); put4(dtcm + o + 4, r{rd + 1});")
    return Instruction("{ " + " ".join(lines) + " }", 1 + 2 * BLOCK_REGISTER)


def _block_transfer(word: int) -> Instruction:
    """LDM and STM that lie in the DTCM as a whole."""
    registers = [i for i in range(16) if word >> i & 1]
    rn, load, back = bits(word, 19, 16), bits(word, 20, 20), bits(word, 21, 21)
    before, up, count = bits(word, 24, 24), bits(word, 23, 23), len(registers)
    jumps = PC in registers
    if bits(word, 22, 22) or rn == PC or not registers or (jumps and not load) or (back and rn in registers):
        raise UnsupportedError
    first = (4 if before else 0) if up else (-4 * count if before else 4 - 4 * count)
    lines = [f"uint32_t b = r{rn}, o = b + 0x{(first - 0x400000) & 0xFFFFFFFF:x}u;"]
    lines.append(f"if (o & 0xffff0003u || o > 0x{0x10000 - 4 * count:x}u) BEFORE;")
    if load:
        lines += [f"r{i} = get4(dtcm + o + {4 * k});" for k, i in enumerate(registers) if i != PC]
    else:
        lines += [f"put4(dtcm + o + {4 * k}, r{i});" for k, i in enumerate(registers)]
    if back:
        lines.append(f"r{rn} = b {'+' if up else '-'} {4 * count}u;")
    cost = 1 + count * BLOCK_REGISTER
    if jumps:
        lines.append(f"pc = get4(dtcm + o + {4 * count - 4}); pc = pc & 1u ? pc : pc & ~3u;")
        return Instruction("{ " + " ".join(lines) + " (void)b; }", cost + BRANCH, ends=True)
    return Instruction("{ " + " ".join(lines) + " (void)b; }", cost)


def _unconditional(word: int, address: int, words: dict[int, int]) -> Instruction:
    kind = bits(word, 27, 25)
    if kind == 0 and word & 0x90 == 0x90:
        if bits(word, 6, 5):
            return _extra_transfer(word, address)
        if bits(word, 24, 24):
            raise UnsupportedError  # SWP
        return _multiply(word)
    if kind == 0 and word & 0x01900000 == 0x01000000:
        return _miscellaneous(word)
    if kind == 1 and word & 0x01900000 == 0x01000000:
        if bits(word, 22, 21) == 1:
            return _write_status(bits(word, 19, 16), f"0x{rotated_byte(word):x}u")
        raise UnsupportedError
    if kind < 2:
        return _data_processing(word, address)
    if kind == 2 or (kind == 3 and not bits(word, 4, 4)):
        return _single_transfer(word, address, words)
    if kind == 4:
        return _block_transfer(word)
    raise UnsupportedError


def translate(word: int, address: int, words: dict[int, int]) -> Instruction | None:
    """The instruction as if its condition held, or None when it is for the engine; B and BL are not for here.

    :param words: the ITCM, by address
    """
    if word >> 28 == 15:
        return None
    try:
        return _unconditional(word, address, words)
    except UnsupportedError:
        return None
