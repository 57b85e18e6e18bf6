"""varesearch: change a spiking-network model, run it on any simulator, know what the change did.

In Python: ``import varesearch as va``, then ``va.run(...)``, ``va.sweep(...)``, ``va.compare(a, b)``, ``va.runs()``.
See :mod:`varesearch.interface`. Importing this package imports nothing else.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from varesearch.config.errors import ConfigurationError
    from varesearch.interface import Comparison, Run, Runs, Sweep, compare, load, run, runs, simulate, sweep

__version__ = "0.1.0"

_INTERFACE = ("Comparison", "Run", "Runs", "Sweep", "load", "run", "runs", "simulate")
_CALLED = ("compare", "sweep")
"""Functions that share their name with a package: these packages can be called."""

__all__ = [
    "Comparison",
    "ConfigurationError",
    "Run",
    "Runs",
    "Sweep",
    "compare",
    "load",
    "run",
    "runs",
    "simulate",
    "sweep",
]


def __getattr__(name: str) -> Any:
    if name in _CALLED:
        return import_module(f"varesearch.{name}")
    if name in _INTERFACE:
        return getattr(import_module("varesearch.interface"), name)
    if name == "ConfigurationError":
        return import_module("varesearch.config.errors").ConfigurationError
    raise AttributeError(f"module 'varesearch' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
