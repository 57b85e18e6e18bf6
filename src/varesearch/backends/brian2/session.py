"""What is global in Brian2 and PyNN: loading them quietly, the device and target of a run, and putting all back."""

import gc
import logging
import shutil
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from private_folder import NotPrivateError
from varesearch.backends.base import BackendUnavailableError

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
    # Said of every object that is built but not run, as when a run is refused or fails.
    logging.getLogger("brian2.core.base.unused_brian_object").setLevel(logging.ERROR)


_TARGET = "codegen.target"
_CYTHON_CACHE = "codegen.runtime.cython.cache_dir"
_MAKE = "devices.cpp_standalone.extra_make_args_unix"


def _modules() -> tuple[Any, Any]:
    """Brian2 and PyNN's module for it (as Any: neither is typed)."""
    import brian2
    from pyNN import brian2 as sim

    return brian2, sim


class Session:
    """One run's claim on Brian2's and PyNN's global state.

    ``codegen`` is ``numpy``, ``cython`` or ``cpp_standalone``; the last generates, compiles and runs a program in
    ``folder``, a temporary one, which also holds the Cython modules. ``cache`` is where these are kept for later runs;
    Brian2 itself would keep them in the user's home. Entered by :meth:`open`, left by :meth:`close`, which may be
    called twice.
    """

    def __init__(self, codegen: str, dt_ms: float, cache: Path | None = None) -> None:
        self.codegen, self.dt_ms, self.cache = codegen, dt_ms, cache
        self.folder: Path | None = None
        self._before: dict[str, Any] | None = None
        self._kept = ExitStack()

    @property
    def standalone(self) -> bool:
        """Is the simulation a compiled program?"""
        return self.codegen == "cpp_standalone"

    def open(self) -> Any:
        """Set the device up and return PyNN's empty Brian2 network, with its clock."""
        load()
        brian2, sim = _modules()

        from varesearch.backends.brian2.arithmetic import NUMBERS
        from varesearch.backends.brian2.schemes import SCHEDULE

        self._before = {name: brian2.prefs[name] for name in (_TARGET, _CYTHON_CACHE, _MAKE, *NUMBERS)}
        for name, value in NUMBERS.items():
            brian2.prefs[name] = value
        if self.standalone or self.codegen == "cython":
            self.folder = Path(tempfile.mkdtemp(prefix="varesearch_brian2_"))
        if self.standalone:
            from joblib import cpu_count  # what is ours: affinity and cgroups

            # Brian2 would start a compiler for every file at once: 4 GB for the seed network.
            brian2.prefs[_MAKE] = [f"-j{cpu_count()}"]
            brian2.set_device("cpp_standalone", build_on_run=False)
            brian2.get_device().reinit()
            brian2.get_device().activate(build_on_run=False)
        else:
            from varesearch.backends.brian2.compiling import CHECKED

            brian2.prefs[_TARGET] = CHECKED[self.codegen].class_name
        if self.codegen == "cython":
            brian2.prefs[_CYTHON_CACHE] = str(self.folder)
            if self.cache is not None:
                self._keep_modules(self.cache / "brian2_cython")
        sim.setup(timestep=self.dt_ms, min_delay=self.dt_ms)
        state = sim.simulator.state
        # PyNN's current sources call Python in every step; current steps here are part of the cells' equations.
        state.network.remove(list(state.network.objects))
        state.network.clock = brian2.Clock(self.dt_ms * brian2.ms, name=CLOCK)
        state.network.schedule = SCHEDULE
        return state.network

    def _keep_modules(self, folder: Path) -> None:
        from varesearch.backends.brian2.compiled import kept_modules

        try:
            self._kept.enter_context(kept_modules(folder))
        except NotPrivateError as error:
            raise BackendUnavailableError(f"backend.codegen=cython: {error}") from error

    def close(self) -> None:
        """Drop the network, put device and target back, remove the program."""
        if self._before is None:
            return
        brian2, sim = _modules()
        self._kept.close()
        try:
            if self.standalone:
                from brian2.devices.device import reset_device

                brian2.get_device().reinit()
                reset_device()
            for name, value in self._before.items():
                brian2.prefs[name] = value
            sim.simulator.state.clear()
        finally:
            self._before = None
            if self.folder is not None:
                shutil.rmtree(self.folder, ignore_errors=True)
                self.folder = None
        gc.collect()  # Brian2's objects refer to each other in circles, and hold the synapses' arrays
