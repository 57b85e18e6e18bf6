"""Spikes from a file."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from varesearch.config.errors import ConfigurationError
from varesearch.model.stimuli import (
    Pairs,
    ProjectionSettings,
    Source,
    SpikeArrays,
    SpikingStimulus,
    Surroundings,
    one_to_one,
    quantity,
    refuse,
    whole_steps,
)
from varesearch.model.stimuli._random_targets import check_reach, random_targets
from varesearch.model.stimuli._spike_files import FileSpikes, read_spikes
from varesearch.narrowing import int32


@dataclass
class SpikeFile(SpikingStimulus):
    """Sources that fire at the times in a file: measured spikes, or those of an earlier run.

    The file is a table (CSV) with the columns source and time_ms, whose first line names them; or numpy's .npz with the
    arrays sources and times_ms; or the recording.npz of a run, of which population= names a population or a group of
    sources. A source that occurs several times in one step fires as often.
    """

    file: str | None = quantity(None, "", "the file, seen from the working directory")
    population: str | None = quantity(None, "", "which population or group of sources of a recording.npz")
    wiring: str = quantity(
        "random",
        "",
        "random: each source reaches a cell with probability p; one_to_one: source k reaches cell k",
        ("random", "one_to_one"),
    )
    p: float = quantity(1.0, "", "probability that a source reaches a cell (wiring=random)")
    round_times: bool = quantity(False, "", "round times to the nearest step; false: refuse those between two steps")

    def check(self, around: Surroundings) -> None:
        spikes = self._read()
        exact = spikes.times_ms / around.dt_ms
        steps = np.rint(exact)
        n_steps = round(around.duration_ms / around.dt_ms)
        bad = np.flatnonzero((steps < 0) | (steps >= n_steps))
        if bad.size:
            raise ConfigurationError(
                f"stimulus.file={spikes.where(int(bad[0]))} has time_ms={spikes.times_ms[bad[0]]:g}, outside the run; "
                f"times are from 0 to below simulation.duration_ms={around.duration_ms:g}"
            )
        if not self.round_times:
            near = np.flatnonzero(np.abs(exact - steps) > 1e-9)
            off = next((int(k) for k in near if whole_steps(float(spikes.times_ms[k]), around.dt_ms) is None), None)
            if off is not None:
                raise ConfigurationError(
                    f"stimulus.file={spikes.where(off)} has time_ms={spikes.times_ms[off]:g}, which is no multiple of "
                    f"simulation.dt_ms={around.dt_ms:g}; write stimulus.round_times=true to round it"
                )
        check_reach(self.p)
        if self.wiring == "one_to_one":
            for target in self.reached(around.sizes):
                if around.sizes[target] < spikes.size:
                    refuse(
                        "stimulus.wiring",
                        self.wiring,
                        f"needs a cell for each of the {spikes.size} sources of {spikes.path}, but {target} has "
                        f"{around.sizes[target]}; write stimulus.wiring=random, or other targets",
                    )

    def _read(self) -> FileSpikes:
        if not self.file:
            raise ConfigurationError("stimulus.file=null names no file; write stimulus.file=PATH, a .csv or an .npz")
        return read_spikes(self.file, self.population or "")

    def sources(self, sizes: Mapping[str, int]) -> tuple[Source, ...]:
        return (Source("file", self._read().size, self.reached(sizes)),)

    def expected_spikes(self, around: Surroundings) -> float:
        return float(len(self._read().sources))

    def expected_synapses(self, projection: ProjectionSettings) -> float:
        return float(projection.pre_size) if self.wiring == "one_to_one" else projection.possible_pairs * self.p

    def spikes(self, source: Source, around: Surroundings) -> SpikeArrays:
        spikes = self._read()
        places = np.rint(spikes.times_ms / around.dt_ms).astype(np.int64) * spikes.size + spikes.sources
        found, counts = np.unique(places, return_counts=True)
        steps, sources = np.divmod(found, spikes.size)
        arrays = int32(sources, "sources of stimulus.file"), int32(steps, "steps of stimulus.file")
        most = int(counts.max())
        return arrays if most == 1 else (*arrays, counts.astype(np.min_scalar_type(most)))

    def connect(self, projection: ProjectionSettings, around: Surroundings) -> Pairs:
        return (
            one_to_one(projection.pre_size)
            if self.wiring == "one_to_one"
            else random_targets(projection, self.p, around)
        )
