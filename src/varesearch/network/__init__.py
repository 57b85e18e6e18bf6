"""The network as plain numpy arrays: drawn once from the configuration and a seed, the same for every back end."""

from varesearch.network.draw import draw
from varesearch.network.estimate import NetworkEstimate, estimate
from varesearch.network.model import CurrentInput, Network, Population, Projection, SpikeSource

__all__ = ["CurrentInput", "Network", "NetworkEstimate", "Population", "Projection", "SpikeSource", "draw", "estimate"]
