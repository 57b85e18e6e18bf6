"""Which code to translate: the parts of a program that are executed most."""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from spinnaker_board.core_types import Instruction
from spinnaker_board.translation.instructions import decode

_MAX_INSTRUCTIONS = 2500  # of one part; a longer one would take the compiler too long
_MAX_BLOCK = 24  # instructions; a block is entered only if the quantum has enough cycles left for all of it


@dataclass
class Part:
    """Code that is joined by direct branches."""

    code: dict[int, Instruction]  # by address
    heads: list[int]  # addresses at which blocks begin and the part can be entered
    words: dict[int, int]  # the words of the code, by address
    literals: dict[int, int]  # the constants that the code loads from addresses relative to the pc


def hot_parts(
    image: bytes,
    entered: Iterable[int],
    heat: Mapping[int, int],
    excluded: Collection[int] = frozenset(),
    share: float = 0.98,
) -> list[Part]:
    """The parts of a program that are executed most.

    Parameters
    ----------
    image
        The content of the ITCM (32 KB).
    entered
        Addresses of ARM instructions that were executed.
    heat
        How much the interpreter had to do, by address.
    excluded
        Addresses of code that is translated already.
    share
        The fraction of the heat that the parts have in all.
    """
    words = {4 * n: word for n, (word,) in enumerate(struct.iter_unpack("<I", image))}
    code = _reachable(words, entered, frozenset(excluded))
    found = sorted(_parts(code, words, heat), key=lambda pair: -pair[0])
    total, seen, chosen = sum(heat.values()), 0, []
    for hits, part in found:
        if seen >= share * total or hits == 0:
            break
        seen += hits
        if part.heads and len(part.code) <= _MAX_INSTRUCTIONS:
            chosen.append(part)
    return chosen


def _parts(code: dict[int, Instruction], words: dict[int, int], heat: Mapping[int, int]) -> Iterator[tuple[int, Part]]:
    """All parts, each with its heat."""
    links: dict[int, list[int]] = {address: [] for address in code}
    for address in code:
        for other in _successors(code, address):
            if other in code:
                links[address].append(other)
                links[other].append(address)
    called = {instruction.target for instruction in code.values() if instruction.links}
    seen: set[int] = set()
    for start in heat:
        if start in seen or start not in code:
            continue
        members, waiting = {start}, [start]
        while waiting:
            for other in links[waiting.pop()]:
                if other not in members:
                    members.add(other)
                    waiting.append(other)
        seen |= members
        own = {address: code[address] for address in sorted(members)}
        loaded = [i.immediate for i in own.values() if i.is_literal and i.immediate in words]
        literals = {address: words[address] for address in loaded}
        part = Part(own, _heads(own, called), {address: words[address] for address in own}, literals)
        yield sum(heat.get(address, 0) for address in members), part


def _successors(code: dict[int, Instruction], address: int) -> list[int]:
    """The addresses at which the same function can go on: behind a call, or at the target of a branch."""
    instruction, following = code[address], []
    branches = instruction.target is not None and not instruction.links
    if instruction.target is not None and branches:
        following.append(instruction.target)
    if not (branches or instruction.ends) or instruction.condition:
        following.append(address + 4)
    return following


def _reachable(words: dict[int, int], entered: Iterable[int], excluded: frozenset[int]) -> dict[int, Instruction]:
    """The code that can be reached from executed instructions. It may contain data, which is then never executed."""
    code: dict[int, Instruction] = {}
    waiting = [address for address in entered if address in words]
    while waiting:
        address = waiting.pop()
        if address in code or address in excluded:
            continue
        code[address] = decode(words[address], address)
        waiting.extend(other for other in _successors(code, address) if other in words)
    return code


def _heads(code: dict[int, Instruction], called: set[int | None]) -> list[int]:
    """Where blocks begin: at targets, behind calls and interpreted instructions, and where a block gets too long."""
    targets = {instruction.target for instruction in code.values()} | called
    heads, length = [], 0
    for address, instruction in code.items():
        before = code.get(address - 4)
        begins = address in targets or before is None or not before.falls_through or length >= _MAX_BLOCK
        length = 1 if begins else length + 1
        if begins and not instruction.interpreted:
            heads.append(address)
    return heads
