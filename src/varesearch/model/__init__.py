"""The parts of a network's model, each in one module."""
