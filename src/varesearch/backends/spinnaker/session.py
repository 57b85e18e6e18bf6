"""Contain everything that sPyNNaker changes outside itself, and undo it.

sPyNNaker is one simulator for each process. It reads a configuration from the user's home or from the folder named by
XDG_CONFIG_HOME (and writes one into the home if there is none), replaces ``sys.excepthook`` and the handler of SIGINT,
changes filter and format of every handler of the root logger, and registers functions for the end of the process.
Here each run has a folder of its own for configuration and reports, and nothing stays changed between two calls.
"""

import atexit
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from configparser import RawConfigParser
from contextlib import ExitStack, chdir, contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType

import matplotlib

from varesearch.backends.spinnaker.machines import Machine

CONFIGURATION_FILE = ".spynnaker.cfg"
_LOCAL_FILE = "spynnaker.cfg"
_MANY = "1000000"


class SpynnakerSession:
    """One simulation of sPyNNaker with its files under ``folder``.

    Every use of sPyNNaker happens inside ``with session.inside() as sim``, where ``sim`` is the module of its PyNN
    interface.
    """

    def __init__(self, folder: Path, machine: Machine, overrun_s: int) -> None:
        self.folder = folder
        self._machine = machine
        self._set_up = False
        self._configuration = folder / "configuration"
        self._nowhere = folder / "home"
        self._nowhere.mkdir(parents=True, exist_ok=True)
        self._configuration.mkdir(exist_ok=True)
        self._write_configuration(overrun_s)

    def set_up(self, dt_ms: float, time_scale_factor: float | None) -> None:
        """Set sPyNNaker up; it chooses the :meth:`time_scale_factor` if that is None."""
        # sPyNNaker's imports load matplotlib, which asks for its folders once in a process: not for those of this run.
        matplotlib.get_configdir()
        matplotlib.get_cachedir()
        with self.inside() as sim, ExitStack() as stack:
            if Path(_LOCAL_FILE).exists():  # it would be read last and win over the run's own
                stack.enter_context(chdir(self._nowhere))
            # sPyNNaker's type wants an int, its arithmetic takes any factor that makes whole microseconds.
            sim.setup(timestep=dt_ms, min_delay=dt_ms, time_scale_factor=time_scale_factor)
            self._set_up = True

    def time_scale_factor(self) -> float:
        """Return the milliseconds that the hardware takes for each simulated millisecond."""
        from spynnaker.pyNN.data import SpynnakerDataView

        return float(SpynnakerDataView.get_time_scale_factor())

    def timers(self) -> Path:
        """Return the path of sPyNNaker's database of its timers; call it only within :meth:`inside`."""
        from spinn_front_end_common.interface.provenance import GlobalProvenance

        return Path(GlobalProvenance.get_global_provenace_path())

    def data_base(self) -> Path:
        """Return the path of sPyNNaker's database of recordings and counters, which is removed at the end.

        Call it only within :meth:`inside`.
        """
        from spinn_utilities.config_holder import get_report_path

        return Path(get_report_path("path_data_database"))

    def end(self) -> None:
        """Stop the machine, let sPyNNaker close its reports, and take back what it registered in the process."""
        if not self._set_up:
            return
        self._set_up = False
        from spinn_utilities.data.utils_data_writer import UtilsDataWriter
        from spinn_utilities.log import FormatAdapter
        from spynnaker.pyNN.data import SpynnakerDataView

        try:
            with self.inside() as sim:
                if not SpynnakerDataView.is_shutdown():
                    sim.end()
        finally:
            FormatAdapter.set_log_store(None)
            atexit.unregister(FormatAdapter.atexit_handler)
            atexit.unregister(UtilsDataWriter.write_errored_file)

    @contextmanager
    def inside(self) -> Iterator[ModuleType]:
        """Provide the environment that sPyNNaker needs, and restore the process's state on leaving."""
        variables = {
            "HOME": str(self._nowhere),
            "XDG_CONFIG_HOME": str(self._configuration),
            "XDG_CONFIG_DIRS": str(self._nowhere),
            **self._machine.environment(),
        }
        with _environment(variables), _process_state():
            yield import_module("pyNN.spiNNaker")

    def _write_configuration(self, overrun_s: int) -> None:
        sections = {
            "Machine": {
                **self._machine.configuration(),
                "post_simulation_overrun_before_error": str(self._machine.overrun_s(overrun_s)),
            },
            "Reports": {
                "default_report_file_path": str(self.folder),
                "max_reports_kept": _MANY,
                "write_provenance": "True",
                "read_placements_provenance_data": "True",
                "read_router_provenance_data": "True",
                "read_graph_provenance_data": "True",
            },
            "Logging": {"instantiate": "False"},
        }
        parser = RawConfigParser()
        parser.read_dict(sections)
        with (self._configuration / CONFIGURATION_FILE).open("w", encoding="utf-8") as file:
            parser.write(file)


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _process_state() -> Iterator[None]:
    """Put back excepthook, SIGINT's handler (only the main thread may change it), and the root logger's handlers."""
    root = logging.getLogger()
    hook = sys.excepthook
    main = threading.current_thread() is threading.main_thread()
    interrupt = signal.getsignal(signal.SIGINT) if main else None
    handlers = [(handler, list(handler.filters), handler.formatter) for handler in root.handlers]
    level = root.level
    try:
        yield
    finally:
        sys.excepthook = hook
        if interrupt is not None and signal.getsignal(signal.SIGINT) is not interrupt:
            signal.signal(signal.SIGINT, interrupt)
        root.handlers[:] = [handler for handler, _, _ in handlers]
        for handler, filters, formatter in handlers:
            handler.filters[:] = filters
            handler.formatter = formatter
        root.setLevel(level)
