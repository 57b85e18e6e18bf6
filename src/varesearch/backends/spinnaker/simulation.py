"""A network in sPyNNaker: run or only mapped, then read back with the machine's report about the run."""

import logging
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field

from varesearch.backends.base import Collected, Simulation
from varesearch.backends.spinnaker import SpinnakerSettings
from varesearch.backends.spinnaker.building import Built
from varesearch.backends.spinnaker.fixed_point import rounded_parameters
from varesearch.backends.spinnaker.learning import wrapped
from varesearch.backends.spinnaker.machines import Machine
from varesearch.backends.spinnaker.mapping import mapping_metrics, mapping_only
from varesearch.backends.spinnaker.progress import reported
from varesearch.backends.spinnaker.provenance import Provenance, read_phases, read_provenance
from varesearch.backends.spinnaker.quantisation import quantise, scale_of
from varesearch.backends.spinnaker.reading import read
from varesearch.backends.spinnaker.session import SpynnakerSession
from varesearch.backends.spinnaker.tick import Tick
from varesearch.backends.spinnaker.translation import pynn_description
from varesearch.config.cell import Cell
from varesearch.config.schema import Config
from varesearch.network.model import Network

logger = logging.getLogger(__name__)


class SpinnakerError(RuntimeError):
    """sPyNNaker failed during a run; the message is one line, and the original exception is its cause."""


def informative_line(error: BaseException) -> str:
    """Return the most informative line of an exception of sPyNNaker.

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


def _scheme(cell: type[Cell]) -> str:
    """Return the integration scheme of a cell on the machine and its arithmetic, as a text."""
    description = pynn_description(cell)
    assert description is not None
    return f"{description.scheme or description.integrators[0]}, s16.15"


@dataclass
class SpinnakerSimulation(Simulation):
    """A network built in sPyNNaker, with the machine that runs it."""

    config: Config
    network: Network
    machine: Machine
    session: SpynnakerSession
    built: Built
    tick: Tick
    _marks: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        schemes = (_scheme(type(p.cell)) for p in self.network.populations)
        self._marks = {"machine": self.machine.name, "integrator": "; ".join(dict.fromkeys(schemes))}
        if self.machine.timing:
            self._marks["timing"] = self.machine.timing
        rounded = [text for p in self.network.populations for text in rounded_parameters(p, self.network.dt_ms)]
        if rounded:
            self._marks["rounded"] = "; ".join(dict.fromkeys(rounded))
            logger.warning("SpiNNaker rounds parameters by more than 1 %%: %s", self._marks["rounded"])
        if self._native:
            self._marks["draw"] = "native"
        if remark := self.tick.remark(self.session.time_scale_factor()):
            self._marks["time scale factor"] = remark

    @property
    def _native(self) -> bool:
        return self.network.native_wiring is not None

    def run(self, progress: Callable[[float], None]) -> None:
        # Slightly too short, since sPyNNaker rounds the number of steps up and n * dt / dt may lie above n.
        duration_ms = self.network.duration_ms * (1.0 - 1e-12)
        with ExitStack() as stack:
            sim = stack.enter_context(self.session.inside())
            if self.machine.simulates:
                factor = self.session.time_scale_factor()
                stack.enter_context(reported(progress, self.network.duration_ms, factor, self.machine.simulated_ms))
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
                self._log_machine()
                raise SpinnakerError(f"sPyNNaker on {self.machine.describe()}: {informative_line(error)}") from error

    def collect(self) -> Collected:
        factor = self.session.time_scale_factor()
        metrics = self.tick.metrics(factor)
        with self.session.inside():
            metrics |= mapping_metrics(self.network.n_steps, lists=not self._native)
            metrics |= self._quantisation()
            seconds = read_phases(self.session.timers())
            if not self.machine.simulates:
                metrics["mapping_time_s"] = seconds["map"]
                return Collected(None, metrics=metrics, provenance=self._marks, seconds=seconds)
            provenance = read_provenance(self.session.data_base(), self.network.n_steps)
            metrics |= self.machine.metrics()
            marks = self._marks | self.machine.verdict(factor)
            result = read(self.built, self.network, self.config.recording)
        marks |= self._log_machine()
        metrics |= {name: float(value) for name, value in (provenance.losses | provenance.counts).items()}
        degraded = self._degraded(provenance, int(metrics["weights_clipped"]), result.torn)
        degraded += tuple(wrapped(result.recording, self.network))
        advice = self._advice(provenance, bool(result.torn), factor) if degraded else ""
        return Collected(
            result.recording, degraded=degraded, advice=advice, metrics=metrics, provenance=marks, seconds=seconds
        )

    def _degraded(self, provenance: Provenance, clipped: int, torn: dict[str, str]) -> tuple[str, ...]:
        lost = [f"weights too large for 16 bits {clipped}"] if clipped else []
        return (*provenance.doubts(), *lost, *(f"no {signal}: {why}" for signal, why in torn.items()))

    def _advice(self, provenance: Provenance, torn: bool, factor: float) -> str:
        backend = self.config.backend
        assert isinstance(backend, SpinnakerSettings)
        if provenance.too_fast or torn:
            return f"try backend.time_scale_factor={self.tick.next_factor(factor):g}"
        if provenance.losses["saturated_weights"] and backend.weight_range != "drawn" and not self._native:
            return "try backend.weight_range=drawn"
        return ""

    def _log_machine(self) -> dict[str, str]:
        """Log the machine's own messages (an error fails the run), and return its warnings as provenance."""
        reported = self.machine.reported()
        for level, text in reported:
            logger.log(level, "%s: %s", self.machine.describe(), text)
        warned = [text for level, text in reported if level == logging.WARNING]
        others = f" (and {len(warned) - 1} more in the log)" if len(warned) > 1 else ""
        return {"machine warned": warned[0] + others} if warned else {}

    def _quantisation(self) -> dict[str, float]:
        """Return the scale and largest error of the stored weights of each projection, and how many were lost."""
        metrics = {"weights_zeroed": 0.0, "weights_clipped": 0.0}
        for projection in self.network.projections:
            connector = self.built.lists.get(projection.name)
            if connector is None:
                continue
            quantisation = quantise(connector.weights, scale_of(self.built.projections[projection.name]))
            metrics[f"weight_error.{projection.name}"] = quantisation.largest_error
            metrics[f"weight_scale.{projection.name}"] = quantisation.scale
            if projection.synapse is not None and projection.synapse.learns:
                metrics[f"weight_step.{projection.name}"] = 1.0 / quantisation.scale
            metrics["weights_zeroed"] += quantisation.zeroed
            metrics["weights_clipped"] += quantisation.clipped
            if quantisation.zeroed or quantisation.clipped:
                logger.warning(
                    "%s: %d weights became 0, %d are too large for 16 bits (scale %g)",
                    projection.name, quantisation.zeroed, quantisation.clipped, quantisation.scale,
                )  # fmt: skip
        return metrics
