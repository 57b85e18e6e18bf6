"""Spike recorders and multimeters: made, connected and read as whole arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varesearch.backends.nest.connect import connect_arrays
from varesearch.backends.nest.translation import rows, variables
from varesearch.backends.table import Context, translate
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


class Recorders:
    """The spike recorder and, if anything is sampled, the multimeter of one population at nodes ``first_id``, ..."""

    def __init__(self, nest: Any, network: Network, population: Population, first_id: int, sampling: Sampling) -> None:
        self._network, self._population = network, population
        self._first_id, self._sampling = first_id, sampling
        self._rows, self._variables = rows(type(population.cell)), variables(type(population.cell))
        # NEST stamps a spike at the end of its step: that of the last step, n_steps - 1, is the last one recorded.
        self._spikes = nest.Create("spike_recorder", params={"time_in_steps": True, "stop": network.duration_ms})
        cells = np.arange(first_id, first_id + population.size)
        connect_arrays(nest, cells, np.full(population.size, self._spikes.global_id))
        self._samples = None
        if sampling.names and sampling.ids.size and sampling.samples(network.n_steps) > 1:
            interval_ms = sampling.interval_steps * network.dt_ms
            parameters = {
                "record_from": [self._variables[name].theirs for name in sampling.names],
                "interval": interval_ms,
                "stop": (sampling.samples(network.n_steps) - 1) * interval_ms,
            }
            self._samples = nest.Create("multimeter", params=parameters)
            sampled = first_id + sampling.ids.astype(np.int64)
            connect_arrays(nest, np.full(sampled.size, self._samples.global_id), sampled)

    def read(self) -> PopulationRecording:
        """Return the recording, in the conventions of :mod:`varesearch.recording`."""
        events = self._spikes.get("events")
        context = Context(cell=self._population.cell, dt_ms=self._network.dt_ms)
        return population_recording(
            self._population.name,
            self._population.size,
            events["senders"] - self._first_id,
            translate(self._rows, "spike_steps", events["times"], context),
            self._network.dt_ms,
            self._signals(),
        )

    def _signals(self) -> dict[str, Signal]:
        """Return the signals. NEST samples at the end of steps, so that the sample at time 0 is the initial state."""
        sampling, network = self._sampling, self._network
        if not sampling.names or not sampling.ids.size:
            return {}
        n_samples = sampling.samples(network.n_steps)
        interval_ms = sampling.interval_steps * network.dt_ms
        values = {name: np.empty((n_samples, sampling.ids.size)) for name in sampling.names}
        for name in sampling.names:
            values[name][0] = self._population.initial[name][sampling.ids]
        if self._samples is not None:
            events = self._samples.get("events")
            expected = (n_samples - 1) * sampling.ids.size
            if len(events["times"]) != expected:
                raise RuntimeError(
                    f"NEST handed back {len(events['times'])} samples of {self._population.name}, not {expected}"
                )
            column = np.empty(self._population.size, np.int64)
            column[sampling.ids] = np.arange(sampling.ids.size)
            place = np.rint(events["times"] / interval_ms).astype(np.int64), column[events["senders"] - self._first_id]
            for name in sampling.names:
                values[name][place] = self._variables[name].ours(events[self._variables[name].theirs])
        times_ms = np.arange(n_samples, dtype=np.float64) * sampling.interval_steps * network.dt_ms
        units = self._population.cell.variables
        return {name: Signal(name, units[name], sampling.ids, times_ms, values[name]) for name in sampling.names}
