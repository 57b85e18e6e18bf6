"""The NEST back end: its checks, the run in slices, and the release of the kernel."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from varesearch.backends.base import Backend, Collected, KnownAnswer, MemoryCost, Simulation, Workspace
from varesearch.backends.learned import learned_weights, learning
from varesearch.backends.nest import NestSettings
from varesearch.backends.nest.build import Builder, Cells
from varesearch.backends.nest.currents import constant_currents
from varesearch.backends.nest.learning import check_learning, marks
from varesearch.backends.nest.library import Library, load
from varesearch.backends.nest.limits import check_delays, check_settings
from varesearch.backends.nest.module import compile_cell, is_compiled, no_compiler
from varesearch.backends.nest.quiet import printed_to
from varesearch.backends.nest.translation import compiled_model, inputs, integrators, multimeters, variables
from varesearch.config.cell import Cell
from varesearch.config.parts import parts
from varesearch.config.schema import Config
from varesearch.network.model import Network
from varesearch.recording import Recording

logger = logging.getLogger(__name__)


class Nest(Backend):
    """NEST on ``backend.threads`` threads, driven through pyNN.nest.

    PyNN sets the kernel up and writes the cells' parameters; creation, connection and recording are NEST's own calls
    on whole arrays. The run is cut into slices of some tenths of a second of wall time, so that progress is reported
    and Ctrl-C takes effect. Where the cuts lie does not change the result.

    NEST: Gewaltig and Diesmann 2007, Scholarpedia 2:1430; PyNN: Davison et al. 2009, Front. Neuroinform. 2:11.
    """

    distribution = "nest-simulator"
    requirement = "'varesearch[nest]'"
    libraries = ("PyNN",)
    preload = ("varesearch.backends.nest.library:load",)

    @classmethod
    def integrators(cls, cell: type[Cell]) -> tuple[str, ...]:
        return integrators(cell)

    @classmethod
    def signals(cls, cell: type[Cell]) -> tuple[str, ...]:
        """Return the state variables, and the input from synapses if it is known when NEST samples it."""
        return (*cell.variables, *inputs(cell))

    @classmethod
    def known_answers(cls, cache: Path) -> Sequence[KnownAnswer]:
        """Return one check for NEST's own cells, and one for each cell that is compiled."""
        cells = {name: cell for name, cell in parts(Cell).items() if cls.integrators(cell)}
        questions = [KnownAnswer(cells=tuple(name for name, cell in cells.items() if compiled_model(cell) is None))]
        for name, cell in cells.items():
            if (model := compiled_model(cell)) is not None:
                mend = no_compiler(cell)
                lacking = "there is no C++ compiler" if mend else ""
                questions.append(KnownAnswer((), (name,), lacking, mend, compiles=not is_compiled(model, cache)))
        return questions

    @classmethod
    def check(cls, config: Config) -> None:
        """Raise ConfigurationError for a time step or a delay that NEST does not support."""
        check_settings(config)
        check_learning(config)

    @classmethod
    def memory(cls, config: Config) -> MemoryCost:
        """Return the cost measured with NEST 3.10 on one thread; most of a cell's is its link to the spike recorder."""
        # A second multimeter keeps the time and the cell of its samples once more.
        cells = {type(cell) for _, cell in config.structure.cells}
        meters = max(sum(bool(names) for names in multimeters(cell, config.recording.signals)) for cell in cells)
        around = config.surroundings
        own = any(each.stimulus.expected_current_values(each.within(around)) for each in config.structure.stimuli)
        return MemoryCost(
            run=375e6,
            # A current of its own comes from a generator of its own, and its link is as large as one to the recorder.
            cell=54e3 if own else 29e3,
            synapse=42,
            input_spike=40,
            spike=109,
            sample=66 + 16 * meters,
            value=21,
            current_value=39,
        )

    def compile(self, workspace: Workspace) -> None:
        """Compile the cells whose models are this project's (about 20 s each, once for each cache)."""
        for cell in dict.fromkeys(type(cell) for _, cell in self.config.structure.cells):
            if workspace.cache is not None and compiled_model(cell) is not None:
                compile_cell(cell, workspace.cache, workspace)

    def check_network(self, network: Network) -> None:
        """Raise ConfigurationError for a drawn delay that is too short for NEST."""
        check_delays(network, self.config)

    def load(self) -> None:
        load()

    @contextmanager
    def build(self, network: Network, workspace: Workspace) -> Iterator["NestSimulation"]:
        """Build the network in NEST's kernel. Raises ConfigurationError for a drawn delay that is too short."""
        self.check_network(network)
        assert isinstance(self.config.backend, NestSettings)
        library, threads = load(), self.config.backend.threads
        with ExitStack() as stack:
            modules = {}  # two cells may share one model
            for cell in dict.fromkeys(type(population.cell) for population in network.populations):
                if compiled_model(cell) is not None:
                    cache = workspace.cache or Path(stack.enter_context(TemporaryDirectory(prefix="varesearch-nest-")))
                    modules[compile_cell(cell, cache, workspace)] = None
            stack.callback(_empty, library)
            builder = Builder(library, network, self.config.recording)
            with printed_to(logger):
                builder.build(threads, list(modules))
            provenance = {"threads": str(threads), "integrator": _schemes(network), **marks(network)}
            yield NestSimulation(library, network, builder, provenance)


class NestSimulation(Simulation):
    """A network in NEST's kernel.

    ``slice_s``: the wall seconds to aim at between two reports of progress.
    """

    slice_s: ClassVar[float] = 0.2

    def __init__(self, library: Library, network: Network, builder: Builder, provenance: Mapping[str, str]) -> None:
        self._library, self._network, self._builder = library, network, builder
        self._provenance = provenance
        self._seconds = dict(builder.seconds)

    def run(self, progress: Callable[[float], None]) -> None:
        """Simulate; ``progress`` is called after each slice with the simulated ms."""
        nest, dt_ms, n_steps = self._library.nest, self._network.dt_ms, self._network.n_steps
        begin, step, slice_steps = time.perf_counter(), 0, 1
        changes = self._current_changes()
        windows = {window for generators in self._builder.generators for window in generators.windows}
        while step < n_steps:
            for target, current in changes.pop(step, {}).items():
                self._cells(target).nodes.set({"I_e": current})
            if step in windows:
                windows.remove(step)
                self._feed(step)
            until = min([step + slice_steps, n_steps, *changes, *windows])
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

    def _feed(self, step: int) -> None:
        """Hand over the spikes of the sources whose window begins with ``step``; the first ones have theirs."""
        for generators in self._builder.generators:
            if step and step in generators.windows:
                generators.feed(step)

    def _current_changes(self) -> dict[int, dict[str, Any]]:
        """Return the constant currents in NEST's unit: step -> population -> current from this step on."""
        return {
            step: {name: self._cells(name).i_offset + current for name, current in added.items()}
            for step, added in constant_currents(self._library.nest, self._network).items()
        }

    def _cells(self, population: str) -> Cells:
        return self._builder.cells[population]

    def collect(self) -> Collected:
        """Read the recorders as arrays."""
        start = time.perf_counter()
        with printed_to(logger):
            populations = {name: cells.recorders.read() for name, cells in self._builder.cells.items()}
            weights = {
                it.name: learned_weights(it, type(self._network.population(it.post).cell), self._builder.learned(it))
                for it in learning(self._network)
            }
        self._seconds["read"] = time.perf_counter() - start
        return Collected(
            Recording(self._network.dt_ms, self._network.duration_ms, populations, weights=weights),
            final_state=self._final_state(),
            provenance=self._provenance,
            seconds=self._seconds,
        )

    def _final_state(self) -> dict[str, dict[str, NDArray[np.float64]]]:
        """Return the variables that have an initial value; if another is not finite, v is not finite by then either."""
        return {
            population.name: {
                variable: name.ours(np.asarray(self._cells(population.name).nodes.get(name.theirs)).reshape(-1))
                for variable, name in variables(type(population.cell)).items()
            }
            for population in self._network.populations
        }


def _schemes(network: Network) -> str:
    """Return the schemes by which NEST integrates the cells of a network."""
    return ", ".join(dict.fromkeys(Nest.integrators(type(population.cell))[0] for population in network.populations))


def _empty(library: Library) -> None:
    """Empty the kernel and remove PyNN's temporary folder."""
    with printed_to(logger):
        library.pynn.end()
        library.nest.ResetKernel()
