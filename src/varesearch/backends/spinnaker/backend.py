"""The SpiNNaker back end: a physical machine through sPyNNaker, or the mapping of the network without one."""

import logging
import math
import shutil
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import ClassVar

from varesearch.backends.base import Availability, Backend, MemoryCost
from varesearch.backends.spinnaker.fixed_point import rounded_parameters
from varesearch.backends.spinnaker.limits import CELLS_PER_CORE, check_delays, check_settings
from varesearch.backends.spinnaker.load import CYCLES_PER_MS, cores_of, start_load
from varesearch.backends.spinnaker.machines import Machine, choose_machine
from varesearch.backends.spinnaker.machines.software import MOST_THREADS
from varesearch.backends.translation.spinnaker import CELL_TYPES, ROWS, integrators
from varesearch.backends.translation.table import Context, translate
from varesearch.config.cell import Cell
from varesearch.config.errors import ConfigurationError
from varesearch.config.parts import parts
from varesearch.config.schema import Config, SpinnakerBackend
from varesearch.network.model import Network
from varesearch.recording import Recording

logger = logging.getLogger(__name__)

_SCHEMES = {"izhikevich": "midpoint, s16.15", "if_cond_exp": "synaptic current of the step's start, s16.15"}

DESIGN_STEP_MS = 1.0
"""The tick for which SpiNNaker's cores and sPyNNaker's 256 cells on a core are laid out (Furber 2014, Proc. IEEE)."""


class SpinnakerError(RuntimeError):
    """sPyNNaker gave up during a run; one line, the traceback is its cause."""


def telling(error: BaseException) -> str:
    """The most informative line of an exception of sPyNNaker.

    SpiNNMan's exceptions that list other exceptions begin with a line that says nothing; of these, the first message
    and the destination of its request are returned.
    """
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    message = next((line for line in lines if line.startswith("With message")), None)
    if message is None:
        return next((line for line in lines if not line.endswith(":")), type(error).__name__)
    text = message.removeprefix("With message").lstrip(": ")
    place = next((line for line in lines if line.startswith("When sending to")), "")
    return f"{text} ({place[0].lower()}{place[1:]})" if place else text


class SpiNNaker(Backend):
    """sPyNNaker 7.4.1, unmodified, on the machine that ``backend.machine`` names."""

    name: ClassVar[str] = "spinnaker"
    cells: ClassVar[Mapping[str, tuple[str, ...]]] = {
        cell.model: integrators(cell) for cell in parts(Cell).values() if cell.model in CELL_TYPES
    }
    signals: ClassVar[Mapping[str, tuple[str, ...]]] = dict.fromkeys(CELL_TYPES, ("v",))
    arithmetic = "s16.15"
    draws: ClassVar[tuple[str, ...]] = ("host", "native")
    libraries = ("SpiNNFrontEndCommon", "SpiNNMan", "SpiNNMachine", "SpiNNUtilities", "SpiNNaker_PACMAN", "PyNN")
    # Without a machine the software board runs it; which one it will be shows only when the run begins.
    sources = ("spinnaker_board",)
    preload = ("spynnaker.pyNN",)

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self._settings = _settings(config)
        self._machine: Machine | None = None
        self._open = ExitStack()
        self._metrics: dict[str, float] = {}
        self._tags: dict[str, str] = {}
        self._phases: dict[str, float] = {}

    @classmethod
    def availability(cls) -> Availability:
        try:
            installed = version("sPyNNaker")
        except PackageNotFoundError:
            return Availability(False, "", "sPyNNaker is not installed: pip install 'varesearch[spinnaker]'")
        return Availability(True, installed)

    @classmethod
    def check(cls, config: Config) -> None:
        settings = _settings(config)
        choose_machine(settings)
        _check_numbers(settings, config)
        check_settings(config, settings.neurons_per_core)
        if config.connectivity.draw == "native":
            from varesearch.backends.spinnaker.native import check_native

            check_native(config.connectivity)
            if settings.weight_range == "drawn":
                raise ConfigurationError(
                    "backend.weight_range=drawn: with connectivity.draw=native no weight is known before the machine "
                    "draws it; write backend.weight_range=spynnaker or connectivity.draw=host"
                )

    @classmethod
    def memory(cls, config: Config) -> MemoryCost:
        """Measured with the software board, its process included; with a physical machine a run takes less."""
        return MemoryCost(run=465e6, cell=10e3, synapse=70, input_spike=50, spike=60, value=17)

    def probe(self) -> None:
        self._machine = choose_machine(self._settings)
        self._machine.probe(self._settings.probe_timeout_s)

    def build(self, network: Network) -> None:
        from varesearch.backends.spinnaker.building import build
        from varesearch.backends.spinnaker.session import Session

        check_delays(network, self._settings.neurons_per_core)
        if self._machine is None:
            self.probe()
        assert self._machine is not None
        self._machine.folder = self._own_folder()
        self._machine.cache = self.cache
        self._machine.fit(cores_of(network, self._settings.neurons_per_core), self._sdram_mb(network))
        machine = self._open.enter_context(self._machine)
        self._network = network
        self._session = Session(self._machine.folder, machine, self._settings.overrun_s)
        self._open.callback(self._session.end)
        self._start = start_load(network, self._settings.neurons_per_core)
        self._session.set_up(network.dt_ms, self._wanted_factor(network.dt_ms))
        self._say_time_scale(network.dt_ms)
        with self._session.inside() as sim:
            self._built = build(sim, network, self.config)
        self._open.callback(self._built.release)
        self._tags |= {
            "machine": machine.name,
            "integrator": _SCHEMES.get(network.populations[0].cell.model, "exact, s16.15"),
        }
        if rounded := rounded_parameters(network.populations[0].cell, network.dt_ms):
            self._tags["rounded"] = "; ".join(rounded)
            logger.warning("SpiNNaker rounds parameters by more than 1 %%: %s", self._tags["rounded"])
        if self.config.connectivity.draw == "native":
            self._tags["draw"] = "native"

    def run(self, progress: Callable[[float], None]) -> None:
        from varesearch.backends.spinnaker.mapping import mapping_only
        from varesearch.backends.spinnaker.progress import reported

        assert self._machine is not None
        # A hair short, since sPyNNaker rounds the number of steps up and n * dt / dt may lie above n.
        duration_ms = self._network.duration_ms * (1.0 - 1e-12)
        with ExitStack() as stack:
            sim = stack.enter_context(self._session.inside())
            if self._machine.simulates:
                factor = self._session.time_scale_factor()
                stack.enter_context(reported(progress, self._network.duration_ms, factor, self._machine.simulated_ms))
            else:
                stack.enter_context(mapping_only())
            try:
                sim.run(duration_ms)
            except SystemExit as leaving:
                # sPyNNaker answers an interrupt with sys.exit(1); the run is to end as an interrupted one.
                if isinstance(leaving.__context__, KeyboardInterrupt):
                    raise leaving.__context__ from None
                raise
            except Exception as error:
                self._hear_machine()
                raise SpinnakerError(f"sPyNNaker on {self._machine.describe()}: {telling(error)}") from error

    def collect(self) -> Recording | None:
        from varesearch.backends.spinnaker.mapping import mapping_metrics
        from varesearch.backends.spinnaker.provenance import read_phases, read_provenance
        from varesearch.backends.spinnaker.reading import read

        assert self._machine is not None
        with self._session.inside():
            self._metrics |= mapping_metrics(self._network.n_steps, lists="draw" not in self._tags)
            self._metrics |= self._quantisation()
            self._phases = read_phases(self._session.timers())
            if not self._machine.simulates:
                self._metrics["mapping_time_s"] = self._phases["map"]
                self._tags["mapping only"] = "true"
                return None
            provenance = read_provenance(self._session.data_base(), self._network.n_steps)
            self._metrics |= self._machine.metrics()
            self._tags |= self._machine.verdict(self._session.time_scale_factor())
            result = read(self._built, self._network, self.config.recording)
        self._hear_machine()
        self._metrics |= {name: float(value) for name, value in (provenance.losses | provenance.counts).items()}
        clipped = int(self._metrics["weights_clipped"])
        lost = [f"weights too large for 16 bits {clipped}"] if clipped else []
        if doubts := [*provenance.doubts(), *lost, *(f"no {signal}: {why}" for signal, why in result.torn.items())]:
            advice = ""
            if provenance.too_fast or result.torn:
                advice = f"; try backend.time_scale_factor={self._next_factor():g}"
            elif provenance.losses["saturated_weights"] and self._can_widen():
                advice = "; try backend.weight_range=drawn"
            self._tags["degraded"] = ", ".join(doubts) + advice
            logger.warning("DEGRADED: %s", self._tags["degraded"])
        return result.recording

    def close(self) -> None:
        self._open.close()

    def _hear_machine(self) -> None:
        """Log what the machine itself has logged: an error fails the run, a warning is noted with it."""
        assert self._machine is not None
        reported = self._machine.reported()
        for level, text in reported:
            logger.log(level, "%s: %s", self._machine.describe(), text)
        if warned := [text for level, text in reported if level == logging.WARNING]:
            others = f" (and {len(warned) - 1} more in the log)" if len(warned) > 1 else ""
            self._tags["machine warned"] = warned[0] + others

    def phase_seconds(self) -> dict[str, float]:
        return dict(self._phases)

    def metrics(self) -> dict[str, float]:
        return dict(self._metrics)

    def tags(self) -> dict[str, str]:
        return dict(self._tags)

    def _own_folder(self) -> Path:
        if self.folder is not None:
            folder = self.folder / "spinnaker"
            folder.mkdir(parents=True, exist_ok=True)
            return folder
        folder = Path(tempfile.mkdtemp(prefix="varesearch-spinnaker-"))
        self._open.callback(shutil.rmtree, folder, ignore_errors=True)
        return folder

    def _sdram_mb(self, network: Network) -> float:
        """Synapses and recordings, four bytes each."""
        recording = self.config.recording
        every = 1 if recording.interval_ms is None else round(recording.interval_ms / network.dt_ms)
        cells = sum(min(p.size, recording.cells or p.size) for p in network.populations)
        samples = network.n_steps // every * cells * len(recording.signals)
        return 4e-6 * (network.n_synapses + samples)

    def _wanted_factor(self, dt_ms: float) -> float | None:
        """The factor that is set, or the least that gives a tick its design length and the first steps their room."""
        if self._settings.time_scale_factor is not None or self._machine is None or not self._machine.simulates:
            return self._settings.time_scale_factor
        return max(math.ceil(DESIGN_STEP_MS / dt_ms - 1e-9), self._start.factor(dt_ms))

    def _next_factor(self) -> float:
        """What to try after a run whose cores ran out of time."""
        now, needed = self._session.time_scale_factor(), self._start.factor(self._network.dt_ms)
        return needed if needed > now else 2 * now

    def _can_widen(self) -> bool:
        return self._settings.weight_range != "drawn" and self.config.connectivity.draw == "host"

    def _say_time_scale(self, dt_ms: float) -> None:
        """Log and tag what a simulated millisecond costs; a tick too short for the cores is a warning."""
        assert self._machine is not None
        factor, needed = self._session.time_scale_factor(), self._start.factor(dt_ms)
        self._metrics["time_scale_factor"] = factor
        self._metrics["estimate.start_load"] = self._start.cycles / (CYCLES_PER_MS * dt_ms * factor)
        chosen = self._settings.time_scale_factor is None and self._machine.simulates
        free = "chosen" if chosen else "sPyNNaker's own rule"
        whose = "as set" if self._settings.time_scale_factor is not None else free
        logger.info("time scale factor %g (%s): a tick of %g ms", factor, whose, dt_ms * factor)
        if chosen and factor > 1:
            why = f"a step of {dt_ms:g} ms is shorter than the {DESIGN_STEP_MS:g} ms the cores are made for"
            if needed == factor:
                why = f"{self._start.spikes} cells fire in one of the first steps, too many for a tick in real time"
            self._tags["time scale factor"] = f"{factor:g}, since {why}; backend.time_scale_factor=1 is real time"
        elif factor < needed and not self._machine.simulates:
            self._tags["time scale factor"] = (
                f"mapped with {factor:g}, but a run needs {needed}, since {self._start.spikes} cells fire in one of "
                f"the first steps: set backend.time_scale_factor={needed} on a machine"
            )
        elif factor < needed:
            logger.warning(
                "%d cells fire in one of the first steps: expect overruns, late spikes and torn recordings at time "
                "scale factor %g; backend.time_scale_factor=%d gives the cores their time",
                self._start.spikes, factor, needed,
            )  # fmt: skip
        if dt_ms * factor < DESIGN_STEP_MS:
            logger.warning(
                "simulation.dt_ms=%g at time scale factor %g is a tick of %g ms, less than the %g ms the cores are "
                "made for: expect overruns; backend.time_scale_factor=%g gives them their time (the run then takes "
                "that much longer than the network's own time)",
                dt_ms, factor, dt_ms * factor, DESIGN_STEP_MS, round(DESIGN_STEP_MS / dt_ms),
            )  # fmt: skip

    def _quantisation(self) -> dict[str, float]:
        """Scale and largest error of the stored weights of each projection whose list is known; how many were lost."""
        from varesearch.backends.spinnaker.quantisation import quantise, scale_of

        metrics = {"weights_zeroed": 0.0, "weights_clipped": 0.0}
        cells = {population.name: population.cell for population in self._network.populations}
        for projection in self._network.projections:
            if projection.name not in self._built.lists:
                continue
            context = Context(cells[projection.post], self._network.dt_ms)
            rows = ROWS[context.cell.model]
            weights = translate(rows, f"weight_{projection.receptor}", projection.weights, context)
            found = quantise(weights, scale_of(self._built.projections[projection.name]))
            metrics[f"weight_error.{projection.name}"] = found.largest_error
            metrics[f"weight_scale.{projection.name}"] = found.scale
            metrics["weights_zeroed"] += found.zeroed
            metrics["weights_clipped"] += found.clipped
            if found.zeroed or found.clipped:
                logger.warning(
                    "%s: %d weights became 0, %d are too large for 16 bits (scale %g)",
                    projection.name, found.zeroed, found.clipped, found.scale,
                )  # fmt: skip
        return metrics


def _settings(config: Config) -> SpinnakerBackend:
    assert isinstance(config.backend, SpinnakerBackend)
    return config.backend


def _check_numbers(settings: SpinnakerBackend, config: Config) -> None:
    dt_ms = config.simulation.dt_ms
    if round(dt_ms * 1000) < 1 or abs(dt_ms * 1000 - round(dt_ms * 1000)) > 1e-9:
        raise ConfigurationError(f"simulation.dt_ms={dt_ms:g}: SpiNNaker's step is a whole number of microseconds")
    factor = settings.time_scale_factor
    if factor is not None and (factor <= 0 or abs(dt_ms * 1000 * factor - round(dt_ms * 1000 * factor)) > 1e-4):
        raise ConfigurationError(
            f"backend.time_scale_factor={factor:g}: wanted more than 0, and a tick (dt times the factor) of whole "
            "microseconds; null takes the least that the start of the network needs"
        )
    if settings.neurons_per_core is not None and not 0 < settings.neurons_per_core <= CELLS_PER_CORE:
        raise ConfigurationError(f"backend.neurons_per_core={settings.neurons_per_core}: allowed are 1 to 256, or null")
    if not 1 <= settings.threads <= MOST_THREADS:
        raise ConfigurationError(f"backend.threads={settings.threads}: must be from 1 to {MOST_THREADS}")
    if not 0 < settings.probe_timeout_s <= 60:
        raise ConfigurationError(f"backend.probe_timeout_s={settings.probe_timeout_s:g}: allowed are 0 to 60 s")
    if settings.overrun_s < 1:
        raise ConfigurationError(f"backend.overrun_s={settings.overrun_s}: allowed is 1 s and more")
    interval_ms = config.recording.interval_ms
    if interval_ms is not None:
        steps = round(interval_ms / dt_ms)
        if int(steps * dt_ms / dt_ms) != steps:  # sPyNNaker cuts this quotient where it should round it
            raise ConfigurationError(
                f"recording.interval_ms={interval_ms:g}: sPyNNaker takes it for {steps - 1} steps of {dt_ms:g} ms; "
                f"use {(steps - 1) * dt_ms:g} or {(steps + 1) * dt_ms:g}"
            )
