"""A SpiNNaker board in software: it executes real application binaries and speaks the protocols of a real board."""
