"""A software SpiNNaker board: real application binaries on an interpreter, behind the real board's protocols."""
