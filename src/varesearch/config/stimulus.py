"""The base classes of stimuli: the settings that they share, and what other modules may ask of them.

A stimulus is one module of :mod:`varesearch.model.stimuli`, or a file of the user's own, found by
:func:`varesearch.config.parts.parts`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from omegaconf import MISSING

from varesearch.config import ranges
from varesearch.config.checks import check_delay, check_names, check_weight, refuse
from varesearch.config.parts import Part
from varesearch.config.projection import Given, Pairs, ProjectionSettings
from varesearch.config.settings import WEIGHT_UNIT, Settings, definition_fault, drawn
from varesearch.config.streams import stream
from varesearch.config.values import Value, ValueSetting


@dataclass(frozen=True)
class Surroundings:
    """What a stimulus depends on: the sizes of the populations, the time of the run, and its seed."""

    sizes: Mapping[str, int]
    dt_ms: float
    duration_ms: float
    seed: int
    shared_streams: bool = False
    """Whether draws of one kind take their numbers from generators in the same state; see ``connectivity.streams``."""
    owner: str = ""
    """The name of the stimulus among ``stimuli``, to which its random streams belong; "" for that of the group."""

    def stream(self, *purpose: str) -> np.random.Generator:
        """Return the generator for a purpose, such as ``stream("thalamus", "spikes")``."""
        return stream(self.seed, *([self.owner] if self.owner else []), *purpose)


@dataclass(frozen=True)
class Source:
    """A group of ``size`` spike sources and the populations that they reach."""

    name: str
    size: int
    targets: tuple[str, ...]


SpikeArrays = tuple[NDArray[Any], ...]
"""Spikes of a group of sources: ``(sources, steps)`` or ``(sources, steps, counts)``, all of one shape.

Source ``sources[k]`` fires in step ``steps[k]`` (int32 both), ``counts[k]`` times (unsigned) or, without counts, once.
They are sorted by step, then source, and no pair of source and step occurs twice.
"""


@dataclass(frozen=True, eq=False)
class CurrentInput:
    """A current into the cells of a population, constant from one change to the next.

    Attributes
    ----------
    target
        The population.
    steps
        The steps at which it changes, int32 of shape (changes,), rising. Before the first one it is 0.
    amplitudes
        The current from each change on, in the unit of the cells' ``i_offset``: float64 of shape (changes,) for all
        cells alike, or (changes, cells) for each cell its own.
    stop_step
        The first step after the current.
    """

    target: str
    steps: NDArray[np.int32]
    amplitudes: NDArray[np.float64]
    stop_step: int

    @classmethod
    def step(cls, target: str, amplitude: float, start_step: int, stop_step: int) -> "CurrentInput":
        """Return a constant current into every cell of ``target`` in [start_step, stop_step)."""
        return cls(target, np.array([start_step], np.int32), np.array([amplitude], np.float64), stop_step)

    @property
    def start_step(self) -> int:
        """The first step of the current."""
        return int(self.steps[0])

    @property
    def is_step(self) -> bool:
        """Whether it is one constant for all cells."""
        return self.amplitudes.shape == (1,)

    def at(self, steps: NDArray[np.integer]) -> NDArray[np.float64]:
        """Return the current in each of some steps: shape (steps,) or (steps, cells)."""
        values = self.amplitudes[np.maximum(np.searchsorted(self.steps, steps, side="right") - 1, 0)]
        values[(steps < self.start_step) | (steps >= self.stop_step)] = 0.0
        return values


@dataclass
class Stimulus(Settings, Part, ABC):
    """A stimulus without effect; those that act derive from :class:`CurrentStimulus` or :class:`SpikingStimulus`."""

    group: ClassVar[str] = "stimulus"
    package: ClassVar[str] = "varesearch.model.stimuli"
    key: ClassVar[str] = "kind"
    where: ClassVar[str] = "stimulus"

    kind: str = MISSING

    def check(self, around: Surroundings) -> None:
        """Raise ConfigurationError for settings with which there is no stimulus in this run.

        The targets, weight, delay and the ranges of single settings are checked elsewhere.
        """

    def check_settings(self, around: Surroundings) -> None:
        """Raise ConfigurationError for any setting with which the stimulus cannot be drawn."""
        self.check(around)

    def reached(self, sizes: Mapping[str, int]) -> tuple[str, ...]:
        """Return the names of the populations that it reaches; ``sizes``: the number of cells of every population."""
        return ()

    def sources(self, sizes: Mapping[str, int]) -> tuple[Source, ...]:
        """Return the groups of spike sources."""
        return ()

    def projections(self, sources: Sequence[Source], sizes: Mapping[str, int]) -> tuple[ProjectionSettings, ...]:
        """Return the projections from :meth:`sources`, which may have other names, in the order of the sources."""
        return ()

    def expected_spikes(self, around: Surroundings) -> float:
        """Return the expected number of spikes of all sources."""
        return 0.0

    def expected_synapses(self, projection: ProjectionSettings) -> float:
        """Return the expected number of synapses of one of the :meth:`projections`."""
        return 0.0

    def spikes(self, source: Source, around: Surroundings) -> SpikeArrays:
        """Draw the spikes of one of the :meth:`sources`; see :data:`SpikeArrays`."""
        raise NotImplementedError

    def connect(self, projection: ProjectionSettings, around: Surroundings) -> Pairs:
        """Draw the pairs of one of the :meth:`projections`."""
        raise NotImplementedError

    def currents(self, around: Surroundings) -> tuple[CurrentInput, ...]:
        """Return the currents that are injected."""
        return ()

    def expected_current_values(self, around: Surroundings) -> float:
        """Return the number of values of those currents that differ from cell to cell, which take memory."""
        return 0.0

    def rescaled(self, in_degree: float) -> Self:
        """Return the stimulus whose sources have ``in_degree`` times as many synapses onto each cell.

        Returning itself means that the stimulus is not scaled (``scale.in_degree``), as inputs that are given spike by
        spike are not, nor currents. One that is has :meth:`mean_rates_hz`.
        """
        return self

    def mean_rates_hz(self, around: Surroundings) -> tuple[tuple[int, int, float], ...]:
        """Return the mean rate of a source, piece by piece: first step, step after the last, rate above 0."""
        raise NotImplementedError

    def amplitudes(self) -> Mapping[str, float]:
        """Return the settings that are currents: full name -> value in the unit of the cell's ``i_offset``."""
        return {}

    @classmethod
    def definition_fault(cls) -> str:
        return definition_fault(cls)


@dataclass
class TargetedStimulus(Stimulus):
    """What all stimuli share that act on populations."""

    targets: list[str] | None = field(
        default=None, metadata={"unit": "", "what": "names of the populations it reaches; null: all"}
    )

    def check_settings(self, around: Surroundings) -> None:
        if self.targets is not None:
            if not self.targets:
                mend = "name populations, write null for all of them, or stimulus=none"
                refuse("stimulus.targets", [], f"reaches nobody; {mend}")
            check_names("stimulus.targets", self.targets, tuple(around.sizes))
        super().check_settings(around)

    def reached(self, sizes: Mapping[str, int]) -> tuple[str, ...]:
        return tuple(sizes if self.targets is None else self.targets)


@dataclass
class CurrentStimulus(TargetedStimulus):
    """What all stimuli share that inject currents."""

    @abstractmethod
    def currents(self, around: Surroundings) -> tuple[CurrentInput, ...]: ...

    @abstractmethod
    def amplitudes(self) -> Mapping[str, float]: ...


@dataclass
class SpikingStimulus(TargetedStimulus):
    """What all stimuli share whose sources fire and reach cells by synapses, which are excitatory."""

    weight: ValueSetting = drawn("${cell.weight_stimulus}", WEIGHT_UNIT, "weight: a number or a distribution")
    delay_ms: ValueSetting = drawn(
        "${connectivity.delay_ms}", "ms", "delay: a number or a distribution", plausible=ranges.DELAY_MS
    )

    @abstractmethod
    def sources(self, sizes: Mapping[str, int]) -> tuple[Source, ...]: ...

    @abstractmethod
    def expected_spikes(self, around: Surroundings) -> float: ...

    @abstractmethod
    def expected_synapses(self, projection: ProjectionSettings) -> float: ...

    @abstractmethod
    def spikes(self, source: Source, around: Surroundings) -> SpikeArrays: ...

    @abstractmethod
    def connect(self, projection: ProjectionSettings, around: Surroundings) -> Pairs: ...

    def projections(self, sources: Sequence[Source], sizes: Mapping[str, int]) -> tuple[ProjectionSettings, ...]:
        given: dict[str, Value] = {"weight": self.weight, "delay_ms": self.delay_ms}
        return tuple(
            ProjectionSettings(
                name=f"{source.name}_to_{target}",
                pre=source.name,
                post=target,
                pre_size=source.size,
                post_size=sizes[target],
                receptor="excitatory",
                given={name: Given(f"{self.where}.{name}", value) for name, value in given.items()},
            )
            for source in sources
            for target in source.targets
        )

    def check_settings(self, around: Surroundings) -> None:
        super().check_settings(around)
        check_weight("stimulus.weight", self.weight)
        check_delay("stimulus.delay_ms", self.delay_ms, around.dt_ms)
