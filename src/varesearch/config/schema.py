"""The whole configuration of a run. Every key is typed here; the YAML files of ``conf/`` set values on top."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from omegaconf import MISSING

from varesearch.config import ranges
from varesearch.config.backend import BackendSettings
from varesearch.config.cell import Cell
from varesearch.config.launching import Launcher, Sweeper
from varesearch.config.ranges import Range
from varesearch.config.rule import Rule
from varesearch.config.scaling import ScaleConfig, scaled
from varesearch.config.settings import quantity
from varesearch.config.stimulus import Stimulus, Surroundings
from varesearch.config.structure import PopulationSettings, ProjectionEntry, Structure, structure_of
from varesearch.config.synapse_type import SynapseType

if TYPE_CHECKING:
    Populations = dict[str, PopulationSettings]
    Projections = dict[str, ProjectionEntry]
    Stimuli = dict[str, Stimulus]
else:  # OmegaConf's schemas accept only plain values here; varesearch.config.structure_data reads them
    Populations = Projections = Stimuli = dict[str, Any]


@dataclass
class SimulationConfig:
    """The length of the run and its time step.

    Every time in the configuration that acts on the simulation is a multiple of ``dt_ms``.
    """

    duration_ms: float = quantity(1000.0, "ms", "simulated time", plausible=ranges.DURATION_MS)
    dt_ms: float = quantity(1.0, "ms", "time step", plausible=ranges.STEP_MS)


@dataclass
class RecordingConfig:
    """Spikes, and signals of every cell at every step.

    The spikes of every cell are always recorded; these settings choose which signals are sampled, where and how often,
    and whether the spikes of the sources are kept. A signal that only some of the
    populations have is sampled in these.
    """

    signals: list[str] = field(
        default_factory=lambda: ["v"],
        metadata={
            "unit": "",
            "what": "signals to sample: v, u or w of cells that have it, and the synapses' gsyn_exc, gsyn_inh "
            "(conductances) or isyn_exc, isyn_inh (currents)",
        },
    )
    populations: list[str] | None = field(
        default=None, metadata={"unit": "", "what": "populations whose signals are sampled; null: all"}
    )
    cells: int | None = quantity(None, "cells", "how many cells of each population to sample, evenly spread; null: all")
    interval_ms: float | None = quantity(
        None, "ms", "sampling interval; null: every step", plausible=ranges.SAMPLING_MS
    )
    sources: bool = quantity(True, "", "keep the spikes of the stimulus' sources, too")

    def sampleable(self, population: str, cell: type[Cell]) -> tuple[str, ...]:
        """Return the signals that a population of such cells has; none if ``populations`` leaves it out."""
        chosen = self.populations is None or population in self.populations
        return tuple(cell.recordables()) if chosen else ()

    def sampled(self, population: str, cell: type[Cell]) -> tuple[str, ...]:
        """Return the signals that are sampled of a population of such cells, in the order of ``signals``."""
        return tuple(signal for signal in self.signals if signal in self.sampleable(population, cell))


@dataclass
class AnalysisConfig:
    """What metrics leave out at the start, their bins and windows, and how figures are written."""

    warmup_ms: float = quantity(100.0, "ms", "discarded at the start by every metric", plausible=ranges.START_MS)
    rate_bin_ms: float = quantity(5.0, "ms", "bin of the population rate and of the synchrony", plausible=ranges.BIN_MS)
    correlation_bin_ms: float = quantity(5.0, "ms", "bin of the pairwise correlation", plausible=ranges.BIN_MS)
    fano_window_ms: float = quantity(100.0, "ms", "counting window of the Fano factor", plausible=ranges.BIN_MS)
    correlation_pairs: int = quantity(
        1000,
        "pairs",
        "pairs of cells drawn for correlations and spike-train distances",
        plausible=Range(1, 1_000_000),
        allowed=Range(1, 100_000_000),
    )
    min_isis: int = quantity(
        5,
        "intervals",
        "fewest inter-spike intervals for a cell to count in CV and LV",
        plausible=Range(2, 1_000),
        allowed=Range(2, ranges.INT32.high),
    )
    further: list[str] = field(
        default_factory=list,
        metadata={"unit": "", "what": "metrics on request, such as [spectrum]; --help metrics lists them all"},
    )
    spectrum_bin_ms: float = quantity(
        1.0,
        "ms",
        "bin of the population rate and of single trains for spectrum and autocorrelations",
        plausible=ranges.BIN_MS,
    )
    spectrum_window_ms: float = quantity(
        250.0, "ms", "segment of the spectrum; its inverse is the resolution in frequency", plausible=ranges.BIN_MS
    )
    autocorrelation_ms: float = quantity(200.0, "ms", "longest lag of the autocorrelations", plausible=ranges.BIN_MS)
    avalanche_bin_ms: float | None = quantity(
        None, "ms", "bin of avalanches; null: the population's mean interval between spikes", plausible=ranges.BIN_MS
    )
    svg: bool = quantity(False, "", "write figures as SVG too")


@dataclass
class TrackingConfig:
    """The project's own MLflow store, mlruns/mlflow.db."""

    uri: str | None = quantity(None, "", "MLflow tracking URI; null: SQLite in mlruns/mlflow.db of the project")
    experiment: str = quantity("varesearch", "", "MLflow experiment")
    run_name: str | None = quantity(None, "", "name of the run; null: cell, back end and size")
    neo: bool = quantity(False, "", "also save the recording as a neo file")

    addresses: ClassVar[tuple[str, ...]] = ("uri",)
    """Settings that name another machine; see ``BackendSettings.addresses``."""


@dataclass
class Config:
    """A run. ``seed`` determines every random draw."""

    cell: Cell = MISSING
    connectivity: Rule = MISSING
    stimulus: Stimulus = MISSING
    backend: BackendSettings = MISSING
    synapse: SynapseType = MISSING
    populations: Populations = field(
        default_factory=dict,
        metadata={"unit": "", "what": "populations by name: size, receptor, cell; {}: the pair exc and inh"},
    )
    projections: Projections = field(
        default_factory=dict,
        metadata={"unit": "", "what": "projections by name, beside those of connectivity or changing them"},
    )
    stimuli: Stimuli = field(default_factory=dict, metadata={"unit": "", "what": "further stimuli by name"})
    scale: ScaleConfig = field(default_factory=ScaleConfig)
    simulation: SimulationConfig = field(default_factory=SimulationConfig)
    recording: RecordingConfig = field(default_factory=RecordingConfig)
    analysis: AnalysisConfig = field(default_factory=AnalysisConfig)
    tracking: TrackingConfig = field(default_factory=TrackingConfig)
    launcher: Launcher = MISSING
    sweeper: Sweeper = MISSING
    seed: int = quantity(1, "", "seed of every random draw", allowed=ranges.SEED)
    verbose: bool = quantity(False, "", "show the log on the terminal")
    dry_run: bool = quantity(False, "", "print what would run, and stop")
    fail: str = quantity("continue", "", "continue or fast: what a sweep does after a failure", ("continue", "fast"))
    rerun: bool = quantity(False, "", "run every child of a sweep, also those that are FINISHED already")

    def owner(self, population: str) -> str:
        """The name that the random streams of a population's cells have."""
        return "shared" if self.connectivity.shared_streams else population

    @property
    def structure(self) -> Structure:
        """The populations, projections and stimuli, each with the settings that apply to it.

        Built at each access: settings can be changed, and a run needs it a dozen times, at 2 ms for eight populations.
        """
        # A program may make settings without it.
        synapse = self.synapse if isinstance(self.synapse, SynapseType) else None
        full = structure_of(
            self.cell, self.connectivity, self.stimulus, self.populations, self.projections, self.stimuli, synapse
        )
        return scaled(full, self.scale)

    @property
    def surroundings(self) -> Surroundings:
        """What the stimuli are drawn into."""
        run, sizes = self.simulation, self.structure.sizes
        return Surroundings(sizes, run.dt_ms, run.duration_ms, self.seed, self.connectivity.shared_streams)
