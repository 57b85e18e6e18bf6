"""The NEST back end: availability, running in slices, giving the kernel back."""

import logging
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from varesearch.backends.base import Availability, Backend, MemoryCost
from varesearch.backends.nest.build import Builder, Cells
from varesearch.backends.nest.library import Library, load
from varesearch.backends.nest.limits import check_delays, check_settings
from varesearch.backends.nest.module import compiled
from varesearch.backends.nest.quiet import printed_to
from varesearch.backends.translation.nest import CELLS, ROWS, integrators
from varesearch.backends.translation.table import Context, row, translate
from varesearch.config.schema import Config, NestBackend
from varesearch.network.model import Network
from varesearch.recording import SIGNAL_UNITS, Recording

logger = logging.getLogger(__name__)


class Nest(Backend):
    """NEST on ``backend.threads`` threads, driven through pyNN.nest.

    PyNN sets the kernel up and writes the cells' parameters; creation, connection and recording are NEST's own calls
    on whole arrays. The run is cut into slices of some tenths of a second of wall time, so that progress is reported
    and Ctrl-C is heard; where the cuts lie does not change a bit of the result.
    """

    name = "nest"
    cells: ClassVar[Mapping[str, tuple[str, ...]]] = {cell().model: integrators(cell) for cell in CELLS}
    signals: ClassVar[Mapping[str, tuple[str, ...]]] = {
        model: tuple(row.ours for row in rows if row.ours in SIGNAL_UNITS) for model, rows in ROWS.items()
    }
    libraries = ("PyNN",)
    preload = ("varesearch.backends.nest.library:load",)

    slice_s: ClassVar[float] = 0.2
    """Wall seconds to aim at between two reports of progress."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self._library: Library | None = None
        self._network: Network | None = None
        self._builder: Builder | None = None
        self._seconds: dict[str, float] = {}
        self._module: Path | None = None
        self._open = ExitStack()

    @classmethod
    def availability(cls) -> Availability:
        """NEST and PyNN by their metadata; nothing is imported."""
        try:
            found = version("nest-simulator")
        except PackageNotFoundError:
            return Availability(False, "", "nest-simulator is not installed: pip install 'varesearch[nest]'")
        if find_spec("pyNN") is None:
            return Availability(False, found, "PyNN is not installed: pip install PyNN")
        return Availability(True, found)

    @classmethod
    def check(cls, config: Config) -> None:
        """Raises ConfigurationError for a step or a delay that NEST does not have."""
        check_settings(config)

    @classmethod
    def memory(cls, config: Config) -> MemoryCost:
        """Measured with NEST 3.10 on one thread; a cell's connection to the spike recorder takes most of its memory."""
        return MemoryCost(run=345e6, cell=29e3, synapse=72, input_spike=40, spike=109, sample=82, value=21)

    def probe(self) -> None:
        """Compile the Izhikevich cell if it is wanted and not there yet (some seconds, once for a cache)."""
        if self.config.cell.model != "izhikevich" or self._module is not None:
            return
        start = time.perf_counter()
        cache = self.cache or Path(self._open.enter_context(tempfile.TemporaryDirectory(prefix="varesearch-nest-")))
        self._module = compiled(cache, self.tell)
        self._seconds["compile"] = time.perf_counter() - start

    def load(self) -> None:
        if self._library is None:
            start = time.perf_counter()
            self._library = load()
            self._seconds["import"] = time.perf_counter() - start

    def build(self, network: Network) -> None:
        """Raises ConfigurationError for a drawn delay that NEST does not have."""
        assert isinstance(self.config.backend, NestBackend)
        check_delays(network)
        self.probe()
        self.load()
        assert self._library is not None
        self._network = network
        self._builder = Builder(self._library, network, self.config.recording)
        with printed_to(logger):
            self._builder.build(self.config.backend.threads, self._module)
        self._seconds |= self._builder.seconds

    def run(self, progress: Callable[[float], None]) -> None:
        """Simulate; ``progress`` is called after each slice with the simulated ms."""
        assert self._library is not None
        assert self._network is not None
        nest, dt_ms, n_steps = self._library.nest, self._network.dt_ms, self._network.n_steps
        begin, step, slice_steps = time.perf_counter(), 0, 1
        changes = self._current_changes()
        while step < n_steps:
            for target, current in changes.pop(step, {}).items():
                self._cells(target).nodes.set(I_e=current)
            until = min([step + slice_steps, n_steps, *changes])
            start = time.perf_counter()
            with printed_to(logger):
                nest.Simulate((until - step) * dt_ms)
            elapsed = max(time.perf_counter() - start, 1e-6)
            # At most fourfold at a time: the first slices also prepare the kernel, or are quieter than the rest.
            aim = int((until - step) * self.slice_s / elapsed)
            slice_steps = max(1, min(aim, 4 * slice_steps))
            step = until
            progress(step * dt_ms)
        # Multimeters get what was sampled between two exchanges of spikes at the next exchange.
        with printed_to(logger):
            nest.Simulate(nest.GetKernelStatus("min_delay"))
        self._seconds["simulate"] = time.perf_counter() - begin

    def _current_changes(self) -> dict[int, dict[str, float]]:
        """Step -> population -> the constant current from this step on, in NEST's unit.

        NEST's current generators act two steps after they begin, too late for a current that begins at once. The
        constant current of a cell acts in the step that follows.
        """
        assert self._network is not None
        changes: dict[int, dict[str, float]] = {}
        currents = self._network.currents
        for current in currents:
            for step in (current.start_step, current.stop_step):
                changes.setdefault(step, {})[current.target] = self._cells(current.target).i_offset + sum(
                    self._native_current(other.target, other.amplitude)
                    for other in currents
                    if other.target == current.target and other.start_step <= step < other.stop_step
                )
        return {step: change for step, change in changes.items() if step < self._network.n_steps}

    def _cells(self, population: str) -> Cells:
        assert self._builder is not None
        return self._builder.cells[population]

    def _native_current(self, target: str, amplitude: float) -> float:
        assert self._network is not None
        cell = self._network.population(target).cell
        return float(translate(ROWS[cell.model], "current_step", amplitude, Context(cell, self._network.dt_ms)))

    def collect(self) -> Recording:
        """The recorders as arrays."""
        assert self._network is not None
        assert self._builder is not None
        start = time.perf_counter()
        with printed_to(logger):
            populations = {name: cells.recorders.read() for name, cells in self._builder.cells.items()}
        self._seconds["read"] = time.perf_counter() - start
        return Recording(self._network.dt_ms, self._network.duration_ms, populations)

    def final_state(self) -> dict[str, dict[str, NDArray[np.float64]]]:
        """The variables that have an initial value; what else is not finite has reached v by then."""
        assert self._network is not None
        return {
            population.name: {
                variable: np.asarray(
                    self._cells(population.name).nodes.get(row(ROWS[population.cell.model], variable).theirs)
                ).reshape(-1)
                for variable in population.initial
            }
            for population in self._network.populations
        }

    def close(self) -> None:
        """An empty kernel, and PyNN's temporary folder removed."""
        if self._library is not None:
            with printed_to(logger):
                self._library.pynn.end()
                self._library.nest.ResetKernel()
        self._library = self._network = self._builder = self._module = None
        self._open.close()

    def phase_seconds(self) -> dict[str, float]:
        """Wall seconds of NEST's import, of creating nodes, connecting, simulating and reading the recorders."""
        return dict(self._seconds)

    def tags(self) -> dict[str, str]:
        """The number of threads, and the scheme by which NEST integrates the cell."""
        assert isinstance(self.config.backend, NestBackend)
        scheme = self.cells[self.config.cell.model][0]
        return {"threads": str(self.config.backend.threads), "integrator": scheme}
