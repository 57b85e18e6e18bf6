"""Which code to translate: the parts of a program that are executed most."""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from spinnaker_board.core_types import Instruction
from spinnaker_board.translation.instructions import decode

_MAX_INSTRUCTIONS = 2500  # of one part; a longer one would take the compiler too long
_MAX_BLOCK = 24  # instructions; a block is entered only if the quantum has enough cycles left for all of it


@dataclass(frozen=True)
class Step:
    """A word of the program; without ``instruction`` it has to be interpreted."""

    address: int
    word: int
    instruction: Instruction | None

    @property
    def target(self) -> int | None:
        """The target of B or BL."""
        return self.instruction.immediate if self.instruction and self.instruction.is_branch else None

    @property
    def links(self) -> bool:
        """Whether it is BL, which calls a function."""
        return self.instruction is not None and self.instruction.links

    @property
    def conditional(self) -> bool:
        """Whether it is executed under a condition."""
        return self.instruction is not None and self.instruction.condition != ""

    @property
    def ends(self) -> bool:
        """Whether it jumps to an address from a register or from memory."""
        return self.instruction is not None and self.instruction.ends

    @property
    def interpreted(self) -> bool:
        """Whether it has to be interpreted."""
        return self.instruction is None

    @property
    def falls_through(self) -> bool:
        """Whether execution can go on with the next instruction."""
        if self.interpreted:
            return False
        return self.conditional or not (self.target is not None or self.ends)

    @property
    def max_cycles(self) -> int:
        """The most cycles that it can take, without those of accesses outside the DTCM."""
        return self.instruction.cycles if self.instruction else 0


@dataclass
class Part:
    """Code that is joined by direct branches, by address."""

    steps: dict[int, Step]
    heads: list[int] = field(default_factory=list)  # where blocks begin, at which the part can be entered
    literals: dict[int, int] = field(default_factory=dict)  # constants among the code, by address


def _step(address: int, words: dict[int, int]) -> Step:
    return Step(address, words[address], decode(words[address], address))


def _literals(steps: dict[int, Step], words: dict[int, int]) -> dict[int, int]:
    """The constants that instructions load from addresses relative to the pc, by address."""
    loads = (step.instruction for step in steps.values() if step.instruction and step.instruction.is_literal)
    return {load.immediate: words[load.immediate] for load in loads if load.immediate in words}


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
    steps = _reachable(words, entered, frozenset(excluded))
    found = sorted(_parts(steps, words, heat), key=lambda pair: -pair[0])
    total, seen, chosen = sum(heat.values()), 0, []
    for hits, part in found:
        if seen >= share * total or hits == 0:
            break
        seen += hits
        if part.heads and len(part.steps) <= _MAX_INSTRUCTIONS:
            chosen.append(part)
    return chosen


def _parts(steps: dict[int, Step], words: dict[int, int], heat: Mapping[int, int]) -> Iterator[tuple[int, Part]]:
    links: dict[int, list[int]] = {address: [] for address in steps}
    for step in steps.values():
        for other in _successors(step):
            if other in steps:
                links[step.address].append(other)
                links[other].append(step.address)
    called = {step.target for step in steps.values() if step.links}
    seen: set[int] = set()
    for start in heat:
        if start in seen or start not in steps:
            continue
        members, waiting = {start}, [start]
        while waiting:
            for other in links[waiting.pop()]:
                if other not in members:
                    members.add(other)
                    waiting.append(other)
        seen |= members
        part = Part({address: steps[address] for address in sorted(members)})
        part.heads = _heads(part.steps, called)
        part.literals = _literals(part.steps, words)
        yield sum(heat.get(address, 0) for address in members), part


def _successors(step: Step) -> list[int]:
    """The addresses at which the same function can go on: behind a call, or at the target of a branch."""
    following = []
    if step.target is not None and not step.links:
        following.append(step.target)
    jumps = (step.target is not None and not step.links) or step.ends
    if not jumps or step.conditional:
        following.append(step.address + 4)
    return following


def _reachable(words: dict[int, int], entered: Iterable[int], excluded: frozenset[int]) -> dict[int, Step]:
    """The code that can be reached from executed instructions. It may contain data, which is then never executed."""
    steps: dict[int, Step] = {}
    waiting = [address for address in entered if address in words]
    while waiting:
        address = waiting.pop()
        if address in steps or address in excluded:
            continue
        steps[address] = _step(address, words)
        waiting.extend(other for other in _successors(steps[address]) if other in words)
    return steps


def _heads(steps: dict[int, Step], called: set[int | None]) -> list[int]:
    """Where blocks begin: at targets, behind calls and interpreted instructions, and where a block gets too long."""
    targets = {step.target for step in steps.values()} | called
    heads, length = [], 0
    for address, step in steps.items():
        before = steps.get(address - 4)
        begins = address in targets or before is None or not before.falls_through or length >= _MAX_BLOCK
        length = 1 if begins else length + 1
        if begins and not step.interpreted:
            heads.append(address)
    return heads
