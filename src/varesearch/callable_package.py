"""A package that is also a function: ``varesearch.sweep(...)`` beside ``varesearch.sweep.command``.

The interface has functions with the names of two packages. Python binds the name to the package when anything imports
it, so the package itself has to take the call.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class _CallablePackage(ModuleType):
    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Call the function of the interface that has the name of this package."""
        return getattr(import_module("varesearch.interface"), self.__name__.rpartition(".")[2])(*arguments, **named)


def make_callable(name: str) -> None:
    """Let the imported package ``name`` be called."""
    sys.modules[name].__class__ = _CallablePackage
