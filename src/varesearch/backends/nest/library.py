"""Import NEST and PyNN's interface to it, once in a process, without output and without changes of global state."""

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
    """Import NEST and PyNN without output, and prevent three side effects.

    NEST would parse ``sys.argv``, which is meant for varesearch. It would leave RTLD_GLOBAL set for all libraries
    opened later, whose symbols could then be confused with those of other simulators. PyNN would look for
    ``nest-config`` on the PATH and, if it found one, run CMake in its own folder or the working folder to build
    stochastic synapses that are not used here.
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
