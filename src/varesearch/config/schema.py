"""The whole configuration of a run. Every key is typed here; the YAML files of ``conf/`` set values on top."""

from dataclasses import dataclass, field
from typing import ClassVar

from omegaconf import MISSING

from varesearch.config import ranges
from varesearch.config.cell import Cell
from varesearch.config.launching import Launcher, Sweeper
from varesearch.config.ranges import Range
from varesearch.config.rule import Rule
from varesearch.config.settings import quantity
from varesearch.config.stimulus import Stimulus, Surroundings


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

    The spikes of every cell are always recorded; these settings choose which signals are sampled, where and how often.
    """

    signals: list[str] = field(
        default_factory=lambda: ["v"], metadata={"unit": "", "what": "signals to sample: v, and u for Izhikevich cells"}
    )
    cells: int | None = quantity(None, "cells", "how many cells of each population to sample, evenly spread; null: all")
    interval_ms: float | None = quantity(
        None, "ms", "sampling interval; null: every step", plausible=ranges.SAMPLING_MS
    )


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
        "pairs of cells drawn for the mean correlation",
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
    svg: bool = quantity(False, "", "write figures as SVG too")


@dataclass
class TrackingConfig:
    """The project's own MLflow store, mlruns/mlflow.db."""

    uri: str | None = quantity(None, "", "MLflow tracking URI; null: SQLite in mlruns/mlflow.db of the project")
    experiment: str = quantity("varesearch", "", "MLflow experiment")
    run_name: str | None = quantity(None, "", "name of the run; null: cell, back end and size")
    neo: bool = quantity(False, "", "also save the recording as a neo file")

    addresses: ClassVar[tuple[str, ...]] = ("uri",)
    """Settings that name another machine; see ``BackendConfig.addresses``."""


@dataclass
class BackendConfig:
    """What every back end has; each adds its own settings."""

    name: str = MISSING

    addresses: ClassVar[tuple[str, ...]] = ()
    """Settings that name another machine or a user there. They are not taken from a recorded run unless asked for."""


@dataclass
class Brian2Backend(BackendConfig):
    """Brian2 through PyNN."""

    name: str = "brian2"
    codegen: str = quantity(
        "numpy", "", "numpy (no compiler), cython, or cpp_standalone (long runs)", ("numpy", "cython", "cpp_standalone")
    )


@dataclass
class NestBackend(BackendConfig):
    """NEST through PyNN."""

    name: str = "nest"
    threads: int = quantity(1, "threads", "threads of the simulation")


@dataclass
class SpinnakerBackend(BackendConfig):
    """SpiNNaker through sPyNNaker. User name and password of spalloc come from the environment, never from here."""

    name: str = "spinnaker"
    machine: str = quantity("auto", "", "auto, board, spalloc, remote, software, or mapping (maps, simulates nothing)")
    machine_name: str | None = quantity(None, "", "board: its host name or address")
    version: int | None = quantity(
        None, "", "version of the board: 3 (4 chips) or 5 (48 chips, or more boards); null: 5, software: by size"
    )
    spalloc_server: str | None = quantity(None, "", "spalloc: host[:port] (old) or http(s) address (new)")
    spalloc_user: str | None = quantity(None, "", "spalloc (old): who asks for the machine; null: SPALLOC_USER")
    remote_url: str | None = quantity(None, "", "remote: address of the service")
    time_scale_factor: float | None = quantity(
        None,
        "",
        "hardware ms for each simulated ms; null: the least that the start of the network needs",
        plausible=Range(0.1, 10_000),
    )
    neurons_per_core: int | None = quantity(
        None, "cells", "most cells on a core; null: sPyNNaker's rule (256)", plausible=Range(1, 4_096)
    )
    weight_range: str = quantity(
        "spynnaker",
        "",
        "what 16 bits of input must hold: drawn, all weights onto any cell at once; spynnaker, what its own rule says",
        ("spynnaker", "drawn"),
    )
    probe_timeout_s: float = quantity(
        3.0, "s", "how long the machine may take to answer before anything is built", plausible=Range(0.1, 600)
    )
    threads: int = quantity(1, "", "software: processors to use; the results are the same for any number")
    overrun_s: int = quantity(
        5, "s", "how long the cores may overstay the run before it counts as failed", plausible=Range(1, 3_600)
    )

    addresses: ClassVar[tuple[str, ...]] = ("machine_name", "spalloc_server", "spalloc_user", "remote_url")


@dataclass
class Config:
    """A run. ``seed`` determines every random draw."""

    cell: Cell = MISSING
    connectivity: Rule = MISSING
    stimulus: Stimulus = MISSING
    backend: BackendConfig = MISSING
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

    @property
    def surroundings(self) -> Surroundings:
        """What the stimulus is drawn into."""
        run, wiring = self.simulation, self.connectivity
        return Surroundings(wiring.sizes, run.dt_ms, run.duration_ms, self.seed, wiring.shared_streams)


BACKENDS: tuple[type[BackendConfig], ...] = (Brian2Backend, NestBackend, SpinnakerBackend)
