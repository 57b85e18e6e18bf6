"""The Brian2 back end."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from varesearch.backends.base import Backend, KnownAnswer, MemoryCost, Simulation, Workspace
from varesearch.backends.brian2 import Brian2Settings
from varesearch.backends.brian2.translation import rows, steps_of
from varesearch.backends.table import Context, translated_parameters
from varesearch.config.cell import Cell
from varesearch.config.errors import ConfigurationError
from varesearch.config.heterogeneity import check_extreme_cells
from varesearch.config.schema import Config
from varesearch.config.structure import ConfiguredPopulation
from varesearch.config.values import Constant
from varesearch.network.model import Network
from varesearch.network.multiplicity import once_each

TOOLS = {"numpy": (), "cython": ("g++",), "cpp_standalone": ("g++", "make")}
"""Code generation target -> the programs that it calls."""

# Measured with Brian2 2.9. The C++ compilers run only while the network is built.
_MEMORY = {
    "numpy": MemoryCost(
        run=395e6, cell=500, synapse=28, input_spike=43, spike=25, value=16.8, current_value=17, parameter_value=24
    ),
    # Cython translates in this process, which keeps the memory: with modules that are compiled already, a run takes
    # 290 MB less.
    "cython": MemoryCost(
        run=890e6, cell=500, synapse=28, input_spike=43, spike=25, value=16.8, current_value=17, parameter_value=24
    ),
    "cpp_standalone": MemoryCost(run=390e6, helpers=265e6, cell=400, synapse=32, input_spike=41, spike=20, value=14.5),
}
_DRAWN_SYNAPSE = 4
"""Additional bytes for each synapse if weights or delays differ between synapses."""


class Brian2(Backend):
    """Brian2 through PyNN; see :mod:`varesearch.backends.brian2.schemes` for what a step is.

    Brian2: Stimberg, Brette and Goodman 2019, eLife 8:e47314; PyNN: Davison et al. 2009, Front. Neuroinform. 2:11.
    """

    distribution = "brian2"
    libraries = ("PyNN", "Cython")
    preload = ("varesearch.backends.brian2.session:load",)

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        assert isinstance(config.backend, Brian2Settings)
        self._codegen = config.backend.codegen

    @classmethod
    def known_answers(cls, cache: Path) -> Sequence[KnownAnswer]:
        """Return one check for each code generation target."""
        questions = []
        for target, tools in TOOLS.items():
            missing = next((tool for tool in tools if shutil.which(tool) is None), "")
            lacking = f"{missing} is not found" if missing else ""
            mend = f"install {missing}, or keep to backend.codegen=numpy, which needs no compiler"
            questions.append(KnownAnswer((f"backend.codegen={target}",), None, lacking, mend, compiles=bool(tools)))
        return questions

    @classmethod
    def integrators(cls, cell: type[Cell]) -> tuple[str, ...]:
        return tuple(steps_of(cell))

    @classmethod
    def signals(cls, cell: type[Cell]) -> tuple[str, ...]:
        """Return all that a cell has: every state variable, and the input from its synapses."""
        return tuple(cell.recordables())

    @classmethod
    def check(cls, config: Config) -> None:
        """Raise ConfigurationError for a target without its compiler, or a parameter that Brian2 cannot hold."""
        assert isinstance(config.backend, Brian2Settings)

        def translate(_population: ConfiguredPopulation, cell: Cell) -> None:
            """Raise if a number does not fit its type."""
            translated_parameters(rows(type(cell)), Context(cell, config.simulation.dt_ms))

        check_extreme_cells(config, translate)
        for tool in TOOLS[config.backend.codegen]:
            if shutil.which(tool) is None:
                raise ConfigurationError(
                    f"backend.codegen={config.backend.codegen} needs {tool}, which is not found on this machine; "
                    "install it, or take backend.codegen=numpy, which needs no compiler"
                )

    @classmethod
    def memory(cls, config: Config) -> MemoryCost:
        assert isinstance(config.backend, Brian2Settings)
        cost, projections = _MEMORY[config.backend.codegen], config.structure.projections
        values = [value for each in projections for value in (each.weight, each.delay_ms)]
        drawn = any(not isinstance(value, Constant) for value in values)
        return replace(cost, synapse=cost.synapse + _DRAWN_SYNAPSE) if drawn else cost

    def load(self) -> None:
        from varesearch.backends.brian2.session import load

        load()

    @contextmanager
    def build(self, network: Network, workspace: Workspace) -> Iterator[Simulation]:
        from varesearch.backends.brian2.session import session
        from varesearch.backends.brian2.simulation import Brian2Simulation
        from varesearch.backends.brian2.standalone import compile_program

        # Brian2's SpikeGeneratorGroup refuses two spikes of a source in one step.
        network = once_each(self.resolved(network))
        with session(self._codegen, network.dt_ms, workspace.cache) as opened:
            simulation = Brian2Simulation(opened, network, self.config.recording, self._codegen)
            try:
                if opened.program is not None:
                    with workspace.phases.phase("compile"):
                        compile_program(opened.network, network.duration_ms, opened.program)
                yield simulation
            finally:
                # Its arrays can be freed only once nothing refers to them.
                simulation.release()
