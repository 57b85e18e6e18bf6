"""NEST and PyNN's part for it, imported once in a process without a trace on the terminal or in the process's state."""

import importlib
import logging
import sys
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from varesearch.backends.nest.quiet import printed_to

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Library:
    """``nest`` and ``pyNN.nest``. Both are typed Any: neither has annotations, and NEST makes its own module object."""

    nest: Any
    pynn: Any


def load() -> Library:
    """Import both, quietly.

    Three things are kept from them. NEST parses ``sys.argv``, which is ours. It opens itself with RTLD_GLOBAL for all
    libraries opened later, which can cross symbols with other simulators'. PyNN looks for ``nest-config`` on the PATH
    and, where it finds one, runs CMake in its own folder or the working folder to build stochastic synapses that
    nothing here uses.
    """
    flags, arguments = sys.getdlopenflags(), sys.argv
    with printed_to(logger):
        sys.argv = ["nest", "--quiet"]
        try:
            nest = importlib.import_module("nest")
        finally:
            sys.argv = arguments
            sys.setdlopenflags(flags)
        pynn = _pynn()
    return Library(nest=nest, pynn=pynn)


def _pynn() -> ModuleType:
    if "pyNN.nest" in sys.modules:
        return sys.modules["pyNN.nest"]
    core: Any = importlib.import_module("pyNN.core")
    find, core.find = core.find, lambda _command: None
    try:
        return importlib.import_module("pyNN.nest")
    finally:
        core.find = find
