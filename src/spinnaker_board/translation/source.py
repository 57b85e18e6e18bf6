"""C functions for parts of a program, and the file that holds them. The structures are those of core/native.h."""

from __future__ import annotations

import re

from spinnaker_board.translation.instructions import BRANCH, COMPARISONS, CONDITIONS
from spinnaker_board.translation.parts import Part, Step

ABI = 3  # NATIVE_ABI

_ALWAYS = 14
_PROLOGUE = """\
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
struct native_block { uint32_t owed, owed_extra, rest; };
struct native_frame {
    uint32_t *r; uint8_t *dtcm; uint32_t *cpsr; const bool *irq; const bool *fiq;
    int64_t left, extra; uint32_t n, z, c, v; uint32_t value;
    int (*load)(struct native_frame *, uint32_t, uint32_t, const struct native_block *);
    int (*store)(struct native_frame *, uint32_t, uint32_t, const struct native_block *, uint32_t);
};
typedef uint32_t native_function(struct native_frame *, uint32_t);
struct native_run { uint32_t address, count; const uint32_t *word; };
struct native_part {
    native_function *function; uint32_t runs, heads; const struct native_run *run; const uint32_t *head;
};
struct native_table { uint32_t abi, parts; const struct native_part *part; };
"""
_HELPERS = """\
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
static inline uint32_t get1(const uint8_t *p) { return *p; }
static inline uint32_t get2(const uint8_t *p) { uint16_t v; memcpy(&v, p, 2); return v; }
static inline uint32_t get4(const uint8_t *p) { uint32_t v; memcpy(&v, p, 4); return v; }
static inline void put1(uint8_t *p, uint32_t v) { *p = (uint8_t)v; }
static inline void put2(uint8_t *p, uint32_t v) { uint16_t h = (uint16_t)v; memcpy(p, &h, 2); }
static inline void put4(uint8_t *p, uint32_t v) { memcpy(p, &v, 4); }
static inline int64_t sw(uint32_t x) { return (int64_t)x - ((int64_t)(x >> 31) << 32); }
static inline int64_t sh(uint32_t x) { return (int64_t)((x & 0xffffu) ^ 0x8000u) - 0x8000; }
static inline uint32_t asr(uint32_t x, unsigned k) {
    return (uint32_t)(((uint64_t)x | (0u - (uint64_t)(x >> 31)) << 32) >> (k < 32 ? k : 32));
}
static inline uint32_t status(uint32_t s, uint32_t n, uint32_t z, uint32_t c, uint32_t v) {
    return (s & 0x0fffffffu) | (n & 0x80000000u) | (z ? 0u : 0x40000000u) | c << 29 | (v >> 31) << 28;
}
static inline uint32_t ror(uint32_t x, unsigned k) { k &= 31; return k ? x >> k | x << (32 - k) : x; }
"""


class _Writer:
    """Writes one part; knows what cycles the block that is being written owes."""

    def __init__(self, part: Part) -> None:
        self._steps = part.steps
        self._heads = set(part.heads)
        self._lines: list[str] = []
        self._owed = self._owed_extra = 0
        self._reachable = False
        self._compared = False  # the flags are those of p - q

    def lines(self) -> list[str]:
        """The statements of all blocks."""
        for address, step in self._steps.items():
            if address in self._heads:
                self._begin(address)
            elif not self._reachable:
                continue
            self._write(step)
        return self._lines

    def _emit(self, text: str) -> None:
        self._lines.append("    " + text)

    def _begin(self, address: int) -> None:
        if self._reachable and self._owed:
            self._emit(self._settle())
        self._owed = self._owed_extra = 0
        self._reachable, self._compared = True, False
        self._lines.append(f"L{address:x}:")
        self._emit(f"if (UNLIKELY(f->left <= {self._most(address)})) {self._leave(address)}")

    def _settle(self, more: int = 0, more_extra: int = 0) -> str:
        cost, extra = self._owed + more, self._owed_extra + more_extra
        text = f"f->left -= {cost};" if cost else ""
        return text + (f" f->extra += {extra};" if extra else "")

    def _leave(self, pc: int, more: int = 0, more_extra: int = 0) -> str:
        return f"{{ {self._settle(more, more_extra)} pc = 0x{pc:x}u; goto out; }}"

    def _most(self, address: int) -> int:
        """The most cycles, accesses outside the DTCM apart, from here to the end of the block."""
        total = 0
        while True:
            step = self._steps[address]
            total += step.most
            address += 4
            if not step.falls_through or address in self._heads or address not in self._steps:
                return total

    def _write(self, step: Step) -> None:
        if step.target is not None:
            self._branch(step, step.target)
        elif step.instruction is None:
            self._emit(self._leave(step.address))
            self._reachable = False
            return
        else:
            self._body(step)
        if not step.falls_through:
            self._reachable = False
        elif step.address + 4 not in self._steps:
            self._emit(self._leave(step.address + 4))
            self._reachable = False

    def _holds(self, condition: int) -> str:
        return (COMPARISONS if self._compared else CONDITIONS)[condition]

    def _branch(self, step: Step, target: int) -> None:
        link = f"r14 = 0x{step.address + 4:x}u; " if step.links else ""
        settled = self._settle(1 + BRANCH, BRANCH)
        jump = f"goto L{target:x};" if target in self._heads else f"pc = 0x{target:x}u; goto out;"
        if step.condition == _ALWAYS:
            self._emit(f"{{ {link}{settled} {jump} }}")
        else:
            self._emit(f"if ({self._holds(step.condition)}) {{ {link}{settled} {jump} }}")
            self._owed += 1

    def _body(self, step: Step) -> None:
        instruction = step.instruction
        assert instruction is not None
        cost, extra, following = instruction.cost, instruction.cost - 1, step.address + 4
        text = instruction.text
        if "BLOCK" in text:
            goes_on = following in self._steps and following not in self._heads
            rest = self._most(following) if goes_on else 0
            block = f"static const struct native_block here = {{{self._owed}, {self._owed_extra}, {rest}}};"
            text = f"{{ {block} {text.replace('BLOCK', '&here')} }}"
        text = text.replace("AFTER", self._leave(following, cost, extra))
        text = text.replace("BEFORE", self._leave(step.address))
        if instruction.ends:
            text = f"{{ {text} {self._settle(cost, extra)} goto out; }}"
        if step.condition == _ALWAYS:
            self._emit(text)
            self._owed += cost
            self._owed_extra += extra
        else:
            more = f" f->left -= {extra}; f->extra += {extra};" if extra and not instruction.ends else ""
            self._emit(f"if ({self._holds(step.condition)}) {{ {text}{more} }}")
            self._owed += 1
        if instruction.flags:
            self._compared = instruction.flags == "subtraction" and step.condition == _ALWAYS


def _function(part: Part, name: str) -> str:
    body = _Writer(part).lines()
    text = "\n".join(body)
    used = sorted({int(number) for number in re.findall(r"\br(\d+)\b", text)})
    written = sorted({int(number) for number in re.findall(r"\br(\d+) =(?!=)", text)})
    entries = " ".join(f"case {n}: goto L{head:x};" for n, head in enumerate(part.heads))
    lines = [
        f"static uint32_t {name}(struct native_frame *f, uint32_t head) {{",
        "    uint32_t *const r = f->r, *const cpsr = f->cpsr; uint8_t *const dtcm = f->dtcm;",
        "    const bool *const irq = f->irq, *const fiq = f->fiq;",
        "    uint32_t n = f->n, z = f->z, c = f->c, v = f->v, p = 0, q = 0, pc = 0;",
        *(f"    uint32_t r{i} = r[{i}];" for i in used),
        f"    switch (head) {{ {entries} default: __builtin_unreachable(); }}",
        text,
        "out:",
        "    " + " ".join(f"r[{i}] = r{i};" for i in written),
        "    f->n = n; f->z = z; f->c = c; f->v = v;",
        "    (void)p; (void)q; (void)dtcm; (void)cpsr; (void)irq; (void)fiq; (void)r;",
        "    return pc;\n}",
    ]
    return "\n".join(lines)


def _table(part: Part, name: str) -> tuple[str, str]:
    """Definitions for a part, and its row in the table."""
    runs: list[list[int]] = []
    words = {step.address: step.word for step in part.steps.values()}
    words |= part.literals()
    for address in sorted(words):
        if runs and runs[-1][-1] == address - 4:
            runs[-1].append(address)
        else:
            runs.append([address])
    lines, rows = [], []
    for n, run in enumerate(runs):
        values = ", ".join(f"0x{words[address]:x}u" for address in run)
        lines.append(f"static const uint32_t {name}_word_{n}[] = {{{values}}};")
        rows.append(f"{{0x{run[0]:x}u, {len(run)}u, {name}_word_{n}}}")
    heads = ", ".join(f"0x{head:x}u" for head in part.heads)
    lines.append(f"static const struct native_run {name}_runs[] = {{{', '.join(rows)}}};")
    lines.append(f"static const uint32_t {name}_heads[] = {{{heads}}};")
    row = f"{{{name}, {len(runs)}u, {len(part.heads)}u, {name}_runs, {name}_heads}}"
    return "\n".join(lines), row


def source(parts: list[Part]) -> str:
    """A C file with these parts, which exports ``native_table``."""
    out, rows = [_PROLOGUE, _HELPERS], []
    for n, part in enumerate(parts):
        name = f"part_{n}"
        definitions, row = _table(part, name)
        out += [_function(part, name), definitions]
        rows.append(row)
    out.append(f"static const struct native_part parts[] = {{{', '.join(rows)}}};")
    out.append(f"const struct native_table native_table = {{{ABI}u, {len(parts)}u, parts}};")
    return "\n".join(out) + "\n"
