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
    if name not in __all__:
        raise AttributeError(f"module 'varesearch' has no attribute {name!r}")
    origin = "varesearch.config.errors" if name == "ConfigurationError" else "varesearch.interface"
    return getattr(import_module(origin), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
