from spinnaker_board.core_types import CoreMachine

QUANTUM_CYCLES: int
CLOCK_MHZ: int
INTERFACE: int

def Machine(neighbours: list[tuple[int, ...]], threads: int = 1, start_unix_s: int = 0) -> CoreMachine: ...  # noqa: N802
