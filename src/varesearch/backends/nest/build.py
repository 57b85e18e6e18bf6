"""The network's populations, sources and projections in NEST's kernel."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varesearch.backends.nest.connect import connect_arrays
from varesearch.backends.nest.currents import create_generators
from varesearch.backends.nest.learning import copy_model, read_weights, target_parameters, with_sign
from varesearch.backends.nest.library import Library
from varesearch.backends.nest.recorders import Recorders, Sampling
from varesearch.backends.nest.sources import Generators
from varesearch.backends.nest.translation import nest_description, rows
from varesearch.backends.table import Context, context_of, row, translate, translated_parameters
from varesearch.config.schema import RecordingConfig
from varesearch.model.simulators import NativeModel
from varesearch.network.model import Network, Population, Projection, SpikeSource
from varesearch.recording import sampled_ids


@dataclass(frozen=True)
class Cells:
    """A population in NEST: its ``nodes`` are numbered from ``first_id`` on.

    ``i_offset`` is the constant current in NEST's unit: a number, or an array with that of each cell.
    """

    nodes: Any
    first_id: int
    i_offset: Any
    recorders: Recorders


class Builder:
    """Builds one network in a fresh kernel.

    ``cells`` maps the name of a population to its cells, ``seconds`` the stage to the wall time that it took.
    """

    def __init__(self, library: Library, network: Network, recording: RecordingConfig) -> None:
        self._nest, self._pynn = library.nest, library.pynn
        self._network, self._recording = network, recording
        self.cells: dict[str, Cells] = {}
        self.generators: list[Generators] = []
        self.seconds: dict[str, float] = {}

    def build(self, threads: int, modules: Sequence[Path]) -> None:
        """Set the kernel up, load the compiled ``modules`` (see :mod:`.module`), and create and connect everything."""
        self._set_up(threads)
        for module in modules:
            self._nest.Install(str(module))
        with self._timed("create"):
            for population in self._network.populations:
                self.cells[population.name] = self._create(population)
            first_ids = {source.name: self._create_source(source) for source in self._network.sources}
        with self._timed("connect"):
            first_ids |= {name: cells.first_id for name, cells in self.cells.items()}
            for projection in self._network.projections:
                self._connect(projection, first_ids[projection.pre])
                projection.forget()
            create_generators(self._nest, self._network, first_ids)

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[stage] = time.perf_counter() - start

    def _set_up(self, threads: int) -> None:
        """Set up a kernel whose shortest and longest delays are the network's, not NEST's defaults."""
        delays = [self._longest_and_shortest_ms(each) for each in self._network.projections if each.size]
        self._pynn.setup(
            timestep=self._network.dt_ms,
            min_delay=min((float(each.min()) for each in delays), default=self._network.dt_ms),
            max_delay=max((float(each.max()) for each in delays), default=self._network.dt_ms),
            spike_precision="on_grid",
            threads=threads,
            verbosity="warning",
        )

    def _create(self, population: Population) -> Cells:
        of_cell, context = rows(type(population.cell)), self._context(population)
        model, parameters = self._model(population, context)
        of_synapses = target_parameters(self._network, population.name)
        nodes = self._nest.Create(model, population.size, params={**parameters, **of_synapses})
        # After the parameters, since NEST keeps V_m as its distance from E_L.
        for variable, values in population.initial.items():
            nodes.set({row(of_cell, variable).theirs: translate(of_cell, variable, values, context)})
        first_id = nodes[0].global_id
        recorders = Recorders(self._nest, self._network, population, first_id, self._sampling(population))
        return Cells(nodes, first_id, parameters["I_e"], recorders)

    def _model(self, population: Population, context: Context) -> tuple[str, dict[str, Any]]:
        """Return NEST's model and its parameters, by way of PyNN's cell type if there is one."""
        description = nest_description(type(population.cell))
        assert description is not None
        parameters = translated_parameters(rows(type(population.cell)), context)
        if isinstance(description, NativeModel):
            return description.model, {**description.fixed, **parameters}
        cell = getattr(self._pynn, description.model)(**parameters)
        # Before PyNN translates: g_L = cm / tau_m of a number and an array needs a shape for the number.
        cell.parameter_space.shape = (population.size if population.parameters else 1,)
        space = cell.native_parameters
        space.evaluate(simplify=True)
        return cell.nest_name["on_grid"], {**space.as_dict(), **cell.extra_parameters}

    def _sampling(self, population: Population) -> Sampling:
        interval_ms = self._recording.interval_ms or self._network.dt_ms
        return Sampling(
            names=self._recording.sampled(population.name, type(population.cell)),
            ids=sampled_ids(population.size, self._recording.cells),
            interval_steps=round(interval_ms / self._network.dt_ms),
        )

    def _create_source(self, source: SpikeSource) -> int:
        """Create one generator for each source, and return the id of the first."""
        generators = Generators(self._nest, self._network, source)
        generators.feed(0)
        self.generators.append(generators)
        return generators.first_id

    def _connect(self, projection: Projection, first_pre: int) -> None:
        """Connect the synapses some at a time, so that no array of all of them lies beside NEST's own."""
        post = self._network.population(projection.post)
        context, cell = self._context(post), rows(type(post.cell))
        weight, first_post = f"weight_{projection.receptor}", self.cells[projection.post].first_id
        model = "static_synapse" if projection.synapse is None else copy_model(self._nest, projection, context)
        for part in projection.parts():
            connect_arrays(
                self._nest,
                part.sources.astype(np.int64) + first_pre,
                part.targets.astype(np.int64) + first_post,
                with_sign(translate(cell, weight, part.weights, context.at(part.targets)), projection),
                self._delays_ms(projection, part.delay_steps),
                model,
            )

    def learned(self, projection: Projection) -> NDArray[np.float64]:
        """Return the weights of a projection that learns, as magnitudes in our unit, in the order of its synapses."""
        context = self._context(self._network.population(projection.post))
        ids = (self.cells[projection.pre].first_id, self.cells[projection.post].first_id)
        return read_weights(self._nest, projection, *ids, context)

    def _longest_and_shortest_ms(self, projection: Projection) -> NDArray[np.float64]:
        return self._delays_ms(projection, np.array(projection.column("delay_steps").bounds()))

    def _delays_ms(self, projection: Projection, steps: NDArray[np.integer]) -> NDArray[np.float64]:
        post = self._network.population(projection.post)
        return translate(rows(type(post.cell)), "delay_steps", steps.astype(np.float64), self._context(post))

    def _context(self, population: Population) -> Context:
        return context_of(population, self._network.dt_ms)
