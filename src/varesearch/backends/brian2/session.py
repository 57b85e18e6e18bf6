"""The global state of Brian2 and PyNN: import them quietly, set up a run, and restore everything after it."""

import gc
import logging
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from private_folder import NotPrivateError
from varesearch.backends.base import BackendUnavailableError
from varesearch.imports import without_collection

CLOCK = "network_clock"


def load() -> None:
    """Import Brian2 and PyNN so that they leave the process as it was.

    On import Brian2 opens a log file and a console handler, and replaces the exception hook and the handler of SIGINT
    (with one that ends a simulation early as if it were complete). Its messages go to Python's logging instead.
    """
    if "brian2" in sys.modules and "pyNN.brian2" in sys.modules:
        return
    hook, interrupt = sys.excepthook, signal.getsignal(signal.SIGINT)
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    with without_collection():
        import brian2

        _quiet()
        import pyNN.brian2  # noqa: F401

    root.setLevel(level)
    for handler in set(root.handlers) - set(handlers):
        root.removeHandler(handler)
    sys.excepthook = hook
    if interrupt is not None and signal.getsignal(signal.SIGINT) is not interrupt:
        signal.signal(signal.SIGINT, interrupt)
    brian2.prefs.core.stop_on_keyboard_interrupt = False


def _quiet() -> None:
    """Take away Brian2's handlers and the files they opened."""
    from brian2.utils.logger import BrianLogger

    logger = logging.getLogger("brian2")
    for handler in (BrianLogger.file_handler, BrianLogger.console_handler):
        if handler is not None:
            logger.removeHandler(handler)
            logging.getLogger("py.warnings").removeHandler(handler)
            handler.close()
    BrianLogger.file_handler = None
    for path in (BrianLogger.tmp_log, BrianLogger.tmp_script):
        if path is not None:
            Path(path).unlink(missing_ok=True)
    BrianLogger.tmp_log = BrianLogger.tmp_script = None
    logger.propagate = True
    logger.setLevel(logging.INFO)
    # Brian2 warns of every object that is built but not run, as when a run is refused or fails.
    logging.getLogger("brian2.core.base.unused_brian_object").setLevel(logging.ERROR)


_TARGET = "codegen.target"
_CYTHON_CACHE = "codegen.runtime.cython.cache_dir"
_MAKE = "devices.cpp_standalone.extra_make_args_unix"


def _modules() -> tuple[Any, Any]:
    """Return Brian2 and PyNN's module for it (as Any: neither is typed)."""
    import brian2
    from pyNN import brian2 as sim

    return brian2, sim


@dataclass(frozen=True)
class Brian2Session:
    """One run's claim on Brian2's and PyNN's global state, made by :func:`session`.

    ``program`` is the folder of the compiled program that the simulation is; None where Brian2 itself simulates.
    """

    program: Path | None

    @property
    def network(self) -> Any:
        """PyNN's Brian2 network, empty at first but for its clock. Not kept here, so that it can be freed."""
        return _modules()[1].simulator.state.network


@contextmanager
def session(codegen: str, dt_ms: float, cache: Path | None = None) -> Iterator[Brian2Session]:
    """Set Brian2 and PyNN up for one run; on leaving, drop the network and put everything back as it was.

    Parameters
    ----------
    codegen
        ``numpy``, ``cython`` or ``cpp_standalone``; the last generates, compiles and runs a program.
    dt_ms
        The time step.
    cache
        The folder that keeps Cython modules for later runs; Brian2 itself would keep them in the user's home.

    Raises
    ------
    BackendUnavailableError
        Others could write to the folder.
    """
    load()
    brian2, sim = _modules()

    from varesearch.backends.brian2.arithmetic import NUMBERS

    standalone = codegen == "cpp_standalone"
    with ExitStack() as stack:
        stack.callback(gc.collect)  # Brian2's objects refer to each other in circles, and hold the synapses' arrays
        folder = None
        if codegen in ("cython", "cpp_standalone"):
            folder = Path(tempfile.mkdtemp(prefix="varesearch_brian2_"))
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.callback(sim.simulator.state.clear)
        before = {name: brian2.prefs[name] for name in (_TARGET, _CYTHON_CACHE, _MAKE, *NUMBERS)}
        stack.callback(_set_preferences, before)
        _set_preferences(NUMBERS)
        if standalone:
            _set_standalone_device(stack)
        else:
            from varesearch.backends.brian2.compiling import CHECKED

            brian2.prefs[_TARGET] = CHECKED[codegen].class_name
        if codegen == "cython":
            brian2.prefs[_CYTHON_CACHE] = str(folder)
            if cache is not None:
                _keep_modules(stack, cache / "brian2_cython")
        _set_up(dt_ms)
        yield Brian2Session(folder if standalone else None)


def _set_preferences(values: Mapping[str, Any]) -> None:
    brian2, _ = _modules()
    for name, value in values.items():
        brian2.prefs[name] = value


def _set_standalone_device(stack: ExitStack) -> None:
    from joblib import cpu_count  # respects the affinity and cgroups of this process

    brian2, _ = _modules()
    # Brian2 would start a compiler for every file at once: 4 GB for the seed network.
    brian2.prefs[_MAKE] = [f"-j{cpu_count()}"]
    brian2.set_device("cpp_standalone", build_on_run=False)
    stack.callback(_reset_device)
    brian2.get_device().reinit()
    brian2.get_device().activate(build_on_run=False)


def _reset_device() -> None:
    from brian2.devices.device import reset_device

    _modules()[0].get_device().reinit()
    reset_device()


def _set_up(dt_ms: float) -> None:
    """Make PyNN's network, empty but for its clock."""
    from varesearch.backends.brian2.schemes import SCHEDULE

    brian2, sim = _modules()
    sim.setup(timestep=dt_ms, min_delay=dt_ms)
    network = sim.simulator.state.network
    # PyNN's current sources call Python in every step; current steps here are part of the cells' equations.
    network.remove(list(network.objects))
    network.clock = brian2.Clock(dt_ms * brian2.ms, name=CLOCK)
    network.schedule = SCHEDULE


def _keep_modules(stack: ExitStack, folder: Path) -> None:
    from varesearch.backends.brian2.compiled import kept_modules

    try:
        stack.enter_context(kept_modules(folder))
    except NotPrivateError as error:
        raise BackendUnavailableError(f"backend.codegen=cython: {error}") from error
