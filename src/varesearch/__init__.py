"""varesearch: change a spiking-network model, run it on any simulator, know what the change did."""

__version__ = "0.1.0"
