"""The types of the extension ``_core``, for type checkers and readers; ``core/pymodule.c`` implements them."""

from typing import NamedTuple, Protocol, TypedDict

#: The version of the extension that this code needs.
INTERFACE = 3


class CoreStatistics(TypedDict):
    """What a core did since it was started; ``series`` holds five ``uint32`` for each tick (see ``core/ticks.c``)."""

    on: bool
    cycles: int
    busy_cycles: int
    instructions: int
    translated: int
    packets_in: int
    packets_out: int
    packets_lost: int
    payloads_in: int
    payloads_out: int
    dma_bytes: int
    inbox_longest: int
    tick_cycles: int
    ticks: int
    overruns: int
    tick_busy_sum: int
    tick_busy_max: int
    series: bytes | None


class CoreMachine(Protocol):
    """Chips, cores and routers. A chip is given by its index. Core 0, the monitor, has no processor here."""

    @property
    def cycles(self) -> int: ...
    @property
    def active(self) -> int: ...
    @property
    def router_hops(self) -> int: ...
    def sdram(self, chip: int, /) -> memoryview: ...
    def sysram(self, chip: int, /) -> memoryview: ...
    def tcm(self, chip: int, core: int, /) -> tuple[memoryview, memoryview]: ...
    def read(self, chip: int, address: int, /) -> int: ...
    def write(self, chip: int, address: int, value: int, /) -> None: ...
    def start(self, chip: int, core: int, r0: int, pc: int, /) -> None: ...
    def stop(self, chip: int, core: int, /) -> None: ...
    def running(self, chip: int, /) -> int: ...
    def interrupt(self, chip: int, cores: int, /) -> None: ...
    def locked(self, chip: int, lock: int, /) -> bool: ...
    def attention(self) -> list[int]: ...
    def run(self, quanta: int, limit_ns: int = 0, /) -> int: ...
    def skip(self, quanta: int, /) -> None: ...
    def translate(self, path: str, /) -> int: ...
    def restore(self) -> None: ...
    def profile(self, chip: int, core: int, /) -> tuple[bytes, bytes, bytes]: ...
    def registers(self, chip: int, core: int, /) -> tuple[int, ...]: ...
    def statistics(self, chip: int, core: int, /) -> CoreStatistics: ...


class Instruction(NamedTuple):
    """What ``_core.decode`` says of an ARM instruction that translated code can do.

    Parameters
    ----------
    kind, name, form
        The row of ``core/instructions.h``; ``kind`` says which macro of ``core/translated.h`` runs it.
    condition
        Such as ``EQ``; empty when it is always executed.
    rd, rn, rm, rs, immediate, amount, step, write_back
        As in ``struct entry`` of ``core/decoded.h``; of a branch, ``immediate`` is the target's address.
    cycles
        What it takes without accesses outside the DTCM, when its condition holds.
    written
        A mask of the registers that it may write, the pc aside.
    sets_flags, compares
        Whether it sets the flags, and whether to those of a subtraction.
    """

    kind: str
    name: str
    form: str
    condition: str
    rd: int
    rn: int
    rm: int
    rs: int
    immediate: int
    amount: int
    step: int
    write_back: int
    cycles: int
    written: int
    sets_flags: bool
    compares: bool

    @property
    def is_branch(self) -> bool:
        """B or BL, to ``immediate``."""
        return self.kind == "BRANCH"

    @property
    def links(self) -> bool:
        """BL."""
        return self.name == "BRANCH_LINK"

    @property
    def is_literal(self) -> bool:
        """A load of a word from a place relative to the pc."""
        return self.name == "LDR_PC_LITERAL" or (self.name == "LDR" and self.form == "LITERAL")

    @property
    def ends(self) -> bool:
        """Whether it jumps to where registers or memory say."""
        return self.kind == "JUMP" or self.name == "LDM_PC"
