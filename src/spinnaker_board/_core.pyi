from spinnaker_board.core_types import CoreMachine

INTERFACE: int
TICK_COLUMNS: str

def decode(instruction: int, address: int, /) -> tuple[str | int | bool, ...] | None: ...
def Machine(neighbours: list[tuple[int, ...]], threads: int = 1, start_unix_s: int = 0) -> CoreMachine: ...  # noqa: N802
