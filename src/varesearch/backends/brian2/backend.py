"""The Brian2 back end."""

import importlib.util
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from varesearch.backends.base import Availability, Backend, MemoryCost
from varesearch.backends.translation.brian2 import ROWS, integrators
from varesearch.backends.translation.table import Context, translate
from varesearch.config.cell import Cell
from varesearch.config.connectivity import PROJECTIONS
from varesearch.config.errors import ConfigurationError
from varesearch.config.parts import parts
from varesearch.config.schema import Brian2Backend, Config
from varesearch.config.values import Constant
from varesearch.network.model import Network, Population
from varesearch.recording import SIGNAL_UNITS, Recording, Signal, population_recording, sampled_ids

TOOLS = {"numpy": (), "cython": ("g++",), "cpp_standalone": ("g++", "make")}
"""Code generation target -> the programs that it calls."""

# Measured with Brian2 2.9. Cython stays loaded; the compilers run only while the network is built.
_MEMORY = {
    "numpy": MemoryCost(run=371e6, cell=500, synapse=53, input_spike=52, spike=25, value=16.8),
    "cython": MemoryCost(run=580e6, helpers=278e6, cell=500, synapse=53, input_spike=52, spike=25, value=16.8),
    "cpp_standalone": MemoryCost(run=370e6, helpers=265e6, cell=400, synapse=57, input_spike=50, spike=20, value=14.5),
}
_DRAWN_SYNAPSE = 17
"""Additional bytes for each synapse if weights or delays differ between synapses."""


class Brian2(Backend):
    """Brian2 through PyNN; see :mod:`varesearch.backends.brian2.schemes` for what a step is."""

    name = "brian2"
    cells: ClassVar[Mapping[str, tuple[str, ...]]] = {cell.model: integrators(cell) for cell in parts(Cell).values()}
    signals: ClassVar[Mapping[str, tuple[str, ...]]] = {
        cell.model: ("v", "u") if cell.model.startswith("izhikevich") else ("v",) for cell in parts(Cell).values()
    }
    libraries = ("PyNN", "Cython")
    preload = ("varesearch.backends.brian2.session:load",)

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        assert isinstance(config.backend, Brian2Backend)
        self._codegen = config.backend.codegen
        self._session: Any = None
        self._brian2_network: Any = None
        self._network: Network | None = None
        self._cells: dict[str, Any] = {}
        self._monitors: dict[str, tuple[Any, Any]] = {}
        self._compiling_s: float | None = None

    @classmethod
    def availability(cls) -> Availability:
        """Brian2 and PyNN by their metadata; nothing is imported."""
        try:
            found = version("brian2")
        except PackageNotFoundError:
            return Availability(False, "", "brian2 is not installed: pip install brian2")
        if importlib.util.find_spec("pyNN") is None:
            return Availability(False, found, "PyNN is not installed: pip install PyNN")
        return Availability(True, found)

    @classmethod
    def check(cls, config: Config) -> None:
        """Raise ConfigurationError for a target without its compiler, or a parameter that Brian2 cannot hold."""
        assert isinstance(config.backend, Brian2Backend)
        context = Context(config.cell, config.simulation.dt_ms)
        for row in ROWS[config.cell.model]:
            if hasattr(config.cell, row.ours):
                row.convert(np.asarray(getattr(config.cell, row.ours)), context)  # raises if it does not fit the type
        for tool in TOOLS[config.backend.codegen]:
            if shutil.which(tool) is None:
                raise ConfigurationError(
                    f"backend.codegen={config.backend.codegen} needs {tool}, which is not found on this machine; "
                    "install it, or take backend.codegen=numpy, which needs no compiler"
                )

    @classmethod
    def memory(cls, config: Config) -> MemoryCost:
        assert isinstance(config.backend, Brian2Backend)
        cost, wiring = _MEMORY[config.backend.codegen], config.connectivity
        values = [wiring.value_of(name, setting) for name in PROJECTIONS for setting in ("weight", "delay_ms")]
        drawn = any(not isinstance(value, Constant) for value in values)
        return replace(cost, synapse=cost.synapse + _DRAWN_SYNAPSE) if drawn else cost

    def load(self) -> None:
        from varesearch.backends.brian2.session import load

        load()

    def build(self, network: Network) -> None:
        from varesearch.backends.brian2.session import Session

        network = self._network = self.resolved(network)
        self._session = Session(self._codegen, network.dt_ms, self.cache)
        self._brian2_network = self._session.open()
        from pyNN.brian2 import Population as PynnPopulation

        from varesearch.backends.brian2.pynn import Explicit, ExplicitProjection, GivenSpikes

        groups: dict[str, Any] = {}
        contexts: dict[str, Context] = {}
        for population in network.populations:
            context = contexts[population.name] = Context(population.cell, network.dt_ms)
            groups[population.name] = PynnPopulation(
                population.size, self._cell_type(population, network, context), label=population.name
            )
            self._cells[population.name] = groups[population.name]
            group = groups[population.name].brian2_group
            for variable, values in population.initial.items():
                setattr(group, variable, translate(ROWS[population.cell.model], variable, values, context))
            self._monitors[population.name] = self._record(population, group)
        for source in network.sources:
            groups[source.name] = PynnPopulation(
                source.size, GivenSpikes(f"{source.name}_cells", source.sources, source.steps), label=source.name
            )
        for projection in network.projections:
            if projection.size == 0:
                continue
            context = contexts[projection.post]
            rows = ROWS[context.cell.model]
            ExplicitProjection(
                groups[projection.pre],
                groups[projection.post],
                Explicit(
                    projection.sources,
                    projection.targets,
                    translate(rows, f"weight_{projection.receptor}", projection.weights, context),
                    translate(rows, "delay_steps", projection.delay_steps, context),
                ),
                projection.receptor,
                f"{projection.name}_synapses",
            )
        if self._session.standalone:
            from varesearch.backends.brian2.standalone import compile_program

            started = time.perf_counter()
            compile_program(self._brian2_network, network.duration_ms, self._session.folder)
            self._compiling_s = time.perf_counter() - started

    def _cell_type(self, population: Population, network: Network, context: Context) -> Any:
        from varesearch.backends.brian2.pynn import CellType
        from varesearch.backends.brian2.schemes import SCHEMES

        cell = population.cell
        rows = ROWS[cell.model]
        parameters = {
            row.theirs: translate(rows, row.ours, getattr(cell, row.ours), context).item()
            for row in rows
            if hasattr(cell, row.ours)
        }
        scheme = SCHEMES[cell.model, cell.integrator]
        current = _current(network, population.name)
        if current is not None:
            current = translate(rows, "current_step", current, context)
        return CellType(f"{population.name}_cells", scheme, parameters, network.dt_ms, current)

    def _record(self, population: Population, group: Any) -> tuple[Any, Any]:
        import brian2

        assert self._network is not None
        recording = self.config.recording
        spikes = brian2.SpikeMonitor(group, name=f"{population.name}_spikes")
        self._brian2_network.add(spikes)
        if not recording.signals:
            return spikes, None
        clock = self._brian2_network.clock
        interval_ms = recording.interval_ms
        if interval_ms is not None and interval_ms != self._network.dt_ms:
            clock = brian2.Clock(interval_ms * brian2.ms, name=f"{population.name}_sampling_clock")
        samples = brian2.StateMonitor(
            group,
            list(recording.signals),
            record=sampled_ids(population.size, recording.cells),
            clock=clock,
            when="start",
            name=f"{population.name}_samples",
        )
        self._brian2_network.add(samples)
        return spikes, samples

    def run(self, progress: Callable[[float], None]) -> None:
        import brian2

        from varesearch.backends.brian2.compiling import plain_errors

        assert self._network is not None
        duration_ms = self._network.duration_ms
        if self._session.standalone:
            from varesearch.backends.brian2.standalone import run_program

            run_program(self._session.folder, duration_ms, progress)
            return

        def report(_elapsed: Any, completed: float, _start: Any, _duration: Any) -> None:
            progress(completed * duration_ms)

        with plain_errors():
            self._brian2_network.run(
                duration_ms * brian2.ms, report=report, report_period=0.1 * brian2.second, namespace={}
            )

    def collect(self) -> Recording:
        assert self._network is not None
        network = self._network
        populations = {}
        for population in network.populations:
            context = Context(population.cell, network.dt_ms)
            spikes, samples = self._monitors[population.name]
            steps = np.rint(_values(spikes, "t") * 1e3 / network.dt_ms).astype(np.int64)
            populations[population.name] = population_recording(
                population.name,
                population.size,
                _values(spikes, "i"),
                translate(ROWS[population.cell.model], "spike_steps", steps, context),
                network.dt_ms,
                {} if samples is None else self._signals(samples, population.size),
            )
        return Recording(network.dt_ms, network.duration_ms, populations)

    def final_state(self) -> dict[str, dict[str, NDArray[np.float64]]]:
        """All floating-point variables of the cells, synaptic currents included."""
        return {
            name: {variable: _values(cells.brian2_group, variable) for variable in cells.celltype.scheme.state}
            for name, cells in self._cells.items()
        }

    def _signals(self, samples: Any, size: int) -> dict[str, Signal]:
        ids = sampled_ids(size, self.config.recording.cells)
        times_ms = _values(samples, "t") * 1e3
        return {
            name: Signal(name, SIGNAL_UNITS[name], ids, times_ms, _values(samples, name))
            for name in self.config.recording.signals
        }

    def close(self) -> None:
        self._cells = {}
        self._monitors = {}
        self._brian2_network = None
        if self._session is not None:
            self._session.close()

    def phase_seconds(self) -> dict[str, float]:
        """How much of build went into generating and compiling a program, if one was."""
        return {} if self._compiling_s is None else {"build: generate and compile": self._compiling_s}

    def tags(self) -> dict[str, str]:
        """The code generation target, and the scheme of the time step."""
        return {"code generation": self._codegen, "integrator": self.integrator(self.config.cell)}


def _values(owner: Any, name: str) -> NDArray[Any]:
    """A monitor's or group's whole array as plain numbers, copied: from Brian2 2.10 on its memory goes with it."""
    return np.array(owner.variables[name].get_value())


def _current(network: Network, population: str) -> NDArray[np.float64] | None:
    """The sum of the current steps into a population at each step, or None if there is none."""
    steps = [current for current in network.currents if current.target == population]
    if not steps:
        return None
    total = np.zeros(network.n_steps)
    for current in steps:
        total[current.start_step : current.stop_step] += current.amplitude
    return total
