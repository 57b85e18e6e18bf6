"""The contract of a metric: its unit and definition, how it is computed, and when it is undefined.

A metric is one module of :mod:`varesearch.metrics.definitions`, or a file of the user's own, found by
:func:`varesearch.config.parts.parts`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from varesearch.config.parts import Part, part_name, parts
from varesearch.config.schema import AnalysisConfig
from varesearch.metrics import statistics
from varesearch.metrics.trains import Binned, Trains, bin_counts, window_trains
from varesearch.metrics.values import SOURCE
from varesearch.recording import PopulationRecording, Recording

T = TypeVar("T")


class MetricDefinition(Part, ABC):
    """A number about one population, computed from its recording after the warm-up.

    The name of its module is the name of the metric. ``how`` names the settings that it depends on beside
    ``analysis.warmup_ms``; ``source`` is "" for plain counting.
    """

    group: ClassVar[str] = "metric"
    package: ClassVar[str] = "varesearch.metrics.definitions"

    unit: ClassVar[str]
    """Its unit; "" for a pure number."""
    what: ClassVar[str]
    """What it is, in one line."""
    how: ClassVar[str]
    """How it is computed."""
    source: ClassVar[str] = ""
    """The publication that defines it."""
    signal: ClassVar[str] = ""
    """The recorded signal that it needs; without it, a run does not have this metric."""
    on_request: ClassVar[str] = ""
    """The word in ``analysis.further`` that asks for it, which several metrics may share; "": every run has it."""
    times: ClassVar[tuple[str, ...]] = ()
    """Of a metric on request, the settings of ``analysis`` that must be whole time steps and fit into the run."""
    library: ClassVar[str] = ""
    """A package that a metric on request needs and not every installation has; also the name of our extra for it."""
    place: ClassVar[int] = 1000
    """Metrics are shown in the order of this number, then of their names."""
    label: ClassVar[str] = ""
    """Its short name on an axis, without the unit, such as ``CV of ISI``; "": the name of the metric."""
    in_summary: ClassVar[bool] = False
    """Whether it is one of the few in summaries: the table after a sweep, the columns of MLflow's list of runs."""
    in_figures: ClassVar[bool] = False
    """Whether figures of sweeps and of comparisons have a panel of it."""
    in_verdict: ClassVar[bool] = False
    """Whether it is shown with a verdict on two runs; of a :class:`MeanMetric` the distribution is judged."""
    of_sources: ClassVar[bool] = False
    """Whether it is computed for sources, too: over the whole run, from spikes of which several may be in one step."""
    in_tables: ClassVar[bool] = True
    """Whether a comparison lists it on the terminal; every metric is in the table that is stored."""

    @classmethod
    def applies(cls, population: PopulationRecording) -> bool:
        """Return whether the recording has what the metric is about; without it, a run does not have this metric."""
        return not cls.signal or cls.signal in population.signals

    @classmethod
    def signals(cls, population: PopulationRecording) -> tuple[str, ...]:
        """Return the recorded signals that it is computed from: those of which a run says where they are sampled."""
        return (cls.signal,) if cls.signal else ()

    @classmethod
    def axis_label(cls) -> str:
        """Its name on an axis with its unit, such as ``rate (Hz)``."""
        label = cls.label or part_name(cls)
        return f"{label} ({cls.unit})" if cls.unit else label

    @classmethod
    @abstractmethod
    def compute(cls, data: "PopulationData") -> float | np.floating:
        """Return the value. Raises UndefinedMetricError, with the reason, if the data do not define it."""

    @classmethod
    def definition_fault(cls) -> str:
        for name in ("unit", "what", "how"):
            if not isinstance(getattr(cls, name, None), str):
                return f"has no {name}: write {name} = TEXT"
        missing = sorted(cls.__abstractmethods__)
        return f"has no {missing[0]}(): define it (see docs/how-to)" if missing else ""


class MeanMetric(MetricDefinition):
    """A metric that is the mean of values of which each cell, or each pair of cells, has one."""

    each: ClassVar[str] = "cell"
    """What has a value: ``cell``, ``pair of cells``."""

    @classmethod
    def values_label(cls) -> str:
        """What the values are, on an axis, such as ``rate of a cell (Hz)``."""
        label = f"{cls.label or part_name(cls)} of a {cls.each}"
        return f"{label} ({cls.unit})" if cls.unit else label

    @classmethod
    @abstractmethod
    def values(cls, data: "PopulationData") -> NDArray[np.float64]:
        """Return the values, at least one. Raises UndefinedMetricError if the data do not define any."""

    @classmethod
    def compute(cls, data: "PopulationData") -> np.floating:
        return data.once(cls.values).mean()


@dataclass(frozen=True)
class PopulationData:
    """What the metrics of a population are computed from.

    ``trains`` are the spikes after the warm-up; ``seed`` is that of the run, from which pairs of cells are drawn.
    """

    population: PopulationRecording
    trains: Trains
    analysis: AnalysisConfig
    seed: int
    _computed: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def once(self, compute: Callable[["PopulationData"], T]) -> T:
        """Return ``compute`` of these data, computed at the first call only, as several metrics may share a step."""
        if compute not in self._computed:
            self._computed[compute] = compute(self)
        return cast(T, self._computed[compute])

    @cached_property
    def rates_hz(self) -> NDArray[np.float64]:
        """The rate of each cell, of shape (cells,)."""
        return statistics.rates_hz(self.trains)

    def binned(self, setting: str) -> Binned:
        """Return the spike counts in bins of the length that a setting of ``analysis`` gives, such as ``rate_bin_ms``.

        Raises as :func:`varesearch.metrics.trains.bin_counts` does.
        """
        return bin_counts(self.trains, getattr(self.analysis, setting), f"analysis.{setting}")

    def pair_rng(self) -> np.random.Generator:
        """Return the generator that draws pairs of cells; it does not depend on the other populations."""
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=tuple(self.population.name.encode())))

    def samples(self, signal: str) -> NDArray[np.floating]:
        """Return the samples of a recorded signal after the warm-up, of shape (samples, cells)."""
        return self.population.signals[signal].after(self.analysis.warmup_ms)


def population_data(
    recording: Recording, population: PopulationRecording, analysis: AnalysisConfig, seed: int
) -> PopulationData:
    """The data of one population of a recording. Raises as :func:`varesearch.metrics.trains.window_trains` does."""
    trains = window_trains(population, recording.dt_ms, recording.duration_ms, analysis.warmup_ms)
    return PopulationData(population, trains, analysis, seed)


def source_data(
    recording: Recording, source: PopulationRecording, analysis: AnalysisConfig, seed: int
) -> PopulationData:
    """The data of a group of sources, from the whole run: a stimulus may end before the warm-up does."""
    trains = window_trains(source, recording.dt_ms, recording.duration_ms, 0.0, several_in_a_step=True)
    return PopulationData(source, trains, analysis, seed)


def metric_definitions(config_dir: Path | None = None) -> Mapping[str, type[MetricDefinition]]:
    """Name -> metric, in the order in which they are shown; with those in the user's folder.

    Raises ConfigurationError as :func:`varesearch.config.parts.parts` does.
    """
    known = parts(MetricDefinition, config_dir)
    return {name: known[name] for name in sorted(known, key=lambda name: (known[name].place, name))}


def in_summary(keys: Iterable[str], config_dir: Path | None = None) -> list[str]:
    """Those of the flat names of metrics that belong in a summary, in the order of the metrics; none of sources.

    Examples
    --------
    >>> in_summary(["exc.fano_factor", "exc.cv_isi", "exc.rate_hz", "inh.rate_hz", "phase.plot_s"])
    ['exc.rate_hz', 'inh.rate_hz', 'exc.cv_isi']
    """
    keys = list(keys)
    names = [name for name, definition in metric_definitions(config_dir).items() if definition.in_summary]
    of_cells = [key for key in keys if not key.startswith(SOURCE)]
    return [key for name in names for key in of_cells if key.rpartition(".")[2] == name]
