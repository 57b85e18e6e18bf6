"""The C file for parts of a program, one function for each, which uses the macros of ``core/translated.h``."""

from __future__ import annotations

import re

from spinnaker_board.core_types import Instruction
from spinnaker_board.translation.instructions import COST_INSTRUCTION, text
from spinnaker_board.translation.parts import Part


class _Writer:
    """Writes the function of one part; keeps count of the cycles that the current block has not paid yet."""

    def __init__(self, part: Part) -> None:
        self._code = part.code
        self._literals = part.literals
        self._heads = set(part.heads)
        self._lines: list[str] = []
        self._owed = self._owed_extra = 0
        self._reachable = False
        self._compared = False  # the flags are those of a subtraction p - q

    def lines(self) -> list[str]:
        """Write the statements of all blocks."""
        for address, instruction in self._code.items():
            if address in self._heads:
                self._begin(address)
            elif not self._reachable:
                continue
            self._write(address, instruction)
        return self._lines

    def _emit(self, text: str) -> None:
        self._lines.append("    " + text)

    def _begin(self, address: int) -> None:
        if self._reachable and self._owed:
            self._emit(self._settle())
        self._owed = self._owed_extra = 0
        self._reachable, self._compared = True, False
        self._lines.append(f"L{address:x}:")
        self._emit(f"if (UNLIKELY(f->left <= {self._max_cycles(address)})) {self._leave(address)}")

    def _settle(self, more: int = 0, more_extra: int = 0) -> str:
        return f"PAY({self._owed + more}, {self._owed_extra + more_extra})"

    def _leave(self, pc: int) -> str:
        return f"LEAVE(0x{pc:x}u, {self._owed}, {self._owed_extra})"

    def _max_cycles(self, address: int) -> int:
        """The most cycles from an address to the end of its block, without those of accesses outside the DTCM."""
        total = 0
        while True:
            instruction = self._code[address]
            total += instruction.cycles
            address += 4
            if not instruction.falls_through or address in self._heads or address not in self._code:
                return total

    def _write(self, address: int, instruction: Instruction) -> None:
        following = address + 4
        if instruction.interpreted:
            self._emit(self._leave(address))
        elif instruction.target is not None:
            self._branch(following, instruction, instruction.target)
        else:
            self._body(address, instruction)
        if not instruction.falls_through:
            self._reachable = False
        elif following not in self._code:
            self._emit(self._leave(following))
            self._reachable = False

    def _if(self, instruction: Instruction, body: str) -> str:
        if not instruction.condition:
            return body
        return f"if (IF_{instruction.condition}({'OF_COMPARISON' if self._compared else 'OF_FLAGS'})) {body}"

    def _branch(self, following: int, branch: Instruction, target: int) -> None:
        link = f"r14 = 0x{following:x}u; " if branch.links else ""
        settled = self._settle(branch.cycles, branch.cycles - COST_INSTRUCTION)
        jump = f"goto L{target:x};" if target in self._heads else f"pc = 0x{target:x}u; goto out;"
        self._emit(self._if(branch, f"{{ {link}{settled} {jump} }}"))
        if branch.condition:
            self._owed += COST_INSTRUCTION

    def _body(self, address: int, instruction: Instruction) -> None:
        cost, extra, following = instruction.cycles, instruction.cycles - COST_INSTRUCTION, address + 4
        goes_on = instruction.falls_through and following in self._code and following not in self._heads
        rest = self._max_cycles(following) if goes_on else 0
        place = f"0x{address:x}u, {cost}, {self._owed}, {self._owed_extra}, {rest}"
        body = text(instruction, place, self._literals)
        if instruction.ends:
            body += f" {self._settle(cost, extra)} goto out;"
        elif instruction.condition and extra:
            body += f" PAY({extra}, {extra})"
        self._emit(self._if(instruction, f"{{ {body} }}"))
        if instruction.condition:
            self._owed += COST_INSTRUCTION
        else:
            self._owed += cost
            self._owed_extra += extra
        if instruction.sets_flags:
            self._compared = instruction.compares and not instruction.condition


def _function(part: Part, name: str) -> str:
    body = "\n".join(_Writer(part).lines())
    used = sorted({int(number) for number in re.findall(r"\br(\d+)\b", body)})
    written = 0
    for instruction in part.code.values():
        written |= instruction.written
    entries = " ".join(f"case {n}: goto L{head:x};" for n, head in enumerate(part.heads))
    lines = [
        f"static uint32_t {name}(struct native_frame *f, uint32_t head) {{",
        "    ENTER",
        *(f"    uint32_t r{i} = r[{i}];" for i in used),
        f"    switch (head) {{ {entries} default: __builtin_unreachable(); }}",
        body,
        "out:",
        "    " + " ".join(f"r[{i}] = r{i};" for i in used if written >> i & 1),
        "    RETURN\n}",
    ]
    return "\n".join(lines)


def _table(part: Part, name: str) -> tuple[str, str]:
    """The definitions for a part, and its row in the table."""
    runs: list[list[int]] = []
    words = part.words | part.literals
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
    """The text of a C file with some parts, which exports ``native_table``."""
    out, rows = ['#include "translated.h"'], []
    for n, part in enumerate(parts):
        name = f"part_{n}"
        definitions, row = _table(part, name)
        out += [_function(part, name), definitions]
        rows.append(row)
    out.append(f"static const struct native_part parts[] = {{{', '.join(rows)}}};")
    out.append(f"const struct native_table native_table = {{NATIVE_ABI, {len(parts)}u, parts}};")
    return "\n".join(out) + "\n"
