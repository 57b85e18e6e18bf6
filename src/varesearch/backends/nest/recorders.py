"""Spike recorders and multimeters: made, connected and read as whole arrays."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varesearch.backends.nest.connect import connect_arrays
from varesearch.backends.nest.translation import inputs, multimeters, rows, variables
from varesearch.backends.table import Context, context_of, translate
from varesearch.network.model import Network, Population
from varesearch.recording import PopulationRecording, Signal, population_recording


@dataclass(frozen=True)
class Sampling:
    """What is sampled: the signals ``names`` of the cells ``ids``, every ``interval_steps`` steps."""

    names: Sequence[str]
    ids: NDArray[np.int32]
    interval_steps: int

    def samples(self, n_steps: int) -> int:
        """Return the number of samples in a run, which are taken at steps 0, interval, 2 interval, ... < n_steps."""
        return -(-n_steps // self.interval_steps)


@dataclass(frozen=True)
class Meter:
    """A multimeter that samples the signals ``names``, ``late`` steps after the beginning of each sampled step."""

    node: Any
    names: Sequence[str]
    late: int


class Recorders:
    """The spike recorder and, if anything is sampled, the multimeters of one population at nodes ``first_id``, ...

    NEST samples at the end of steps. That is the start of the next step for state variables and most inputs from
    synapses; for the others (:func:`varesearch.backends.nest.translation.sampled_late`) a second multimeter is read a
    step later.
    """

    def __init__(self, nest: Any, network: Network, population: Population, first_id: int, sampling: Sampling) -> None:
        self._network, self._population = network, population
        self._first_id, self._sampling = first_id, sampling
        self._cell = cell = type(population.cell)
        self._rows, self._names = rows(cell), variables(cell) | inputs(cell)
        # NEST stamps a spike at the end of its step: that of the last step, n_steps - 1, is the last one recorded.
        self._spikes = nest.Create("spike_recorder", params={"time_in_steps": True, "stop": network.duration_ms})
        cells = np.arange(first_id, first_id + population.size)
        connect_arrays(nest, cells, np.full(population.size, self._spikes.global_id))
        self._meters = [
            self._meter(nest, names, late) for late, names in enumerate(multimeters(cell, sampling.names)) if names
        ]

    def _meter(self, nest: Any, names: Sequence[str], late: int) -> Meter:
        """Create a multimeter for all samples but those of step 0, which NEST does not take."""
        sampling, dt_ms = self._sampling, self._network.dt_ms
        last = (sampling.samples(self._network.n_steps) - 1) * sampling.interval_steps
        if not last or not sampling.ids.size:
            return Meter(None, names, late)
        parameters = {
            "record_from": [self._names[name].theirs for name in names],
            "interval": sampling.interval_steps * dt_ms,
            "offset": late * dt_ms,
            "stop": (last + late) * dt_ms,
        }
        node = nest.Create("multimeter", params=parameters)
        sampled = self._first_id + sampling.ids.astype(np.int64)
        connect_arrays(nest, np.full(sampled.size, node.global_id), sampled)
        return Meter(node, names, late)

    def read(self) -> PopulationRecording:
        """Return the recording, in the conventions of :mod:`varesearch.recording`."""
        events = self._spikes.get("events")
        context = context_of(self._population, self._network.dt_ms)
        signals = {}
        for meter in self._meters if self._sampling.ids.size else ():
            signals |= {signal.name: signal for signal in self._read(meter, context)}
        return population_recording(
            self._population.name,
            self._population.size,
            events["senders"] - self._first_id,
            translate(self._rows, "spike_steps", events["times"], context),
            self._network.dt_ms,
            {name: signals[name] for name in self._sampling.names if name in signals},
        )

    def _read(self, meter: Meter, context: Context) -> Iterator[Signal]:
        """Yield the signals of a multimeter. The samples of step 0 are the initial state; nothing can have arrived."""
        sampling, population, dt_ms = self._sampling, self._population, self._network.dt_ms
        n_samples, units = sampling.samples(self._network.n_steps), self._cell.recordables()
        times_ms = np.arange(n_samples, dtype=np.float64) * sampling.interval_steps * dt_ms
        events, place, sampled = None, None, context
        if meter.node is not None:
            events = meter.node.get("events")
            expected = (n_samples - 1) * sampling.ids.size
            if len(events["times"]) != expected:
                raise RuntimeError(
                    f"NEST handed back {len(events['times'])} samples of {population.name}, not {expected}"
                )
            column = np.empty(population.size, np.int64)
            column[sampling.ids] = np.arange(sampling.ids.size)
            steps = np.rint(events["times"] / dt_ms).astype(np.int64) - meter.late
            senders = events["senders"] - self._first_id
            place, sampled = (steps // sampling.interval_steps, column[senders]), context.at(senders)
        for name in meter.names:
            values = np.zeros((n_samples, sampling.ids.size))
            if name in population.initial:
                values[0] = population.initial[name][sampling.ids]
            if events is not None:
                theirs = events[self._names[name].theirs]
                given = name in self._cell.synapse.input
                values[place] = (
                    translate(self._rows, name, theirs, sampled) if given else self._names[name].ours(theirs)
                )
            yield Signal(name, units[name], sampling.ids, times_ms, values)
