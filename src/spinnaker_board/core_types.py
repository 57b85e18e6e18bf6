"""The types of the extension ``_core``, for type checkers and readers; ``core/pymodule.c`` implements them."""

from typing import NamedTuple, Protocol, TypedDict

#: The version of the extension that this code needs.
INTERFACE = 3


class CoreCounts(TypedDict):
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
    def statistics(self, chip: int, core: int, /) -> CoreCounts: ...


class Instruction(NamedTuple):
    """An ARM instruction as ``_core.decode`` describes it. The default is one that has to be interpreted.

    Attributes
    ----------
    kind, name, form
        The row of ``core/instructions.h``; ``kind`` is the macro of ``core/translated.h`` that executes it.
    condition
        For example ``EQ``; "" if it is always executed.
    rd, rn, rm, rs, immediate, amount, step, write_back
        As in ``struct entry`` of ``core/decoded.h``; ``immediate`` of a branch is the address of its target.
    cycles
        What it takes if its condition holds, without accesses outside the DTCM.
    written
        A mask of the registers that it may write, without the pc.
    sets_flags, compares
        Whether it sets the flags, and whether to those of a subtraction.
    """

    kind: str = ""
    name: str = ""
    form: str = ""
    condition: str = ""
    rd: int = 0
    rn: int = 0
    rm: int = 0
    rs: int = 0
    immediate: int = 0
    amount: int = 0
    step: int = 0
    write_back: int = 0
    cycles: int = 0
    written: int = 0
    sets_flags: bool = False
    compares: bool = False

    @property
    def interpreted(self) -> bool:
        """Whether it has to be interpreted."""
        return self.kind == ""

    @property
    def target(self) -> int | None:
        """The target of B or BL; None for other instructions."""
        return self.immediate if self.kind == "BRANCH" else None

    @property
    def links(self) -> bool:
        """Whether it is BL, which calls a function."""
        return self.name == "BRANCH_LINK"

    @property
    def is_literal(self) -> bool:
        """Whether it loads a word from an address relative to the pc."""
        return self.name == "LDR_PC_LITERAL" or (self.name == "LDR" and self.form == "LITERAL")

    @property
    def ends(self) -> bool:
        """Whether it jumps to an address from a register or from memory."""
        return self.kind == "JUMP" or self.name == "LDM_PC"

    @property
    def falls_through(self) -> bool:
        """Whether translated code can go on with the next instruction."""
        if self.interpreted:
            return False
        return self.condition != "" or not (self.target is not None or self.ends)
