"""A network in Brian2, built with PyNN's classes."""

from collections.abc import Callable
from typing import Any

import brian2
import numpy as np
from numpy.typing import NDArray
from pyNN.brian2 import Population as PynnPopulation

from varesearch.backends.base import Collected, Simulation
from varesearch.backends.brian2.compiling import plain_errors
from varesearch.backends.brian2.pynn import CellType, Explicit, ExplicitProjection, GivenSpikes, LearningProjection
from varesearch.backends.brian2.schemes import scheme_of
from varesearch.backends.brian2.session import Brian2Session
from varesearch.backends.brian2.standalone import run_program
from varesearch.backends.brian2.translation import rows
from varesearch.backends.learned import learned_weights, learning
from varesearch.backends.table import context_of, row, translate, translated_parameters
from varesearch.config.schema import RecordingConfig
from varesearch.network.model import Network, Part, Population, Projection
from varesearch.recording import ProjectionWeights, Recording, Signal, population_recording, sampled_ids


class Brian2Simulation(Simulation):
    """A network in an open session; ``codegen`` is the code generation target, for the provenance."""

    def __init__(self, session: Brian2Session, network: Network, recording: RecordingConfig, codegen: str) -> None:
        self._session, self._network, self._recording, self._codegen = session, network, recording, codegen
        self._contexts = {p.name: context_of(p, network.dt_ms) for p in network.populations}
        self._cells: dict[str, Any] = {p.name: self._population(p) for p in network.populations}
        self._monitors = {p.name: self._record(p, self._cells[p.name].brian2_group) for p in network.populations}
        sources = {
            source.name: PynnPopulation(
                source.size, GivenSpikes(f"{source.name}_cells", source.sources, source.steps), label=source.name
            )
            for source in network.sources
        }
        self._learning: dict[str, LearningProjection] = {}
        for projection in network.projections:
            if projection.size:
                self._project(projection, self._cells | sources)
                projection.forget()

    def _population(self, population: Population) -> Any:
        context = self._contexts[population.name]
        made = PynnPopulation(population.size, self._cell_type(population), label=population.name)
        for variable, values in population.initial.items():
            setattr(made.brian2_group, variable, translate(rows(type(population.cell)), variable, values, context))
        return made

    def _project(self, projection: Projection, groups: dict[str, Any]) -> None:
        context = self._contexts[projection.post]
        of_cell, weight = rows(type(context.cell)), f"weight_{projection.receptor}"
        pre, post, name = groups[projection.pre], groups[projection.post], f"{projection.name}_synapses"

        def delays(part: Part) -> NDArray[Any]:
            return translate(of_cell, "delay_steps", part.delay_steps, context)

        if projection.synapse is None:
            explicit = Explicit(
                projection, lambda part: translate(of_cell, weight, part.weights, context.at(part.targets)), delays
            )
            ExplicitProjection(pre, post, explicit, projection.receptor, name)
            return
        self._learning[projection.name] = LearningProjection(
            pre,
            post,
            Explicit(projection, lambda part: part.weights, delays),
            projection.receptor,
            name,
            projection.synapse,
            translate(of_cell, weight, np.ones(projection.size), context.at(projection.targets)),
            projection.delay_steps,
        )

    def _cell_type(self, population: Population) -> Any:
        cell, context = population.cell, self._contexts[population.name]
        of_cell = rows(type(cell))
        parameters = translated_parameters(of_cell, context)
        current = _current(self._network, population.name)
        if current is not None:
            current = translate(of_cell, "current_step", current, context)
        return CellType(f"{population.name}_cells", scheme_of(cell), parameters, self._network.dt_ms, current)

    def _record(self, population: Population, group: Any) -> tuple[Any, Any]:
        network, recording = self._session.network, self._recording
        spikes = brian2.SpikeMonitor(group, name=f"{population.name}_spikes")
        network.add(spikes)
        names = recording.sampled(population.name, type(population.cell))
        if not names:
            return spikes, None
        clock = network.clock
        interval_ms = recording.interval_ms
        if interval_ms is not None and interval_ms != self._network.dt_ms:
            clock = brian2.Clock(interval_ms * brian2.ms, name=f"{population.name}_sampling_clock")
        samples = brian2.StateMonitor(
            group,
            [row(rows(type(population.cell)), name).theirs for name in names],
            record=sampled_ids(population.size, recording.cells),
            clock=clock,
            # Before the cells' update, but with the currents and conductances that act in it.
            when=self._cells[population.name].celltype.scheme.when,
            order=-1,
            name=f"{population.name}_samples",
        )
        network.add(samples)
        return spikes, samples

    def run(self, progress: Callable[[float], None]) -> None:
        duration_ms = self._network.duration_ms
        if self._session.program is not None:
            run_program(self._session.program, duration_ms, progress)
            return

        def report(_elapsed: Any, completed: float, _start: Any, _duration: Any) -> None:
            progress(completed * duration_ms)

        with plain_errors():
            self._session.network.run(
                duration_ms * brian2.ms, report=report, report_period=0.1 * brian2.second, namespace={}
            )

    def collect(self) -> Collected:
        """Read the monitors, and all floating-point variables of the cells, synaptic currents included."""
        network = self._network
        populations = {}
        for population in network.populations:
            context = self._contexts[population.name]
            spikes, samples = self._monitors[population.name]
            steps = np.rint(_values(spikes, "t") * 1e3 / network.dt_ms).astype(np.int64)
            populations[population.name] = population_recording(
                population.name,
                population.size,
                _values(spikes, "i"),
                translate(rows(type(population.cell)), "spike_steps", steps, context),
                network.dt_ms,
                {} if samples is None else self._signals(samples, population),
            )
        integrators = dict.fromkeys(population.cell.integrator for population in network.populations)
        return Collected(
            Recording(network.dt_ms, network.duration_ms, populations, weights=self._weights()),
            final_state={
                name: {variable: _values(cells.brian2_group, variable) for variable in cells.celltype.scheme.state}
                for name, cells in self._cells.items()
            },
            provenance={"code generation": self._codegen, "integrator": ", ".join(integrators)},
        )

    def _weights(self) -> dict[str, ProjectionWeights]:
        return {
            it.name: learned_weights(
                it,
                type(self._network.population(it.post).cell),
                _values(self._learning[it.name].synapses, "w_sent"),
            )
            for it in learning(self._network)
        }

    def _signals(self, samples: Any, population: Population) -> dict[str, Signal]:
        ids = sampled_ids(population.size, self._recording.cells)
        times_ms = np.rint(_values(samples, "t") * 1e3 / self._network.dt_ms) * self._network.dt_ms
        cell, context = type(population.cell), self._contexts[population.name]
        signals = {}
        for name in self._recording.sampled(population.name, cell):
            values = _values(samples, row(rows(cell), name).theirs)
            if name in cell.synapse.input:
                values = translate(rows(cell), name, values, context.at(ids))
            signals[name] = Signal(name, cell.recordables()[name], ids, times_ms, values)
        return signals

    def release(self) -> None:
        """Drop Brian2's objects, so that their memory is freed when the session ends."""
        self._cells.clear()
        self._monitors.clear()
        self._learning.clear()


def _values(owner: Any, name: str) -> NDArray[Any]:
    """Copy the array of a monitor or group as plain numbers; from Brian2 2.10 on its memory is freed with its owner."""
    return np.array(owner.variables[name].get_value())


def _current(network: Network, population: str) -> NDArray[np.float64] | None:
    """Return the sum of the currents into a population at each step, or None if there is none.

    Its shape is (steps,), or (steps, cells) if a current differs from cell to cell.
    """
    steps = np.arange(network.n_steps)
    total: NDArray[np.float64] | None = None
    for current in network.currents:
        if current.target == population:
            values = current.at(steps)
            if total is None or total.ndim == values.ndim:
                total = values if total is None else total + values
            elif total.ndim < values.ndim:
                total = total[:, np.newaxis] + values
            else:
                total = total + values[:, np.newaxis]
    return total
