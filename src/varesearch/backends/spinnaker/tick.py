"""The time scale factor, by which a tick of the machine is longer than a step of the network, and its messages."""

import logging
import math
from dataclasses import dataclass

from varesearch.backends.spinnaker.load import CYCLES_PER_MS, StartLoad

logger = logging.getLogger(__name__)

DESIGN_STEP_MS = 1.0
"""The tick for which SpiNNaker's cores and sPyNNaker's 256 cells on a core are laid out (Furber 2014, Proc. IEEE)."""


@dataclass(frozen=True)
class Tick:
    """The tick of one run.

    Attributes
    ----------
    dt_ms
        The time step of the network.
    start
        The load of the busiest of the first steps.
    set_factor
        The time scale factor of the configuration; None: it is chosen.
    simulates
        False if the network is only mapped.
    """

    dt_ms: float
    start: StartLoad
    set_factor: float | None
    simulates: bool

    @property
    def wanted_factor(self) -> float | None:
        """The factor that is set, or the least that gives a tick its design length and the first steps their time.

        None leaves the factor to sPyNNaker.
        """
        if self.set_factor is not None or not self.simulates:
            return self.set_factor
        return max(math.ceil(DESIGN_STEP_MS / self.dt_ms - 1e-9), self._needed)

    @property
    def _needed(self) -> int:
        return self.start.factor(self.dt_ms)

    @property
    def _chosen(self) -> bool:
        return self.set_factor is None and self.simulates

    def next_factor(self, factor: float) -> float:
        """Return the factor to try after a run with ``factor`` whose cores ran out of time."""
        return self._needed if self._needed > factor else 2 * factor

    def metrics(self, factor: float) -> dict[str, float]:
        """Return the factor, and the share of a tick that the busiest core is expected to use in the first steps."""
        load = self.start.cycles / (CYCLES_PER_MS * self.dt_ms * factor)
        return {"time_scale_factor": factor, "estimate.start_load": load}

    def remark(self, factor: float) -> str:
        """Return why the factor is not 1, or should not be 1; "" if neither applies."""
        if self._chosen and factor > 1:
            why = f"a step of {self.dt_ms:g} ms is shorter than the {DESIGN_STEP_MS:g} ms the cores are made for"
            if self._needed == factor:
                why = f"{self.start.spikes} cells fire in one of the first steps, too many for a tick in real time"
            return f"{factor:g}, since {why}; backend.time_scale_factor=1 is real time"
        if factor < self._needed and not self.simulates:
            return (
                f"mapped with {factor:g}, but a run needs {self._needed}, since {self.start.spikes} cells fire in one "
                f"of the first steps: set backend.time_scale_factor={self._needed} on a machine"
            )
        return ""

    def warn(self, factor: float) -> None:
        """Log the length of a tick, and warn if it is too short for the cores."""
        dt_ms = self.dt_ms
        free = "chosen" if self._chosen else "sPyNNaker's own rule"
        whose = "as set" if self.set_factor is not None else free
        logger.info("time scale factor %g (%s): a tick of %g ms", factor, whose, dt_ms * factor)
        if factor < self._needed and self.simulates:
            logger.warning(
                "%d cells fire in one of the first steps: expect overruns, late spikes and torn recordings at time "
                "scale factor %g; backend.time_scale_factor=%d gives the cores their time",
                self.start.spikes, factor, self._needed,
            )  # fmt: skip
        if dt_ms * factor < DESIGN_STEP_MS:
            logger.warning(
                "simulation.dt_ms=%g at time scale factor %g is a tick of %g ms, less than the %g ms the cores are "
                "made for: expect overruns; backend.time_scale_factor=%g gives them their time (the run then takes "
                "that much longer than the network's own time)",
                dt_ms, factor, dt_ms * factor, DESIGN_STEP_MS, round(DESIGN_STEP_MS / dt_ms),
            )  # fmt: skip
