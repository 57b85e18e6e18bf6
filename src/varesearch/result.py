"""The result of a simulation: how it ended, what was recorded, and what the back end reports."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from varesearch.backends.faults import SimulatorError
from varesearch.phases import PhaseTime
from varesearch.recording import Recording


class Status(StrEnum):
    """How a simulation ended."""

    FINISHED = "FINISHED"
    """The network was simulated, and nothing is wrong with the recording."""
    MAPPED = "MAPPED"
    """The network was only placed on a machine; nothing was simulated, and there is no recording."""
    DEGRADED = "DEGRADED"
    """The network was simulated, but not faithfully: spikes or samples were lost, late or changed."""


@dataclass(frozen=True)
class Result:
    """A simulation that has ended.

    Attributes
    ----------
    status
        FINISHED, MAPPED or DEGRADED.
    network_hash
        The content hash of the simulated network.
    recording
        The spikes and signals; None if the status is MAPPED.
    reasons
        Why the result is degraded, one phrase for each cause; empty for another status.
    advice
        A setting that may avoid the degradation; may be empty.
    metrics
        Numbers that only the back end knows (losses, quantisation, load of the cores).
    phases
        Phase -> wall and CPU seconds.
    inner_s
        The simulator's own phases, each a part of one of ours: name -> wall seconds.
    provenance
        What made the result, in words: machine, integrator, code generation and the like.
    faults
        One line for each error that the simulator reported and each impossible value that it recorded. A recording with
        faults may be stored, but must not be analysed.
    """

    status: Status
    network_hash: str
    recording: Recording | None
    reasons: tuple[str, ...] = ()
    advice: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    phases: Mapping[str, PhaseTime] = field(default_factory=dict)
    inner_s: Mapping[str, float] = field(default_factory=dict)
    provenance: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[str, ...] = ()

    def require_sound(self) -> None:
        """Raise SimulatorError with the first fault and the number of others, if there are any."""
        if self.faults:
            others = len(self.faults) - 1
            raise SimulatorError(self.faults[0] + (f" (and {others} more in the log)" if others else ""))

    @property
    def why_degraded(self) -> str:
        """The reasons and the advice in one line; empty if the result is not degraded.

        Examples
        --------
        >>> lost = ("12 spikes were lost", "weights were cut off")
        >>> Result(Status.DEGRADED, "47b49cbe", None, lost, "set backend.time_scale_factor=2").why_degraded
        '12 spikes were lost, weights were cut off; set backend.time_scale_factor=2'
        """
        return ", ".join(self.reasons) + (f"; {self.advice}" if self.advice else "")
