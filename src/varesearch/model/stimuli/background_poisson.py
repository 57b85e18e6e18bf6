"""Sustained noise, independent for every cell."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from varesearch.model.stimuli import Pairs, ProjectionSettings, Source, Surroundings, one_to_one
from varesearch.model.stimuli._poisson import PoissonStimulus


@dataclass
class BackgroundPoisson(PoissonStimulus):
    """A Poisson source of its own for every target cell, sustained.

    A rate of C nu stands for C external cells that fire at nu each (Brunel 2000, J. Comput. Neurosci. 8:183): 16000 Hz
    for 2000 synapses at 8 Hz.
    """

    def sources(self, sizes: Mapping[str, int]) -> tuple[Source, ...]:
        return tuple(Source(f"background_{target}", sizes[target], (target,)) for target in self.reached(sizes))

    def rescaled(self, in_degree: float) -> Self:
        """Return the stimulus of a cell with fewer external synapses, whose number times their rate is the rate."""
        return self.with_rates(in_degree)

    def expected_synapses(self, projection: ProjectionSettings) -> float:
        return float(projection.post_size)

    def connect(self, projection: ProjectionSettings, around: Surroundings) -> Pairs:
        return one_to_one(projection.post_size)
