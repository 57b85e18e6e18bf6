"""The simulators. :data:`BACKENDS` is the registry; a back end is imported when it is asked for."""

from importlib import import_module

from varesearch.backends.base import Availability, Backend, Collected, MemoryCost, Simulation, Workspace

BACKENDS = {
    "brian2": "varesearch.backends.brian2.backend:Brian2",
    "nest": "varesearch.backends.nest.backend:Nest",
    "spinnaker": "varesearch.backends.spinnaker.backend:SpiNNaker",
}
"""Name in the configuration -> module:class."""


def backend_class(name: str) -> type[Backend]:
    """The back end of that name. Raises KeyError."""
    module, _, attribute = BACKENDS[name].partition(":")
    return getattr(import_module(module), attribute)


__all__ = [
    "BACKENDS",
    "Availability",
    "Backend",
    "Collected",
    "MemoryCost",
    "Simulation",
    "Workspace",
    "backend_class",
]
