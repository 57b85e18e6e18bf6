"""Importing large packages."""

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def without_collection() -> Iterator[None]:
    """Import in the block without collecting garbage, and leave what was imported out of later collections.

    MLflow and Brian2 bring thousands of modules, which stay for good. Looking through them for garbage takes a third of
    the time of MLflow's import, and 0.1 s of each simulation, since Brian2 collects garbage twice in it.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()
