"""C for single ARM instructions, in the macros of ``core/translated.h``.

The core's own decoder says what an instruction is, and the table ``core/instructions.h``, from which the interpreter is
made, too, says what it does. This module only puts the text together.
"""

from __future__ import annotations

from spinnaker_board.core_types import Instruction
from spinnaker_board.layout import numbers
from spinnaker_board.machine import load_core

COST_INSTRUCTION = numbers("cost.h")["COST_INSTRUCTION"]
PC = 15


def decode(word: int, address: int) -> Instruction:
    """Decode the instruction at an address.

    Examples
    --------
    >>> decode(0xE2800001, 0).name  # add r0, r0, #1
    'ADD'
    """
    fields = load_core().decode(word, address)
    return Instruction(*fields or ())


def _register(number: int) -> str:
    return f"r{number}" if number < PC else "0u"  # the pc is never an operand here: the field is not used


def text(instruction: Instruction, place: str, literals: dict[int, int]) -> str:
    """The statements that execute an instruction if its condition holds; those of a jump set ``pc``.

    Parameters
    ----------
    instruction
        Anything but a branch.
    place
        The arguments of ``BEFORE`` and ``BEHIND`` in ``core/translated.h``.
    literals
        Words of the ITCM that are constants, by address.
    """
    i = instruction
    if i.is_literal and i.immediate in literals:
        constant = f"0x{literals[i.immediate]:x}u"
        return f"pc = target_of({constant});" if i.ends else f"r{i.rd} = {constant};"
    if i.kind == "BLOCK":
        return _block(i, place)
    registers = ", ".join(_register(number) for number in (i.rd, i.rn, i.rm, i.rs))
    return f"INSTRUCTION({i.kind}, {i.name}, {i.form}, {registers}, 0x{i.immediate:x}u, {i.amount}u, {place})"


def _block(i: Instruction, place: str) -> str:
    """LDM and STM. A loaded base overrides the one that is written back; a stored base is the old one."""
    base = _register(i.rn)
    listed = [number for number in range(16) if i.immediate >> number & 1]
    moves = []
    for n, number in enumerate(listed):
        if i.name == "STM":
            moves.append(f"put_bytes(at + {4 * n}, 4, {_register(number)});")
        else:
            word = f"get_bytes(at + {4 * n}, 4)"
            moves.append(f"pc = target_of({word});" if number == PC else f"{_register(number)} = {word};")
    back = [f"{base} = BLOCK_BASE_AFTER(base, {i.amount}u, {len(listed)}u);"] if i.write_back else []
    moves = moves + back if i.name == "STM" else back + moves
    return f"BEGIN_BLOCK({base}, {i.step}u, {len(listed)}u, {place}) {' '.join(moves)} END_BLOCK"
